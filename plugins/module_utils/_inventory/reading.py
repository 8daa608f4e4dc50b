# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""How files of a data root are read: each by its folder, no link followed, no type taken on trust.

What an engine writes there only root can write, but a data root may be a copy, or come from
another host. So a folder is opened in the folder that holds it, and never through a link; what is
no plain file is not opened; a file is read up to a limit. Whatever cannot be read is noted with its
path, and never taken for something that is not there.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Callable, Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    root_required,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import bolt
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    Notes,
    Object,
    as_object,
)

LINE = 4096  # bytes of a file that holds one word
TEXT = 16 << 20  # bytes of a file of JSON
MOST = 200_000  # names in one folder

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_KINDS = (
    (stat.S_ISLNK, "a link, which is not followed"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISREG, "a file"),
    (lambda mode: True, "neither a file nor a folder"),
)


class Folder:
    """A folder that is held open."""

    def __init__(self, descriptor: int, path: str, notes: Notes) -> None:
        self._descriptor, self.path, self.notes = descriptor, path, notes

    def at(self, name: str) -> str:
        """The path of what is in it by that name."""
        return os.path.join(self.path, name)

    def note(self, name: str, why: str) -> None:
        """Note that what is in it by that name cannot be read."""
        self.notes.add(self.at(name), why)

    def names(self) -> list[str]:
        """The names in it, sorted; as many as are read at most."""
        try:
            with os.scandir(self._descriptor) as entries:
                found = [it.name for it in itertools.islice(entries, MOST + 1)]
        except OSError as error:
            self.notes.add(self.path, _why(error))
            return []
        if len(found) > MOST:
            self.notes.add(self.path, f"it has more than {MOST} names, which is what is read")
        return sorted(found[:MOST])

    def has(self, name: str) -> bool:
        """Whether there is anything by that name; a link is something."""
        return self.look(name) is not None

    def is_folder(self, name: str) -> bool:
        """Whether that is a folder. Nothing is noted."""
        found = self.look(name)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def size(self, name: str) -> int | None:
        """The size of a plain file; None where there is none."""
        found = self.look(name)
        if found is None or stat.S_ISREG(found.st_mode):
            return found.st_size if found else None
        self.note(name, f"it is {_kind(found.st_mode)}, and has to be a file")
        return None

    def look(self, name: str) -> os.stat_result | None:
        """What is there by that name; None for nothing, or where it cannot be asked."""
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            self.note(name, _why(error))
            return None

    @contextlib.contextmanager
    def open(self, *names: str, needed: bool = False) -> Iterator[Folder | None]:
        """A folder below it; None where there is none, or it cannot be opened.

        :param names: of the folders on the way, and its own.
        :param needed: note it as well where there is none.
        """
        held: list[Folder] = []
        at: Folder | None = self
        try:
            for name in names:
                at = at._enter(name, needed) if at else None
                if at:
                    held.append(at)
            yield at
        finally:
            for folder in held:
                os.close(folder._descriptor)

    def _enter(self, name: str, needed: bool) -> Folder | None:
        path = self.at(name)
        if not _is_name(name):
            self.notes.add(path, "it is no name of a folder")
            return None
        found = self.look(name)
        if found is None:
            if needed:
                self.notes.add(path, "it is not there")
            return None
        if not stat.S_ISDIR(found.st_mode):
            self.notes.add(path, f"it is {_kind(found.st_mode)}, and has to be a folder")
            return None
        try:
            return Folder(os.open(name, _FOLDER, dir_fd=self._descriptor), path, self.notes)
        except OSError as error:
            self.notes.add(path, _why(error))
            return None

    def folders(self) -> Iterator[Folder]:
        """Each folder in it, held open meanwhile. What else is in it is noted."""
        for name in self.names():
            with self.open(name) as folder:
                if folder:
                    yield folder

    @contextlib.contextmanager
    def _file(self, name: str, needed: bool) -> Iterator[int | None]:
        """The descriptor of a plain file; None where it cannot be opened."""
        descriptor, found = None, self.look(name)
        if found is None:
            if needed:
                self.note(name, "it is not there")
        elif not stat.S_ISREG(found.st_mode):
            self.note(name, f"it is {_kind(found.st_mode)}, and has to be a file")
        else:
            try:
                descriptor = os.open(name, _FILE, dir_fd=self._descriptor)
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    os.close(descriptor)
                    descriptor = None
                    self.note(name, "it became another one while it was read")
            except OSError as error:
                self.note(name, _why(error))
        try:
            yield descriptor
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def content(self, name: str, limit: int, needed: bool = True) -> bytes | None:
        """The bytes of a file; None where it is not there, or not readable."""
        with self._file(name, needed) as descriptor:
            if descriptor is None:
                return None
            parts: list[bytes] = []
            left = limit + 1
            try:
                while left:
                    part = os.read(descriptor, min(left, 1 << 20))
                    if not part:
                        return b"".join(parts)
                    parts.append(part)
                    left -= len(part)
            except OSError as error:
                self.note(name, _why(error))
                return None
        self.note(name, f"it is larger than {limit} bytes, which is what is read at most")
        return None

    def word(self, name: str, fits: Callable[[str], bool], needed: bool = True) -> str:
        """The one word in a file, if it is such a one; else ''."""
        content = self.content(name, LINE, needed)
        if content is None:
            return ""
        found = content.decode("utf-8", "surrogateescape").strip()
        if fits(found):
            return found
        self.note(name, "what it says is not what has to be in it")
        return ""

    def json(self, name: str, needed: bool = True, limit: int = TEXT) -> Object | None:
        """The object in a file of JSON; None where it is not there, or not readable."""
        content = self.content(name, limit, needed)
        return None if content is None else as_object(content, self.at(name), self.notes)

    def tables(self, name: str, needed: bool = False) -> bolt.Bucket | None:
        """The tables in a file of bbolt; None where it is not there, or not readable."""
        with self._file(name, needed) as descriptor:
            if descriptor is None:
                return None
            try:
                return bolt.tables(bolt.read(descriptor))
            except (OSError, bolt.BoltError) as error:
                self.note(name, _why(error))
                return None


@contextlib.contextmanager
def open_root(path: str, notes: Notes) -> Iterator[Folder | None]:
    """A data root, which a link may lead to; None where there is none.

    :raises StorageError: it cannot be read.
    """
    real = os.path.realpath(path)
    try:
        descriptor = os.open(real, _FOLDER)
    except FileNotFoundError:
        descriptor = -1
    except PermissionError:
        raise root_required(path) from None
    except OSError as error:
        notes.add(path, _why(error))
        descriptor = -1
    if descriptor < 0:
        yield None
        return
    try:
        yield Folder(descriptor, real, notes)
    finally:
        os.close(descriptor)


def _is_name(name: str) -> bool:
    return bool(name) and name not in (".", "..") and "/" not in name and "\0" not in name


def _kind(mode: int) -> str:
    return next(name for fits, name in _KINDS if fits(mode))


def _why(error: Exception) -> str:
    """The clause for an error."""
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be read: {error.strerror}"
    return str(error)
