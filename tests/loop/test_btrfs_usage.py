# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filesystems whose chunks are all allocated, made so for real."""

from __future__ import annotations

import re
import subprocess

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import usage
from support.loops import empty, exhaust, fill, sh

MIB = 1024**2


def run(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def usage_of(where):
    return next(seen for seen in usage.observe_btrfs(run) if seen.mount == str(where))


def topics(where):
    return [finding.topic for finding in usage.findings([usage_of(where)])]


@pytest.fixture
def exhausted(loops):
    """A btrfs as in the seeds: every chunk is handed out, and hardly anything is in them."""
    where = loops.make("fs", "--metadata", "single", size=400 * MIB)
    exhaust(where)
    return where


def test_a_filesystem_with_room_has_nothing_to_say(loops):
    where = loops.make("fs", "--label", "containers")
    seen = usage_of(where)
    assert usage.findings([seen]) == []
    described = usage.describe([seen])[0]
    shown = sh("btrfs", "filesystem", "usage", "--raw", str(where))
    assert described["uuid"] == sh("findmnt", "-no", "UUID", str(where))
    assert described["label"] == "containers"
    assert f"/dev/{described['devices'][0]}" == loops.device(where)
    for name in ("size", "allocated", "unallocated"):
        assert re.search(rf"Device {name}:\s+{described[name]}$", shown, re.M)
    assert described["data_size"] == int(re.search(r"Data,\w+: Size:(\d+)", shown)[1])
    assert described["metadata_used"] == int(
        re.search(r"Metadata,\w+: Size:\d+, Used:(\d+)", shown)[1]
    )


def test_all_chunks_allocated_while_df_shows_space(exhausted):
    seen = usage_of(exhausted)
    shown = sh("btrfs", "filesystem", "show", "--raw", str(exhausted))
    size, used = map(int, re.search(r"size (\d+) used (\d+)", shown).groups())
    assert size - used < 2 * MIB  # the seeds' sign: size and used are the same
    assert seen.available > 200 * MIB  # what df shows
    assert seen.data.used < seen.data.size / 5
    (finding,) = usage.findings([seen])
    assert (finding.level, finding.topic) == ("warning", "btrfs_chunks_allocated")
    assert f" {exhausted}`." in finding.message


def test_the_balance_that_is_named_mends_it(exhausted):
    before = usage_of(exhausted)
    (finding,) = usage.findings([before])
    command = re.search(r"`(btrfs balance start .*)`", finding.message)[1]
    sh(*command.split())
    after = usage_of(exhausted)
    assert after.unallocated > before.unallocated + before.next_chunk
    assert topics(exhausted) == []


def test_a_filesystem_that_is_really_full_needs_another_device(loops):
    where = loops.make("fs", "--metadata", "single", size=200 * MIB)
    fill(where)
    assert topics(where) == ["btrfs_full"]


def test_mixed_chunks_need_no_balance(loops):
    where = loops.make("fs", "--mixed", size=200 * MIB)
    assert topics(where) == []
    files = fill(where)
    assert topics(where) == ["btrfs_full"]
    empty(where, files)
    assert usage_of(where).unallocated < usage_of(where).next_chunk
    assert topics(where) == []


def test_each_filesystem_is_reported_once_however_often_it_is_mounted(loops):
    where = loops.make("fs")
    sh("btrfs", "subvolume", "create", str(where / "a"))
    loops.mount("a-again", loops.device(where), "-o", "subvol=a")
    uuid = usage_of(where).uuid
    assert [seen.mount for seen in usage.observe_btrfs(run) if seen.uuid == uuid] == [str(where)]
