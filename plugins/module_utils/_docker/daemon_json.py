# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine's configuration file: read it strictly, change single keys, leave the rest alone.

A change is an edit of the text: every byte that belongs to another key stays as it is, and so
does the order. The engine itself is more lenient, and loses settings by it: it takes a file of
0 bytes, as a power cut leaves it, for one without settings, and the last of two equal keys.
"""

from __future__ import annotations

import json
import os
import re
import stat
from typing import Any, NamedTuple, NoReturn

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.json_types import (
    STRING,
    STRINGS,
    SWITCHES,
    require_types,
)

# The keys that are read here or elsewhere, as moby's daemon/config/config.go has them. To the
# engine null is as good as nothing.
_TYPES = {
    "data-root": STRING.or_null(),
    "features": SWITCHES.or_null(),
    "graph": STRING.or_null(),
    "hosts": STRINGS.or_null(),
    "storage-driver": STRING.or_null(),
    "storage-opts": STRINGS.or_null(),
    "userns-remap": STRING.or_null(),
}

_MEND = "Mend it, or restore it from a backup; it is never overwritten as a whole"
_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n:,]*")
_DECODER = json.JSONDecoder()

REMOVE = object()  # as a new value: take the key out


class Keys(NamedTuple):
    """As a new value: change these keys of the object that is there, and leave the others alone."""

    changes: dict[str, Any]


class File(NamedTuple):
    """A daemon.json as it was found."""

    text: str | None  # None where there is no file
    content: dict[str, Any]  # {} where there is none
    private: bool = False  # not everybody may read it: it may hold a proxy's password


class _Member(NamedTuple):
    """Where a key of the outermost object stands in the text, in characters."""

    name: str
    start: int  # of the key's opening quote
    value: int  # of the first character of its value
    end: int  # after the last character of its value


def read(path: str) -> File:
    """Read the engine's configuration.

    :raises StorageError: it is no plain file, cannot be read, is empty, is not one JSON object
        whose keys are all different, or one of those about storage is of a type that it can't be.
    """
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return File(None, {})
    if stat.S_ISLNK(mode):
        raise StorageError(
            path,
            f"it is a symbolic link to {os.readlink(path)}",
            "Give the file itself as config_file, or put a plain file in its place",
            refusal="config_not_plain_file",
        )
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a plain file"
        raise StorageError(
            path, f"it is {kind}", "Move it away, then run again", refusal="config_not_plain_file"
        )
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            text = stream.read()
    except OSError as error:
        raise StorageError(
            path, f"it cannot be read: {error.strerror}", _MEND, refusal="config_unreadable"
        ) from None
    except UnicodeDecodeError as error:
        wrong = f"it is not UTF-8 from byte {error.start} on"
        raise StorageError(path, wrong, _MEND, refusal="config_malformed") from None
    content = parse(path, text)
    remedy = "Mend it: the engine does not start on it"
    require_types(path, _TYPES, content, remedy, refusal="config_malformed")
    return File(text, content, private=not mode & stat.S_IROTH)


def parse(path: str, text: str) -> dict[str, Any]:
    """The content of the file as a dict.

    :param path: for the error texts only.
    :raises StorageError: see :func:`read`.
    """
    if not text.strip():
        raise StorageError(
            path,
            "it is empty: a crash may have cut it off, and settings with it",
            "Restore it from a backup; if there was nothing in it, remove it or write {} to it",
            refusal="config_empty",
        )
    if text.startswith("\ufeff"):
        raise StorageError(
            path,
            "it starts with a byte order mark",
            "Save it as plain UTF-8",
            refusal="config_malformed",
        )
    try:
        content = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise StorageError(
            path,
            f"it is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}",
            _MEND,
            refusal="config_malformed",
        ) from None
    except (ValueError, RecursionError) as error:
        raise StorageError(
            path, f"it is not valid JSON: {error}", _MEND, refusal="config_malformed"
        ) from None
    if not isinstance(content, dict):
        wrong = f"it holds a JSON {type(content).__name__}, not an object"
        raise StorageError(path, wrong, _MEND, refusal="config_malformed")
    return content


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as a dict. One of two equal keys would be lost, whichever was meant."""
    found = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name!r} stands in it twice")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def edit(text: str | None, changes: dict[str, Any]) -> str | None:
    """The text with some keys set or taken out, and everything else as it was.

    :param text: a JSON object, valid; None for none.
    :param changes: key -> new value, :data:`REMOVE` or :class:`Keys`. A key that has the value
        already is left as it is written.
    :returns: the new text, or ``text`` itself where nothing changes.
    """
    content = {} if text is None else json.loads(text)
    edited = text or ""
    for name, value in changes.items():
        if isinstance(value, Keys):
            if content.get(name) and isinstance(content[name], dict):
                edited = _within(edited, name, value.changes)
                continue
            value = {key: new for key, new in value.changes.items() if new is not REMOVE}
            if not value:
                continue
        if value is REMOVE:
            if name in content:
                edited = _without(edited, name)
        elif name not in content or content[name] != value:
            edited = _with(edited, name, value)
    return edited or text


def _members(text: str) -> list[_Member]:
    """Every key of the outermost object, in order. The text is known to be valid."""
    at = _past(_SPACE, text, 0) + 1
    found: list[_Member] = []
    while True:
        start = _past(_BETWEEN, text, at)
        if text[start] == "}":
            return found
        name, end = _DECODER.raw_decode(text, start)
        value = _past(_BETWEEN, text, end)
        _ignored, at = _DECODER.raw_decode(text, value)
        found.append(_Member(name, start, value, at))


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the text goes on behind what matches."""
    found = pattern.match(text, at)
    return found.end() if found else at


def _with(text: str, name: str, value: Any) -> str:
    members = _members(text) if text else []
    if not members:
        return "{{\n  {0}: {1}\n}}\n".format(json.dumps(name), _dump(value, "  "))
    for member in members:
        if member.name == name:
            lead = _lead(text, member)
            return text[: member.value] + _dump(value, lead) + text[member.end :]
    last = members[-1]
    lead = _lead(text, last)
    gap = "\n" + lead if lead is not None else " "
    added = f",{gap}{json.dumps(name)}: {_dump(value, lead)}"
    return text[: last.end] + added + text[last.end :]


def _within(text: str, name: str, changes: dict[str, Any]) -> str:
    member = next(member for member in _members(text) if member.name == name)
    inner = edit(text[member.value : member.end], changes) or ""
    return text[: member.value] + inner + text[member.end :]


def _without(text: str, name: str) -> str:
    members = _members(text)
    at = [member.name for member in members].index(name)
    if at:  # with the comma before it
        return text[: members[at - 1].end] + text[members[at].end :]
    if len(members) > 1:  # with the comma after it
        return text[: members[0].start] + text[members[1].start :]
    return text[: members[0].start].rstrip() + text[members[0].end :].lstrip()


def _lead(text: str, member: _Member) -> str | None:
    """The white space that the member's line begins with; None if it shares its line."""
    line = text[text.rfind("\n", 0, member.start) + 1 : member.start]
    return line if "\n" in text[: member.start] and not line.strip() else None


def _dump(value: Any, lead: str | None) -> str:
    """A value as JSON; a list of several items gets a line for each where the file has lines."""
    if lead and isinstance(value, list) and len(value) > 1:
        items = json.dumps(value, ensure_ascii=False, indent=lead)
        return items.replace("\n", "\n" + lead)
    return json.dumps(value, ensure_ascii=False)
