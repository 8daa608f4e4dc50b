# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filesystems of the wanted kind for data roots, on loop files."""

from __future__ import annotations

import shutil

import pytest
from support.loops import Loops, sh

SIZE = 1 << 30  # bytes; the file is sparse
MAKE = {
    "btrfs": ["mkfs.btrfs", "--quiet"],
    "ext4": ["mkfs.ext4", "-q"],
    "xfs": ["mkfs.xfs", "-q"],
}


class Disks(Loops):
    """Filesystems below one folder, all unmounted by ``clean``."""

    def made(self, kind, options=""):
        """Return the folder where a new filesystem is mounted; ``options`` are the mount's."""
        if not shutil.which(MAKE[kind][0]):
            pytest.skip(f"not installed on this machine: {MAKE[kind][0]}")
        number = len(list(self.folder.glob("disk*.img")))
        file = self.folder / f"disk{number}.img"
        with open(file, "wb") as stream:
            stream.truncate(SIZE)
        sh(*MAKE[kind], str(file))
        return self.mount(f"disk{number}", file, "-o", f"loop,{options}".rstrip(","))
