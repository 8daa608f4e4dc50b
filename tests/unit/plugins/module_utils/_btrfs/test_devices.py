# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices a btrfs has, by what udev, superblocks and the kernel say of them."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import devices
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.devices import Member
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from support.btrfs_disks import UUID, part
from support.lvm_hosts import disk


class Host:
    """Made-up trees of sysfs and udev; a device is a name with a superblock or none."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.blocks = folder, {}
        monkeypatch.setattr(devices, "_SYS", str(folder / "dev"))
        monkeypatch.setattr(devices, "_UDEV", str(folder / "udev"))
        monkeypatch.setattr(devices, "SYSFS", str(folder / "fs"))
        monkeypatch.setattr(devices, "read_superblock", self.blocks.get)
        monkeypatch.setattr(devices, "identify", self.identify)
        monkeypatch.setattr(devices, "sysfs_text", self.sysfs_text)
        (folder / "dev").mkdir()
        self.numbers, self.texts = {}, {}

    def device(self, number, superblock=None, udev="", holder=None):
        one = disk(number)
        name = one.device.split("/")[-1]
        (self.folder / f"sys/{name}/holders").mkdir(parents=True)
        if holder:
            (self.folder / f"sys/{name}/holders/{holder}").touch()
        (self.folder / "dev" / one.devno).symlink_to(self.folder / "sys" / name)
        (self.folder / f"udev{one.devno}").write_text(f"S:x\n{udev}")
        self.blocks[one.device], self.numbers[one.device] = superblock, one
        return one

    def identify(self, path):
        return self.numbers.get(path, Disk(path))

    def sysfs_text(self, *names):
        return self.texts.get(names)


@pytest.fixture
def host(tmp_path, monkeypatch):
    return Host(tmp_path, monkeypatch)


def found(*named):
    return [one.device for one in devices.find_parts(named)]


def test_named_disks_udevs_and_the_kernels(host):
    one = host.device(1, part(1).superblock)
    host.device(2, part(2).superblock, "E:ID_FS_TYPE=btrfs\nE:x\n")
    host.device(3, part(3).superblock)
    host.device(4, part(4).superblock, "E:ID_FS_TYPE=btrfs_not\n")
    assert found() == ["/dev/vdc"]
    assert found(one) == ["/dev/vdb", "/dev/vdc"]
    (host.folder / f"fs/{UUID}/devices/vdd").mkdir(parents=True)
    host.texts[UUID, "devices", "vdd", "dev"] = disk(3).devno
    assert found(one) == ["/dev/vdb", "/dev/vdc", "/dev/vdd"]


def test_what_is_no_part(host):
    assert found(host.device(1), disk(2, exists=False)) == []
    assert found(host.device(2, part().superblock, holder="dm-0")) == []  # multipath, RAID1


def test_the_label_is_the_kernels_while_it_is_mounted(host):
    one = host.device(1, part().superblock)
    assert devices.find_parts([one]) == (part(),)
    host.texts[UUID, "label"] = "new"
    assert devices.find_parts([one]) == (part(label="new"),)


def test_members_of_what_is_not_mounted():
    members = devices.unmounted_members([part(2), part(1), part(3, id=1)])
    assert members == (
        Member(1, part().superblock.size, part(), "/dev/vdb"),
        Member(2, part().superblock.size, part(2), "/dev/vdc"),
    )


class Kernel:
    """Answers the two ioctls: for a filesystem with devices 1 and 3, the latter at ``path``."""

    def __init__(self, path):
        self.known = {1: (10, 100, b"/dev/vdb"), 3: (30, 300, path)}

    def __call__(self, _path, _request, argument):
        if len(argument) == 1024:
            return struct.pack("=QQ", 3, 2).ljust(1024, b"\0")
        (one,) = struct.unpack_from("=Q", argument)
        if one not in self.known:
            raise OSError
        used, size, path = self.known[one]
        answer = struct.pack("=Q16xQQ", one, used, size).ljust(3072, b"\0")
        return (answer + path).ljust(4096, b"\0")


PARTS = [part(1), part(3)]
THERE = Member(3, 300, part(3), "/dev/vdd", 30)

MEMBERS = [
    # device 3 as the kernel has it, the parts of the host, device 3 as it is
    (b"/dev/vdd", PARTS, THERE),
    (b"", PARTS[:1], Member(3, 300, None, "", 30)),  # it was missing at the mount
    (b"/dev/vdd", PARTS[:1], Member(3, 300, None, "/dev/vdd", 30)),  # it was pulled since
    # another disk has taken its name
    (b"/dev/vdd", [part(1), part(3, id=2)], Member(3, 300, None, "/dev/vdd", 30)),
    (b"/dev/vdd", [part(1), part(3, uuid="other")], Member(3, 300, None, "/dev/vdd", 30)),
    # what it grew from has a UUID of its own
    (
        b"/dev/vdd",
        [part(1), part(3, uuid="other", seed=True)],
        THERE._replace(part=part(3, uuid="other", seed=True)),
    ),
]


@pytest.mark.parametrize(("path", "parts", "third"), MEMBERS)
def test_members_of_what_is_mounted(host, monkeypatch, path, parts, third):
    for number in (1, 3):
        host.device(number)
    monkeypatch.setattr(devices, "ask", Kernel(path))
    first = Member(1, 100, part(1), "/dev/vdb", 10)
    assert devices.mounted_members("/srv", UUID, parts) == (first, third)


def test_mounts_of_a_filesystem_even_of_a_device_that_was_pulled(monkeypatch):
    monkeypatch.setattr(devices, "find_uuid", {"/dev/vdb": UUID, "/dev/vdc": "other"}.get)
    monkeypatch.setattr(devices, "uuid_at", {"/pulled": UUID}.get)
    table = [
        Mount("0:1", "/", path, fstype, source, ())
        for path, fstype, source in (
            ("/", "ext4", "/dev/vdb"),
            ("/a", "btrfs", "/dev/vdb"),
            ("/b", "btrfs", "/dev/vdc"),
            ("/pulled", "btrfs", "/dev/vdz"),
        )
    ]
    assert [mount.path for mount in devices.mounts_of(UUID, table)] == ["/a", "/pulled"]


def test_what_is_on_no_btrfs_has_no_uuid(tmp_path):
    assert devices.uuid_at(tmp_path / "none") is None
    assert devices.uuid_at("/proc") is None
