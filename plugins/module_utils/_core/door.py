# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What passes between a module and who calls it: no text does so that a terminal would act on.

Names of files, labels and what programs print come from others. They are read as they are (bytes
that are no UTF-8 become surrogates, PEP 383), and get into a result only by :func:`leaving`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    unexpected,
)

T = TypeVar("T")

# Control characters but for the ends of lines and tabs, what turns the direction of writing, other
# ends of lines, and what is no character at all. Nothing of it is printable to Python, which is
# faster to tell; and no pattern is compiled in a run that has no use for it.
_ODD = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_NO_TEXT = "[\x00-\x1f\x7f-\x9f\ud800-\udfff]"

# scheme://user:password@host, and scheme://token@host
_LOGIN = r"://(?:[^\s/@:\"']+|[^\s/@:\"']*:[^\s@\"']*)@"
_STEMS = ("pass", "secret", "token", "credential", "key")
_SECRET = (
    r"(?i:passw(?:or)?d|passphrase|\bpass\b|secret|token|credential|(?:api|access|private)[-_]?key)"
)
# name=value, and "name": "value"; what stands before the name does not matter
_GIVEN = rf"({_SECRET}[\w.-]*(?:=|[\"']\s*[:=]\s*))" + r"(?:\"[^\"]*\"?|'[^']*'?|[^\s,;\"']+)"
HIDDEN = "***"


def is_secret(name: str) -> bool:
    """Whether a setting of that name is one to keep: a password, a token, ..."""
    return re.search(_SECRET, name) is not None


def leaving(it: Any) -> Any:
    """Plain JSON as it may leave a host: nothing for a terminal to act on, and no login."""
    if isinstance(it, str):
        return _text(it)
    if isinstance(it, Mapping):
        return {_text(name) if isinstance(name, str) else name: leaving(it[name]) for name in it}
    if isinstance(it, (list, tuple)):
        return [leaving(value) for value in it]
    return it


def _text(text: str) -> str:
    if not text.isprintable():
        text = re.sub(_ODD, _escaped, text)
    if "://" in text and "@" in text:
        text = re.sub(_LOGIN, f"://{HIDDEN}@", text)
    if "=" in text or '"' in text or "'" in text:
        small = text.lower()
        if any(stem in small for stem in _STEMS):
            text = re.sub(_GIVEN, rf"\g<1>{HIDDEN}", text)
    return text


def one_line(name: str) -> str:
    """A name that others have given, for a sentence: it begins no line of its own."""
    return _text(name).replace("\n", "\\x0a").replace("\t", "\\x09")


def _escaped(match: re.Match[str]) -> str:
    r"""``\x1b``; a byte that was no text is ``\xff``."""
    number = ord(match[0])
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def leave(module: Any, result: Mapping[str, Any]) -> None:
    """End a module well."""
    module.exit_json(**leaving(result))


def fail(module: Any, error: StorageError, result: Mapping[str, Any] | None = None) -> None:
    """End a module with an error, and with what else there is to tell."""
    module.fail_json(**leaving({**(result or error.details), "msg": str(error)}))


def warn(module: Any, findings: Iterable[Mapping[str, str]]) -> None:
    """Have the findings printed that are warnings."""
    for finding in findings:
        if finding["level"] != "info":
            module.warn(leaving(finding["message"]))


def wish(module: Any, wanted_from: Callable[[Mapping[str, Any]], T]) -> T:
    """What a module's parameters ask for; ends the module where no host could have that."""
    try:
        require_texts(module.params)
        return wanted_from(module.params)
    except StorageError as error:
        fail(module, error)
        raise  # fail_json() does not return
    except Exception as error:  # no user sees a traceback
        fail(module, unexpected(error, "nothing has been changed"))
        raise


def require_texts(params: Mapping[str, Any]) -> None:
    """Refuse what no name and no value of this collection has in it: what is no character to print.

    A line break would add a line to a unit, and no path can have a NUL.

    :raises StorageError: one is there.
    """
    for option, text in _texts("", params):
        odd = None if text.isprintable() else re.search(_NO_TEXT, text)
        if odd:
            raise StorageError(
                f"{option}={text!r}",
                f"it has {odd[0]!r} in it, which is no character that can be written",
                "Write it without, such as without a line break at its end",
                refusal="control_character",
            )


def _texts(option: str, it: Any) -> Iterator[tuple[str, str]]:
    if isinstance(it, str):
        yield option, it
    elif isinstance(it, Mapping):
        for name, value in it.items():
            yield from _texts(option or "an option", str(name))
            yield from _texts(f"{option}.{name}" if option else str(name), value)
    elif isinstance(it, (list, tuple)):
        for value in it:
            yield from _texts(option, value)
