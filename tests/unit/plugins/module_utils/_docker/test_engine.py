# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the engine: its unit and flags, its answers, and what its data root holds."""

from __future__ import annotations

import http.server
import json
import os
import socketserver
import sys
import threading

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import engine as docker
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    unit as docker_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
    bytes_below,
    observe_holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Pool,
    parse_pool,
)


class Run:
    """Commands that answer from a table, and are written down."""

    def __init__(self, **answers):
        self.answers, self.argvs = answers, []

    def __call__(self, argv):
        self.argvs.append(argv)
        return (0, self.answers[os.path.basename(argv[0])], "")

    def read(self, argv):
        return self(argv)[1]


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with a dockerd and its unit; returns the text that systemctl shows."""
    dockerd = tmp_path / "dockerd"
    dockerd.touch(0o755)
    real = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/run/systemd/system" or real(path))
    return (
        f"LoadState=loaded\nActiveState={{}}\nInvocationID=ab12\n"
        f"ExecStart={{{{ path={dockerd} ; argv[]={dockerd} -H unix://{tmp_path}/docker.sock ; "
        "ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 }}\n"
    )


def test_an_engine_that_is_stopped_is_not_spoken_to(host):
    run = Run(systemctl=host.format("inactive"), dockerd="Docker version 20.10.24+dfsg1, build 2")
    engine = docker.observe_engine(run, "docker.service")
    assert (engine.version, engine.info, engine.driver) == ((20, 10, 24), None, "")
    assert [os.path.basename(argv[0]) for argv in run.argvs] == ["systemctl", "dockerd"]


@pytest.fixture
def engine_at(tmp_path):
    """An engine's socket that gives one answer to everything."""
    path = str(tmp_path / "docker.sock")
    answer = {"status": 200, "body": b"{}"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer["status"])
            self.send_header("Content-Length", str(len(answer["body"])))
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *args):
            pass

        def address_string(self):
            return ""

    with socketserver.UnixStreamServer(path, Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield path, answer
        server.shutdown()
        thread.join()


INFO = {
    "ServerVersion": "26.1.5+dfsg1",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "xfs"], ["Supports d_type", "true"]],
    "DockerRootDir": "/var/lib/docker/165536.165536",
    "SecurityOptions": ["name=seccomp,profile=default", "name=userns"],
}


def test_an_engine_that_runs_is_observed_by_one_command(host, engine_at):
    engine_at[1]["body"] = json.dumps(INFO).encode()
    run = Run(systemctl=host.format("active"))
    engine = docker.observe_engine(run, "docker.service")
    assert len(run.argvs) == 1
    assert engine.unit.invocation == "ab12"
    assert (engine.version, engine.driver) == ((26, 1, 5), "overlay2")
    assert engine.status["Supports d_type"] == "true"
    assert engine.data_root == "/var/lib/docker"  # without the folder of its user namespace
    assert not engine.containerd_store


@pytest.mark.parametrize(
    ("program", "version", "commands"),
    [(sys.executable, (1,), 0), ("/somewhere/else/dockerd", (2, 0, 0), 1)],
)
def test_the_installed_program_is_asked_only_if_another_one_runs(program, version, commands):
    run = Run(dockerd="Docker version 2.0.0, build x")
    unit = docker_unit.Unit("docker.service", "loaded", "active", "now", program, pid=os.getpid())
    assert docker.next_version(run, docker.Engine(unit, (1,), {})) == version
    assert len(run.argvs) == commands


def test_the_containerd_image_store_is_recognised():
    info = {
        "Driver": "overlayfs",
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    }
    assert docker.Engine(None, (29,), info).containerd_store


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (200, b"<html>")])
def test_an_engine_that_talks_nonsense(engine_at, status, body):
    path, answer = engine_at
    answer.update(status=status, body=body)
    with pytest.raises(StorageError, match="did not answer GET /info"):
        docker.ask(path, "/info")


def test_an_engine_that_does_not_answer(tmp_path):
    with pytest.raises(StorageError, match=f"^The engine at {tmp_path}/none: its service is act"):
        docker.ask(str(tmp_path / "none"), "/info")


def test_no_engine_is_installed(host):
    run = Run(systemctl="LoadState=not-found\nActiveState=inactive\n")
    assert docker.observe_engine(run, "docker.service") is None


def test_a_script_that_is_called_dockerd_is_not_run(host, tmp_path, monkeypatch):
    (tmp_path / "dockerd").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setattr(docker, "find_program", lambda _name: str(tmp_path / "dockerd"))
    run = Run(systemctl="LoadState=masked\nActiveState=inactive\n")
    assert docker.observe_engine(run, "docker.service") is None
    assert len(run.argvs) == 1


def test_a_host_without_systemd(monkeypatch):
    monkeypatch.setattr(os.path, "isdir", lambda path: False)
    with pytest.raises(StorageError, match="it is not run by systemd"):
        docker.observe_engine(Run(), "docker.service")


def make(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x" * 5000)


def test_what_a_data_root_holds(tmp_path):
    make(
        tmp_path,
        "image/overlay2/imagedb/content/sha256/aa",
        "image/overlay2/imagedb/content/sha256/bb",
        "image/vfs/repositories.json",  # a driver that was tried, and holds no image
        "volumes/metadata.db",
        "volumes/data/_data/file",
    )
    # what cannot be read is a container all the same
    texts = ['{"Driver": "vfs"}', "{}", "broken", '{"Driver": 5}', "[]", "[" * 100_000]
    for number, text in enumerate(texts):
        make(tmp_path, f"containers/{number}/config.v2.json")
        (tmp_path / f"containers/{number}/config.v2.json").write_text(text)
    (tmp_path / "containers/folder/config.v2.json").mkdir(parents=True)
    (tmp_path / "containers/none").mkdir()
    assert observe_holdings(str(tmp_path)) == Holdings(
        str(tmp_path), {"overlay2": 2}, {"vfs": 1, "unknown": 6}, 1
    )


def test_a_data_root_that_is_not_there_holds_nothing(tmp_path):
    assert observe_holdings(str(tmp_path / "none")).drivers() == []


def test_bytes_are_counted_once_and_neither_behind_links_nor_mounts(tmp_path):
    make(tmp_path, "a/one", "a/deep/two", "a/mounted/three", "b/elsewhere")
    os.link(tmp_path / "a/one", tmp_path / "a/again")
    (tmp_path / "a/link").symlink_to(tmp_path / "b")
    found = bytes_below([str(tmp_path / "a")], {str(tmp_path / "a/mounted")})
    alone = sum(os.lstat(tmp_path / it).st_blocks * 512 for it in ("a/one", "a/deep/two", "a/link"))
    assert found == alone > 0


POOLS = [
    (
        "0 2097152 thin-pool 1 20/1024 0/16384 - rw discard_passdown queue_if_no_space - 1024",
        Pool("p", True, True, True),
    ),
    (
        "0 2097152 thin-pool 0 20/1024 0/16384 - rw discard_passdown queue_if_no_space - 1024",
        Pool("p", True, True, False),
    ),
    (
        "0 2097152 thin-pool 4 30/1024 500/16384 - rw discard_passdown error_if_no_space - 1024",
        Pool("p", True, True, True),
    ),
    ("0 2097152 linear", Pool("p", True)),
    ("", Pool("p", True)),
]


@pytest.mark.parametrize(("status", "wanted"), POOLS)
def test_pools(status, wanted):
    assert parse_pool("p", status) == wanted
