# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its parameters to its result, on a host that is faked."""

from __future__ import annotations

import json
import os
import pathlib
import shutil

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import (
    filesystem as _btrfs_filesystem,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import usage as _btrfs
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    driver_folders as _driver_folders,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    unit as _docker_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts as _mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    driver_data as _info_driver_data,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import lvm as _info_lvm
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    tools as _info_tools,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info.report import (
    TOPICS as TOPICS_OF,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._overlay import (
    mounted as _overlay,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import pool as _zfs_pool
from ansible_collections.containerhost.storage.plugins.modules import storage_info

STATVFS = os.statvfs("/")
FIXTURES = pathlib.Path(__file__).parents[1] / "module_utils" / "fixtures"
RECORDED = (FIXTURES / "lvm_fullreport.json").read_text()
DEFAULT = ["disks", "lvm", "btrfs", "zfs", "overlay", "mounts", "engine", "driver_data", "tools"]
DEFAULT += ["open_changes"]
TOPICS = [*DEFAULT, "driver_usage", "drivers"]
ROOT = Mount("254:0", "/", "/", "ext4", "/dev/vda", ("rw",))
SRV = Mount("0:40", "/", "/srv", "btrfs", "/dev/vdc", ("rw",))
FREE = Disk(
    path="/dev/vdb",
    exists=True,
    device="/dev/vdb",
    devno="254:16",
    size=2**30,
    links=("/dev/disk/by-id/virtio-disk1",),
)


class Host:
    """What the commands of the module are answered with; ``tools`` are installed."""

    def __init__(self):
        self.tools = {"lvm", "thin_check"}
        self.mounts = [ROOT]
        self.ran = []

    def run_command(self, argv, **_options):
        self.ran.append(argv)
        if argv[:2] == ["lvm", "fullreport"]:
            return 0, RECORDED, ""
        if argv[:2] == ["systemctl", "show"]:
            return 0, "LoadState=not-found\nActiveState=inactive\n", ""
        if argv[0] in ("zpool", "zfs", "btrfs"):
            return 0, "", ""
        return pytest.fail(f"{argv} was run")

    def find(self, name):
        return "/usr/sbin/" + name if name in self.tools else None


@pytest.fixture
def host(monkeypatch, tmp_path):
    fake = Host()
    monkeypatch.setattr(
        basic.AnsibleModule,
        "run_command",
        lambda _self, argv, **more: fake.run_command(argv, **more),
    )
    monkeypatch.setattr(_info_tools, "find_program", fake.find)
    monkeypatch.setattr(_info_lvm, "find_program", fake.find)
    monkeypatch.setattr(_info_lvm, "observe_lvm_config", lambda run: LvmConfig())
    disks = TOPICS_OF["disks"]._replace(observe=lambda run: [FREE])
    monkeypatch.setitem(TOPICS_OF, "disks", disks)
    # systemd is there, and no data root
    isdir = os.path.isdir
    systemd = "/run/systemd/system"
    monkeypatch.setattr(_docker_unit.os.path, "isdir", lambda it: it == systemd or isdir(it))
    monkeypatch.setattr(_info_driver_data, "DATA_ROOT", str(tmp_path / "docker"))
    monkeypatch.setattr(_driver_folders, "CONTAINERD_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setattr(_driver_folders, "CONTAINERD_ROOT", str(tmp_path / "containerd"))
    monkeypatch.setattr(_zfs_pool, "KSTAT", str(tmp_path / "zfs"))
    monkeypatch.setattr(_mounts, "mounts", lambda: fake.mounts)
    monkeypatch.setattr(_overlay, "mounts", lambda: fake.mounts)
    return fake


def run(capsys, **parameters):
    with patch_module_args(parameters), pytest.raises(SystemExit) as ended:
        storage_info.main()
    result = json.loads(capsys.readouterr().out)
    assert bool(ended.value.code) == bool(result.get("failed"))
    return result


def test_everything_by_default(host, capsys):
    result = run(capsys)
    assert list(result["storage"]) == DEFAULT
    assert result["changed"] is False
    assert [argv[0] for argv in host.ran] == ["lvm", "systemctl"]
    assert {finding["topic"] for finding in result["findings"]} == {
        "group_missing_disk",
        "profile_missing",
        "autoextend_off",
    }
    assert all(set(it) == {"level", "topic", "message"} for it in result["findings"])


def on_path(monkeypatch, *names):
    """Have these programs, and no others, on the path."""
    monkeypatch.setattr(
        shutil, "which", lambda name, path=None: f"/usr/sbin/{name}" if name in names else None
    )


COSTS = {"lvm": 1, "engine": 1, "driver_data": 1, "driver_usage": 1, "drivers": 1}


@pytest.mark.parametrize("topic", TOPICS)
def test_nothing_but_what_was_asked_for(host, capsys, topic):
    assert list(run(capsys, gather=[topic])["storage"]) == [topic]
    assert len(host.ran) == COSTS.get(topic, 0)


def test_what_is_needed_twice_is_read_once(host, capsys):
    run(capsys, gather=TOPICS)
    assert [argv[0] for argv in host.ran] == ["lvm", "systemctl"]


def test_zfs_costs_three_commands_where_there_is_zfs(host, capsys, tmp_path, monkeypatch):
    (tmp_path / "zfs").touch()
    on_path(monkeypatch, "zpool", "zfs")
    run(capsys, gather=["zfs", "driver_data", "driver_usage"])
    assert [argv[0] for argv in host.ran] == ["zpool", "zpool", "zfs", "systemctl"]


ZFS = {"pools": [], "datasets": [], "arc": None}


def test_zfs_in_the_kernel_and_no_tools_for_it(host, capsys, tmp_path, monkeypatch):
    (tmp_path / "zfs").touch()
    on_path(monkeypatch)
    assert run(capsys, gather=["zfs"])["storage"]["zfs"] == ZFS
    assert host.ran == []


def test_zfs_tools_and_no_module(host, capsys, monkeypatch):
    on_path(monkeypatch, "zpool", "zfs")
    assert run(capsys, gather=["zfs"])["storage"]["zfs"] == ZFS
    assert host.ran == []


@pytest.mark.parametrize(("tools", "commands"), [(["btrfs"], 1), ([], 0)])
def test_a_btrfs_costs_a_command_however_often_it_is_mounted(
    host, capsys, tmp_path, monkeypatch, tools, commands
):
    for path, number in (
        ("devices/vdc", None),
        ("allocation/data/total_bytes", 8),
        ("allocation/metadata/total_bytes", 8),
    ):
        file = tmp_path / "sys" / "some-uuid" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{number}\n")
        (file.parent / "bytes_used").write_text("4\n")
        (file.parent / "disk_total").write_text("8\n")
    for module in (_btrfs, _btrfs_filesystem):
        monkeypatch.setattr(module, "SYSFS", str(tmp_path / "sys"))
    on_path(monkeypatch, *tools)
    monkeypatch.setattr(_btrfs.os, "statvfs", lambda path: STATVFS)
    host.mounts += [SRV, SRV._replace(path="/again")]
    (seen,) = run(capsys, gather=["btrfs"])["storage"]["btrfs"]
    assert (seen["uuid"], seen["mount"], seen["data_used"]) == ("some-uuid", "/again", 4)
    assert [argv[:3] for argv in host.ran] == [["btrfs", "filesystem", "usage"]] * commands


def test_what_a_role_starts_with_costs_one_command(host, capsys):
    result = run(capsys, gather=["engine", "tools"])
    assert result["storage"]["engine"] == {"installed": False}
    assert result["storage"]["tools"]["lvm"] is True
    assert result["storage"]["tools"]["dockerd"] is False
    assert len(host.ran) == 1


def test_a_host_with_nothing_installed(host, capsys):
    host.tools = set()
    result = run(capsys)
    assert result["storage"]["lvm"] == {"groups": [], "orphans": []}
    assert result["storage"]["engine"] == {"installed": False}
    assert not any(result["storage"]["tools"].values())
    assert result["storage"]["zfs"] == ZFS
    for topic in ("btrfs", "overlay", "driver_data"):
        assert result["storage"][topic] == []
    assert result["findings"] == []


def test_check_mode_makes_no_difference(host, capsys):
    # Without the mounts: what is free on this machine changes between two looks.
    gather = [topic for topic in TOPICS if topic != "mounts"]
    assert run(capsys, gather=gather, _ansible_check_mode=True) == run(capsys, gather=gather)


def test_an_unknown_topic_is_refused(host, capsys):
    result = run(capsys, gather=["network"])
    assert result["failed"]
    assert "network" in result["msg"]
    assert host.ran == []


def test_lvm_that_fails_is_an_error_that_says_how(host, capsys):
    host.run_command = lambda argv, **_options: (5, "", "  Locking failed.\n")
    result = run(capsys, gather=["lvm"])
    assert result["failed"]
    assert "Locking failed." in result["msg"]


@pytest.mark.parametrize("given", [{}, {"service": "other.service"}])
def test_systemd_is_asked_for_the_unit_that_is_named(host, capsys, given):
    run(capsys, gather=["engine"], **given)
    (asked,) = (argv for argv in host.ran if argv[:2] == ["systemctl", "show"])
    assert asked[-1] == given.get("service", "docker.service")
