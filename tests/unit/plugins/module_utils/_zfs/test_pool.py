# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pools, their members by disk, and what a report says of them."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import pool, status
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import (
    Arc,
    Listed,
    PoolStatus,
    Seen,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.report import (
    describe,
    findings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import PoolMember
from support.zfs_hosts import listed

# `zpool status -p -P` of OpenZFS 2.1; | is a tab.
STATUS = """  pool: rust
 state: ONLINE
config:

|NAME         STATE     READ WRITE CKSUM
|rust         ONLINE       0     0     0
|  /dev/vdx1  ONLINE       0     0     0

errors: No known data errors

  pool: tank
 state: DEGRADED
status: One or more devices could not be used because the label is missing or
|invalid.  Sufficient replicas exist for the pool to continue
  scan: resilvered 0B in 00:00:01 with 1 errors on Fri Nov 20 19:00:00 2026
config:

|NAME                                  STATE     READ WRITE CKSUM
|tank                                  DEGRADED     0     0     0
|  mirror-0                            DEGRADED     0     0     0
|    /dev/disk/by-id/virtio-d1-part1   ONLINE       0     2     3
|    replacing-1                       DEGRADED     0     0     0
|      8123456789012345678             UNAVAIL      0     0     0  was /dev/vdc1
|      /dev/disk/by-id/virtio-d3-part1 ONLINE       0     0     0  (resilvering)
|special
|  mirror-1                            ONLINE       0     0     0
|    /dev/vde1                         ONLINE       0     0     0
|logs
|  /dev/vdf1                           ONLINE       0     0     0
|cache
|  /dev/vdg1                           ONLINE       0     0     0
|spares
|  /dev/vdh1                           AVAIL

errors: No known data errors
""".replace("|", "\t")
LIST = (
    "rust\t11\tONLINE\t1000\t10\t990\t1\t-\n"
    "tank\t12\tDEGRADED\t9663676416\t9126805504\t536870912\t94\t31\n"
)


def test_members_are_read_with_their_place():
    found = status.parse_status(STATUS)
    assert list(found) == ["rust", "tank"]
    assert found["rust"] == (PoolMember("/dev/vdx1", "ONLINE"),)
    assert found["tank"] == (
        PoolMember("/dev/disk/by-id/virtio-d1-part1", "ONLINE", "data", "mirror-0", 5),
        PoolMember("/dev/vdc1", "UNAVAIL", "data", "mirror-0"),
        PoolMember("/dev/disk/by-id/virtio-d3-part1", "ONLINE", "data", "mirror-0"),
        PoolMember("/dev/vde1", "ONLINE", "special", "mirror-1"),
        PoolMember("/dev/vdf1", "ONLINE", "log"),
        PoolMember("/dev/vdg1", "ONLINE", "cache"),
        PoolMember("/dev/vdh1", "AVAIL", "spare"),
    )


def test_sizes_are_read_in_bytes():
    assert pool.parse_pools(LIST) == (
        PoolStatus("rust", "11", "ONLINE", 1000, 10, 990, 1, None),
        PoolStatus("tank", "12", "DEGRADED", 9663676416, 9126805504, 536870912, 94, 31),
    )


def test_no_pool_is_nothing():
    assert status.parse_status("no pools available\n") == {}
    assert pool.parse_pools("") == ()


SDA = Disk(
    "/dev/sda", True, "/dev/sda", "8:0", links=("/dev/disk/by-id/ata-X", "/dev/disk/by-path/1")
)


def test_cg_10744_a_member_is_its_disk_by_whatever_name(monkeypatch):
    """The peer added the disk again by its other name, and removed it by the first."""
    known = {"/dev/sda1": SDA, "/dev/disk/by-id/ata-X-part1": SDA, "/dev/disk/by-id/ata-X": SDA}
    monkeypatch.setattr(pool, "whole_disk", known.get)
    for recorded in ("/dev/sda1", "/dev/disk/by-id/ata-X-part1"):
        member = pool.with_disk(PoolMember(recorded, "ONLINE"))
        found = pool.parse_pools(LIST)[0]._replace(members=(member,))
        assert pool.member_on(found, SDA._replace(path="/dev/disk/by-id/ata-X")) == member
        assert pool.member_on(found, SDA._replace(devno="8:16")) is None


def test_a_member_that_is_gone_is_not_taken_for_another_disk(monkeypatch):
    monkeypatch.setattr(pool, "whole_disk", lambda path: SDA)
    assert pool.with_disk(PoolMember("/dev/sda1", "UNAVAIL")).disk is None


def test_a_partition_lies_on_its_disk(tmp_path, monkeypatch):
    disks = {
        "/dev/sdaa1": Disk("/dev/sdaa1", True, "/dev/sdaa1", "65:161"),
        "/dev/sdaa": Disk("/dev/sdaa", True, "/dev/sdaa", "65:160"),
    }
    monkeypatch.setattr(pool.disks, "identify", lambda path: disks.get(path, Disk(path)))
    monkeypatch.setattr(pool.os.path, "realpath", lambda path: f"{tmp_path}/sdaa/sdaa1")
    (tmp_path / "sdaa" / "sdaa1").mkdir(parents=True)
    (tmp_path / "sdaa" / "sdaa1" / "partition").write_text("1\n")
    assert pool.whole_disk("/dev/sdaa1").device == "/dev/sdaa"
    assert pool.whole_disk("/dev/nowhere") is None


def test_a_host_without_zfs_has_nothing_to_tell(monkeypatch):
    monkeypatch.setattr(pool, "KSTAT", "/nowhere")
    seen = pool.observe(lambda argv: pytest.fail(f"it ran {argv}"))
    assert describe(seen) == {"pools": [], "datasets": [], "arc": None}
    assert findings(seen) == []


DATASETS = (
    "tank\tfilesystem\t500\t500\t24\t/tank\tyes\n"
    "tank/docker\tfilesystem\t400\t100\t50\tlegacy\tno\n"
    "tank/docker/0a\tfilesystem\t10\t100\t10\tlegacy\tno\n"
    "tank/docker/0b\tfilesystem\t10\t100\t10\tlegacy\tno\n"
    "tank/vol\tvolume\t10\t100\t10\t-\t-\n"
)


def seen(members=(), arc=None, **more):
    found = PoolStatus("tank", "12", "ONLINE", 1000, 10, 990, 1, None, tuple(members))
    return Seen((found._replace(**more),), listed(DATASETS), arc)


def test_layers_are_counted_and_not_listed():
    described = describe(seen([PoolMember("/dev/sda1", "ONLINE", disk=SDA)]))
    assert [(it["name"], it["layers"]) for it in described["datasets"]] == [
        ("tank", 0),
        ("tank/docker", 2),
        ("tank/vol", 0),
    ]
    assert described["pools"][0]["members"][0]["disk"] == "/dev/disk/by-id/ata-X"
    assert json.loads(json.dumps(described)) == described


def test_layers_right_below_a_pool_are_told_by_their_names():
    """Docker's documentation has the pool itself mounted at the data root."""
    names = ("tank", "tank/swap", "tank/" + "0f" * 32, "tank/" + "z9abc" * 5 + "-init")
    rows = "".join(f"{name}\tfilesystem\t1\t1\t1\tlegacy\tno\n" for name in names)
    described = describe(seen()._replace(datasets=listed(rows)))["datasets"]
    assert [(it["name"], it["layers"]) for it in described] == [("tank", 2), ("tank/swap", 0)]


def test_a_dataset_is_listed_with_its_numbers():
    assert listed(DATASETS)[4] == Listed("tank/vol", "volume", 10, 100, 10, "", False)


FULL = listed("tank\tfilesystem\t900\t100\t24\t/tank\tyes\n")
FINDINGS = [
    (seen(), []),
    (seen(health="SUSPENDED"), ["pool_health"]),
    (seen([PoolMember("/dev/vdc1", "UNAVAIL")], health="DEGRADED"), ["pool_health"]),
    (seen(capacity=90), ["pool_almost_full"]),
    (seen(capacity=49)._replace(datasets=FULL), ["pool_almost_full"]),
    (seen([PoolMember("/dev/disk/by-id/x", "ONLINE", errors=3)]), ["pool_errors"]),
    (seen([PoolMember("/dev/sda1", "ONLINE", disk=SDA)]), ["pool_member_name"]),
    (seen([PoolMember("/dev/disk/by-id/ata-X-part1", "ONLINE", disk=SDA)]), []),
    (seen(arc=Arc(10, 2**30, 0, 2**31)), ["arc_unlimited"]),
    (seen(arc=Arc(10, 2**30, 2**30, 2**31)), []),
]


@pytest.mark.parametrize(("state", "topics"), FINDINGS)
def test_findings(state, topics):
    assert [finding.topic for finding in findings(state)] == topics


def test_a_finding_has_the_numbers():
    (finding,) = findings(seen(arc=Arc(10, 2**30, 0, 2**31)))
    assert finding.message.startswith("ZFS may take 1 GiB of 2 GiB of memory for its cache")
