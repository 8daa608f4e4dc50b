# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filesystems, volumes, snapshots and clones: made, kept, found as they should be, and gone."""

from __future__ import annotations

import pytest

EIGHT = {
    "quota": "200M",
    "recordsize": "1M",
    "compression": "zstd",
    "atime": False,
    "xattr": "sa",
    "acltype": "posixacl",
    "mountpoint": "/srv/kept",
    "org.example:owner": "docker",
}


def test_a_filesystem_with_eight_properties(host, steps, zfs):
    assert len(steps("tank/kept", properties=EIGHT)) == 1
    assert steps("tank/kept", properties=EIGHT) == []
    assert zfs("quota", "tank/kept") == f"{200 * 2**20}\tlocal"
    assert zfs("org.example:owner", "tank/kept") == "docker\tlocal"
    assert host.mount_point("/srv/kept").filesystem == "zfs"


def test_all_that_drifted_is_set_in_one_command(host, steps, zfs):
    host.check_output("zfs set quota=1G compression=off org.example:owner=x tank/kept")
    assert steps("tank/kept", properties=EIGHT) == [
        f"zfs set quota={200 * 2**20} compression=zstd org.example:owner=docker tank/kept"
    ]
    assert zfs("compression", "tank/kept") == "zstd\tlocal"
    assert steps("tank/kept", properties=EIGHT) == []


SAME = [
    {"quota": "0.1953125G"},
    {"quota": 200 * 2**20},
    {"atime": "no"},
    {"acltype": "posix"},
    {"xattr": True},
    {"exec": "on", "copies": 1, "filesystem_limit": "none", "sync": "standard", "sharenfs": False},
]


@pytest.mark.parametrize("properties", SAME, ids=str)
def test_equal_meaning_is_no_drift(steps, properties):
    assert steps("tank/kept", properties=properties) == []


def test_properties_are_inherited_again(host, steps, zfs):
    host.check_output("zfs set compression=lz4 tank")
    assert steps("tank/kept", inherit=["compression", "org.example:owner", "mountpoint"]) == [
        "zfs inherit compression tank/kept",
        "zfs inherit org.example:owner tank/kept",
        "zfs inherit mountpoint tank/kept",
    ]
    assert zfs("compression", "tank/kept") == "lz4\tinherited from tank"
    assert zfs("org.example:owner", "tank/kept") == "-\t-"
    assert host.mount_point("/tank/kept").exists
    assert steps("tank/kept", inherit=["compression", "mountpoint"]) == []
    # What is inherited already is not set.
    assert steps("tank/kept", properties={"compression": "lz4"}) == []


def test_a_volume_grows_and_keeps_its_blocks(host, steps, zfs):
    sparse = {"volblocksize": "16K", "refreservation": "none"}
    assert len(steps("tank/vol", properties={"volsize": "64M", **sparse})) == 1
    assert steps("tank/vol", properties={"volsize": "65536K", **sparse}) == []
    assert steps("tank/vol", properties={"volsize": "128M"}) == [
        f"zfs set volsize={128 * 2**20} tank/vol"
    ]
    device = host.check_output("realpath /dev/zvol/tank/vol").removeprefix("/dev/")
    assert host.check_output("cat /sys/block/%s/size", device) == str(128 * 2**20 // 512)
    assert zfs("refreservation", "tank/vol").split("\t")[0] == "0"


@pytest.mark.parametrize("size", ["10000001", "33M"])
def test_a_reserved_volume_of_any_size_is_made_once(steps, zfs, size):
    assert len(steps(f"tank/v{size}", properties={"volsize": size, "refreservation": "auto"})) == 1
    assert steps(f"tank/v{size}", properties={"volsize": size, "refreservation": "auto"}) == []


def test_a_snapshot_of_all_below_a_clone_of_it_and_its_promotion(host, steps, zfs):
    assert steps("tank/top/a/b", parents=True) == ["zfs create -p tank/top/a/b"]
    host.check_output("echo first >/tank/top/a/file; sync")
    taken = {"recursive": True, "properties": {"org.example:why": "test"}}
    assert steps("tank/top@one", **taken) == [
        "zfs snapshot -r -o org.example:why=test tank/top@one"
    ]
    assert steps("tank/top@one", **taken) == []
    assert zfs("org.example:why", "tank/top/a/b@one") == "test\tlocal"

    clone = {"origin": "tank/top/a@one", "properties": {"atime": False}}
    assert len(steps("tank/copy", **clone)) == 1
    assert steps("tank/copy", **clone) == []
    assert host.check_output("cat /tank/copy/file") == "first"
    assert steps("tank/copy", **clone, promote=True) == ["zfs promote tank/copy"]
    assert steps("tank/copy", **clone, promote=True) == []
    assert zfs("origin", "tank/top/a").split("\t")[0] == "tank/copy@one"


def test_a_later_dataset_has_no_part_in_an_earlier_snapshot(steps, dataset):
    assert steps("tank/top/late") == ["zfs create tank/top/late"]
    result = dataset("tank/top@one", recursive=True)
    assert result["steps"] == []
    assert [it["topic"] for it in result["findings"]] == ["snapshot_incomplete"]


def test_a_rename_takes_the_data_along(host, steps):
    rename = {"rename_from": "tank/top/late", "properties": {"quota": "50M"}}
    assert steps("tank/renamed", **rename) == [
        "zfs rename tank/top/late tank/renamed",
        f"zfs set quota={50 * 2**20} tank/renamed",
    ]
    assert steps("tank/renamed", **rename) == []
    assert host.mount_point("/tank/renamed").exists


def test_encryption_that_is_on_stays_on(host, steps):
    host.check_output("head -c 32 /dev/urandom >/root/key")
    wanted = {"encryption": "on", "keyformat": "raw", "keylocation": "file:///root/key"}
    assert len(steps("tank/secret", properties=wanted)) == 1
    assert steps("tank/secret", properties=wanted) == []


def test_just_what_was_looked_at_goes(host, dataset, steps):
    looked = dataset("tank/top", state="absent", recursive=True)
    assert looked["failed"]
    assert looked["destroys"][-1].startswith("filesystem tank/top (guid ")
    assert len(looked["destroys"]) == 5, looked["destroys"]

    host.check_output("zfs snapshot tank/top/a@later")
    refused = dataset("tank/top", state="absent", recursive=True, consent=looked["seal"])
    assert refused["failed"]
    assert "is not for this plan" in refused["msg"]
    host.check_output("zfs destroy tank/top/a@later")

    gone = steps("tank/top", state="absent", recursive=True, consent=looked["seal"])
    assert gone[-1] == "zfs destroy tank/top"
    assert not any(" -" in action for action in gone)
    assert host.run("zfs list tank/top").failed
    assert host.check_output("cat /tank/copy/file") == "first"
    assert steps("tank/top", state="absent", recursive=True) == []


def test_clones_go_with_what_they_were_cloned_from(host, dataset, steps):
    host.check_output("zfs create tank/o && zfs snapshot tank/o@s && zfs clone tank/o@s tank/p")
    host.check_output("zfs snapshot tank/p@s && zfs clone tank/p@s tank/q")
    asked = {"recursive": True, "clones": True}
    seal = dataset("tank/o", state="absent", **asked)["seal"]
    assert steps("tank/o", state="absent", consent=seal, **asked) == [
        "zfs destroy tank/q",
        "zfs destroy tank/p@s",
        "zfs destroy tank/p",
        "zfs destroy tank/o@s",
        "zfs destroy tank/o",
    ]


def test_a_pool_that_is_not_there_has_nothing_to_remove(steps):
    assert steps("nowhere/a", state="absent", recursive=True) == []
