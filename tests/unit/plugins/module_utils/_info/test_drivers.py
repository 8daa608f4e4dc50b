# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the topic ``drivers`` reads of a host, and what it says for whom."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag, Unit
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    drivers as _info_drivers,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info.drivers import Wish
from ansible_collections.containerhost.storage.plugins.module_utils._info.engine import Seen
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
)
from support.driver_hosts import DISK

UNIT = Unit("docker.service", "loaded", "active", "now", "/usr/sbin/dockerd")
EXT4 = Backing("/", "ext4", ("rw",), "254:1")
FREE = Disk(path="/dev/vdb", exists=True, device="/dev/vdb", size=2**30, links=DISK)
TAKEN = FREE._replace(holders=("dm-0",))


def no_commands(argv):
    pytest.fail(f"{argv} was run")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A data root on an ext4 with file types, on a kernel that knows all but aufs and zfs."""
    monkeypatch.setattr(_info_drivers.engine_host, "backing_of", lambda folder: EXT4)
    monkeypatch.setattr(_info_drivers.engine_host, "file_types", lambda backing: True)
    monkeypatch.setattr(_info_drivers.engine_host, "zfs_module", lambda: ())
    monkeypatch.setattr(
        _info_drivers.engine_host, "missing_modules", lambda names, release: ("aufs", "zfs")
    )
    return tmp_path / "docker"


def engine(root, driver="overlay2", config=None, flags=(), holds=None, **info):
    """What the topic ``engine`` has seen of an engine on a data root."""
    for name in ("image", driver):
        (root / name / "some").mkdir(parents=True, exist_ok=True)
    (root / "vfs").mkdir(exist_ok=True)  # empty
    answer = {"Driver": driver, "DockerRootDir": str(root), "DriverStatus": [], **info}
    state = State(
        Engine(UNIT._replace(flags=flags), (20, 10, 24), answer if driver else None),
        daemon_json.File(json.dumps(config or {}), config or {}),
        kernel="6.1.0",
        roots=(Holdings(str(root), **(holds or {})),),
    )
    return Seen(state, installed=True)


def facts_of(*arguments, **more):
    return _info_drivers.observe(no_commands, engine(*arguments, **more), []).facts


def test_facts(root):
    facts = facts_of(root, config={"storage-driver": "overlay2"}, holds={"images": {"overlay2": 2}})
    assert (facts.version, facts.running, facts.in_use) == ((20, 10, 24), "overlay2", "overlay2")
    assert (facts.pinned, facts.pinned_by) == ("overlay2", "/etc/docker/daemon.json")
    assert facts.data_root == str(root)
    assert (facts.backing, facts.own_backing, facts.file_types) == (EXT4, {}, True)
    assert facts.missing_modules == ("aufs", "zfs")
    assert facts.held() == {"overlay2": (2, 0)}
    assert facts.prior == ("overlay2",)


# configuration, flags; the facts that come of it
SETTINGS = [
    ({}, (), {"pinned": "", "store_switch": None, "user_namespaces": False, "old_root_key": ""}),
    (
        {},
        (Flag("storage-driver", "vfs", "--storage-driver", "/etc/default/docker"),),
        {"pinned": "vfs", "pinned_by": "/etc/default/docker"},
    ),
    ({"features": {"containerd-snapshotter": True}}, (), {"store_switch": True}),
    ({"features": {"containerd-snapshotter": False}}, (), {"store_switch": False}),
    ({"features": {"buildkit": True}}, (), {"store_switch": None}),
    ({"features": "nonsense"}, (), {"store_switch": None}),
    (
        {},
        (Flag("features", "containerd-snapshotter=false", "--feature", "unit"),),
        {"store_switch": False},
    ),
    (
        {},
        (Flag("features", "containerd-snapshotter", "--feature", "unit"),),
        {"store_switch": True},
    ),
    ({"userns-remap": "default"}, (), {"user_namespaces": True}),
    ({"graph": "/srv/docker"}, (), {"old_root_key": "/etc/docker/daemon.json"}),
    ({}, (Flag("data-root", "/srv", "-g", "unit"),), {"old_root_key": "unit"}),
    ({}, (Flag("data-root", "/srv", "--data-root", "unit"),), {"old_root_key": ""}),
    (
        {"storage-opts": ["overlay2.size=1G"]},
        (),
        {"options": {"overlay2.size": ["1G"]}},
    ),
]


@pytest.mark.parametrize(("config", "flags", "expected"), SETTINGS)
def test_settings(root, config, flags, expected):
    facts = facts_of(root, config=config, flags=flags)
    assert {name: getattr(facts, name) for name in expected} == expected


def test_user_namespaces_that_the_engine_tells_of(root):
    (root / "100000.100000" / "btrfs" / "subvolumes").mkdir(parents=True)
    facts = facts_of(
        root,
        SecurityOptions=["name=seccomp", "name=userns"],
        DockerRootDir=str(root / "100000.100000"),
    )
    assert facts.user_namespaces
    assert facts.data_root == str(root)
    assert facts.prior == ("btrfs",)  # of the folder that it has for itself


def test_a_drivers_folder_on_a_filesystem_of_its_own(root, monkeypatch):
    own = Backing(str(root / "btrfs"), "btrfs", ())
    monkeypatch.setattr(
        _info_drivers.engine_host,
        "backing_of",
        lambda folder: own if folder.endswith("/btrfs") else EXT4,
    )
    (root / "btrfs" / "subvolumes").mkdir(parents=True)
    assert facts_of(root).own_backing == {"btrfs": own}


def test_disks_that_are_free_are_told_of_and_disks_that_are_given_are_taken(root):
    seen = engine(root)
    free = _info_drivers.observe(no_commands, seen, [TAKEN, FREE])
    assert free.facts.disks == DISK
    assert _info_drivers.describe(free)["choice"]["driver"] == "overlay2"
    given = _info_drivers.observe(no_commands, seen, [TAKEN], Wish("large_files", ["/dev/vdc"]))
    assert given.facts.disks == ("/dev/vdc",)
    assert _info_drivers.describe(given)["choice"]["driver"] == "btrfs"


def test_another_place_for_the_data(root, monkeypatch, tmp_path):
    """The choice looks there; what is left behind, and what is there already, still count."""
    place = str(tmp_path / "new")
    there = Backing(place, "btrfs", ())
    monkeypatch.setattr(
        _info_drivers.engine_host,
        "backing_of",
        lambda folder: there if folder.startswith(place) else EXT4,
    )
    wish = Wish(data_root=place)

    def chosen(**holds):
        seen = _info_drivers.observe(no_commands, engine(root, holds=holds), [], wish)
        assert seen.facts.backing == EXT4  # the outlook is about the host as it is
        return _info_drivers.describe(seen)["choice"]["driver"]

    assert chosen() == "btrfs"
    assert chosen(images={"overlay2": 1}) == "overlay2"
    content = tmp_path / "new" / "image" / "vfs" / "imagedb" / "content" / "sha256" / "abc"
    content.mkdir(parents=True)
    assert chosen() == "vfs"


def test_what_is_described(root):
    described = _info_drivers.describe(_info_drivers.observe(no_commands, engine(root), []))
    by_name = {it["driver"]: it for it in described["candidates"]}
    assert by_name["overlay2"] == {
        "driver": "overlay2",
        "in_use": True,
        "possible": True,
        "reasons": (),
        "needs": "",
    }
    assert not by_name["aufs"]["possible"]
    assert [it["version"] for it in described["outlook"]] == ["26", "29"]
    assert described["choice"]["driver"] == "overlay2"


def test_a_host_without_an_engine():
    seen = _info_drivers.observe(
        no_commands, Seen(State(None, daemon_json.File(None, {})), installed=False), [FREE]
    )
    assert _info_drivers.describe(seen) == {
        "candidates": [],
        "choice": {
            "driver": "",
            "why": "There is no engine to choose for.",
            "takes_disks": False,
            "against": {},
        },
        "outlook": [],
    }
    assert _info_drivers.findings(seen) == []
