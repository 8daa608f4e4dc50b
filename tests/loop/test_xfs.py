# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An XFS that was left half made: what its superblock says, and what kernel and mkfs make of it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import (
    read_superblock,
)
from support.loops import sh


@pytest.fixture
def device(tmp_path):
    if os.geteuid():
        pytest.skip("loop devices need root")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [it for it in ("mkfs.xfs", "xfs_db") if not shutil.which(it, path=path)]
    if missing:
        pytest.skip(f"not installed on this machine: {', '.join(missing)}")
    with open(tmp_path / "image", "wb") as stream:
        stream.truncate(400 * 1024**2)
    found = sh("losetup", "--find", "--show", str(tmp_path / "image"))
    try:
        yield found
    finally:
        subprocess.run(["losetup", "--detach", found], check=False)


def test_one_that_is_half_made_is_known_as_such(device, tmp_path):
    sh("mkfs.xfs", "-q", device)
    assert read_superblock(device).unfinished is False
    sh("xfs_db", "-x", "-c", "sb 0", "-c", "write inprogress 1", device)
    assert "inprogress = 1" in sh("xfs_db", "-r", "-c", "sb 0", "-c", "p inprogress", device)
    assert read_superblock(device).unfinished is True
    mounting = subprocess.run(["mount", device, tmp_path], check=False, capture_output=True)
    assert mounting.returncode
    # and it is made again only by force
    made = subprocess.run(["mkfs.xfs", "-q", device], check=False, capture_output=True)
    assert made.returncode
    sh("mkfs.xfs", "-f", "-q", "-n", "ftype=1", device)
    found = read_superblock(device)
    assert (found.unfinished, found.ftype) == (False, True)


@pytest.mark.parametrize("moment", [0.0, 0.001, 0.003, 0.01, 0.03])
def test_one_whose_mkfs_was_killed_is_none_or_unfinished_or_whole(device, tmp_path, moment):
    program = subprocess.Popen(["mkfs.xfs", "-q", device])
    try:
        program.wait(moment)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    found = read_superblock(device)
    done = subprocess.run(["mount", "-t", "xfs", device, tmp_path], check=False)
    if not done.returncode:
        sh("umount", str(tmp_path))
    assert bool(done.returncode) == (found is None or found.unfinished)
