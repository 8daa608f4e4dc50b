# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks in the report: which count, which are looked at closely, why one is not free."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    disks as _info_disks,
)

MIB = 1024**2


def no_commands(argv):
    pytest.fail(f"{argv} was run")


FREE = Disk(
    path="/dev/vdb",
    exists=True,
    device="/dev/vdb",
    devno="254:16",
    size=1024 * MIB,
    serial="disk1",
    links=("/dev/disk/by-id/virtio-disk1", "/dev/disk/by-path/pci-0"),
)

BLOCK_DEVICES = [
    # name      what sysfs says of it                      a disk?
    ("vda", {"size": 8}, True),
    ("nvme0n1", {"size": 8}, True),
    ("md0", {"size": 8}, True),
    ("vdz", {"size": 0}, False),  # a drive without a medium
    ("vdy", {}, False),  # unplugged meanwhile
    ("ram0", {"size": 8}, False),
    ("zram0", {"size": 8}, False),
    ("sr0", {"size": 8}, False),
    ("fd0", {"size": 8}, False),
    ("loop0", {"size": 8}, False),
    ("loop1", {"size": 8, "loop/backing_file": "/srv/disk.img"}, True),
    ("dm-0", {"size": 8, "dm/uuid": "LVM-abc"}, False),
    ("dm-1", {"size": 8, "dm/uuid": "mpath-3600"}, True),
]


@pytest.fixture
def block_devices(tmp_path, monkeypatch):
    monkeypatch.setattr(_info_disks, "_SYS", str(tmp_path))
    for name, attributes, _disk in BLOCK_DEVICES:
        (tmp_path / name).mkdir()
        for attribute, value in attributes.items():
            (tmp_path / name / attribute).parent.mkdir(exist_ok=True)
            (tmp_path / name / attribute).write_text(f"{value}\n")


@pytest.mark.parametrize(("name", "attributes", "disk"), BLOCK_DEVICES)
def test_what_counts_as_a_disk(block_devices, name, attributes, disk):
    assert _info_disks._is_disk(name) is disk


def test_only_a_disk_that_looks_empty_is_examined(block_devices, monkeypatch):
    examined = []

    def glance(path):
        used = {"mounts": ("/",)} if path == "/dev/vda" else {}
        return FREE._replace(path=path, device=path, **used)

    def examine(run, path, seconds):
        assert seconds == 0
        examined.append(path)
        return glance(path)._replace(content=0)

    monkeypatch.setattr(_info_disks, "glance", glance)
    monkeypatch.setattr(_info_disks, "examine", examine)
    described = _info_disks.describe(_info_disks.observe(no_commands))
    assert [it["device"] for it in described] == [
        "/dev/md0",
        "/dev/vda",
        "/dev/dm-1",
        "/dev/loop1",
        "/dev/nvme0n1",
    ]
    assert "/dev/vda" not in examined
    assert len(examined) == 4
    assert not any(it["free"] for it in described)


def test_a_free_disk():
    (disk,) = _info_disks.describe([FREE])
    assert (disk["free"], disk["reasons"]) == (True, [])
    assert (disk["name"], disk["size"]) == ("/dev/disk/by-id/virtio-disk1", 1024 * MIB)


def test_a_disk_that_is_not_free_says_why_in_the_words_of_the_rules():
    disk = FREE._replace(mounts=("/srv",), signatures=("xfs",), partitions=("vdb1",))
    (described,) = _info_disks.describe([disk])
    assert not described["free"]
    assert described["partitions"] == ["/dev/vdb1"]
    assert described["reasons"] == [
        "it is mounted at /srv",
        "it has partitions: vdb1",
        "it carries a filesystem or other data (xfs)",
    ]


RECORDED = [
    # what udev and the kernel have on record            is the disk itself asked?
    ({}, True),
    ({"signatures": ("swap",)}, True),
    ({"signatures": ("zfs_member",), "pools": ("tank",)}, True),
    ({"signatures": ("swap",), "swap": True}, False),
    ({"signatures": ("LVM2_member",), "holders": ("vg-lv",)}, False),
]


@pytest.mark.parametrize(("recorded", "asked"), RECORDED)
def test_what_udev_has_on_record_may_be_gone(recorded, asked):
    assert _info_disks._only_it_can_tell(FREE._replace(**recorded)) is asked


def test_a_disk_that_has_a_serial_number_and_no_link_is_not_said_to_have_none():
    (told,) = _info_disks.findings([FREE._replace(links=(), serial="overlayblk")])
    assert "it has serial number overlayblk, but udev has made no link of that" in told.message
    assert "no serial number" not in told.message


IDENTITIES = [
    ({}, []),
    ({"links": ()}, ["disk_without_identity"]),
    ({"links": (), "device": "/dev/loop1"}, []),
]


@pytest.mark.parametrize(("different", "found"), IDENTITIES)
def test_disk_findings(different, found):
    assert [it.topic for it in _info_disks.findings([FREE._replace(**different)])] == found
