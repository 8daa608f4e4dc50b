# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drivers keep on disk: which are listed, which is in use, what is left behind."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_folders
from ansible_collections.containerhost.storage.plugins.module_utils._docker.daemon_json import File
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._info import driver_data
from ansible_collections.containerhost.storage.plugins.module_utils._info.engine import Seen
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import pool as zfs
from support.zfs_hosts import listed

NO_ENGINE = Seen(State(None, File(None, {})), False)
UNREADABLE = Seen(State(None, File(None, {})), True, ("It does not answer.",))
STORE = {"driver-type": "io.containerd.snapshotter.v1"}
OWN = {"Address": "/var/run/docker/containerd/containerd.sock"}


def no_commands(argv):
    pytest.fail(f"{argv} was run")


class Host:
    """A host whose data root, and whose containerd's, are in a temporary folder."""

    def __init__(self, folder):
        self.folder = folder
        self.root = str(folder / "docker")
        self.containerd = str(folder / "containerd")

    def has(self, *paths):
        """Make folders below the host's."""
        for path in paths:
            (self.folder / path).mkdir(parents=True)

    def images(self, driver, *ids, root="docker"):
        self.has(*(f"{root}/image/{driver}/imagedb/content/sha256/{it}" for it in ids))

    def container(self, driver, name="c1", root="docker"):
        folder = self.folder / root / "containers" / name
        folder.mkdir(parents=True)
        (folder / "config.v2.json").write_text(json.dumps({"Driver": driver}))

    def running(self, driver, status=(), root=None, **more):
        info = {"Driver": driver, "DockerRootDir": root or self.root, **more}
        info["DriverStatus"] = [list(row) for row in dict(status).items()]
        return self.engine(info, {})

    def stopped(self, **config):
        given = {"data_root": self.root, **config}
        return self.engine(None, {name.replace("_", "-"): it for name, it in given.items()})

    def engine(self, info, config):
        unit = Unit("docker.service", "loaded", "active", "now", "/usr/sbin/dockerd")
        return Seen(State(Engine(unit, (26, 1, 5), info), File("", config)), True)

    def see(self, engine, datasets=None):
        seen = None if datasets is None else zfs.Seen((), listed(datasets), None)
        return driver_data.observe(no_commands, engine, seen)

    def rows(self, engine, *names, datasets=None):
        """The named values of each row, with paths from the host's folder on."""
        described = driver_data.describe(self.see(engine, datasets))
        assert json.loads(json.dumps(described)) == described
        short = {it: str(self.folder) + "/" for it in ("root", "path")}
        return [
            tuple(row[it].replace(short[it], "") if it in short else row[it] for it in names)
            for row in described
        ]

    def topics(self, engine):
        return [it.topic for it in driver_data.findings(self.see(engine))]


@pytest.fixture
def host(tmp_path, monkeypatch):
    found = Host(tmp_path)
    monkeypatch.setattr(driver_data, "DATA_ROOT", found.root)
    monkeypatch.setattr(driver_folders, "CONTAINERD_ROOT", found.containerd)
    monkeypatch.setattr(driver_folders, "CONTAINERD_CONFIG", str(tmp_path / "config.toml"))
    return found


def test_a_host_that_never_had_an_engine(host):
    assert host.see(NO_ENGINE) == driver_data.Seen((), driver_data.Using())
    assert host.topics(NO_ENGINE) == []


def test_the_driver_in_use_and_one_of_the_past(host):
    host.has("docker/overlay2/l", "docker/overlay2/a", "docker/aufs/layers/b", "docker/vfs/dir")
    host.images("overlay2", "1", "2")
    host.images("aufs", "3")
    host.container("overlay2")
    columns = ("driver", "path", "in_use", "layers", "images", "containers", "snapshotter")
    assert host.rows(host.running("overlay2"), *columns) == [
        ("overlay2", "docker/overlay2", True, 1, 2, 1, False),
        ("vfs", "docker/vfs", False, 0, 0, 0, False),
        ("aufs", "docker/aufs", False, 1, 1, 0, False),
    ]


def test_records_without_a_folder(host):
    host.images("aufs", "1")
    host.container("devicemapper")
    columns = ("driver", "present", "layers", "images", "containers")
    assert host.rows(host.running("overlay2"), *columns) == [
        ("aufs", False, None, 1, 0),
        ("devicemapper", False, None, 0, 1),
    ]


def test_the_data_root_that_was_left_is_looked_into_as_well(host):
    host.has("docker/overlay2/a", "new/overlay2/b")
    engine = host.running("overlay2", root=str(host.folder / "new"))
    assert host.rows(engine, "root", "path", "in_use") == [
        ("new", "new/overlay2", True),
        ("docker", "docker/overlay2", False),
    ]


def test_a_data_root_behind_a_link_is_listed_once(host):
    host.has("new/overlay2/a", "docker2")
    os.symlink(host.folder / "new", host.root)
    for root in (host.root, str(host.folder / "new")):
        (row,) = host.rows(host.running("overlay2", root=root), "driver", "in_use")
        assert row == ("overlay2", True)


def test_user_namespaces(host):
    host.has("docker/165536.165536/overlay2/a", "docker/overlay2/b")
    host.container("overlay2", root="docker/165536.165536")
    inner = host.root + "/165536.165536"
    columns = ("root", "in_use", "containers")
    mapped = ("docker/165536.165536", True, 1)
    assert host.rows(host.running("overlay2", root=inner), *columns) == [
        mapped,
        ("docker", False, 0),
    ]
    assert host.rows(host.running("overlay2"), *columns) == [
        ("docker", True, 0),
        ("docker/165536.165536", False, 1),
    ]


IN_USE = [
    # the engine                                         overlay2 in use
    (lambda host: host.running("overlay2"), True),
    (lambda host: host.running("vfs"), False),
    (lambda host: host.stopped(storage_driver="overlay2"), True),
    (lambda host: host.stopped(storage_driver="vfs"), False),
    (lambda host: host.stopped(), None),  # it looks for one itself
    (lambda host: host.stopped(storage_driver="overlay2", data_root="/srv/x"), False),
    (lambda host: NO_ENGINE, False),
    (lambda host: UNREADABLE, None),
]


@pytest.mark.parametrize(("engine", "used"), IN_USE)
def test_what_is_in_use(host, engine, used):
    host.has("docker/overlay2/a")
    assert host.rows(engine(host), "in_use") == [(used,)]


SNAPSHOTTER = "io.containerd.snapshotter.v1."


def test_the_image_store_of_containerd(host):
    host.has(f"containerd/{SNAPSHOTTER}overlayfs/snapshots/1", f"containerd/{SNAPSHOTTER}native")
    host.has(f"containerd/{SNAPSHOTTER}btrfs/active/7")
    host.container("overlayfs")
    engine = host.running("overlayfs", STORE, Images=5)
    columns = ("driver", "root", "snapshotter", "in_use", "layers", "images", "containers")
    assert host.rows(engine, *columns) == [
        ("btrfs", "containerd", True, False, 1, None, None),
        ("overlayfs", "containerd", True, True, 1, 5, 1),
    ]


def test_what_containerd_keeps_for_others(host):
    host.has(f"containerd/{SNAPSHOTTER}overlayfs/snapshots/1", "docker/overlay2/l")
    columns = ("driver", "snapshotter", "in_use", "images")
    engine = host.running("overlay2")
    assert host.rows(engine, *columns) == [
        ("overlay2", False, True, 0),
        ("overlayfs", True, False, None),
    ]
    assert host.topics(engine) == []  # it is no leftover


def test_a_containerd_of_the_engines_own(host):
    both = [f"{root}/{SNAPSHOTTER}overlayfs/snapshots/1" for root in ("x", "containerd")]
    host.has(both[0].replace("x/", "docker/containerd/daemon/", 1), both[1])
    for address, used in (
        (OWN, "docker/containerd/daemon"),
        ({}, "containerd"),
        (None, "containerd"),
    ):
        rows = host.rows(host.running("overlayfs", STORE, Containerd=address), "root", "in_use")
        assert sorted(rows) == [
            (it, it == used) for it in ("containerd", "docker/containerd/daemon")
        ]


def test_a_driver_and_a_snapshotter_of_one_name(host):
    """Of containerd's snapshotters two are called btrfs and zfs as well."""
    host.has("docker/btrfs/subvolumes/a", f"containerd/{SNAPSHOTTER}btrfs/active/7")
    host.container("btrfs")
    columns = ("snapshotter", "in_use", "containers")
    assert host.rows(host.running("btrfs"), *columns) == [(False, True, 1), (True, False, None)]
    assert host.rows(host.running("btrfs", STORE), *columns) == [(False, False, 0), (True, True, 1)]


DATASETS = "".join(
    f"{name}\tfilesystem\t10\t1\t1\t{mountpoint}\tyes\n"
    for name, mountpoint in (
        ("tank", "/tank"),
        ("tank/docker", "/var/lib/docker"),
        ("tank/docker/a", "legacy"),
        ("tank/docker/b", "legacy"),
        ("tank/docker/b/c", "legacy"),
        ("tank/docker/volumes", "/var/lib/docker/volumes"),
        ("tank/layers", "legacy"),
        ("tank/layers/d", "legacy"),
    )
)
ON_ZFS = Mount("0:40", "/", "/", "zfs", "tank/docker", ())
ON_XFS = ON_ZFS._replace(fstype="xfs", source="/dev/vdb")
ZFS = [
    # the engine                                       lies on  dataset        layers
    (lambda host: host.running("zfs", {"Parent Dataset": "tank/layers"}), ON_ZFS, "tank/layers", 1),
    (lambda host: host.stopped(storage_driver="zfs"), ON_ZFS, "tank/docker", 2),
    (
        lambda host: host.stopped(storage_driver="zfs", storage_opts=["zfs.fsname=tank/layers"]),
        ON_XFS,
        "tank/layers",
        1,
    ),
    (lambda host: host.running("overlay2"), ON_ZFS, "tank/docker", 2),
    (lambda host: host.running("overlay2"), ON_XFS, "", None),
]


@pytest.mark.parametrize(("engine", "mount", "dataset", "layers"), ZFS)
def test_layers_of_zfs_are_datasets(host, monkeypatch, engine, mount, dataset, layers):
    host.has("docker/zfs/graph")
    monkeypatch.setattr(driver_data, "mount_of", lambda path: mount)
    columns = ("dataset", "layers")
    assert host.rows(engine(host), *columns, datasets=DATASETS) == [(dataset, layers)]
    assert host.rows(engine(host), *columns) == [(dataset, None)]  # ZFS cannot be asked


def test_a_data_root_that_cannot_be_read(host, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    seen = host.see(host.running("overlay2"))
    assert driver_data.describe(seen) == []
    for finding in driver_data.findings(seen):
        assert (finding.level, finding.topic) == ("warning", "driver_data_unread")
        assert finding.message.endswith("Run the task with become: true.")
    assert len(seen.unread) == 2  # of the engine, and of containerd


LEFT = [
    # what is there                      the engine                           findings
    (["overlay2/l"], lambda host: host.running("vfs"), []),
    (["overlay2/a"], lambda host: host.running("vfs"), ["driver_data_left"]),
    (["overlay2/a"], lambda host: host.running("overlay2"), []),
    (["overlay2/a"], lambda host: host.stopped(), []),
    (["overlay2/a"], lambda host: NO_ENGINE, ["driver_data_left"]),
    (["image/aufs/imagedb/content/sha256/1"], lambda host: NO_ENGINE, ["driver_data_left"]),
    # the topic engine has these as hidden_data
    (["aufs/diff/a", "image/aufs/imagedb/content/sha256/1"], lambda host: host.running("vfs"), []),
    # and does not look here
    (
        ["aufs/diff/a", "image/aufs/imagedb/content/sha256/1"],
        lambda host: host.running("vfs", root="/nowhere"),
        ["driver_data_left"],
    ),
]


@pytest.mark.parametrize(("there", "engine", "topics"), LEFT)
def test_what_is_left_behind(host, there, engine, topics):
    host.has(*("docker/" + path for path in there))
    assert host.topics(engine(host)) == topics


def test_what_is_left_behind_is_told_with_its_numbers(host):
    host.has("docker/aufs/diff/a", "docker/aufs/diff/b")
    host.images("aufs", "1")
    (finding,) = driver_data.findings(host.see(NO_ENGINE))
    assert finding.message == (
        f"{host.root}/aufs keeps 2 layers, 1 image of aufs. This host has no engine that sees "
        "them; they take space until they are removed."
    )


@pytest.mark.parametrize(
    ("driver", "found"), [("overlay2", ["loop_lvm_left"]), ("devicemapper", [])]
)
def test_loop_lvm_is_found_where_it_is_not_in_use(host, driver, found):
    """Where it is, the topic ``engine`` says so."""
    host.has("docker/devicemapper/devicemapper")
    with open(host.root + "/devicemapper/devicemapper/data", "wb") as stream:
        stream.truncate(100 * 1024**3)
    engine = host.running(driver)
    assert host.topics(engine) == found
    ((files,),) = host.rows(engine, "loop_files")
    assert [(it["size"], it["allocated"], it["device"]) for it in files] == [
        (100 * 1024**3, 0, None)
    ]
    for finding in driver_data.findings(host.see(engine)):
        assert f"{host.root}/devicemapper/devicemapper/data (0 B of 100 GiB)" in finding.message
        assert f"The engine is on overlay2 at {host.root}" in finding.message
