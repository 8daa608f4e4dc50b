# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Files and folders that are root's alone: what others can write to is not trusted."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

_WRITE_FOR_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_MOST_LINKS = 40  # as the kernel follows: path_resolution(7)


def own_folder(path: str, mode: int | None, refusal: str) -> bool:
    """Make sure that a folder is ours alone to write to; it is made where there is none.

    :param mode: what it is made with; None to make nothing.
    :param refusal: the name of the refusal where it is not.
    :returns: whether it is there.
    :raises StorageError: it is a link, no folder, another user's, or others can write to it.
    :raises OSError: it could not be made.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        if mode is None:
            return False
        with contextlib.suppress(FileExistsError):  # another run was first
            os.mkdir(path, mode)
        sync_folder(os.path.dirname(path))
        found = os.lstat(path)
    wrong = foreign(found, stat.S_ISDIR, "folder")
    if not wrong and found.st_mode & _WRITE_FOR_OTHERS:
        wrong = "others than root can write to it"
    if wrong:
        raise StorageError(
            path,
            f"{wrong}, so what it holds is not trusted",
            "Look at how that came to be and remove it, then run again; nothing has been changed",
            refusal=refusal,
        )
    return True


def foreign(found: os.stat_result, is_kind: Callable[[int], bool], kind: str) -> str:
    """What is wrong, in words, with what lies where a file or folder of root's is wanted.

    :param is_kind: ``stat.S_ISREG`` or ``stat.S_ISDIR``, which ``kind`` names.
    """
    if stat.S_ISLNK(found.st_mode):
        return "it is a symbolic link"
    if not is_kind(found.st_mode):
        return f"it is no {kind}"
    if found.st_uid != os.geteuid():
        return f"it belongs to the user with the number {found.st_uid}, who could change it"
    return ""


def foreign_way(path: str) -> tuple[str, str]:
    """``(folder or link, what is wrong with it)`` on the way to a file; two '' where nothing is.

    Who can write to a folder can put a file of his own in the place of any that is in it; in one
    with the sticky bit only in the place of his own.
    """
    parent = os.path.dirname(path)
    for it, found in _way(parent):
        if found.st_uid not in (0, os.geteuid()):
            return it, f"it belongs to the user with the number {found.st_uid}, who could change it"
        if stat.S_ISLNK(found.st_mode):
            # What is written for one unit would be in force for another, or for none.
            if it == parent and it.endswith(".d"):
                return it, "it is a symbolic link"
        elif _others_write(it, found) and (it == parent or not found.st_mode & stat.S_ISVTX):
            return it, "others than root can write to it"
    return "", ""


def _others_write(folder: str, found: os.stat_result) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    # With an ACL that is no right of the group's: it bounds those that the ACL names, acl(5).
    return bool(found.st_mode & stat.S_IWGRP) and (found.st_gid != 0 or _has_acl(folder))


def _has_acl(folder: str) -> bool:
    with contextlib.suppress(OSError):  # a filesystem without
        return "system.posix_acl_access" in os.listxattr(folder)
    return False


def _way(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Each folder and each link that leads to a folder; those that are not there are left out."""
    done, left, links = "/", path.split("/")[::-1], 0
    yield done, os.lstat(done)
    while left and links < _MOST_LINKS:
        name = left.pop()
        if name in ("", "."):
            continue
        it = os.path.dirname(done) if name == ".." else os.path.join(done, name)
        try:
            found = os.lstat(it)
        except OSError:  # it is made, or it is no folder, which is told where it is opened
            return
        yield it, found
        if stat.S_ISLNK(found.st_mode):
            links += 1
            target = os.readlink(it)
            done = "/" if target.startswith("/") else done
            left += target.split("/")[::-1]
        else:
            done = it


def sync_folder(folder: str) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
