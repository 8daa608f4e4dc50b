# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Files and folders that are root's alone: what others can write to is not trusted."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

_WRITE_FOR_OTHERS = stat.S_IWGRP | stat.S_IWOTH


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


def sync_folder(folder: str) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
