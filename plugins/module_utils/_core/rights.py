# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Owner, mode and extended attributes of a file, kept over its replacement.

An ACL is an extended attribute, and so is the label of SELinux: xattr(7).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Part,
    Rights,
    Step,
    StorageError,
    WriteFile,
    moves,
)

# What the kernel computes from the content, and what makes a program run with more rights.
_NOT_KEPT = ("security.ima", "security.evm", "security.capability")
_LABELS = "security."  # every new file has those that the host's policy gives it

# Write for others, and setuid: a file that root keeps should have neither.
_KEPT_MODE = 0o755


def rights_of(path: str) -> Rights | None:
    """The :class:`Rights` of a file; None where there is none, or no plain file."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    names = [name for name in _names(path) if name not in _NOT_KEPT]
    return Rights(
        stat.S_IMODE(found.st_mode),
        found.st_uid,
        found.st_gid,
        tuple((name, os.getxattr(path, name, follow_symlinks=False).hex()) for name in names),
    )


def tightened(rights: Rights) -> Rights:
    """The same, without write for others and setuid: they do not stay.

    Without write for the group the mask of an ACL has none either: acl(5).
    """
    return rights._replace(mode=rights.mode & _KEPT_MODE)


def give(descriptor: int, rights: Rights, step: WriteFile) -> None:
    """Give a new file the rights of another.

    :raises StorageError: an attribute cannot be kept.
    :raises OSError: its owner or its mode cannot be set.
    """
    os.fchown(descriptor, rights.owner, rights.group)
    wanted = {name: bytes.fromhex(value) for name, value in rights.attributes}
    name = ""
    try:
        for name in _names(descriptor):  # a folder may give an ACL of its own
            if name not in wanted and not name.startswith(_LABELS):
                os.removexattr(descriptor, name)
        for name, value in wanted.items():
            if _value(descriptor, name) != value:
                os.setxattr(descriptor, name, value)
    except OSError as error:
        raise StorageError(
            step.path,
            f"its extended attribute {name} cannot be kept ({error.strerror}); "
            f"{step.reason} was not done",
            "Take the attribute off it (setfacl --remove-all for an ACL, else setfattr --remove), "
            "then run again",
            refusal="file_rights_lost",
        ) from error
    os.fchmod(descriptor, rights.mode)


def remembering(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts, with the rights of the files as they are now in the steps of their ways back.

    :raises OSError: they cannot be read.
    """
    parts = tuple(parts)
    paths = {it.step.path for it in moves(parts) if isinstance(it.step, WriteFile)}
    now = {path: rights for path in sorted(paths) for rights in [rights_of(path)] if rights}

    def known(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(
            it._replace(rights=now.get(it.path)) if isinstance(it, WriteFile) else it
            for it in steps
        )

    return tuple(
        part._replace(
            undo=known(part.undo),
            pauses=tuple(pause._replace(back=known(pause.back)) for pause in part.pauses),
        )
        for part in parts
    )


def _names(file: str | int) -> list[str]:
    follow = {} if isinstance(file, int) else {"follow_symlinks": False}
    with contextlib.suppress(OSError):  # the filesystem has none
        return os.listxattr(file, **follow)
    return []


def _value(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, name)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return None
        raise
