# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the kernel says of one subvolume. No command, and nothing that grows with their number.

``btrfs subvolume show`` prints the same, and takes a process for it; it also walks through all
subvolumes of the filesystem, to list the snapshots among them.
"""

from __future__ import annotations

import errno
import os
import struct
import uuid
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.ioctl import ask, number

# struct btrfs_ioctl_get_subvol_info_args in include/uapi/linux/btrfs.h, up to the UUIDs: number,
# name, holder, folder, generation, flags, UUID, parent's UUID, received UUID. Since Linux 4.18.
_INFO = struct.Struct("=Q256s4Q16s16s16s")
_INFO_SIZE = 504
# struct btrfs_ioctl_get_subvol_rootref_args: the least number to be told, subvolumes as
# (number, folder that it is in), and how many these are. Since Linux 4.18, as the next one is.
_MOST_HELD = 255
_HELD = struct.Struct(f"=Q{2 * _MOST_HELD}QB7x")
# struct btrfs_ioctl_ino_lookup_user_args: folder, number, name, path of the folder with a slash.
_PLACE = struct.Struct("=QQ256s3824s")
_READONLY = 1  # BTRFS_ROOT_SUBVOL_RDONLY
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


def held_in(path: str) -> list[tuple[int, str]]:
    """``(number, path)`` of each subvolume that lies directly in the one at ``path``.

    Whatever their names are: a list that a tool prints has a line for each line of a name.
    """
    found: list[tuple[int, str]] = []
    least, count = 0, _MOST_HELD
    while count == _MOST_HELD:
        asked = _HELD.pack(least, *[0] * (2 * _MOST_HELD), 0)
        answer = ask(path, number("\x94", 61, _HELD.size, both=True), asked, errno.EOVERFLOW)
        _least, *pairs, count = _HELD.unpack(answer)
        for one, folder in zip(pairs[: 2 * count : 2], pairs[1 : 2 * count : 2]):
            found.append((one, os.path.join(path, _place(path, one, folder))))
            least = one + 1
    return found


def _place(path: str, one: int, folder: int) -> str:
    """Where a subvolume lies, seen from the one at ``path``."""
    asked = _PLACE.pack(folder, one, b"", b"")
    answer = ask(path, number("\x94", 62, _PLACE.size, both=True), asked)
    _folder, _one, name, above = _PLACE.unpack(answer)
    return os.fsdecode(above.partition(b"\0")[0] + name.partition(b"\0")[0])


def is_nodatacow(path: str) -> bool:
    """Whether new files in the folder ``path`` are overwritten in place."""
    size = struct.calcsize("l")  # what the number says; what comes is an int: ioctl_iflags(2)
    answer = ask(path, number("f", 1, size), bytes(size))
    return bool(struct.unpack_from("=I", answer)[0] & _NOCOW)


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
