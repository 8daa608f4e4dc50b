# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Whether what is read as JSON has the types that it is read by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

_LONGEST = 60  # characters of a wrong value that are shown


class Type(NamedTuple):
    """A type, as people call it, and whether a value is of it."""

    name: str
    fits: Callable[[Any], bool]

    def or_null(self) -> Type:
        """The same, or null."""
        return Type(self.name, lambda value: value is None or self.fits(value))


def _all(value: Any, kind: type) -> bool:
    return all(isinstance(it, kind) for it in value)


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _all(value, str)


STRING = Type("a string", lambda value: isinstance(value, str))
PATH = Type("an absolute path", lambda value: isinstance(value, str) and value.startswith("/"))
NUMBER = Type(
    "a number", lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0
)
SWITCH = Type("true or false", lambda value: isinstance(value, bool))
STRINGS = Type("a list of strings", lambda value: isinstance(value, list) and _all(value, str))
ROWS = Type("a list of pairs of strings", lambda it: isinstance(it, list) and all(map(_is_row, it)))
OBJECT = Type("an object", lambda value: isinstance(value, dict))
ADDRESS = Type(  # containerd's, in the engine's answer
    "an object whose Address is a string",
    lambda value: isinstance(value, dict) and isinstance(value.get("Address", ""), str),
)
SWITCHES = Type(
    "an object of true and false",
    lambda value: isinstance(value, dict) and _all(value.values(), bool),
)


def require_types(
    what: str, types: Mapping[str, Type], content: Mapping[str, Any], remedy: str, *, refusal: str
) -> None:
    """Refuse a key whose value is of another type than it is read by.

    :param what: the file, or whose answer it is.
    :param types: key -> its type; a key that is not there is no fault. The key '' is the whole.
    :raises StorageError: naming what is wrong with the first such key.
    """
    for key, kind in types.items():
        if key in content and not kind.fits(content[key]):
            shown = json.dumps(content[key], ensure_ascii=True)
            if len(shown) > _LONGEST:
                shown = shown[:_LONGEST] + "..."
            raise StorageError(
                what,
                f"{key or 'it'} is {shown}, and has to be {kind.name}",
                remedy,
                refusal=refusal,
            )
