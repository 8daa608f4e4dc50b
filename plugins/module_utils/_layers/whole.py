# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A layer that is a whole tree (vfs, btrfs): its parent's, on which the layer is laid."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers.attributes import (
    clone,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    Mark,
    shown,
    unsupported,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tree import (
    FOLDER,
    Tree,
    by_descriptor,
    xattrs_at,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.writer import (
    NEW,
    Writer,
)

_BUFFER = 1 << 20


class WholeWriter(Writer):
    """Writes a layer into a folder that holds a copy (vfs) or a snapshot (btrfs) of its parent."""

    def _mark(self, mark: Mark, entry: Entry) -> None:
        if mark.kind == "opaque":
            self._folder(mark.path, None)
            fd = os.dup(self._tree.folder(mark.path))
            try:
                for name in map(os.fsencode, os.listdir(fd)):
                    path = mark.path + b"/" + name if mark.path else name
                    if path not in self._folders and path not in self._written:
                        remove(fd, name)
                    elif path in self._folders:
                        raise unsupported(entry.name, "comes after what it does not hide")
            finally:
                os.close(fd)
                self._forget()
        elif mark.kind == "whiteout":
            if mark.path in self._folders or mark.path in self._written:
                raise unsupported(entry.name, "deletes what the same layer brings")
            self._room(mark.path)

    def _make_folder(self, fd: int, name: bytes, path: bytes) -> None:
        found = _status(fd, name)
        if found and stat.S_ISDIR(found.st_mode):
            return
        if found:
            os.unlink(name, dir_fd=fd)
        os.mkdir(name, 0o700, dir_fd=fd)

    def _make_room(self, fd: int, name: bytes, path: bytes) -> None:
        if _status(fd, name):
            remove(fd, name)

    def _link_target(self, entry: Entry) -> bytes | None:
        found = self._second.status(entry.target)
        return entry.target if found and not stat.S_ISDIR(found.st_mode) else None

    def _forget(self) -> None:
        self._tree.forget()
        self._second.forget()


def remove(fd: int, name: bytes) -> None:
    """Remove a name and all below it, within one filesystem and through no link.

    :raises StorageError: another filesystem lies below it; what is beside that may be gone.
    """
    found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode):
        os.unlink(name, dir_fd=fd)
        return
    folder = os.open(name, FOLDER, dir_fd=fd)
    try:
        if os.fstat(folder).st_dev != os.fstat(fd).st_dev:
            raise StorageError(
                shown(name),
                "another filesystem or subvolume lies within this layer",
                "Unmount it, or look at what it is",
                refusal="layer_unproven",
            )
        for below in os.listdir(folder):
            remove(folder, os.fsencode(below))
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=fd)


class Copied(NamedTuple):
    """What a copy of a tree has."""

    entries: int
    bytes: int  # of files, without holes


def copy_tree(old: str, new: str, *, clones: bool = True) -> Copied:
    """Copy a parent's tree into an empty folder: all of it, hard links as such, holes as such.

    :param clones: whether blocks are shared where the filesystem can.
    :raises StorageError: another filesystem lies within it.
    :raises OSError: reading or writing fails.
    """
    links: dict[tuple[int, int], bytes] = {}
    entries = size = 0
    folders = [b""]
    order = []
    with Tree(old) as source, Tree(new) as target, Tree(new) as second:
        while folders:
            folder = folders.pop()
            order.append(folder)
            fd, there = source.folder(folder), target.folder(folder)
            for name in map(os.fsencode, os.listdir(fd)):
                entries += 1
                path = folder + b"/" + name if folder else name
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    os.mkdir(name, 0o700, dir_fd=there)
                    folders.append(path)
                    continue
                inode = (found.st_dev, found.st_ino)
                if inode in links:
                    above, last = second.split(links[inode])
                    os.link(last, name, src_dir_fd=above, dst_dir_fd=there, follow_symlinks=False)
                    continue
                if found.st_nlink > 1:
                    links[inode] = path
                if stat.S_ISREG(found.st_mode):
                    size += _copy_file(fd, there, name, found, clones)
                elif stat.S_ISLNK(found.st_mode):
                    os.symlink(os.readlink(name, dir_fd=fd), name, dir_fd=there)
                else:
                    os.mknod(name, found.st_mode, found.st_rdev, dir_fd=there)
                _dress_as(fd, there, name, found)
        for folder in order:
            fd, there = source.folder(folder), target.folder(folder)
            _dress_as(fd, there, b".", os.fstat(fd))
    return Copied(entries, size)


def _copy_file(fd: int, there: int, name: bytes, found: os.stat_result, clones: bool) -> int:
    old = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOATIME, dir_fd=fd)
    try:
        new = os.open(name, NEW, 0o600, dir_fd=there)
        try:
            if clones and found.st_size and clone(old, new):
                return found.st_size
            at = copied = 0
            while at < found.st_size:
                data = _seek(old, at, os.SEEK_DATA, found.st_size)
                at = _seek(old, data, os.SEEK_HOLE, found.st_size)
                while data < at:
                    done = os.sendfile(new, old, data, at - data) if _at(new, data) else 0
                    if not done:
                        raise EOFError(f"{shown(name)!r} became shorter while it was copied")
                    data += done
                    copied += done
            os.ftruncate(new, found.st_size)
            return copied
        finally:
            os.close(new)
    finally:
        os.close(old)


def _at(fd: int, offset: int) -> bool:
    os.lseek(fd, offset, os.SEEK_SET)
    return True


def _seek(fd: int, at: int, whence: int, size: int) -> int:
    try:
        return min(os.lseek(fd, at, whence), size)
    except OSError:
        return size


def _dress_as(fd: int, there: int, name: bytes, found: os.stat_result) -> None:
    os.chown(name, found.st_uid, found.st_gid, dir_fd=there, follow_symlinks=False)
    if not stat.S_ISLNK(found.st_mode):
        os.chmod(name, stat.S_IMODE(found.st_mode), dir_fd=there)
    for attribute, value in xattrs_at(fd, name).items():
        os.setxattr(by_descriptor(there, name), attribute, value, follow_symlinks=False)
    times = (found.st_atime_ns, found.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=there, follow_symlinks=False)


def _status(fd: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
