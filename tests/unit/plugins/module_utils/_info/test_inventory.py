# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topic ``inventory``: which roots are read, whom they are compared with, what is returned."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_folders
from ansible_collections.containerhost.storage.plugins.module_utils._docker.daemon_json import File
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    driver_data,
    inventory,
    report,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info.engine import Seen
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.answers import (
    Answers,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
)
from support.data_roots import DataRoot, filled

NO_ENGINE = Seen(State(None, File(None, {})), False)
STORE = [["driver-type", "io.containerd.snapshotter.v1"]]


def no_commands(argv):
    pytest.fail(f"{argv} was run")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(driver_data, "DATA_ROOT", str(tmp_path / "docker"))
    monkeypatch.setattr(driver_folders, "CONTAINERD_ROOT", str(tmp_path / "containerd"))
    monkeypatch.setattr(driver_folders, "CONTAINERD_CONFIG", str(tmp_path / "none"))
    return tmp_path


def running(root, driver="overlay2", status=()):
    info = {"Driver": driver, "DockerRootDir": str(root), "DriverStatus": list(status)}
    unit = Unit("docker.service", "loaded", "active", "now", "/usr/sbin/dockerd")
    return Seen(State(Engine(unit, (26, 1, 5), info), File("", {})), True)


def told(monkeypatch, answers):
    monkeypatch.setattr(inventory, "ask_engine", lambda path: answers)


def test_a_host_without_an_engine_has_an_inventory_all_the_same(place):
    filled(place / "docker")
    (it,) = inventory.describe(seen := inventory.observe(no_commands, NO_ENGINE, None))
    assert json.loads(json.dumps(it)) == it
    assert len(it["images"]) == 2
    assert len(it["identity"]) == 64
    assert [row["kind"] for row in it["leftovers"]] == ["other_driver"]
    assert seen.told is None
    assert [*inventory.findings(seen)] == []


def test_nothing_is_told_of_a_root_that_is_not_there(place):
    assert inventory.describe(inventory.observe(no_commands, NO_ENGINE, None)) == []


def test_a_running_engine_is_asked_and_compared_with_the_root_that_it_works_on(place, monkeypatch):
    filled(place / "docker")
    filled(place / "srv")
    told(monkeypatch, Answers())
    seen = inventory.observe(no_commands, running(place / "srv"), None)
    assert [it.root for it in seen.found] == [str(place / "srv"), str(place / "docker")]
    said = [*inventory.findings(seen)]
    assert {it.topic for it in said} == {"inventory_differs"}
    assert not any(f"{place}/docker" in it.message for it in said)
    left = {it.root: [row.kind for row in it.leftovers] for it in seen.found}
    assert left == {str(place / "srv"): [], str(place / "docker"): ["other_driver"]}


def test_what_containerd_keeps_for_the_engine_is_in_it(place, monkeypatch):
    DataRoot(place / "docker").volume("data")
    DataRoot(place / "containerd").containerd(".")
    told(monkeypatch, Answers({"sha256:manifest": ()}, volumes={"data": ("local", ())}))
    seen = inventory.observe(no_commands, running(place / "docker", "overlayfs", STORE), None)
    (it,) = inventory.describe(seen)
    assert [store["root"] for store in it["stores"]] == [str(place / "containerd")]
    assert it["stores"][0]["namespaces"][0]["snapshots"] == {"overlayfs": ["one", "two"]}
    assert [*inventory.findings(seen)] == []


def test_bytes_are_counted_only_where_they_are_asked_for(place):
    root = filled(place / "docker")
    root.write("volumes/data/_data/file", b"x" * 9000)
    seen = inventory.observe(no_commands, NO_ENGINE, None)
    assert {it.bytes for it in seen.found[0].volumes} == {None}
    (usage,) = inventory.describe_usage(inventory.observe_usage(no_commands, seen))
    assert usage["volumes"]["data"] >= 9000
    assert set(usage["containers"]) == {it.id for it in seen.found[0].containers}


def test_it_is_read_only_where_it_is_asked_for():
    assert not {"inventory", "inventory_usage"} & set(report.DEFAULT)
