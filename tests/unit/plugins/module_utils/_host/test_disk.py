# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk as sysfs, udev and its own bytes show it: read from a made-up tree."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import disk as _disk
from ansible_collections.containerhost.storage.plugins.module_utils._host import udev as _udev

MIB = 1024**2
SIZE = 256 * MIB
WIPEFS = json.dumps({"signatures": [{"device": "x", "offset": "0x1fe", "type": "dos"}]})


class Run:
    """Answers ``wipefs``, and nothing else."""

    def __init__(self, answer=""):
        self.answer = answer
        self.ran = []

    def read(self, argv):
        self.ran.append(argv)
        assert argv[:3] == ("wipefs", "--no-act", "--json")
        return self.answer


class Host:
    """A disk that is a sparse file, and what the kernel and udev say of it."""

    def __init__(self, folder):
        self.disk = folder / "vdb"
        self.path = str(self.disk)
        with open(self.disk, "wb") as stream:
            stream.truncate(SIZE)
        self.sys = folder / "sys" / "0:0"  # the device number of a plain file
        self.udev = folder / "udev0:0"
        self.attribute("size", SIZE // 512)
        self.attribute("ro", 0)
        self.know("S:disk/by-id/virtio-disk1", "E:ID_SERIAL=disk1")

    def attribute(self, name, value):
        path = self.sys / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")

    def know(self, *lines, devno="0:0"):
        self.udev.with_name("udev" + devno).write_text("".join(f"{line}\n" for line in lines))

    def write(self, offset, content=b"x"):
        with open(self.disk, "r+b") as stream:
            stream.seek(offset)
            stream.write(content)


@pytest.fixture
def host(tmp_path, monkeypatch):
    for module in (_disk, _udev):
        monkeypatch.setattr(module, "DEVICES", str(tmp_path / "sys") + "/")
    monkeypatch.setattr(_udev, "RECORDS", str(tmp_path / "udev"))
    monkeypatch.setattr(_udev, "leads_to", lambda link, devno: True)
    monkeypatch.setattr(_disk, "mounted_devices", lambda devnos: ())
    monkeypatch.setattr(_disk, "swap_devices", set)
    monkeypatch.setattr(_disk, "devices_in_tables", lambda names: ())
    monkeypatch.setattr(stat, "S_ISBLK", lambda mode: True)
    return Host(tmp_path)


def test_a_blank_disk(host):
    run = Run()
    disk = _disk.examine(run, host.path)
    assert disk == _disk.Disk(
        path=host.path,
        exists=True,
        device=host.path,
        devno="0:0",
        size=SIZE,
        serial="disk1",
        links=("/dev/disk/by-id/virtio-disk1",),
        names=("/dev/disk/by-id/virtio-disk1",),
        read=SIZE,
    )
    assert run.ran == [("wipefs", "--no-act", "--json", host.path)]


def test_a_glance_runs_no_command_and_reads_no_byte(host, monkeypatch):
    monkeypatch.setattr(_disk, "first_content", None)
    host.know("E:ID_FS_TYPE=xfs")
    assert _disk.glance(host.path).signatures == ("xfs",)


@pytest.mark.parametrize(
    "look", [_disk.identify, _disk.glance, lambda path: _disk.examine(Run(), path)]
)
def test_no_such_disk(look):
    assert look("/dev/none") == _disk.Disk("/dev/none")
    assert look("/dev/a\0b") == _disk.Disk("/dev/a\0b")
    assert look("/dev/none").size == 0


def test_what_is_no_block_device_is_no_disk(tmp_path):
    assert not _disk.identify(str(tmp_path)).exists


def test_a_link_leads_to_the_device(host, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(host.disk)
    disk = _disk.identify(str(link))
    assert (disk.path, disk.device) == (str(link), host.path)


IDENTITIES = [
    # what udev knows                                          serial    wwn
    (["E:ID_SERIAL=Model_S1", "E:ID_SERIAL_SHORT=S1"], "S1", ""),
    (["E:ID_SERIAL=Model_S1"], "Model_S1", ""),
    (["E:ID_WWN=0x5", "E:ID_WWN_WITH_EXTENSION=0x57"], "", "0x57"),
    (["E:ID_WWN=0x5"], "", "0x5"),
    (["E:ID_NOTE=a=b", "broken", ""], "", ""),
]


@pytest.mark.parametrize(("known", "serial", "wwn"), IDENTITIES)
def test_identity(host, known, serial, wwn):
    host.know(*known)
    disk = _disk.identify(host.path)
    assert (disk.serial, disk.wwn) == (serial, wwn)


@pytest.mark.parametrize("place", ["serial", "device/serial"])
def test_a_serial_that_only_the_kernel_knows(host, place):
    host.know()
    host.attribute(place, "K1")
    assert _disk.identify(host.path).serial == "K1"


def test_a_disk_of_which_the_kernel_says_nothing_has_no_size(host):
    (host.sys / "size").unlink()
    assert _disk.identify(host.path).size == 0


LINKS = [
    ([], ""),
    (["/dev/disk/by-diskseq/3", "/dev/disk/by-uuid/1-2", "/dev/disk/by-label/x"], ""),
    (["/dev/disk/by-id/lvm-pv-uuid-1"], ""),
    (["/dev/disk/by-path/pci-0", "/dev/disk/by-id/ata-X"], "/dev/disk/by-id/ata-X"),
    (["/dev/disk/by-path/pci-0"], "/dev/disk/by-path/pci-0"),
    (["/dev/disk/by-id/wwn-0x5", "/dev/disk/by-id/ata-Model_S1"], "/dev/disk/by-id/ata-Model_S1"),
    (["/dev/disk/by-path/p", "/dev/disk/by-id/wwn-0x5"], "/dev/disk/by-id/wwn-0x5"),
    (["/dev/disk/by-id/nvme-eui.0", "/dev/disk/by-id/nvme-M_S_1"], "/dev/disk/by-id/nvme-M_S_1"),
    (["/dev/disk/by-id/scsi-SModel_S1", "/dev/disk/by-id/scsi-1"], "/dev/disk/by-id/scsi-1"),
]


@pytest.mark.parametrize(("links", "best"), LINKS)
def test_the_name_that_survives_a_reboot(host, links, best):
    host.know(*("S:" + link[len("/dev/") :] for link in links))
    assert _disk.identify(host.path).stable == best


ALIGNMENTS = [
    # minimum    optimal I/O size, bytes
    (512, 0, 0),
    (4096, 4096, 0),
    (65536, 1048576, 0),
    (65536, 196608, 196608),  # a stripe of three disks does not divide 1 MiB
    (33553920, 0, 33553920),
    (512, 2 * MIB, 2 * MIB),
]


@pytest.mark.parametrize(("minimum", "optimal", "alignment"), ALIGNMENTS)
def test_alignment(host, minimum, optimal, alignment):
    host.attribute("queue/minimum_io_size", minimum)
    host.attribute("queue/optimal_io_size", optimal)
    assert _disk.identify(host.path).alignment == alignment


def test_partitions_and_what_is_made_of_them(host):
    host.attribute("vdb1/partition", 1)
    host.attribute("vdb1/dev", "254:17")
    host.attribute("vdb1/holders/dm-0/dm/name", "vg-lv")
    host.attribute("holders/md0/dev", "9:0")
    disk = _disk.glance(host.path)
    assert disk.partitions == ("vdb1",)
    assert disk.holders == ("md0", "vg-lv")


POOLS = [
    # what udev knows of the disk, and of its partition     pools
    (["E:ID_FS_TYPE=zfs_member", "E:ID_FS_LABEL=tank"], [], ("tank",)),
    (["E:ID_PART_TABLE_TYPE=gpt"], ["E:ID_FS_TYPE=zfs_member", "E:ID_FS_LABEL=tank"], ("tank",)),
    (["E:ID_FS_TYPE=zfs_member"], [], ()),
    (["E:ID_FS_TYPE=ext4", "E:ID_FS_LABEL=tank"], [], ()),
]


@pytest.mark.parametrize(("disk", "partition", "pools"), POOLS)
def test_pools(host, disk, partition, pools):
    host.attribute("vdb1/partition", 1)
    host.attribute("vdb1/dev", "254:17")
    host.know(*disk)
    host.know(*partition, devno="254:17")
    assert _disk.glance(host.path).pools == pools


def test_mounts_and_swap_of_partitions_count(host, monkeypatch):
    host.attribute("vdb1/partition", 1)
    host.attribute("vdb1/dev", "254:17")
    monkeypatch.setattr(_disk, "mounted_devices", lambda devnos: tuple(sorted(devnos)))
    monkeypatch.setattr(_disk, "swap_devices", lambda: {"254:17"})
    disk = _disk.glance(host.path)
    assert disk.mounts == ("0:0", "254:17")
    assert disk.swap


def test_tables_are_searched_for_every_name(host, monkeypatch):
    monkeypatch.setattr(_disk, "devices_in_tables", lambda names: tuple(sorted(names)))
    assert _disk.glance(host.path).tables == ("/dev/disk/by-id/virtio-disk1", host.path)


@pytest.mark.parametrize(
    ("error", "busy"),
    [(None, ""), (errno.EBUSY, "in use by the kernel"), (errno.ENXIO, os.strerror(errno.ENXIO))],
)
def test_the_kernel_is_asked_for_a_disk_of_ones_own(host, monkeypatch, error, busy):
    real = os.open

    def fake(path, flags):
        assert flags == os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC
        if error:
            raise OSError(error, os.strerror(error))
        return real(path, os.O_RDONLY)

    monkeypatch.setattr(os, "open", fake)
    assert _disk._busy(host.path) == busy


def test_what_the_kernel_keeps_for_itself_is_busy(host, monkeypatch):
    monkeypatch.setattr(_disk, "_busy", {host.path: "in use by the kernel"}.__getitem__)
    assert _disk.glance(host.path).busy == "in use by the kernel"


def test_readonly(host):
    host.attribute("ro", 1)
    assert _disk.glance(host.path).readonly


SIGNATURES = [
    ([], "", ()),
    (["E:ID_FS_TYPE=ext4"], WIPEFS, ("dos", "ext4")),
    (["E:ID_PART_TABLE_TYPE=gpt"], WIPEFS, ("dos", "gpt")),
    ([], WIPEFS, ("dos",)),
    (
        ["E:ID_FS_AMBIVALENT=filesystem:ext4 raid:x"],
        WIPEFS,
        ("dos", "several that contradict each other"),
    ),
]

STALE = [
    # what udev knows             what is still there   what is said to be there, and what is old
    ([], None, (), ()),
    (["E:ID_FS_TYPE=swap"], None, (), ("swap",)),
    (["E:ID_FS_TYPE=swap"], 1024, (), ("swap",)),
    (["E:ID_FS_TYPE=zfs_member", "E:ID_FS_LABEL=tank"], None, (), ("zfs_member",)),
    (["E:ID_FS_AMBIVALENT=x"], None, (), ("several that contradict each other",)),
]


@pytest.mark.parametrize(("known", "content", "signatures", "stale"), STALE)
def test_the_disk_itself_decides_and_not_what_udev_has_on_record(
    host, known, content, signatures, stale
):
    host.know(*known)
    if content is not None:
        host.write(content)
    disk = _disk.examine(Run(), host.path)
    assert (disk.signatures, disk.stale) == (signatures, stale)
    assert (disk.content, disk.pools) == (content, ())


def test_a_label_that_is_expected_does_not_count_and_what_is_behind_it_does(host):
    host.know("E:ID_FS_TYPE=LVM2_member")
    host.write(512)
    disk = _disk.examine(Run(), host.path, start=MIB)
    assert (disk.content, disk.signatures, disk.read) == (None, ("LVM2_member",), SIZE - MIB)
    host.write(MIB)
    assert _disk.examine(Run(), host.path, start=MIB).content == MIB


TWINS = [
    # links that others ask for as well          own link               twins        path is shared
    ({}, "/dev/disk/by-id/virtio-disk1", (), False),
    ({"254:16": ["disk/by-id/virtio-disk1"]}, "/dev/disk/by-path/pci-1", ("/dev/vdk",), True),
    (
        {"254:16": ["disk/by-id/virtio-disk1"], "254:32": ["disk/by-path/pci-1"]},
        *("", ("/dev/vdk", "/dev/vdl"), True),
    ),
    # a path of this multipath device, and one that was unplugged
    ({"254:48": ["disk/by-id/virtio-disk1"]}, "/dev/disk/by-id/virtio-disk1", (), False),
    ({"254:64": ["disk/by-id/virtio-disk1"]}, "/dev/disk/by-id/virtio-disk1", (), False),
    ({"254:16": ["disk/by-id/virtio-other"]}, "/dev/disk/by-id/virtio-disk1", (), False),
]


@pytest.mark.parametrize(("others", "stable", "twins", "shared"), TWINS)
def test_a_name_that_another_disk_has_too_is_no_name(
    host, monkeypatch, tmp_path, others, stable, twins, shared
):
    host.know("S:disk/by-id/virtio-disk1", "S:disk/by-path/pci-1", "E:ID_SERIAL=disk1")
    for devno, name in (("254:16", "vdk"), ("254:32", "vdl"), ("254:48", "sda")):
        (tmp_path / "devices" / name).mkdir(parents=True)
        (tmp_path / "sys" / devno).symlink_to(tmp_path / "devices" / name)
    host.attribute("slaves/sda/dev", "254:48")
    for devno, links in others.items():
        host.know(*(f"S:{link}" for link in links), devno=devno)
    named = "/dev/disk/by-id/virtio-disk1"
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **more: real(host.path if path == named else path))
    disk = _disk.glance(named)
    assert (disk.stable, disk.twins, disk.shared) == (stable, twins, shared)
    assert _disk.glance(host.path).shared is False


def test_a_link_that_leads_to_another_disk_is_not_this_ones(host, monkeypatch):
    monkeypatch.undo()
    assert _udev.leads_to(host.path, "0:0")  # a plain file, whose device number is 0
    assert not _udev.leads_to(host.path, "254:16")
    assert not _udev.leads_to(host.path + "x", "0:0")
    assert not _udev.leads_to("/dev/a\0b", "0:0")


@pytest.mark.parametrize(
    "answer",
    ["{", "[]", '"x"', "{}", '{"signatures": 5}', '{"signatures": [{}]}', '{"signatures": ["x"]}',
     '{"signatures": [{"type": ' + "9" * 5000 + "}]}", "[" * 100000],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_named(host, answer):
    with pytest.raises(StorageError, match="`wipefs --no-act`: its answer cannot be read"):
        _disk.examine(Run(answer), host.path)


@pytest.mark.parametrize("size", ["x", "", "9" * 5000, "-1", "\u0663", "1\0"])
def test_a_size_that_is_no_number_is_none(host, size):
    host.attribute("size", size)
    assert _disk.identify(host.path).size == 0


@pytest.mark.parametrize(("known", "listing", "signatures"), SIGNATURES)
def test_signatures(host, monkeypatch, known, listing, signatures):
    monkeypatch.setattr(_disk, "first_content", lambda *_more: (0, 1))
    host.know(*known)
    assert _disk.examine(Run(listing), host.path).signatures == signatures


@pytest.mark.parametrize(
    "offset",
    [0, 511, MIB, 16 * MIB - 1, SIZE // 2, SIZE - 15 * MIB, SIZE - 1],
    ids=["first", "sector", "1MiB", "edge", "middle", "end", "last"],
)
def test_unknown_content_is_found(host, offset):
    host.write(offset)
    assert _disk.examine(Run(), host.path).content == offset


def claim(host):
    return _disk.identify(host.path)._replace(links=(host.path,)).claim


def test_a_disk_is_claimed_by_the_name_that_means_it_after_a_reboot_too(host):
    disk = _disk.identify(host.path)
    assert disk.claim == ("/dev/disk/by-id/virtio-disk1", "0:0", SIZE, "disk1", "", True)
    assert disk._replace(links=()).claim.path == host.path


@pytest.mark.parametrize(("hold", "mode"), [(_disk.hold, os.O_RDWR), (_disk.check, os.O_RDONLY)])
def test_udev_looks_again_at_a_disk_that_was_held_and_at_no_other(host, monkeypatch, hold, mode):
    """It does so where a descriptor is closed that was open for writing; a child may keep none."""
    opened, real, planned = [], os.open, claim(host)

    def note(path, how):
        if not how & os.O_NONBLOCK:  # so are texts read
            opened.append(how)
        return real(path, how)

    monkeypatch.setattr(os, "open", note)
    with hold([planned]):
        pass
    assert opened == [mode | os.O_CLOEXEC]


def test_hold_locks_the_disk_while_the_block_runs(host):
    with open(host.disk, "rb") as other:
        with _disk.hold([claim(host)]), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("hold", [_disk.hold, _disk.check])
def test_hold_refuses_a_disk_that_somebody_else_holds(host, hold):
    with open(host.disk, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        held = pytest.raises(StorageError, match="another process holds the lock")
        with held, hold([claim(host)]):
            pytest.fail("the block ran")


def test_check_leaves_the_disk_to_udev_while_the_block_runs(host):
    with open(host.disk, "rb") as other, _disk.check([claim(host)]):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("hold", [_disk.hold, _disk.check])
@pytest.mark.parametrize(
    "change", [{"devno": "254:16"}, {"size": 1}, {"serial": "other"}, {"wwn": "0x5"}]
)
def test_hold_refuses_another_disk_than_the_planned_one(host, hold, change):
    refused = pytest.raises(StorageError, match="not the disk that the plan was made for")
    with refused as error, hold([claim(host)._replace(**change)]):
        pytest.fail("the block ran")
    assert "found device 0:0, serial number disk1, 256 MiB" in str(error.value)
    assert "Claim(" not in str(error.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EBUSY, "Device or resource busy"), "in use by the kernel"),
        (OSError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError("no number, no words"), "it cannot be opened"),
    ],
)
def test_a_device_that_the_kernel_does_not_hand_out(monkeypatch, error, words):
    def refuse(*_arguments):
        raise error

    monkeypatch.setattr(_disk.os, "open", refuse)
    assert _disk._busy("/dev/vdb") == words
