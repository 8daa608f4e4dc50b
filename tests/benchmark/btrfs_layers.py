# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make many subvolumes as Docker's btrfs driver does: images of ten layers, each a snapshot.

Is piped to the host's Python, with the filesystem and their number. `btrfs subvolume` would do the
same, one process for each: minutes on an emulated host.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import sys

# struct btrfs_ioctl_vol_args and the numbers of two ioctls, in include/uapi/linux/btrfs.h
ARGUMENTS = struct.Struct("=q4088s")
WRITE = 1 << 30 | ARGUMENTS.size << 16 | 0x94 << 8
SNAPSHOT, CREATE = WRITE | 1, WRITE | 14


def main(top, count):
    """Make them below the folder where the driver has them."""
    folder = f"{top}/btrfs/subvolumes"
    os.makedirs(folder)
    for number in range(count):
        if number % 10:
            below = os.open(f"{folder}/{name(number - 1)}", os.O_RDONLY)
            make(folder, SNAPSHOT, below, number)
            os.close(below)
        else:
            make(folder, CREATE, 0, number)


def make(folder, ioctl, source, number):
    """Make one in ``folder``."""
    at = os.open(folder, os.O_RDONLY)
    fcntl.ioctl(at, ioctl, bytearray(ARGUMENTS.pack(source, name(number).encode())))
    os.close(at)


def name(number):
    """Return a name as Docker gives them: 64 hex digits."""
    return hashlib.sha256(str(number).encode()).hexdigest()


main(sys.argv[1], int(sys.argv[2]))
