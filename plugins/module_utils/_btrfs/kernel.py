# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the kernel says of one subvolume. No command, and nothing that grows with their number.

``btrfs subvolume show`` prints the same, and takes a process for it; it also walks through all
subvolumes of the filesystem, to list the snapshots among them.
"""

from __future__ import annotations

import os
import struct
import uuid
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.ioctl import ask, number

# struct btrfs_ioctl_get_subvol_info_args in include/uapi/linux/btrfs.h, up to the UUIDs: number,
# name, holder, folder, generation, flags, UUID, parent's UUID, received UUID. Since Linux 4.18.
_INFO = struct.Struct("=Q256s4Q16s16s16s")
_INFO_SIZE = 504
_READONLY = 1  # BTRFS_ROOT_SUBVOL_RDONLY
_IMMUTABLE, _APPEND = 0x10, 0x20  # FS_IMMUTABLE_FL and FS_APPEND_FL
_NOCOW = 0x00800000  # FS_NOCOW_FL in include/uapi/linux/fs.h: the C of chattr(1)


class Info(NamedTuple):
    """One subvolume, as the kernel has it."""

    id: int
    uuid: str | None
    parent_uuid: str | None  # of what it is a snapshot of; None if of nothing
    received_uuid: str | None  # of what was sent from another filesystem; None if nothing was
    readonly: bool


def subvolume_info(path: str) -> Info:
    """The :class:`Info` of the subvolume whose root folder is ``path``."""
    answer = ask(path, number("\x94", 60, _INFO_SIZE), bytes(_INFO_SIZE))
    subvolume, _name, _holder, _folder, _generation, flags, *uuids = _INFO.unpack_from(answer)
    own, parent, received = map(_text, uuids)
    return Info(subvolume, own, parent, received, bool(flags & _READONLY))


def is_nodatacow(path: str) -> bool:
    """Whether new files in the folder ``path`` are overwritten in place."""
    return bool(_flags(path) & _NOCOW)


def is_fixed(path: str) -> bool:
    """Whether nothing can be removed from the folder ``path``, nor it: the i and a of chattr(1).

    may_delete() and inode_permission() of fs/namei.c.
    """
    return bool(_flags(path) & (_IMMUTABLE | _APPEND))


def _flags(path: str) -> int:
    size = struct.calcsize("l")  # what the number says; what comes is an int: ioctl_iflags(2)
    answer = ask(path, number("f", 1, size), bytes(size))
    return int(struct.unpack_from("=I", answer)[0])


def compression_of(path: str) -> str | None:
    """The property of the folder ``path``, such as "zstd"; None where it is not set.

    btrfs-property(8) keeps it as this attribute.
    """
    try:
        return os.getxattr(path, "btrfs.compression").decode("ascii", "surrogateescape") or None
    except OSError:
        return None


def _text(raw: bytes) -> str | None:
    return str(uuid.UUID(bytes=raw)) if any(raw) else None
