# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Renaming a tree, and removing one: no mount is entered, no link followed.

A container may have left anything in it, and may be at work in it: folders deeper than any path can
be long, names that change while they are read. So one folder is open at a time, by its descriptor,
and each step up is held against what was left on the way down.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from itertools import islice

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import one_line
from ansible_collections.containerhost.storage.plugins.module_utils._core.owned import (
    foreign_way,
    sync_folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    RemoveTree,
    Rename,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import listed

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_AT_ONCE = 4096  # names of a folder that are held in memory
_SHOWN = 3  # of what could not be removed
_ENOUGH = 1000  # of it: nothing there can be, as on a filesystem that has become read-only

# linux/btrfs.h: BTRFS_IOC_SNAP_DESTROY is _IOW(0x94, 15, struct btrfs_ioctl_vol_args), which is a
# number of 64 bits and a name of 4088 bytes.
_SNAP_DESTROY = 0x5000940F
_VOLUME_ARGUMENTS = "q4088s"
_SUBVOLUME = 256  # BTRFS_FIRST_FREE_OBJECTID: the inode of the top of each

_Identity = tuple[int, int]


def take(step: Rename | RemoveTree) -> None:
    """Take a step with a whole tree.

    :raises StorageError: it could not be, or others than root can write to a folder on the way.
    """
    paths = (step.path, step.to) if isinstance(step, Rename) else (step.path,)
    for path in paths:
        folder, wrong = foreign_way(path)
        if wrong and not (isinstance(step, Rename) and _is_one_users(folder, path)):
            raise StorageError(
                folder,
                f"{wrong}, and nothing is renamed or removed below it: {step.reason}",
                "Make it root's alone, then run again",
                refusal="folder_foreign",
            )
    try:
        if isinstance(step, Rename):
            _rename(step)
        else:
            _remove(step)
    except OSError as error:
        raise StorageError(
            one_line(step.path),
            f"{step.reason}: {error.strerror}",
            "Mend that, then run again: the next run goes on from there",
            refusal="tree_unchangeable",
        ) from error


def _is_one_users(folder: str, path: str) -> bool:
    """Whether that is the folder of ``path`` itself, and nobody but its owner can write to it.

    With user namespaces a data root belongs to the user that is root in the containers. A name in
    it is renamed, whatever it is: a link in its place is moved, and never followed.
    """
    found = os.lstat(folder)
    alone = stat.S_ISDIR(found.st_mode) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return folder == os.path.dirname(path) and alone


def renamed(step: Rename) -> bool:
    """Whether it has its new name already."""
    return os.path.lexists(step.to) and not os.path.lexists(step.path)


def _rename(step: Rename) -> None:
    if renamed(step):
        return
    if os.path.lexists(step.to):
        raise StorageError(
            one_line(step.to),
            f"something is there already, and is not replaced: {step.reason}",
            "Look at what it is and move it away, then run again",
            refusal="name_taken",
        )
    os.rename(step.path, step.to)
    for folder in dict.fromkeys(map(os.path.dirname, (step.path, step.to))):
        sync_folder(folder)


def _remove(step: RemoveTree) -> None:
    try:
        top = os.open(step.path, _FOLDER)
    except FileNotFoundError:
        return
    left = _Removal(top, step.path).run()
    if not left:
        os.rmdir(step.path)
        sync_folder(os.path.dirname(step.path))
        return
    told = [f"{one_line(path)} ({why})" for path, why in left]
    raise StorageError(
        one_line(step.path),
        f"not all of it could be removed; what is left is {listed(told, _SHOWN)}",
        "Unmount what is mounted there (`findmnt`), let it be changed (`lsattr`, `chattr -i`), and "
        "run again: the next run goes on from there",
        refusal="tree_not_removed",
    )


class _Folder:
    """A folder on the way down."""

    def __init__(self, name: str, identity: _Identity) -> None:
        self.name, self.identity = name, identity
        self.names: list[str] = []  # those to be removed next
        self.stay: set[str] = set()  # those that could not be


class _Removal:
    """What is in one folder, being removed."""

    def __init__(self, top: int, path: str) -> None:
        self._path, self._open = path, top  # the only folder that is open
        self._mount = _mount_of(top)
        self._way = [_Folder("", _identity(os.fstat(top)))]
        self._left: list[tuple[str, str]] = []

    def run(self) -> list[tuple[str, str]]:
        """Remove all; ``(path, why)`` of what could not be."""
        try:
            while self._way and len(self._left) < _ENOUGH:
                here = self._way[-1]
                if not here.names:
                    here.names = list(islice(self._others(here), _AT_ONCE))
                if here.names:
                    self._one(here, here.names.pop())
                else:
                    self._up()
        finally:
            os.close(self._open)
        return self._left

    def _others(self, here: _Folder) -> Iterator[str]:
        with os.scandir(self._open) as entries:
            for entry in entries:
                if entry.name not in here.stay:
                    yield entry.name

    def _one(self, here: _Folder, name: str) -> None:
        try:
            found = os.stat(name, dir_fd=self._open, follow_symlinks=False)
            if not stat.S_ISDIR(found.st_mode):
                os.unlink(name, dir_fd=self._open)
            else:
                self._down(here, name)
        except FileNotFoundError:  # it is gone meanwhile
            pass
        except OSError as error:
            self._stays(here, name, _why(error))

    def _down(self, here: _Folder, name: str) -> None:
        below = os.open(name, _FOLDER, dir_fd=self._open)
        try:
            found = os.fstat(below)
            if _mount_of(below) != self._mount:
                self._stays(here, name, "something is mounted there")
            elif not self._drop_subvolume(name, found):
                self._way.append(_Folder(name, _identity(found)))
                self._open, below = below, self._open
        finally:
            os.close(below)

    def _up(self) -> None:
        """Leave a folder in which nothing is left that could be removed, and remove it."""
        gone = self._way.pop()
        if not self._way:
            return
        here = self._way[-1]
        above = os.open("..", _FOLDER, dir_fd=self._open)
        if _identity(os.fstat(above)) != here.identity:
            os.close(above)
            raise StorageError(
                one_line(self._path),
                f"a folder in it was moved while it was removed ({one_line(gone.name)})",
                "End what is at work there, then run again: the next run goes on from there",
                refusal="tree_not_removed",
            )
        os.close(self._open)
        self._open = above
        if gone.stay:
            here.stay.add(gone.name)
            return
        try:
            os.rmdir(gone.name, dir_fd=self._open)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._stays(here, gone.name, _why(error))

    def _drop_subvolume(self, name: str, found: os.stat_result) -> bool:
        """Remove a subvolume of btrfs in one go: layers share their files, and each has them all.

        One that has others in it cannot be, and is gone through like a folder.
        """
        if found.st_ino != _SUBVOLUME or found.st_dev == os.fstat(self._open).st_dev:
            return False
        # Only what can be written to may be larger than 1024 bytes.
        with_name = bytearray(struct.pack(_VOLUME_ARGUMENTS, 0, os.fsencode(name)))
        try:
            fcntl.ioctl(self._open, _SNAP_DESTROY, with_name)
        except OSError:
            return False
        return True

    def _stays(self, here: _Folder, name: str, why: str) -> None:
        here.stay.add(name)
        folders = [it.name for it in self._way[1:]]
        self._left.append(("/".join((self._path, *folders, name)), why))


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _identity(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino


def _mount_of(descriptor: int) -> str:
    """The number of the mount that an open folder was reached by: ``mnt_id`` of proc(5).

    A folder that is mounted on another one of the same filesystem differs in nothing else.
    """
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as stream:
        for line in stream:
            if line.startswith("mnt_id:"):
                return line
    raise OSError(errno.ENOSYS, "the kernel does not tell which mount it is")
