# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A folder's tree, walked so that nothing outside of it is ever reached.

Each component is opened by itself, below the one before, and never through a link: a name that
comes from a tar can lead nowhere else. What is no plain file is never opened.
"""

from __future__ import annotations

import errno
import os
import stat
from types import TracebackType
from typing import TypeVar, Union

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import shown

Path = Union[str, bytes]

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# So many folders are held open at most, of one path.
_HELD = 128


C = TypeVar("C", bound="Closing")


class Closing:
    """What is used by ``with``, and closed at the end of it."""

    def __enter__(self: C) -> C:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all descriptors."""
        raise NotImplementedError


class Tree(Closing):
    """A tree by its root. Neighbours in a tar lie side by side: the folders of a path stay open."""

    def __init__(self, root: Path) -> None:
        self.root = os.fsencode(root)
        self._names: list[bytes] = []
        self._fds = [os.open(self.root, FOLDER)]
        self._device = os.fstat(self._fds[0]).st_dev
        self._deep: int | None = None

    def close(self) -> None:
        """As above."""
        self._up_to(-1)

    def folder(self, path: bytes) -> int:
        """A folder's descriptor, which is good until the next call; b"" is the root.

        :raises OSError: there is no such folder.
        :raises StorageError: it lies behind a link, or on another filesystem.
        """
        parts = path.split(b"/") if path else []
        if parts == self._names and self._deep is None:
            return self._fds[-1]
        same = 0
        for mine, wanted in zip(self._names, parts):
            if mine != wanted:
                break
            same += 1
        self._up_to(same)
        for at in range(same, len(parts)):
            self._down(parts, at)
        return self._fds[-1] if self._deep is None else self._deep

    def split(self, path: bytes) -> tuple[int, bytes]:
        """The descriptor of a path's folder, and the last name; of the root it is ``.``."""
        folder, _slash, name = path.rpartition(b"/")
        return self.folder(folder), name or b"."

    def status(self, path: bytes) -> os.stat_result | None:
        """What lies at a path, a link as a link; None where nothing does."""
        try:
            fd, name = self.split(path)
            return os.stat(name, dir_fd=fd, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def xattrs(self, path: bytes) -> dict[bytes, bytes]:
        """The extended attributes of what lies at a path."""
        fd, name = self.split(path)
        return xattrs_at(fd, name)

    def open(self, path: bytes) -> tuple[int, os.stat_result]:
        """A plain file, open for reading, with what it is.

        :raises OSError: there is none, or it cannot be read.
        :raises StorageError: it is no plain file.
        """
        fd, name = self.split(path)
        before = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        try:
            opened = os.open(name, _FILE | os.O_NOATIME, dir_fd=fd)
        except PermissionError:  # only its owner reads without leaving a time
            opened = os.open(name, _FILE, dir_fd=fd)
        now = os.fstat(opened)
        if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
            os.close(opened)
            raise OSError(errno.ESTALE, "it was changed while it was read")
        return opened, now

    def forget(self) -> None:
        """Close all folders but the root: some were removed."""
        self._up_to(0)

    def _down(self, parts: list[bytes], at: int) -> None:
        above = self._fds[-1] if self._deep is None else self._deep
        try:
            opened = os.open(parts[at], FOLDER, dir_fd=above)
        except OSError as error:
            there = b"/".join(parts[: at + 1])
            if error.errno in (errno.ELOOP, errno.ENOTDIR) and _is_link(parts[at], above):
                raise behind_link(self.root, there) from None
            raise
        if os.fstat(opened).st_dev != self._device:
            os.close(opened)
            raise StorageError(
                shown(self.root + b"/" + b"/".join(parts[: at + 1])),
                "another filesystem or subvolume lies within this layer",
                "Unmount it, or look at what it is",
                refusal="layer_unproven",
            )
        if at + 1 < _HELD:
            self._fds.append(opened)
            self._names.append(parts[at])
            return
        if self._deep is not None:
            os.close(self._deep)
        self._deep = opened

    def _up_to(self, depth: int) -> None:
        """Close the folders below a depth; -1 closes the root as well."""
        if self._deep is not None:
            os.close(self._deep)
            self._deep = None
        while len(self._fds) > depth + 1:
            os.close(self._fds.pop())
        del self._names[max(depth, 0) :]


def behind_link(root: bytes, path: bytes) -> StorageError:
    """A refusal of an entry that would be reached through a link."""
    return StorageError(
        shown(root + b"/" + path),
        "an entry of the layer lies behind this link, and drivers disagree on where that is",
        "Build or pull the image again, or leave its layers where they are",
        refusal="entry_behind_link",
        entry=shown(path),
    )


def by_descriptor(fd: int, name: bytes) -> bytes:
    """A path for calls that take no descriptor; the last name is not followed by it."""
    return b"/proc/self/fd/%d/%b" % (fd, name)


def xattrs_at(fd: int, name: bytes) -> dict[bytes, bytes]:
    """The extended attributes of a name in an open folder, a link's own where it is one."""
    path = by_descriptor(fd, name)
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise
    return {os.fsencode(name): os.getxattr(path, name, follow_symlinks=False) for name in names}


def _is_link(name: bytes, fd: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
    except OSError:
        return False
