# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module from its parameters to its result, on a host whose engine is faked."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    addresses,
    present,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import engine as docker
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    host as engine_host,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    unit as docker_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import steps
from ansible_collections.containerhost.storage.plugins.modules import storage_driver

READING = ("show", "--version", "--validate")


class Host:
    """A host whose Docker takes what is in daemon.json at each start, or does not come up."""

    def __init__(self, folder):
        self.config = folder / "docker" / "daemon.json"
        self.config.parent.mkdir()
        self.root = folder / "root"
        self.dockerd = folder / "dockerd"
        self.dockerd.touch(0o755)
        self.flags, self.validated = "-H fd://", None
        self.active, self.driver, self.starts, self.argvs = True, "overlay2", 1, []
        self.dies_of = None  # a driver that this engine does not come up on
        self.forgets = False  # whether it runs on overlay2 whatever it was told
        self.version, self.store = "20.10.24", False

    def run_command(self, argv, **_kwargs):
        self.argvs.append(argv)
        if argv[1] == "--version":
            return 0, f"Docker version {self.version}+dfsg1, build 297e128", ""
        if argv[1] == "--validate":
            return self.validate(argv)
        if argv[0] == "journalctl":
            return 0, "failed to start daemon: no such thing", ""
        if argv[1] == "show":
            active = "active" if self.active else "failed"
            shown = ("LoadState=loaded", f"ActiveState={active}", f"InvocationID={self.starts}")
            start = (
                f"ExecStart={{ path={self.dockerd} ; argv[]={self.dockerd} {self.flags} ; "
                "ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 }"
            )
            return 0, "\n".join([*shown, start]), ""
        if argv[1] in ("start", "restart"):
            return self.start()
        assert argv[1] in ("stop", "reset-failed")
        return 0, "", ""

    def validate(self, argv):
        """What the engine says of the file that it is given."""
        with open(argv[-1].partition("=")[2], encoding="utf-8") as stream:
            self.validated = json.load(stream)
        if "wrong" in self.validated:
            return 1, "", f"unable to configure the Docker daemon with file {argv[-1]}: wrong it is"
        return 0, "", "configuration OK"

    def start(self):
        content = json.loads(self.config.read_text()) if self.config.exists() else {}
        wanted = content.get("storage-driver", "overlay2")
        self.starts += 1
        self.active = wanted != self.dies_of
        if not self.active:
            return 1, "", "Job for docker.service failed."
        self.driver = "overlay2" if self.forgets else wanted
        self.store = content.get("features", {}).get("containerd-snapshotter", False)
        if self.store:
            self.driver = content.get("storage-driver", "overlayfs")
        return 0, "", ""

    def ask(self, _path, _what):
        assert self.active, "a stopped engine was spoken to"
        return {
            "ServerVersion": self.version,
            "Driver": self.driver,
            "DriverStatus": [["driver-type", docker.STORE_TYPE]] if self.store else [],
            "Images": 1 if self.store else 0,
            "DockerRootDir": str(self.root),
        }

    def changing(self):
        return [argv[1] for argv in self.argvs if argv[1] not in READING]


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host(tmp_path)
    monkeypatch.setattr(present, "DATA_ROOT", str(host.root))
    monkeypatch.setattr(steps, "NOTES", str(tmp_path / "notes"))
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "lock"))
    monkeypatch.setattr(docker, "ask", host.ask)
    monkeypatch.setattr(addresses, "SOCKET", str(tmp_path))  # something is there
    monkeypatch.setattr(engine_host, "missing_modules", lambda names, release: ())
    backing = engine_host.Backing("/", "ext4", ("rw",))
    monkeypatch.setattr(engine_host, "backing_of", lambda folder: backing)
    real = docker_unit.os.path.isdir
    monkeypatch.setattr(
        docker_unit.os.path, "isdir", lambda path: path == "/run/systemd/system" or real(path)
    )
    monkeypatch.setattr(
        basic.AnsibleModule, "run_command", lambda self, argv, **more: host.run_command(argv)
    )

    def end(self, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(
        basic.AnsibleModule, "fail_json", lambda self, **it: end(self, failed=1, **it)
    )
    return host


def run(host, check=False, **params):
    host.argvs.clear()
    arguments = {"config_file": str(host.config), "_ansible_check_mode": check, **params}
    with patch_module_args(arguments), pytest.raises(Ended) as ended:
        storage_driver.main()
    return ended.value.args[0]


def test_a_change_is_made_proven_and_not_made_again(host):
    host.config.write_text('{"log-driver": "local"}\n')
    planned = run(host, check=True, driver="vfs")
    assert host.changing() == []
    assert host.config.read_text() == '{"log-driver": "local"}\n'
    done = run(host, driver="vfs")
    assert host.changing() == ["reset-failed", "restart"]
    assert host.config.read_text() == '{"log-driver": "local", "storage-driver": "vfs"}\n'
    assert done["state"]["driver"] == "vfs"
    for key in ("steps", "changed", "diff", "findings"):
        assert done[key] == planned[key]
    again = run(host, driver="vfs")
    assert (again["changed"], again["steps"], len(host.argvs)) == (False, [], 1)


@pytest.mark.parametrize("before", [None, '{"storage-driver": "overlay2"}'])
def test_an_engine_that_does_not_come_up_gets_its_old_file_back(host, before):
    host.dies_of = "vfs"
    if before:
        host.config.write_text(before)
    result = run(host, driver="vfs")
    assert result["failed"]
    assert "failed to start daemon: no such thing" in result["msg"]
    assert result["undone"] is True
    assert host.changing()[-2:] == ["reset-failed", "restart"]
    assert (host.active, host.driver) == (True, "overlay2")
    assert (host.config.read_text() if host.config.exists() else None) == before


def test_an_engine_that_comes_up_on_another_driver_is_a_failure(host):
    host.forgets = True
    result = run(host, driver="vfs")
    assert result["failed"]
    assert "it did not keep the state it was given" in result["msg"]
    assert not host.config.exists()


def test_a_folder_that_cannot_be_written_to_leaves_the_engine_alone(host):
    host.config.parent.rmdir()
    host.config.parent.write_text("no folder")
    result = run(host, driver="vfs")
    assert result["failed"]
    assert host.changing() == []  # nor is its journal asked for a reason
    assert host.active


def test_a_file_written_without_a_restart_is_read_by_the_next_run(host):
    first = run(host, options={"size": "0"}, driver="vfs", restart=False)
    assert (first["changed"], host.changing()) == (True, [])
    topics = [finding["topic"] for finding in first["findings"]]
    assert topics == ["engine_outdated", "vfs_copies"]
    again = run(host, options={"size": "0"}, driver="vfs", restart=False)
    assert again["changed"] is False
    assert run(host, options={"size": "0"}, driver="vfs")["changed"]
    assert host.changing() == ["reset-failed", "restart"]
    assert run(host, options={"size": "0"}, driver="vfs")["changed"] is False


def test_a_crash_between_the_write_and_the_restart_is_made_good(host):
    host.driver = "vfs"
    host.config.write_text('{"storage-driver": "vfs"}')
    run(host, options={"size": "0"}, restart=False)  # what a crash would leave
    assert run(host, options={"size": "0b"})["changed"]
    assert host.changing() == ["reset-failed", "restart"]


def test_a_stopped_engine_is_started_without_being_spoken_to(host):
    host.active = False
    result = run(host, driver="overlay2")
    assert host.changing() == ["reset-failed", "start"]
    assert result["state"]["active"] is True


def test_images_of_another_driver_are_not_hidden(host):
    images = host.root / "image/overlay2/imagedb/content/sha256"
    images.mkdir(parents=True)
    (images / "ab").write_text("{}")
    (host.root / "overlay2").mkdir()
    (host.root / "overlay2" / "layer").write_text("x" * 2**20)
    result = run(host, driver="vfs")
    assert "1 image of overlay2 (1 MiB on disk)" in result["msg"]
    assert host.changing() == []
    assert run(host, driver="vfs", existing_data="keep")["changed"]


def test_containerd_gets_the_images_and_gives_them_back(host):
    host.version = "26.1.5"
    host.config.write_text('{"features": {"buildkit": true}, "storage-driver": "overlay2"}')
    planned = run(host, check=True, containerd_image_store=True)
    done = run(host, containerd_image_store=True)
    assert json.loads(host.config.read_text()) == {
        "features": {"buildkit": True, "containerd-snapshotter": True}
    }
    assert (done["state"]["driver"], done["state"]["containerd_image_store"]) == ("overlayfs", True)
    for key in ("steps", "changed", "findings"):
        assert done[key] == planned[key]
    again = run(host, containerd_image_store=True)
    assert (again["changed"], len(host.argvs)) == (False, 1)
    refused = run(host, driver="vfs", containerd_image_store=False)
    assert "would not see in " in refused["msg"]
    assert host.changing() == []
    run(host, driver="vfs", containerd_image_store=False, existing_data="keep")
    assert (host.driver, host.store) == ("vfs", False)


def test_images_of_a_stopped_engine_are_counted_by_containerd(host, monkeypatch):
    host.version, host.active = "29.0.1", False
    monkeypatch.setattr(engine_host, "containerd_images", lambda _run: 2)
    assert "in containerd 2 images of overlayfs" in run(host, driver="overlay2")["msg"]
    assert host.changing() == []
    assert run(host, driver="overlay2", existing_data="keep")["changed"]


def test_an_engine_that_ignores_the_switch_is_a_failure(host):
    host.version = "26.1.5"
    host.start = lambda: (0, "", "")
    result = run(host, containerd_image_store=True)
    assert "it did not keep the state it was given" in result["msg"]
    assert not host.config.exists()


def test_loops_are_made_by_name_and_kept_without_it(host):
    refused = run(host, driver="devicemapper")
    assert "ask for it by the size of its file: dm.loopdatasize" in refused["msg"]
    assert host.changing() == []
    assert run(host, driver="devicemapper", options={"dm.loopdatasize": "1G"})["changed"]
    files = host.root / "devicemapper" / "devicemapper"
    files.mkdir(parents=True)
    (files / "data").touch()
    host.active = False
    assert run(host, driver="devicemapper", options={})["changed"]
    assert run(host, driver="devicemapper")["changed"] is False


BAD = [
    ({"driver": "overlay2", "options": {"dm.fs": "xfs"}}, "belongs to devicemapper"),
    ({"driver": "btrfs"}, "the btrfs driver does not work on it"),
    ({"data_root": "srv"}, "data_root='srv': it is not a plain absolute path"),
    ({"data_root": "/"}, "it is not a plain absolute path"),
    ({"service": "--now.service"}, "it is no name of a systemd unit"),
    ({"service": "docker"}, "it is no name of a systemd service"),
    ({"driver": "floppy"}, "value of driver must be one of"),
]


@pytest.mark.parametrize(("params", "wrong"), BAD)
def test_bad_input_is_refused_before_anything_is_touched(host, params, wrong):
    result = run(host, **params)
    assert wrong in result["msg"]
    assert host.changing() == []
    assert not host.config.exists()


@pytest.mark.parametrize("check", [True, False])
def test_the_engine_is_shown_the_very_file_that_is_to_be_written(host, check):
    host.version, host.flags = "26.1.5", "-H fd:// -D"
    host.config.write_text('{"log-driver": "local"}')
    run(host, check=check, driver="vfs")
    assert host.validated == {"log-driver": "local", "storage-driver": "vfs"}
    (argv,) = [argv for argv in host.argvs if argv[1] == "--validate"][:1]
    assert argv[:5] == [str(host.dockerd), "--validate", "-H", "fd://", "-D"]


@pytest.mark.parametrize("check", [True, False])
def test_a_file_that_the_engine_does_not_take_is_not_written(host, check):
    host.version = "26.1.5"
    host.config.write_text('{"wrong": 1}')
    result = run(host, check=check, driver="vfs")
    assert (result["refusal"], result["changed"]) == ("config_rejected", False)
    assert "it is to be, with the flags of its unit: wrong it is" in result["msg"]
    assert host.changing() == []
    assert host.config.read_text() == '{"wrong": 1}'


def test_an_engine_that_cannot_be_asked_is_not(host):
    host.config.write_text('{"wrong": 1}')
    assert run(host, check=True, driver="vfs")["changed"]
    assert host.validated is None


COLLIDING = '{"hosts": ["unix:///run/docker.sock"], "storage-driver": "overlay2"}'


def test_a_file_that_collides_with_a_flag_is_an_error_on_every_run(host):
    host.config.write_text(COLLIDING)
    for check in (True, False):
        result = run(host, check=check, driver="overlay2")
        assert result["changed"] is False
        (finding,) = result["findings"]
        assert (finding["level"], finding["topic"]) == ("error", "flag_conflict")
        assert "sets hosts as well: the engine does not start on both" in finding["message"]


@pytest.mark.parametrize(
    ("flags", "wish"),
    [("-H fd://", {"driver": "vfs"}), ("--storage-driver overlay2", {"options": {"size": "1g"}})],
)
def test_no_engine_is_restarted_on_a_file_that_collides_with_a_flag(host, flags, wish):
    host.config.write_text(COLLIDING)
    host.flags = flags
    result = run(host, **wish)
    assert result["refusal"] == "flag_conflict"
    assert (host.changing(), host.config.read_text()) == ([], COLLIDING)


def test_an_engine_that_is_stopped_is_not_started_on_such_a_file(host):
    host.config.write_text(COLLIDING)
    host.active = False
    assert run(host)["refusal"] == "flag_conflict"
    assert host.changing() == []


@pytest.mark.parametrize(
    "text",
    [
        '{"data-root": 5}',
        '{"storage-opts": "a"}',
        '{"features": {"containerd-snapshotter": "yes"}}',
    ],
)
def test_a_key_of_a_wrong_type_is_refused_before_anything_is_done(host, text):
    host.config.write_text(text)
    for check in (True, False):
        result = run(host, check=check, driver="vfs")
        assert result["refusal"] == "config_malformed"
        assert f"{host.config}: " in result["msg"]
    assert host.changing() == []


def test_an_answer_of_a_wrong_type_is_refused(host, monkeypatch):
    answer = {"ServerVersion": "26.1.5", "Driver": "overlay2", "DockerRootDir": None}
    monkeypatch.setattr(docker, "ask", lambda _path, _what: answer)
    result = run(host, driver="vfs")
    assert result["refusal"] == "engine_answer_malformed"
    assert "to GET /info: DockerRootDir is null, and has to be an absolute path" in result["msg"]
