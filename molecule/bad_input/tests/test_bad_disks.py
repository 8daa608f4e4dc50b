# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are not free, or not the ones that were named."""

from __future__ import annotations

import pytest

# the state of the disk, and what the refusal says besides its name
STATES = {
    "mounted": "it is mounted at /mnt",
    "swap": "it is in use as swap",
    "other group": "it belongs to volume group other",
    "md member": "a member of an md array",
    "filesystem": "a filesystem or other data",
    "partition table": "a partition table (gpt)",
    "unknown data": "it holds unknown data (first seen at byte 20971520)",
    "too small": "it is too small: 32 MiB, and 64 MiB is the least",
}
LAST_DISK = "/dev/disk/by-id/virtio-disk11"
WAY_OUT = ("Name another disk", "pvmove")


@pytest.mark.parametrize("state", STATES)
def test_a_disk_that_is_not_free(module, disk, unchanged, state):
    result = module("thinpool", vg="docker", name="pool", devices=[disk["free"], disk[state]])
    assert result["failed"]
    assert disk[state] in result["msg"]
    assert STATES[state] in result["msg"]
    assert any(words in result["msg"] for words in WAY_OUT)


def test_a_disk_that_does_not_exist(module, unchanged):
    result = module("thinpool", vg="docker", name="pool", devices=["/dev/disk/by-id/none"])
    assert "/dev/disk/by-id/none: there is no such disk on this host. See" in result["msg"]


@pytest.mark.parametrize("other", ["by name", "by id"])
def test_a_disk_that_is_named_twice(host, module, disk, unchanged, other):
    twin = disk["free"] if other == "by id" else host.check_output("realpath %s", disk["free"])
    result = module("thinpool", vg="docker", name="pool", devices=[disk["free"], twin])
    assert f"it is the same disk as {disk['free']}" in result["msg"]
    assert "Name each disk once" in result["msg"]


def test_a_kernel_name_for_a_group_that_exists(host, module, disk, unchanged):
    """It may mean another disk since the last boot."""
    name = host.check_output("realpath %s", disk["free"])
    result = module("thinpool", vg="other", name="pool", devices=[disk["other group"], name])
    assert f"{name}: it is not in volume group other" in result["msg"]
    assert f"If this is the disk to add, name it {disk['free']}" in result["msg"]


@pytest.fixture
def twins(host, disk):
    """Have two groups of one name; return their UUIDs."""
    paths = disk["half of a group"], LAST_DISK
    for path in paths:  # LVM is shown this disk only, or it would not take the name again
        host.check_output("vgcreate --devices %s twin %s", path, path)
    yield [
        host.check_output("vgs --devices %s --noheadings --options vg_uuid", path).strip()
        for path in paths
    ]
    for path in paths:
        host.check_output("vgremove --devices %s twin", path)


def test_two_groups_of_one_name(module, disk, twins, unchanged):
    result = module("thinpool", vg="twin", name="pool", devices=[disk["free"]])
    assert result["failed"]
    assert "Volume group twin: this host has 2 groups of that name" in result["msg"]
    assert all(uuid in result["msg"] for uuid in twins)
    assert "vgrename UUID NEWNAME" in result["msg"]


def test_another_group_that_lost_a_disk(host, module, lab, disk):
    """LVM may rewrite what it knows of every group: here it is not made to."""
    host.check_output("vgcreate torn %s %s", disk["half of a group"], LAST_DISK)
    lab("disk", "remove", "disk11")
    result = module("thinpool", vg="docker", name="pool", devices=[disk["free"]])
    assert "Volume group torn: 1 of its physical volumes cannot be found" in result["msg"]
    assert "vgreduce --removemissing torn" in result["msg"]
    assert host.check_output("wipefs --noheadings %s", disk["free"]) == ""
    host.check_output("vgreduce --removemissing torn && vgremove torn")
