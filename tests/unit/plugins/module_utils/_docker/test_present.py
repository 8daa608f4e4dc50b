# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine is on, or would be: told by itself, by its flags, and by its daemon.json."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import user_namespaces
from ansible_collections.containerhost.storage.plugins.module_utils._docker.daemon_json import File
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import (
    STORE_TYPE,
    Engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    CONFIG_FILE,
    Present,
    config_file,
    configured_store,
    holdings_of,
    present,
    root_inside,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag, Unit

ROOT = "/var/lib/docker"
V26, V29 = (26, 1, 5), (29, 0, 1)
ON_STORE = [["driver-type", STORE_TYPE]]
OF_OVERLAY2 = Holdings(ROOT, {"overlay2": 3})
OF_OVERLAYFS = Holdings(ROOT, {"overlayfs": 3})


def flag(key, value):
    return Flag(key, value, "--" + key, "/etc/x.conf")


def engine(*flags, version=V26, **info):
    """An engine: it runs where anything is said of what it answers."""
    unit = Unit("docker.service", "loaded", "active", "now", "/usr/sbin/dockerd", flags)
    answer = {"Driver": "overlay2", "DriverStatus": [], "DockerRootDir": ROOT, **info}
    return Engine(unit, version, answer if info else None)


def configured(**content):
    return File("", {name.replace("_", "-"): value for name, value in content.items()})


NOTHING = configured()
STOPPED = Present(store=False, driver="", root=ROOT, options={}, dataset="")
RUNNING = STOPPED._replace(driver="overlay2")
STORE = STOPPED._replace(store=True, driver="overlayfs")
PRESENT = [
    # it runs: it is asked, whatever is configured meanwhile
    (engine(Driver="overlay2"), NOTHING, None, RUNNING),
    (
        engine(Driver="vfs"),
        configured(storage_driver="btrfs"),
        None,
        STOPPED._replace(driver="vfs"),
    ),
    (engine(Driver="overlayfs", DriverStatus=ON_STORE), NOTHING, None, STORE),
    (engine(DockerRootDir="/srv"), configured(data_root="/x"), None, RUNNING._replace(root="/srv")),
    # a folder of user namespaces is one only where the engine says that it has them
    (
        engine(DockerRootDir="/srv/1000.1000", SecurityOptions=["name=seccomp", "name=userns"]),
        NOTHING,
        None,
        RUNNING._replace(root="/srv"),
    ),
    (
        engine(DockerRootDir="/srv/docker/20.10", SecurityOptions=["name=seccomp"]),
        NOTHING,
        None,
        RUNNING._replace(root="/srv/docker/20.10"),
    ),
    # it does not: by its flags, its file, and what it would come upon
    (engine(), NOTHING, None, STOPPED),
    (engine(), configured(storage_driver="vfs"), None, STOPPED._replace(driver="vfs")),
    (engine(flag("storage-driver", "vfs")), NOTHING, None, STOPPED._replace(driver="vfs")),
    (engine(), configured(data_root="/srv"), None, STOPPED._replace(root="/srv")),
    (engine(), configured(graph="/srv"), None, STOPPED._replace(root="/srv")),
    (engine(flag("data-root", "/srv")), NOTHING, None, STOPPED._replace(root="/srv")),
    (engine(version=V29), NOTHING, None, STORE),
    (engine(version=V29), NOTHING, OF_OVERLAYFS, STORE),
    (engine(version=V29), NOTHING, OF_OVERLAY2, STOPPED),
    (engine(version=V29), configured(userns_remap="default"), None, STOPPED),
    (engine(version=V29), configured(storage_driver="overlay2"), None, RUNNING),
    (engine(), configured(features={"containerd-snapshotter": True}), None, STORE),
    (
        engine(version=(20, 10, 24)),
        configured(features={"containerd-snapshotter": True}),
        None,
        STOPPED,
    ),
    # options: flags take the place of what is in the file
    (
        engine(flag("storage-opts", "size=1g")),
        configured(storage_opts=["dm.fs=xfs"]),
        None,
        STOPPED._replace(options={"size": ["1g"]}),
    ),
    # the dataset: the engine's own word, or what is configured
    (
        engine(Driver="zfs", DriverStatus=[["Parent Dataset", "tank/a"]]),
        configured(storage_opts=["zfs.fsname=tank/b"]),
        None,
        STOPPED._replace(driver="zfs", options={"zfs.fsname": ["tank/b"]}, dataset="tank/a"),
    ),
    (
        engine(),
        configured(storage_opts=["zfs.fsname=tank/b"]),
        None,
        STOPPED._replace(options={"zfs.fsname": ["tank/b"]}, dataset="tank/b"),
    ),
]


@pytest.mark.parametrize(("engine", "config", "holds", "wanted"), PRESENT)
def test_present(engine, config, holds, wanted):
    assert present(engine, config, holds) == wanted


SWITCHED = [
    (engine(), NOTHING, None),
    (engine(), configured(features={"containerd-snapshotter": False}), False),
    (engine(), configured(features={"buildkit": True}), None),
    (engine(), configured(features=[]), None),
    (engine(), configured(features={"containerd-snapshotter": "yes"}), None),
    (engine(flag("features", "containerd-snapshotter")), NOTHING, True),
    (engine(flag("features", "containerd-snapshotter=0")), NOTHING, False),
    (engine(flag("features", "buildkit")), NOTHING, None),
    (
        engine(flag("features", "containerd-snapshotter=T")),
        configured(features={"containerd-snapshotter": False}),
        True,
    ),
]


@pytest.mark.parametrize(("engine", "config", "wanted"), SWITCHED)
def test_configured_store(engine, config, wanted):
    assert configured_store(engine, config) is wanted


def test_config_file():
    assert config_file(engine()) == CONFIG_FILE
    two = (flag("config-file", "/etc/a.json"), flag("config-file", "/etc/b.json"))
    assert config_file(engine(*two)) == "/etc/b.json"


def put_container(root, driver):
    folder = root / "containers" / "1"
    folder.mkdir(parents=True)
    (folder / "config.v2.json").write_text(json.dumps({"Driver": driver}))


def test_holdings_of_a_running_engine_are_told_by_the_root_that_was_configured(tmp_path):
    put_container(tmp_path / "100000.100000", "overlayfs")
    running = engine(
        Driver="overlayfs",
        DriverStatus=ON_STORE,
        DockerRootDir=f"{tmp_path}/100000.100000",
        SecurityOptions=["name=userns"],
        Images=4,
    )
    held = Holdings(str(tmp_path), {"overlayfs": 4}, {"overlayfs": 1})
    assert holdings_of(running, NOTHING, str(tmp_path)) == held


def test_what_an_engine_counts_is_not_in_another_root(tmp_path):
    put_container(tmp_path, "vfs")
    running = engine(Driver="overlayfs", DriverStatus=ON_STORE, Images=4)
    assert holdings_of(running, NOTHING, str(tmp_path)) == Holdings(str(tmp_path), {}, {"vfs": 1})
    without_store = engine(Driver="vfs", DockerRootDir=str(tmp_path), Images=4)
    assert holdings_of(without_store, NOTHING, str(tmp_path)) == Holdings(
        str(tmp_path), {}, {"vfs": 1}
    )
    assert holdings_of(engine(), NOTHING, str(tmp_path)) == Holdings(str(tmp_path), {}, {"vfs": 1})


@pytest.fixture
def mapped(tmp_path, monkeypatch):
    """A host whose tables give dockremap the IDs from 231072 on, and other users others."""
    for name, tables in (("SUBUID", "sam:100000:65536\n"), ("SUBGID", "sam:100000:65536\n")):
        path = tmp_path / name
        path.write_text(tables + "dockremap:231072:65536\ndockremap:500000:65536\n1234:7:65536\n")
        monkeypatch.setattr(user_namespaces, name, str(path))
    return tmp_path / "root"


# userns-remap, the folders that are there, where the data is
MAPPED = [
    (None, [], ""),
    (None, ["231072.231072"], ""),
    ("default", [], "231072.231072"),
    ("default:default", ["231072.231072", "1.1"], "231072.231072"),
    ("sam", [], "100000.100000"),
    ("1234", [], "7.7"),
    ("nobody-knows", [], ""),
    ("nobody-knows", ["1.1"], "1.1"),
    ("nobody-knows", ["1.1", "2.2"], ""),
    ("default", ["5.5"], "5.5"),  # the tables have changed since: its data is where it was
    ("root", ["5.5"], ""),
    ("0:0", ["5.5"], ""),
]


@pytest.mark.parametrize(("setting", "there", "inside"), MAPPED)
def test_where_an_engine_that_is_stopped_has_its_data(mapped, setting, there, inside):
    for name in there:
        (mapped / name).mkdir(parents=True)
    config = configured(userns_remap=setting)
    root = str(mapped)
    assert root_inside(engine(), config, root) == os.path.join(root, inside).rstrip("/")


def test_a_new_root_of_an_engine_with_user_namespaces_gets_the_same_folder(tmp_path):
    put_container(tmp_path / "new" / "7.7", "vfs")
    running = engine(DockerRootDir="/srv/7.7", SecurityOptions=["name=userns"])
    root = str(tmp_path / "new")
    assert root_inside(running, NOTHING, root) == root + "/7.7"
    assert holdings_of(running, NOTHING, root) == Holdings(root, {}, {"vfs": 1})
