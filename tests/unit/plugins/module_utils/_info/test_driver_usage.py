# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drivers take on disk, and what an aufs tree holds."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    LoopFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._info import driver_usage
from ansible_collections.containerhost.storage.plugins.module_utils._info.driver_data import (
    Kept,
    Seen,
    Using,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import pool as zfs
from support.zfs_hosts import listed

LAYERS = zfs.Seen(
    (),
    listed(
        "tank/docker\tfilesystem\t900\t1\t1\t/var/lib/docker\tyes\n"
        "tank/docker/a\tfilesystem\t30\t1\t1\tlegacy\tno\n"
        "tank/docker/b\tfilesystem\t40\t1\t1\tlegacy\tno\n"
        "tank/docker/volumes\tfilesystem\t500\t1\t1\t/srv\tyes\n"
    ),
    None,
)


def no_commands(argv):
    pytest.fail(f"{argv} was run")


def see(*kept):
    seen = driver_usage.observe(no_commands, Seen(kept, Using()), LAYERS)
    described = driver_usage.describe(seen)
    assert json.loads(json.dumps(described)) == described
    return described


@pytest.fixture
def root(tmp_path):
    """A root with a file of some 8 KiB in the folder of every driver."""
    for driver in ("overlay2", "vfs", "btrfs", "devicemapper", "zfs", "x.native", "x.devmapper"):
        file = tmp_path / driver / "a" / "file"
        file.parent.mkdir(parents=True)
        file.write_text("x" * 8000)
    return tmp_path


def kept(root, driver, **more):
    return Kept(driver, str(root), f"{root}/{driver}", layers=1, **more)


LOOPS = (LoopFile("/a", 100, 30, None), LoopFile("/b", 10, 4, None))
WEIGHED = [
    # driver          more                        bytes; True: those of the file
    ("overlay2", {}, True),
    ("vfs", {}, True),
    ("btrfs", {}, None),
    ("devicemapper", {}, None),
    ("devicemapper", {"loop_files": LOOPS}, 34),
    ("zfs", {"dataset": "tank/docker"}, 70),
    ("zfs", {"dataset": "tank/none"}, 0),
    ("zfs", {}, None),
]


@pytest.mark.parametrize(("driver", "more", "size"), WEIGHED)
def test_the_bytes_of_a_driver(root, driver, more, size):
    if size is True:
        size = (root / driver / "a" / "file").stat().st_blocks * 512
        assert size > 8000
    (found,) = see(kept(root, driver, **more))
    assert found == {
        "driver": driver,
        "root": str(root),
        "path": f"{root}/{driver}",
        "snapshotter": False,
        "bytes": size,
        "content_bytes": None,
        "tree": None,
    }


def test_zfs_that_cannot_be_asked(root):
    unknown = kept(root, "zfs", dataset="tank/docker")._replace(layers=None)
    (found,) = see(unknown)
    assert found["bytes"] is None


@pytest.mark.parametrize(("driver", "weighed"), [("native", True), ("devmapper", False)])
def test_a_snapshotter_and_what_containerd_keeps_beside_it(root, driver, weighed):
    folder = root / "io.containerd.content.v1.content" / "blobs"
    folder.mkdir(parents=True)
    (folder / "sha256").write_text("x" * 20000)
    one = kept(root, driver, snapshotter=True)._replace(path=f"{root}/x.{driver}")
    (found,) = see(one)
    assert found["content_bytes"] == (folder / "sha256").stat().st_blocks * 512
    assert (found["bytes"] is not None) is weighed


def test_only_folders_that_are_there(root):
    assert see(kept(root, "aufs", present=False)) == []


def test_what_is_mounted_in_a_layer_is_not_counted_also_behind_a_link(root, monkeypatch):
    (root / "link").symlink_to(root)
    merged = root / "overlay2" / "a" / "merged"
    merged.mkdir()
    (merged / "file").write_text("x" * 8000)
    mount = Mount("0:44", "/", str(merged), "overlay", "overlay", ())
    monkeypatch.setattr(driver_usage, "mounts", lambda: [mount])
    (found,) = see(kept(root / "link", "overlay2"))
    assert found["bytes"] == (root / "overlay2" / "a" / "file").stat().st_blocks * 512


def test_a_tree_of_aufs(root):
    for path in ("aufs/layers/top", "aufs/diff/top/etc/.wh.shadow", "aufs/diff/top/etc/new"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / "aufs/diff/top/etc/new").write_text("x" * 8000)
    os.mkdir(root / "aufs/diff/top/usr")
    (root / "aufs/diff/top/usr/.wh..wh..opq").touch()
    (found,) = see(kept(root, "aufs"))
    size = (root / "aufs/diff/top/etc/new").stat().st_blocks * 512
    assert found["bytes"] == found["tree"]["bytes"] == size
    tree = found["tree"]
    assert [tree[it] for it in ("layers", "entries", "whiteouts", "opaque")] == [1, 3, 1, 1]
    seen = driver_usage.observe(no_commands, Seen((kept(root, "aufs"),), Using()), None)
    assert [it.topic for it in driver_usage.findings(seen)] == ["aufs_tree"]


def test_an_aufs_folder_that_is_no_tree(root):
    (root / "aufs").mkdir()
    (found,) = see(kept(root, "aufs"))
    assert (found["bytes"], found["tree"]) == (None, None)
