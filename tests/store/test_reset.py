# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real engine's data root is emptied, and the engine starts on what is left."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import journals, lock
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import (
    observe,
    rules,
)
from ansible_collections.containerhost.storage.plugins.modules import data_root_reset
from realengine.content import fill

DRIVERS = ("vfs", "btrfs", "overlay2")


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def reset(monkeypatch, tmp_path):
    """``reset(root, check=False, **options) -> result``, where no engine is systemd's."""
    monkeypatch.setattr(journals, "FOLDER", str(tmp_path / "journals"))
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "locks" / "lock"))
    monkeypatch.setattr(observe, "observe_engine", lambda _run, _service: None)
    monkeypatch.setattr(rules, "PATIENCE", 0)

    def end(_module, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", end)

    def run(root, check=False, **options):
        given = {"path": str(root), "_ansible_check_mode": check, **options}
        given["config_file"] = str(tmp_path / "daemon.json")
        with patch_module_args(given), pytest.raises(Ended) as ended:
            data_root_reset.main()
        return ended.value.args[0]

    return run


def files(folder):
    """Every file below a folder -> the hash of what it holds."""
    found = {}
    for top, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as stream:
                    found[path] = hashlib.sha256(stream.read()).hexdigest()
    return found


def volumes(engine):
    return sorted(it["Name"] for it in engine.api.get("/volumes")["Volumes"])


def networks(engine):
    return sorted(it["Name"] for it in engine.api.get("/networks"))


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_engine_starts_on_what_is_left(engine, reset, driver):
    it = engine(driver)
    own = networks(it)
    made = fill(it, files=20)
    had = volumes(it)
    it.stop()
    data = files(it.root / "volumes")
    plan = reset(it.root, check=True)
    told = {
        kind: len(plan["removable"][0]["holds"][kind])
        for kind in ("images", "containers", "networks", "volumes")
    }
    assert told["images"] >= len(made.images)
    assert told["containers"] == len(made.containers)
    assert told["networks"] == len(made.networks)
    assert told["volumes"] == 0
    result = reset(it.root, consent=plan["seal"])
    assert result.get("changed"), result
    assert "msg" not in result
    assert files(it.root / "volumes") == data
    assert sorted(os.listdir(it.root)) == ["volumes"]

    it.start()
    assert it.api.get("/images/json", all="1") == []
    assert it.api.get("/containers/json", all="1") == []
    assert volumes(it) == had
    assert networks(it) == own
    assert it.api.get("/info")["Driver"] == driver
    it.stop()
    table = str(it.root / "volumes" / "metadata.db")  # which an engine writes to as it starts
    assert {**files(it.root / "volumes"), table: data[table]} == data
    again = reset(it.root, check=True)
    assert (again["changed"], again["steps"]) == (False, [])


def test_the_volumes_go_where_that_is_said(engine, reset):
    it = engine("overlay2")
    fill(it, files=5)
    it.stop()
    said = {"volumes": "destroy"}
    result = reset(it.root, consent=reset(it.root, check=True, **said)["seal"], **said)
    assert "msg" not in result, result
    assert os.listdir(it.root) == []
    it.start()
    assert volumes(it) == []


@pytest.mark.parametrize("driver", DRIVERS)
def test_nothing_goes_while_the_engine_and_its_containers_live(engine, reset, driver):
    it = engine(driver)
    made = fill(it, files=5)
    assert made.running
    plan = reset(it.root, check=True)
    result = reset(it.root, consent=plan["seal"])
    assert result["refusal"] == "data_root_busy", result
    assert len(it.api.get("/containers/json", all="1")) == len(made.containers)
    for name in made.running:
        assert it.api.get(f"/containers/{made.containers[name]}/json")["State"]["Running"]


def test_subvolumes_that_a_container_has_made_go_too(engine, reset):
    it = engine("btrfs")
    fill(it, files=5)
    it.stop()
    layer = next((it.root / "btrfs" / "subvolumes").iterdir())
    subprocess.run(
        ["btrfs", "subvolume", "create", str(layer / "own")], check=True, capture_output=True
    )
    (layer / "own" / "file").write_text("x")
    result = reset(it.root, consent=reset(it.root, check=True)["seal"])
    assert "msg" not in result, result
    listed = subprocess.run(
        ["btrfs", "subvolume", "list", str(it.root)], check=True, capture_output=True, text=True
    )
    assert listed.stdout == ""
