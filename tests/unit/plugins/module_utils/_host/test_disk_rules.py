# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a disk free to take, as a table: every reason against it has a row."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import disk_rules as rules
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk

MIB = 1024**2
FREE = Disk(
    path="/dev/vdb",
    exists=True,
    device="/dev/vdb",
    devno="254:16",
    size=1024 * MIB,
    serial="disk1",
    links=("/dev/disk/by-id/virtio-disk1",),
)

REASONS = [
    # what is different          reasons
    ({}, []),
    ({"size": 64 * MIB}, []),
    ({"readonly": True}, ["it is read-only"]),
    ({"size": 64 * MIB - 1}, ["it is too small: 64 MiB, and 64 MiB is the least"]),
    ({"size": MIB}, ["it is too small: 1 MiB, and 64 MiB is the least"]),
    (
        {"links": (), "serial": ""},
        [
            "it has no name that survives a reboot (no serial number, no WWN, no place), so it "
            "cannot be told from another one"
        ],
    ),
    (
        {"links": (), "serial": "overlayblk", "wwn": "0x5"},
        [
            "it has no name that survives a reboot: it has serial number overlayblk and WWN 0x5, "
            "but udev has made no link of that under /dev/disk/by-id (see `udevadm info /dev/vdb`; "
            "`udevadm trigger --settle /dev/vdb` has it try again)"
        ],
    ),
    (
        {"links": (), "twins": ("/dev/vdc",)},
        [
            "it has no name of its own that survives a reboot: /dev/vdc has the same serial number "
            "disk1, and udev knows no place of it"
        ],
    ),
    # two disks of one serial: the name that is unique is good, the one that both have is not
    ({"twins": ("/dev/vdc",), "links": ("/dev/disk/by-path/p1",)}, []),
    (
        {"twins": ("/dev/vdc",), "links": ("/dev/disk/by-path/p1",), "shared": True},
        [
            "/dev/vdb may mean /dev/vdb and /dev/vdc, which have the same serial number or WWN; "
            "this one alone is /dev/disk/by-path/p1"
        ],
    ),
    # what udev has on record and is gone is no reason
    ({"stale": ("swap",)}, []),
    (
        {"stale": ("swap",), "content": 1024},
        [
            "it holds unknown data (first seen at byte 1024); udev has it on record as swap, and "
            "that is not on it any more"
        ],
    ),
    ({"mounts": ("/a", "/b")}, ["it is mounted at /a, /b"]),
    ({"swap": True}, ["it is in use as swap"]),
    (
        {"tables": ("/etc/fstab", "/etc/crypttab")},
        ["it is named in /etc/fstab and /etc/crypttab"],
    ),
    ({"holders": ("vg-lv", "md0")}, ["it is part of vg-lv, md0"]),
    ({"partitions": ("vdb1",)}, ["it has partitions: vdb1"]),
    (
        {"pools": ("tank",), "partitions": ("vdb1",)},
        ["it is a member of ZFS pool tank", "it has partitions: vdb1"],
    ),
    (
        {"signatures": ("LVM2_member",)},
        ["it carries the signature of a physical volume of LVM (LVM2_member)"],
    ),
    (
        {"signatures": ("zfs_member",)},
        ["it carries the signature of a member of a ZFS pool (zfs_member)"],
    ),
    ({"signatures": ("gpt",)}, ["it carries a partition table (gpt)"]),
    ({"signatures": ("xfs",)}, ["it carries a filesystem or other data (xfs)"]),
    (
        {"signatures": ("dos", "ext4")},
        ["it carries a partition table (dos)", "it carries a filesystem or other data (ext4)"],
    ),
    ({"busy": "in use by the kernel"}, ["in use by the kernel"]),
    # Said once: the kernel is busy with it because it is mounted.
    ({"busy": "in use by the kernel", "mounts": ("/a",)}, ["it is mounted at /a"]),
    ({"busy": "in use by the kernel", "swap": True}, ["it is in use as swap"]),
    ({"busy": "in use by the kernel", "holders": ("md0",)}, ["it is part of md0"]),
    ({"content": 0}, ["it holds unknown data (first seen at byte 0)"]),
    # Said once: what is found is the signature.
    ({"content": 0, "signatures": ("xfs",)}, ["it carries a filesystem or other data (xfs)"]),
    (
        {"mounts": ("/a",), "swap": True, "signatures": ("xfs",)},
        [
            "it is mounted at /a",
            "it is in use as swap",
            "it carries a filesystem or other data (xfs)",
        ],
    ),
]


@pytest.mark.parametrize(("different", "reasons"), REASONS)
def test_reasons(different, reasons):
    disk = FREE._replace(**different)
    assert list(rules.reasons(disk)) == reasons
    if not reasons:
        rules.require_free(disk)
        return
    with pytest.raises(StorageError) as error:
        rules.require_free(disk)
    assert "; ".join(reasons) in str(error.value)
    assert disk.path in str(error.value)


@pytest.mark.parametrize("kind", sorted(rules._MEMBERS))
def test_every_kind_of_member_is_named(kind):
    (reason,) = rules.reasons(FREE._replace(signatures=(kind,)))
    assert reason == f"it carries the signature of {rules._MEMBERS[kind]} ({kind})"


DECLARED = [
    (("LVM2_member",), []),
    (("LVM2_member", "xfs"), ["it carries a filesystem or other data (xfs)"]),
]


@pytest.mark.parametrize(("signatures", "reasons"), DECLARED)
def test_a_signature_that_was_declared_is_no_reason(signatures, reasons):
    disk = FREE._replace(signatures=signatures, content=512)
    assert list(rules.reasons(disk, declared=("LVM2_member",))) == reasons


def test_declaring_a_signature_excuses_nothing_else():
    disk = FREE._replace(signatures=("LVM2_member",), mounts=("/a",))
    assert list(rules.reasons(disk, declared=("LVM2_member",))) == ["it is mounted at /a"]


@pytest.mark.parametrize("require", [rules.require_exists, rules.require_free])
def test_no_such_disk(require):
    with pytest.raises(StorageError, match=r"/dev/none: there is no such disk on this host"):
        require(Disk("/dev/none"))


def test_one_disk_under_two_names():
    link = FREE._replace(path=FREE.stable)
    with pytest.raises(StorageError, match=r"virtio-disk1: it is the same disk as /dev/vdb"):
        rules.require_distinct([FREE, link])


def test_different_disks():
    rules.require_distinct([FREE, FREE._replace(path="/dev/vdc", devno="254:32")])


def test_disks_that_do_not_exist_are_not_the_same_disk():
    rules.require_distinct([Disk("/dev/none"), Disk("/dev/nil")])


LOOKED_AT = [
    ({"read": 1024 * MIB}, []),
    ({"read": 1023 * MIB}, []),  # behind the label of LVM
    ({"read": 40 * MIB}, ["disk_read_in_part"]),
    ({"read": 1024 * MIB, "stale": ("swap",)}, ["udev_record_stale"]),
    ({"read": 40 * MIB, "content": 3}, []),
    ({}, []),
]


@pytest.mark.parametrize(("different", "topics"), LOOKED_AT)
def test_what_was_looked_at_is_told_of_disks_that_are_taken(different, topics):
    disk = FREE._replace(**different)
    taking = Command("Take it", ("vgcreate", "x"), claims=(disk.claim,))
    assert [it.topic for it in rules.looked_at([taking], [disk])] == topics
    assert rules.looked_at([taking._replace(claims=())], [disk]) == ()


def test_how_much_was_read_is_in_the_words():
    disk = FREE._replace(read=40 * MIB)
    (told,) = rules.looked_at([Command("Take it", ("x",), claims=(disk.claim,))], [disk])
    assert told.message.startswith(
        "/dev/disk/by-id/virtio-disk1 (1 GiB): 40 MiB of it were read, and hold nothing but zeros"
    )
