# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a whole, and the two topics that are read without a command."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts as _mounts
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    mounts as _info_mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import report as _info
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    tools as _info_tools,
)


def no_commands(argv):
    pytest.fail(f"{argv} was run")


def test_only_what_is_asked_for_is_read(monkeypatch):
    for name in ("disks", "lvm", "mounts", "engine"):
        monkeypatch.setattr(_info.TOPICS[name], "observe", no_commands)
    assert list(_info.observe(no_commands, ["tools"])) == ["tools"]


FILESYSTEMS = "nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\nnodev\tzfs\nnodev\tnfs4\n\text4\n\txfs\n"
MOUNTS = _mounts.parse_mountinfo(
    """27 1 254:0 / / rw - ext4 /dev/vda rw
28 27 0:5 / /proc rw - proc proc rw
29 27 0:6 / /run rw - tmpfs tmpfs rw
30 27 0:7 / /tank rw - zfs tank rw
31 27 0:8 / /srv rw - nfs4 server:/srv rw
32 27 0:9 / /merged rw - overlay overlay rw
33 27 0:10 / /gvfs rw - fuse.gvfsd gvfsd rw
34 27 0:11 / /far rw - fuse.sshfs far: rw
"""
)


def test_mounts_that_keep_files():
    kept = _info_mounts.keeping(MOUNTS, FILESYSTEMS)
    assert [mount.path for mount in kept] == ["/", "/tank", "/srv", "/far"]


def test_sizes_of_mounts_and_servers_are_not_asked(monkeypatch):
    asked = []
    root = os.statvfs("/")
    monkeypatch.setattr(os, "statvfs", lambda path: asked.append(path) or root)
    monkeypatch.setattr(_info_mounts.mounts, "mounts", lambda: MOUNTS)
    monkeypatch.setattr(_info_mounts, "keeping", lambda table, text: [table[0], table[4]])
    local, remote = _info_mounts.describe(_info_mounts.observe(no_commands))
    assert asked == ["/"]
    assert local["size"] == root.f_blocks * root.f_frsize
    assert local["available"] <= local["size"]
    assert (remote["path"], remote["size"], remote["available"]) == ("/srv", None, None)


def test_a_mount_that_is_gone_meanwhile():
    assert _info_mounts._usage(MOUNTS[0]._replace(path="/nowhere")) is None


def test_tools_are_found_beside_the_path(monkeypatch, tmp_path):
    program = tmp_path / "thin_check"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(_info_tools, "_FOLDERS", (str(tmp_path),))
    seen = _info_tools.observe(no_commands)
    assert seen["thin_check"] == str(program)
    described = _info_tools.describe(seen)
    assert described["thin_check"]
    assert not described["lvm"]
    assert set(described) == set(_info_tools.TOOLS)
