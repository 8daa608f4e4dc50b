# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real btrfs filesystems on loop files, on this machine's own kernel."""

from __future__ import annotations

import contextlib
import os
import subprocess

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts


def sh(*argv):
    """Run a command that has to succeed, and return what it printed."""
    done = subprocess.run(
        argv, capture_output=True, text=True, errors="surrogateescape", check=False
    )
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}{done.stdout}"
    return done.stdout.strip()


def fill(where):
    """Hand out every chunk: files of 64 KiB and of 1 MiB in turn; return the large ones.

    First come files that are small enough to lie in metadata, so that a chunk of that is made and
    stays in use: one that is made when no data fits any more is given back a moment later.
    """
    (where / "in-metadata").mkdir()
    for number in range(6000):
        (where / f"in-metadata/{number}").write_bytes(bytes(2000))
    sh("btrfs", "filesystem", "sync", str(where))
    large = []
    with contextlib.suppress(OSError):
        for number in range(10000):
            large.append(where / f"{number}-large")
            for file, size in ((where / f"{number}-small", 64 * 1024), (large[-1], 1024**2)):
                with open(file, "wb") as stream:
                    os.posix_fallocate(stream.fileno(), 0, size)
    sh("btrfs", "filesystem", "sync", str(where))
    return large


def empty(where, large):
    """Remove the large files. The small ones stay, so that no chunk is wholly empty.

    Such a one the kernel would take back by itself.
    """
    for file in large:
        file.unlink(missing_ok=True)
    sh("btrfs", "filesystem", "sync", str(where))


def exhaust(where):
    """Make it as in the seeds: every chunk is handed out, and hardly anything is in them."""
    empty(where, fill(where))


class Loops:
    """Filesystems on loop files below one folder."""

    def __init__(self, folder):
        self.folder = folder

    def make(self, name, *options, size=300 * 1024**2):
        """Make a btrfs, mount it at the folder ``name``, and return that folder."""
        image, where = self.folder / f"{name}.img", self.folder / name
        with open(image, "wb") as stream:
            stream.truncate(size)
        where.mkdir()
        sh("mkfs.btrfs", "--quiet", *options, str(image))
        done = subprocess.run(
            ["mount", "-o", "loop", image, where], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"this kernel mounts no btrfs on a loop file: {done.stderr.strip()}")
        return where

    def mount(self, name, source, *options):
        """Mount ``source`` a second time, at a new folder ``name``."""
        where = self.folder / name
        where.mkdir(exist_ok=True)
        sh("mount", *options, str(source), str(where))
        return where

    def device(self, where):
        """The loop device that is mounted at ``where``."""
        return mounts.mounted_at(str(where)).source

    def clean(self):
        """Unmount all of it, the last first; the loop devices go with their mounts."""
        for mount in reversed(mounts.mounts()):
            if mount.path.startswith(f"{self.folder}/"):
                subprocess.run(["umount", mount.path], check=False)
        left = [mount for mount in mounts.mounts() if mount.path.startswith(f"{self.folder}/")]
        assert not left, left
