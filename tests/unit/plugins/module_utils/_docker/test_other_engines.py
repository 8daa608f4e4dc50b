# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host whose docker is none of root's dockerd is told so, and not to install a second engine."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import engine as docker
from ansible_collections.containerhost.storage.plugins.module_utils._docker import other_engines
from ansible_collections.containerhost.storage.plugins.module_utils._info import engine as reported
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.observe import (
    observe,
)
from support.engine_hosts import host, want

# What Debian's and Fedora's podman-docker have as /usr/bin/docker.
SCRIPT = """\
#!/bin/sh
[ -e /etc/containers/nodocker ] || \\
echo "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg." >&2
exec /usr/bin/podman "$@"
"""


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A host without docker.service, on which nothing else is; ``systemctl`` can say more."""
    unit = {"text": "LoadState=not-found\nActiveState=inactive\n"}
    programs = {}
    monkeypatch.setattr(other_engines, "SNAP_UNIT", str(tmp_path / "snap.unit"))
    monkeypatch.setattr(other_engines, "_SNAP_PROGRAMS", (str(tmp_path / "snap.docker"),))
    monkeypatch.setattr(other_engines, "SOCKETS", str(tmp_path / "*" / "docker.sock"))
    monkeypatch.setattr(other_engines, "UNITS", str(tmp_path / "*" / "docker.service"))
    monkeypatch.setattr(other_engines, "find_program", programs.get)
    monkeypatch.setattr(docker, "find_program", programs.get)
    monkeypatch.setattr(reported, "find_program", programs.get)
    real = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/run/systemd/system" or real(path))

    class Run:
        def __call__(self, argv):
            pytest.fail(f"{argv} was run")

        def read(self, argv):
            return unit["text"] if argv[0] == "systemctl" else self(argv)

    return SimpleNamespace(run=Run(), unit=unit, programs=programs, path=tmp_path)


def snap(there):
    (there.path / "snap.unit").touch()


def snap_program(there):
    (there.path / "snap.docker").symlink_to("/usr/bin/snap")


def podman_script(there):
    there.programs["docker"] = str(there.path / "docker")
    (there.path / "docker").write_text(SCRIPT)


def podman_link(there):
    (there.path / "podman").touch()
    (there.path / "docker").symlink_to("podman")
    there.programs["docker"] = str(there.path / "docker")


def rootless(there):
    (there.path / "1000").mkdir()
    (there.path / "1000" / "docker.sock").touch()


def rootless_stopped(there):
    (there.path / "ada").mkdir()
    (there.path / "ada" / "docker.service").touch()


def named(program, name="docker.service"):
    """A host on which a unit of that name starts another program."""

    def make(there):
        path = there.path / program
        path.touch(0o755)
        words = f"{path} run docker.dockerd"
        there.unit["text"] = (
            "LoadState=loaded\nActiveState=active\n"
            f"ExecStart={{ path={path} ; argv[]={words} ; ignore_errors=no ; start_time=[n/a] ; "
            "stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n"
        )

    return make


HOSTS = [
    (snap, "engine_in_snap"),
    (snap_program, "engine_in_snap"),
    (named("snap", "snap.docker.dockerd.service"), "engine_in_snap"),
    (podman_script, "engine_is_podman"),
    (podman_link, "engine_is_podman"),
    (named("podman"), "engine_is_podman"),
    (rootless, "engine_rootless"),
    (rootless_stopped, "engine_rootless"),
]


@pytest.mark.parametrize(("make", "name"), HOSTS)
def test_it_is_recognised_before_anything_is_run(there, make, name):
    make(there)
    with pytest.raises(StorageError) as refused:
        docker.observe_engine(there.run, "docker.service")
    assert refused.value.details == {"refusal": name}


@pytest.mark.parametrize(("make", "name"), HOSTS)
def test_the_report_says_it_of_a_host_without_dockerd(there, make, name):
    make(there)
    seen = reported.observe(there.run)
    assert reported.describe(seen) == {"installed": False}
    (finding,) = reported.findings(seen)
    assert finding.topic == "engine_unread"


def test_a_host_with_nothing_of_that_has_no_engine(there):
    there.programs["docker"] = "/bin/sh"
    assert docker.observe_engine(there.run, "docker.service") is None
    there.programs["docker"] = str(there.path / "gone")
    assert docker.observe_engine(there.run, "docker.service") is None


@pytest.mark.parametrize(
    ("active", "restart", "refused"),
    [("inactive", True, True), ("active", True, False), ("inactive", False, False)],
)
def test_no_second_engine_is_started(there, monkeypatch, tmp_path, active, restart, refused):
    rootless(there)
    engine = host(active=active).engine
    monkeypatch.setattr(docker, "observe_engine", lambda _run, _service: engine)
    monkeypatch.setattr(docker, "next_version", lambda _run, engine: engine.version)
    wanted = want(config_file=str(tmp_path / "daemon.json"), restart=restart)
    if not refused:
        assert observe(there.run, wanted).engine == engine
        return
    with pytest.raises(StorageError, match=r"`systemctl start docker\.service`") as error:
        observe(there.run, wanted)
    assert error.value.details == {"refusal": "engine_rootless"}
