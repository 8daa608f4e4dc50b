# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The superblock of a btrfs, read from a device: no command, mounted or not."""

from __future__ import annotations

import mmap
import os
import struct
import uuid
from typing import NamedTuple

_OFFSET = 64 * 1024  # BTRFS_SUPER_INFO_OFFSET
_SIZE = 4096
_MAGIC = b"_BHRfS_M"
_UNFINISHED = b"!BHRfS_M"  # BTRFS_MAGIC_TEMPORARY of btrfs-progs: what mkfs.btrfs writes first
_LABEL = 299  # where the label begins, which takes 256 bytes
_SEEDING = 1 << 32  # BTRFS_SUPER_FLAG_SEEDING


class Superblock(NamedTuple):
    """What a device says of the btrfs that it is a part of: struct btrfs_super_block.

    include/uapi/linux/btrfs_tree.h; all of its numbers are little-endian.
    """

    uuid: str | None  # of the filesystem; None: not made yet
    label: str
    id: int  # of the device in the filesystem
    size: int  # bytes of the device that the filesystem has
    devices: int  # how many the filesystem is made of
    sector: int  # bytes
    seed: bool = False  # whether it is kept as it is, to grow others from
    finished: bool = True  # False: mkfs.btrfs was broken off, and there is no filesystem


def read_superblock(device: str) -> Superblock | None:
    """The :class:`Superblock` on a device, or None if there is none.

    Read past the page cache: what this process cached earlier may be older than the disk.
    """
    with mmap.mmap(-1, _SIZE) as page:  # anonymous memory is aligned, as O_DIRECT demands
        try:
            descriptor = os.open(device, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
        except OSError:  # gone, or a drive without a medium
            return None
        try:
            os.preadv(descriptor, [page], _OFFSET)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return parse_superblock(page[:])


def parse_superblock(data: bytes) -> Superblock | None:
    """The :class:`Superblock` in the bytes from 64 KiB on, or None.

    Bytes of the label that are no UTF-8 are kept (os.fsdecode()): such a label is nobody's wish.
    """
    if len(data) < _LABEL + 256:
        return None
    place, flags = struct.unpack_from("<QQ", data, 48)
    if data[64:72] not in (_MAGIC, _UNFINISHED) or place != _OFFSET:
        return None
    number, size = struct.unpack_from("<QQ", data, 201)
    return Superblock(
        uuid=str(uuid.UUID(bytes=data[32:48])),
        label=data[_LABEL : _LABEL + 256].partition(b"\0")[0].decode("utf-8", "surrogateescape"),
        id=number,
        size=size,
        devices=struct.unpack_from("<Q", data, 136)[0],
        sector=struct.unpack_from("<I", data, 144)[0],
        seed=bool(flags & _SEEDING),
        finished=data[64:72] == _MAGIC,
    )
