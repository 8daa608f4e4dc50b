# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Objects of JSON whose parts are checked where they are read, and notes of what cannot be read."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Pairs,
    Unreadable,
)


class Notes:
    """What could not be read, each path once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: str, why: str) -> None:
        """Note that something is not readable."""
        self._found.setdefault(path, why)

    def all(self) -> tuple[Unreadable, ...]:
        """All of them, in the order of their paths."""
        return tuple(Unreadable(*it) for it in sorted(self._found.items()))


class Object:
    """An object of JSON. A part of another type than it is read by is noted, and left out.

    What is null is left out as well: Go, in which it was written, takes one for the other.
    """

    def __init__(self, content: dict[str, Any], path: str, notes: Notes, where: str = "") -> None:
        self._content, self._path, self._notes, self._where = content, path, notes, where

    def _get(self, key: str, kind: type, name: str) -> Any:
        found = self._content.get(key)
        if found is None or (isinstance(found, kind) and type(found) in (kind, dict, list)):
            return found
        # Not the value itself: it may be a password that stands in a wrong place.
        self._notes.add(self._path, f"{self._where}{key} is not {name}")
        return None

    def text(self, key: str) -> str:
        """A string; '' where there is none."""
        return self._get(key, str, "a string") or ""

    def number(self, key: str) -> int | None:
        """A whole number of 64 bits; None where there is none."""
        found = self._get(key, int, "a whole number")
        if found is not None and abs(found) >= 2**63:
            self._notes.add(self._path, f"{self._where}{key} is too large a number")
            return None
        return found

    def switch(self, key: str) -> bool:
        """True or false; False where there is none."""
        return self._get(key, bool, "true or false") or False

    def object(self, key: str) -> Object:
        """An object; an empty one where there is none."""
        return self._as_object(self._get(key, dict, "an object") or {}, key)

    def objects(self, key: str) -> list[tuple[str, Object]]:
        """Each object in an object, with its key."""
        inner = self.object(key)
        return [(name, inner.object(name)) for name in sorted(inner._content)]

    def items(self, key: str) -> list[Object]:
        """Each object of a list; none where there is none."""
        found = self._get(key, list, "a list") or []
        if not all(isinstance(it, dict) for it in found):
            self._notes.add(self._path, f"{self._where}{key} is not a list of objects")
        return [self._as_object(it, key) for it in found if isinstance(it, dict)]

    def texts(self, key: str) -> list[str]:
        """The strings of a list; none where there is none."""
        found = self._get(key, list, "a list") or []
        if not all(isinstance(it, str) for it in found):
            self._notes.add(self._path, f"{self._where}{key} is not a list of strings")
        return [it for it in found if isinstance(it, str)]

    def pairs(self, key: str) -> Pairs:
        """The names and values of an object of strings, sorted."""
        inner = self.object(key)
        return tuple((name, inner.text(name)) for name in sorted(inner._content))

    def names(self) -> list[str]:
        """Its keys, sorted."""
        return sorted(self._content)

    def _as_object(self, content: dict[str, Any], key: str) -> Object:
        return Object(content, self._path, self._notes, f"{self._where}{key}.")


def as_object(content: bytes, path: str, notes: Notes) -> Object | None:
    """The object that some JSON is; None, and noted, where it is none.

    :param path: where it was read, for the note.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        notes.add(path, "it is no JSON" if content.strip() else "it is empty")
        return None
    if isinstance(found, dict):
        return Object(found, path, notes)
    notes.add(path, "it is no object of JSON")
    return None
