# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the folders of a data root and of containerd tell."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_folders
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    Folder,
)

MIB = 1024**2


def make(root, *paths):
    """Make files, and folders where a path ends in a slash."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("/"):
            (root / path).mkdir(exist_ok=True)
        else:
            (root / path).write_text("x")


DATA_ROOTS = [
    # what is in the data root                                             driver          layers
    (["overlay2/l/", "overlay2/backingFsBlockDev"], "overlay2", 0),
    (["overlay2/l/AB", "overlay2/a/diff/", "overlay2/a-init/diff/"], "overlay2", 2),
    (["overlay/a/root/", "overlay/b/upper/"], "overlay", 2),
    (["fuse-overlayfs/l/", "fuse-overlayfs/a/diff/"], "fuse-overlayfs", 1),
    (["btrfs/subvolumes/a/", "btrfs/subvolumes/b/", "btrfs/quotas/7"], "btrfs", 2),
    (["btrfs/"], "btrfs", None),
    (["zfs/graph/a/"], "zfs", None),  # a mount point: the layers are datasets
    (
        [f"devicemapper/metadata/{it}" for it in ("base", "deviceset-metadata", ".tmp1", "a")]
        + ["devicemapper/metadata/transaction-metadata", "devicemapper/mnt/b/"],
        "devicemapper",
        1,
    ),
    (["vfs/dir/a/", "vfs/dir/b/etc/passwd"], "vfs", 2),
    (["aufs/layers/a", "aufs/layers/b", "aufs/diff/b/", "aufs/mnt/c/"], "aufs", 2),
    (["aufs/diff/b/"], "aufs", 1),
]


@pytest.mark.parametrize(("there", "driver", "layers"), DATA_ROOTS)
def test_the_folder_of_a_driver(tmp_path, there, driver, layers):
    make(tmp_path, *there, "image/overlay2/repositories.json", "volumes/metadata.db")
    found = driver_folders.driver_folders(str(tmp_path))
    assert found == [Folder(driver, str(tmp_path / driver), layers)]


def test_a_data_root_with_nothing_in_it(tmp_path):
    assert driver_folders.driver_folders(str(tmp_path / "none")) == []
    make(tmp_path, "vfs")  # no folder
    assert driver_folders.driver_folders(str(tmp_path)) == []


@pytest.fixture
def loop_lvm(tmp_path):
    """Both files of loop-lvm: of the data 64 KiB are written, of the metadata all."""
    folder = tmp_path / "devicemapper" / "devicemapper"
    folder.mkdir(parents=True)
    for name, size, written in (("data", 100 * MIB, MIB // 16), ("metadata", MIB, MIB)):
        with open(folder / name, "wb") as stream:
            stream.write(b"x" * written)
            stream.truncate(size)
            os.fsync(stream.fileno())
    return tmp_path


def test_loop_lvm_that_nothing_uses(loop_lvm):
    (found,) = driver_folders.driver_folders(str(loop_lvm))
    data, metadata = found.loop_files
    assert data.path == str(loop_lvm / "devicemapper/devicemapper/data")
    assert (data.size, metadata.size) == (100 * MIB, MIB)
    assert MIB // 16 <= data.allocated < MIB <= metadata.allocated
    assert (data.device, metadata.device) == (None, None)


def test_loop_lvm_that_is_attached(loop_lvm, monkeypatch):
    """Found by the file that the kernel names, also through a link to the data root."""
    real = str(loop_lvm / "devicemapper/devicemapper/data")
    sysfs = loop_lvm / "sys"
    for number, file in enumerate(["/srv/disk.img", real]):
        make(sysfs, f"loop{number}/loop/backing_file")
        (sysfs / f"loop{number}/loop/backing_file").write_text(file + "\n")
    make(sysfs, "loop2/", "vda/")
    monkeypatch.setattr(driver_folders, "SYS_BLOCK", str(sysfs))
    (loop_lvm / "link").symlink_to(loop_lvm)
    data, metadata = driver_folders.loop_files(str(loop_lvm / "link/devicemapper"))
    assert (data.device, metadata.device) == ("/dev/loop1", None)


def test_a_loop_device_whose_file_has_a_name_in_another_encoding(loop_lvm, monkeypatch):
    sysfs = loop_lvm / "sys"
    make(sysfs, "loop0/loop/backing_file")
    (sysfs / "loop0/loop/backing_file").write_bytes(b"/srv/caf\xe9.img\n")
    monkeypatch.setattr(driver_folders, "SYS_BLOCK", str(sysfs))
    data, _metadata = driver_folders.loop_files(str(loop_lvm / "devicemapper"))
    assert data.device is None


def test_a_pool_on_a_volume_has_no_loop_files(tmp_path):
    make(tmp_path, "devicemapper/metadata/base", "devicemapper/devicemapper/data/")
    (found,) = driver_folders.driver_folders(str(tmp_path))
    assert found.loop_files == ()


SNAPSHOTTERS = [
    (["overlayfs/metadata.db", "overlayfs/snapshots/1/", "overlayfs/snapshots/2/"], 2),
    (["native/snapshots/"], 0),
    (["btrfs/active/3/", "btrfs/view/", "btrfs/snapshots/1/"], 2),
    (["devmapper/metadata.db"], None),
]


@pytest.mark.parametrize(("there", "layers"), SNAPSHOTTERS)
def test_the_folder_of_a_snapshotter(tmp_path, there, layers):
    make(tmp_path, *("io.containerd.snapshotter.v1." + path for path in there))
    make(tmp_path, "io.containerd.content.v1.content/ingest/", "tmpmounts/")
    name = there[0].split("/")[0]
    path = str(tmp_path / f"io.containerd.snapshotter.v1.{name}")
    assert driver_folders.snapshotter_folders(str(tmp_path)) == [Folder(name, path, layers)]


CONFIGURATIONS = [
    (None, "/var/lib/containerd"),
    ("", "/var/lib/containerd"),
    ('version = 2\nroot = "/srv/containerd"\n', "/srv/containerd"),
    ("  root='/srv/ctr'\n[grpc]\n", "/srv/ctr"),
    ('#root = "/srv/ctr"\n', "/var/lib/containerd"),
    ('[plugins."x"]\n  root = "/srv/other"\n', "/var/lib/containerd"),
    ('root_path = "/srv/other"\n', "/var/lib/containerd"),
]


@pytest.mark.parametrize(("text", "root"), CONFIGURATIONS)
def test_where_containerd_keeps_its_data(tmp_path, monkeypatch, text, root):
    if text is not None:
        (tmp_path / "config.toml").write_text(text)
    monkeypatch.setattr(driver_folders, "CONTAINERD_CONFIG", str(tmp_path / "config.toml"))
    assert driver_folders.containerd_root() == root


def test_data_roots_of_user_namespaces(tmp_path):
    make(tmp_path, "165536.165536/overlay2/", "1000.100/", "10.x/", "overlay2/")
    assert driver_folders.remapped_roots(str(tmp_path)) == [
        str(tmp_path / "1000.100"),
        str(tmp_path / "165536.165536"),
    ]
