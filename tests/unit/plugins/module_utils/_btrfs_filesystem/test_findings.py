# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a btrfs over disks has to say, and when."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import Profiles
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.usage import (
    Allocation,
    Usage,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import Folder
from support.btrfs_disks import LIVE, ROOT, btrfs, host, member, mounted, want
from support.lvm_hosts import disk

BOTH = (disk(), disk(2))
DUP, RAID1 = Profiles(("single",), ("dup",)), Profiles(("single",), ("raid1",))
HALF = Profiles(("raid1", "single"), ("raid1",))
MIXED = Profiles(("single",), ("single",), mixed=True)


def pair(profiles, **more):
    return mounted(btrfs(member(), member(2), profiles=profiles, **more), BOTH)


def topics(state, wanted):
    return [finding.topic for finding in plan(state, wanted).findings]


PROFILES = [
    (pair(RAID1), want(), None),
    (pair(RAID1), want(data="single", metadata="raid1"), None),
    (pair(DUP), want(), None),
    (pair(DUP), want(metadata="raid1"), "-mconvert=raid1,soft"),
    (
        pair(DUP),
        want(data="raid1", metadata="raid1"),
        "-dconvert=raid1,soft -mconvert=raid1,soft",
    ),
    (pair(RAID1), want(data="raid1"), "-dconvert=raid1,soft"),
    # half converted, or written to with a disk missing
    (pair(HALF), want(data="raid1"), "-dconvert=raid1,soft"),
    (pair(HALF), want(), "-dconvert=raid1,soft"),
    (
        pair(Profiles(("single",), ("dup", "single"))),
        want(),
        "-mconvert=dup,soft",
    ),
    # the kernel makes metadata less safe only when it is told twice
    (pair(RAID1), want(metadata="single"), "--force -mconvert=single,soft"),
    (pair(RAID1), want(metadata="dup"), "-mconvert=dup,soft"),
    (
        pair(Profiles(("raid1",), ("single",))),
        want(data="single", metadata="single"),
        "-dconvert=single,soft",
    ),
    # mixed chunks are converted as both, or not at all
    (pair(MIXED), want(metadata="raid1"), "-dconvert=raid1,soft -mconvert=raid1,soft"),
    # disks are added in the same run, and the command works once they are
    (mounted(disks=BOTH), want(metadata="raid1"), "-mconvert=raid1,soft"),
]


@pytest.mark.parametrize(("state", "wanted", "words"), PROFILES)
def test_profiles_are_told_with_the_command(state, wanted, words):
    found = plan(state, wanted).findings
    assert [one.level for one in found] == ["warning"] * bool(words)
    if words:
        assert f"`btrfs balance start {words} {ROOT}`." in found[0].message


def test_a_balance_that_is_under_way_is_not_asked_for():
    (finding,) = plan(pair(DUP, operation="balance"), want(metadata="raid1")).findings
    assert f"`btrfs balance status {ROOT}`" in finding.message
    assert "start" not in finding.message


def test_profiles_that_cannot_be_seen_are_not_told():
    assert topics(pair(None), want(data="raid1")) == []


def test_parity_is_advised_against():
    assert topics(pair(Profiles(("raid5",), ("raid1",))), want()) == ["btrfs_parity"]
    assert topics(host(disks=BOTH), want(data="raid5")) == ["btrfs_parity"]


def test_a_filesystem_that_has_gone_read_only():
    state = mounted(mounted=LIVE._replace(options=("ro", "noatime")))
    assert topics(state, want()) == ["btrfs_read_only"]


CHUNKS = Usage(
    "u", "docker", ("vdb",), ROOT, Allocation(8 * GIB, GIB, 8 * GIB, GIB),
    Allocation(GIB, GIB // 2, 2 * GIB, 256 * MIB), 7 * GIB, 64 * MIB,
)  # fmt: skip


def test_all_chunks_allocated():
    full = btrfs(member(used=10 * GIB), usage=CHUNKS)
    (finding,) = plan(mounted(full), want()).findings
    assert finding.topic == "btrfs_chunks_allocated"
    assert "has handed out 10 GiB of its 10 GiB" in finding.message
    assert topics(mounted(btrfs(usage=CHUNKS)), want()) == []


def test_a_disk_that_is_added_makes_room():
    full = btrfs(member(used=10 * GIB), usage=CHUNKS)
    assert topics(mounted(full, BOTH), want()) == []


def test_data_below_the_mount():
    state = host(disks=[disk()], folder=Folder(Holdings(ROOT, {"overlay2": 3})))
    assert topics(state, want(keep_existing=True)) == ["hidden_data"]
