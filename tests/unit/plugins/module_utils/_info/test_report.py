# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a whole, and two of the topics that are read without a command."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts as _mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host import programs
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    mounts as _info_mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import report as _info
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    tools as _info_tools,
)


def no_commands(argv):
    pytest.fail(f"{argv} was run")


def topic(name, reads, **more):
    """A topic that notes in ``reads`` when it is read, and what it was given."""

    def observe(run, *needed):
        reads.append((name, *needed))
        return name.upper()

    return _info.Topic(observe, str.lower, lambda seen: [], **more)


@pytest.fixture
def reads(monkeypatch):
    """What is read of three topics, of which c needs a and b, and b needs a."""
    reads = []
    topics = {
        "c": topic("c", reads, default=False, needs=("a", "b")),
        "a": topic("a", reads),
        "b": topic("b", reads, needs=("a",)),
    }
    monkeypatch.setattr(_info, "TOPICS", topics)
    return reads


GATHERED = [
    # gather            what is read, and with what
    (["a"], [("a",)]),
    (["b"], [("a",), ("b", "A")]),
    (["a", "b"], [("a",), ("b", "A")]),
    (["c"], [("a",), ("b", "A"), ("c", "A", "B")]),
    (["b", "c", "a"], [("a",), ("b", "A"), ("c", "A", "B")]),
    ([], []),
]


@pytest.mark.parametrize(("gather", "read"), GATHERED)
def test_what_is_asked_for_is_read_once_and_nothing_else_is_reported(reads, gather, read):
    seen = _info.observe(no_commands, gather)
    assert reads == read
    assert _info.report(seen)["storage"] == {it: it for it in ("c", "a", "b") if it in gather}


def test_findings_come_in_the_order_of_the_topics(monkeypatch):
    def found(name):
        return _info.Topic(lambda run: None, str, lambda seen: [Finding("info", name, "")])

    monkeypatch.setattr(_info, "TOPICS", {name: found(name) for name in "ba"})
    report = _info.report(_info.observe(no_commands, ["a", "b"]))
    assert report["findings"] == [
        {"level": "info", "topic": name, "message": ""} for name in ("b", "a")
    ]


@pytest.mark.parametrize("name", _info.TOPICS)
def test_a_topic_needs_only_topics_that_are_there(name):
    assert set(_info.TOPICS[name].needs) <= set(_info.TOPICS) - {name}


def test_what_takes_long_or_is_advice_is_not_read_by_default():
    assert set(_info.TOPICS) - set(_info.DEFAULT) == {
        "driver_usage", "drivers", "inventory", "inventory_usage",
    }  # fmt: skip


def test_a_wish_goes_to_the_topic_that_asks_for_it_and_to_no_other(reads, monkeypatch):
    monkeypatch.setitem(_info.TOPICS, "b", _info.TOPICS["b"]._replace(asks=True))
    _info.observe(no_commands, ["b"], "wish")
    assert reads == [("a",), ("b", "A", "wish")]


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
    monkeypatch.setattr(programs, "FOLDERS", (str(tmp_path),))
    seen = _info_tools.observe(no_commands)
    assert seen["thin_check"] == str(program)
    described = _info_tools.describe(seen)
    assert described["thin_check"]
    assert not described["lvm"]
    assert set(described) == set(_info_tools.TOOLS)
