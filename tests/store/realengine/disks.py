# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filesystems of the wanted kind for data roots, on loop files."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from support.loops import Loops, sh

SIZE = 1 << 30  # bytes; the file is sparse
MAKE = {
    "btrfs": ["mkfs.btrfs", "--quiet"],
    "ext4": ["mkfs.ext4", "-q"],
    "xfs": ["mkfs.xfs", "-q"],
}


class Disks(Loops):
    """Filesystems below one folder, all unmounted by ``clean``, and data roots beside them."""

    def made(self, kind):
        """Return the folder where a new filesystem is mounted: "btrfs", or "xfs:pquota".

        Behind the colon are the mount's options.
        """
        kind, _colon, options = kind.partition(":")
        if not shutil.which(MAKE[kind][0]):
            pytest.skip(f"not installed on this machine: {MAKE[kind][0]}")
        number = len(list(self.folder.glob("disk*.img")))
        file = self.folder / f"disk{number}.img"
        with open(file, "wb") as stream:
            stream.truncate(SIZE)
        sh(*MAKE[kind], str(file))
        where = self.folder / f"disk{number}"
        where.mkdir()
        mount = ["mount", "-o", f"loop,{options}".rstrip(","), file, where]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this kernel mounts no {kind}{f' with {options}' if options else ''}")
        return where

    def clean(self):
        """Unmount all of it, and only then take away what lay on it and beside it."""
        super().clean()
        for file in self.folder.glob("disk*.img"):
            file.unlink()
        for root in self.folder.glob("root*"):
            shutil.rmtree(root)
