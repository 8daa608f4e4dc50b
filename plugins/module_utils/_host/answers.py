# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Answers of programs that cannot be read: cut short, of another version, or mixed with others."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

# More digits than any number of a disk has, and fewer than Python refuses to read.
_DIGITS = 30
_SHOWN = 80  # characters of what cannot be read


def refuse(command: Sequence[str], what: str) -> NoReturn:
    """Refuse an answer.

    :param what: is wrong with it, and where
    """
    name = " ".join(map(shlex.quote, command[:2]))
    raise StorageError(
        f"`{name}`",
        f"its answer cannot be read: {what}",
        "Run it by hand on the host, as `" + " ".join(map(shlex.quote, command)) + "`, and look at "
        "what it prints",
        refusal="answer_unreadable",
    )


@contextlib.contextmanager
def unreadable(command: Sequence[str]) -> Iterator[None]:
    """Make whatever reading an answer raises a refusal of that answer."""
    try:
        yield
    except KeyError as error:
        refuse(command, f"there is no {shown(error.args[0])} in it")
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
        refuse(command, shown(error))


def shown(value: object) -> str:
    """What was found, for people: short, and with nothing that a terminal could act on."""
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


class Row:
    """A row of an answer, whose fields are read by name and checked by type.

    :param command: that has answered
    :param where: which row it is, for an error
    """

    def __init__(self, command: Sequence[str], where: str, fields: object) -> None:
        self._command, self._where = command, where
        if not isinstance(fields, Mapping):
            refuse(command, f"{where} is {shown(fields)}")
        self._fields: Mapping[str, Any] = fields

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        """A field as it is written; a number is written too."""
        if name not in self._fields:
            refuse(self._command, f"{self._where} has no {name}")
        value = self._fields[name]
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            self.refuse(name, value)
        return str(value)

    def number(self, name: str) -> int:
        """A whole number; 0 where the field is empty."""
        text = self.text(name).strip()
        if not text:
            return 0
        if len(text) > _DIGITS or not text.isascii() or not text.isdigit():
            self.refuse(name, text)
        return int(text)

    def percent(self, name: str) -> float | None:
        """A share in percent; None where the field is empty."""
        text = self.text(name).strip()
        if not text:
            return None
        if len(text) > _DIGITS or not text.replace(".", "", 1).isdigit() or not text.isascii():
            self.refuse(name, text)
        return float(text)

    def rows(self, name: str) -> list[Row]:
        """The rows in a field; none where there is no such field."""
        value = self._fields.get(name, [])
        if not isinstance(value, list):
            self.refuse(name, value)
        where = f"{self._where}, {name} "
        return [Row(self._command, where + str(at), it) for at, it in enumerate(value, 1)]

    def refuse(self, name: str, value: object) -> NoReturn:
        """Refuse a field's value."""
        refuse(self._command, f"{self._where} has {name}={shown(value)}")
