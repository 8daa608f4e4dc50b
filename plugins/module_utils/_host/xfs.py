# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""An XFS filesystem, read from its superblock: no command, mounted or not."""

from __future__ import annotations

import mmap
import os
import struct
import uuid
from typing import NamedTuple

# xfs_growfs leaves a rest smaller than this alone: no allocation group fits into it
# (XFS_MIN_AG_BLOCKS, fs/xfs/libxfs/xfs_fs.h).
SMALLEST_GROWTH_BLOCKS = 64


# Bytes: XFS_MIN_BLOCKSIZE to XFS_MAX_BLOCKSIZE, fs/xfs/libxfs/xfs_fs.h.
_BLOCK_SIZES = tuple(2**bits for bits in range(9, 17))


class Xfs(NamedTuple):
    """What the superblock says (fs/xfs/libxfs/xfs_format.h, struct xfs_dsb)."""

    uuid: str | None  # None: not made yet
    block_size: int  # bytes
    blocks: int
    log_blocks: int  # of an internal log; statvfs leaves these out
    ftype: bool  # directory entries carry the file type, which overlay needs
    # What was to write it has not ended (sb_inprogress): mkfs.xfs, xfs_copy or xfs_mdrestore. The
    # kernel does not mount it.
    unfinished: bool = False

    @property
    def size(self) -> int:
        """Bytes of the whole filesystem."""
        return self.blocks * self.block_size


def read_superblock(device: str) -> Xfs | None:
    """The :class:`Xfs` on a device, or None if there is none.

    Read past the page cache: what this process cached earlier may be older than the disk.
    """
    with mmap.mmap(-1, 4096) as page:  # anonymous memory is aligned, as O_DIRECT demands
        descriptor = os.open(device, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
        try:
            os.preadv(descriptor, [page], 0)
        finally:
            os.close(descriptor)
        return parse_superblock(page[:])


def parse_superblock(data: bytes) -> Xfs | None:
    """The :class:`Xfs` in the first 4 KiB of a device, or None; so for what no XFS can say."""
    if data[:4] != b"XFSB":
        return None
    block_size, blocks = struct.unpack_from(">IQ", data, 4)
    if block_size not in _BLOCK_SIZES or not blocks:
        return None
    (log_start,) = struct.unpack_from(">Q", data, 48)
    (log_blocks,) = struct.unpack_from(">I", data, 96)
    (version,) = struct.unpack_from(">H", data, 100)
    (features2,) = struct.unpack_from(">I", data, 200)
    (incompat,) = struct.unpack_from(">I", data, 216)
    return Xfs(
        uuid=str(uuid.UUID(bytes=data[32:48])),
        block_size=block_size,
        blocks=blocks,
        log_blocks=log_blocks if log_start else 0,
        ftype=bool(incompat & 1) if version & 0xF == 5 else bool(features2 & 0x200),
        unfinished=bool(data[126]),
    )


def mounted_size(path: str, found: Xfs) -> int:
    """Bytes of a mounted filesystem as it is now.

    The kernel writes a grown superblock to the disk only later; statvfs knows at once, but leaves
    out the log (fs/xfs/xfs_super.c, xfs_fs_statfs).
    """
    status = os.statvfs(path)
    return status.f_blocks * status.f_frsize + found.log_blocks * found.block_size
