# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine in the report: what is found where, and what is a finding instead of an error."""

from __future__ import annotations

import glob
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag, Unit
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    engine as _info_engine,
)


def topics(findings):
    return [finding.topic for finding in findings]


def no_commands(argv):
    pytest.fail(f"{argv} was run")


UNIT = Unit("docker.service", "loaded", "active", "now", "/usr/sbin/dockerd")


def info(driver, root, status=()):
    return {"Driver": driver, "DriverStatus": [list(row) for row in status], "DockerRootDir": root}


def engine_seen(version=(26, 1, 5), driver="overlay2", status=(), **more):
    engine = Engine(UNIT, version, info(driver, "/var/lib/docker", status))
    state = _info_engine.State(engine, _info_engine._NO_FILE, kernel="6.1.0")
    return _info_engine.Seen(state, True, **more)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A running engine whose data root and daemon.json are in a temporary folder."""
    config = Flag("config-file", str(tmp_path / "daemon.json"), "--config-file", "unit")
    found = Engine(UNIT._replace(flags=(config,)), (26, 1, 5), info("overlay2", str(tmp_path)))
    monkeypatch.setattr(_info_engine, "observe_engine", lambda run, service: found)
    monkeypatch.setattr(_info_engine, "_drop_ins", lambda service: [])
    return tmp_path


def test_an_engine(engine):
    (engine / "daemon.json").write_text('{"storage-driver": "overlay2", "debug": true}')
    (engine / "volumes" / "v1").mkdir(parents=True)
    seen = _info_engine.observe(no_commands)
    described = _info_engine.describe(seen)
    assert described["installed"]
    assert (described["version"], described["driver"]) == ("26.1.5", "overlay2")
    assert described["configured"] == {"storage-driver": "overlay2"}
    assert described["data_root"] == str(engine)
    assert described["holds"][0]["volumes"] == 1
    assert _info_engine.findings(seen) == []


def test_no_engine(monkeypatch):
    monkeypatch.setattr(_info_engine, "observe_engine", lambda run, service: None)
    seen = _info_engine.observe(no_commands)
    assert _info_engine.describe(seen) == {"installed": False}
    assert _info_engine.findings(seen) == []


@pytest.mark.parametrize("installed", [True, False])
def test_an_engine_that_cannot_be_read_is_a_finding_and_none_is_none(monkeypatch, installed):
    def refuse(run, service):
        raise StorageError("The engine", "it did not answer", "Look")

    monkeypatch.setattr(_info_engine, "observe_engine", refuse)
    monkeypatch.setattr(
        _info_engine, "find_program", lambda name: "/usr/sbin/dockerd" if installed else None
    )
    seen = _info_engine.observe(no_commands)
    assert _info_engine.describe(seen) == {"installed": installed}
    assert topics(_info_engine.findings(seen)) == (["engine_unread"] if installed else [])


def test_a_daemon_json_that_is_no_json_is_a_finding(engine):
    (engine / "daemon.json").write_text('{"debug": true,}')
    seen = _info_engine.observe(no_commands)
    assert _info_engine.describe(seen)["driver"] == "overlay2"
    (finding,) = _info_engine.findings(seen)
    assert finding.topic == "engine_unread"
    assert "line 1, column" in finding.message


def test_a_mount_that_the_unit_asks_for_and_is_missing(engine, monkeypatch):
    guard = f"[Unit]\nRequiresMountsFor={engine}\nAssertPathIsMountPoint={engine}\n"
    monkeypatch.setattr(_info_engine, "_drop_ins", lambda service: [guard])
    (finding,) = _info_engine.findings(_info_engine.observe(no_commands))
    assert finding.topic == "mount_missing"
    assert str(engine) in finding.message


def test_a_drop_in_that_is_a_link_to_nowhere(monkeypatch, tmp_path):
    link = tmp_path / "a.conf"
    link.symlink_to(tmp_path / "gone.conf")
    monkeypatch.setattr(_info_engine.glob, "glob", lambda pattern: [str(link)])
    assert _info_engine.guarded_mounts(_info_engine._drop_ins("docker.service")) == []


@pytest.mark.parametrize("folder", ["etc", "run", "usr/lib"])
def test_a_guard_is_found_wherever_systemd_reads_drop_ins(tmp_path, monkeypatch, folder):
    own = tmp_path / folder / "systemd/system/docker.service.d/a.conf"
    other = tmp_path / folder / "systemd/system/ssh.service.d/a.conf"
    for path, text in ((own, "guard"), (other, "of another unit")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    below = SimpleNamespace(
        escape=glob.escape, glob=lambda pattern: glob.glob(f"{tmp_path}{pattern}")
    )
    monkeypatch.setattr(_info_engine, "glob", below)
    assert list(_info_engine._drop_ins("docker.service")) == ["guard"]


GUARDS = [
    ("", []),
    ("[Unit]\nAssertPathIsMountPoint=/var/lib/docker\n", ["/var/lib/docker"]),
    ("[Unit]\n AssertPathIsMountPoint = /with space \n", ["/with space"]),
    ("[Unit]\n#AssertPathIsMountPoint=/a\n", []),
    ("[Unit]\nAssertPathIsMountPoint=\n", []),
    ("[Unit]\nAssertPathIsMountPoint=!/a\n", []),
    ("[Unit]\nAssertPathIsMountPoint=/b\nAssertPathIsMountPoint=/a\n", ["/a", "/b"]),
]


@pytest.mark.parametrize(("text", "paths"), GUARDS)
def test_guarded_mounts(text, paths):
    assert _info_engine.guarded_mounts([text, text]) == paths


ENGINES = [
    ({}, []),
    ({"version": (20, 10, 24), "driver": "devicemapper"}, ["driver_deprecated"]),
    (
        {
            "version": (20, 10, 24),
            "driver": "devicemapper",
            "status": [("Data loop file", "/var/lib/docker/devicemapper/devicemapper/data")],
        },
        ["driver_deprecated", "loop_lvm"],
    ),
]


@pytest.mark.parametrize(("engine_is", "found"), ENGINES)
def test_engine_findings(engine_is, found):
    assert topics(_info_engine.findings(engine_seen(**engine_is))) == found
