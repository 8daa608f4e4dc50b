# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host offers to an engine, read from a small fake of it."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    host as engine_host,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    containerd_images,
    dataset_exists,
    ext_file_types,
    file_types,
    left_out,
    missing_modules,
    unloaded_modules,
    zfs_module,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import programs


def ext_superblock(magic=0xEF53, incompat=0x2C2):
    """The second KiB of an ext4: fs/ext4/ext4.h, struct ext4_super_block."""
    found = bytearray(1024)
    struct.pack_into("<H", found, 56, magic)
    struct.pack_into("<I", found, 96, incompat)
    return bytes(found)


SUPERBLOCKS = [
    (ext_superblock(), True),
    (ext_superblock(incompat=0x2), True),
    (ext_superblock(incompat=0x2C0), False),
    (ext_superblock(magic=0x1234), None),
    (b"", None),
]


@pytest.mark.parametrize(("superblock", "wanted"), SUPERBLOCKS)
def test_file_types_of_ext4(superblock, wanted):
    assert ext_file_types(superblock) is wanted


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "btrfs", "unknown"])
def test_file_types_of_what_cannot_be_read_are_unknown(fstype):
    assert file_types(Backing("/srv", fstype, (), devno="0:0")) is None


# The first fields of modules.dep and modules.builtin, as depmod writes them.
MODULES_DEP = (
    "kernel/fs/btrfs/btrfs.ko: kernel/lib/raid6.ko\nupdates/dkms/zfs.ko.xz: updates/spl.ko\n"
)
KERNELS = [
    ("nodev\toverlay\n\text4\n", "", ("overlay", "ext4"), ()),
    ("\text4\n", MODULES_DEP, ("btrfs", "zfs"), ()),
    ("\text4\n", MODULES_DEP, ("overlay", "aufs"), ("overlay", "aufs")),
    ("\text4\n", "", ("dm_mod",), ("dm_mod",)),
    ("\text4\n", "kernel/drivers/md/dm-mod.ko:\n", ("dm_mod",), ()),
]


@pytest.mark.parametrize(("filesystems", "modules", "names", "missing"), KERNELS)
def test_missing_modules(monkeypatch, filesystems, modules, names, missing):
    texts = {"/proc/filesystems": filesystems, "/lib/modules/6.1/modules.dep": modules}
    monkeypatch.setattr(engine_host, "text_of", lambda path: texts.get(path, ""))
    assert missing_modules(names, "6.1") == missing


def test_programs_are_looked_for_where_the_engine_looks(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(programs.shutil, "which", lambda name, path: asked.append(path))
    monkeypatch.setenv("PATH", "/usr/bin")  # as sudo may leave it
    assert programs.missing_programs(("zfs",)) == ("zfs",)
    assert "/usr/sbin" in asked[0].split(":")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (b"\0docker/daemon/graphdriver/vfs.Init\0docker/daemon/graphdriver/zfs.Init\0", ()),
        (b"\0docker/daemon/graphdriver/vfs.Init\0", ("zfs",)),
        (b"#!/bin/sh\nexec /opt/docker/dockerd\n", ()),
        (b"", ()),
    ],
)
def test_drivers_that_a_build_is_without(tmp_path, text, missing):
    (tmp_path / "dockerd").write_bytes(text)
    assert left_out(str(tmp_path / "dockerd"), ("zfs",)) == missing
    assert left_out(str(tmp_path / "none"), ("zfs",)) == ()


def test_unloaded_modules(monkeypatch, tmp_path):
    (tmp_path / "zfs").mkdir()
    monkeypatch.setattr(engine_host, "MODULES", str(tmp_path))
    assert unloaded_modules(("zfs", "spl")) == ("spl",)


@pytest.mark.parametrize(("text", "wanted"), [("2.1.11-1+deb12u1\n", (2, 1, 11)), ("", ())])
def test_the_version_of_zfs(monkeypatch, tmp_path, text, wanted):
    path = tmp_path / "zfs/version"
    path.parent.mkdir()
    if text:
        path.write_text(text)
    monkeypatch.setattr(engine_host, "MODULES", str(tmp_path))
    assert zfs_module() == wanted


class Answers:
    """A host that answers every command with the same."""

    def __init__(self, rc, out):
        self.answer, self.argvs = (rc, out, ""), []

    def __call__(self, argv):
        self.argvs.append(argv)
        return self.answer


@pytest.mark.parametrize(
    ("has_zfs", "rc", "wanted"), [(True, 0, True), (True, 1, False), (False, 0, None)]
)
def test_a_dataset_is_asked_for_where_there_is_zfs(monkeypatch, has_zfs, rc, wanted):
    missing = () if has_zfs else ("zfs",)
    monkeypatch.setattr(engine_host, "missing_programs", lambda names: ())
    monkeypatch.setattr(engine_host, "unloaded_modules", lambda names: missing)
    run = Answers(rc, "tank/docker\n")
    assert dataset_exists(run, "tank/docker") is wanted
    assert [argv[-2:] for argv in run.argvs] == ([("--", "tank/docker")] if has_zfs else [])


IMAGES = [(0, "docker.io/library/a:1\ndocker.io/library/b:1\n", 2), (0, "", 0), (1, "", 0)]


@pytest.mark.parametrize(("rc", "out", "count"), IMAGES)
def test_images_that_containerd_keeps(monkeypatch, rc, out, count):
    monkeypatch.setattr(programs.shutil, "which", lambda name, path: "/usr/bin/" + name)
    assert containerd_images(Answers(rc, out)) == count


def test_containerd_without_its_program_is_not_asked(monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda name, path: None)
    run = Answers(0, "docker.io/library/a:1\n")
    assert (containerd_images(run), run.argvs) == (0, [])
