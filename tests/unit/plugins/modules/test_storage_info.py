# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from its parameters to its result, on a host that is faked."""

from __future__ import annotations

import json
import pathlib

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    unit as _docker_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    disks as _info_disks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import lvm as _info_lvm
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    tools as _info_tools,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.modules import storage_info

FIXTURES = pathlib.Path(__file__).parents[1] / "module_utils" / "fixtures"
RECORDED = (FIXTURES / "lvm_fullreport.json").read_text()
TOPICS = ["disks", "lvm", "mounts", "engine", "tools"]
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
        self.ran = []

    def run_command(self, argv, **_options):
        self.ran.append(argv)
        if argv[:2] == ["lvm", "fullreport"]:
            return 0, RECORDED, ""
        if argv[:2] == ["systemctl", "show"]:
            return 0, "LoadState=not-found\nActiveState=inactive\n", ""
        return pytest.fail(f"{argv} was run")

    def find(self, name):
        return "/usr/sbin/" + name if name in self.tools else None


@pytest.fixture
def host(monkeypatch):
    fake = Host()
    monkeypatch.setattr(
        basic.AnsibleModule,
        "run_command",
        lambda _self, argv, **more: fake.run_command(argv, **more),
    )
    monkeypatch.setattr(_info_tools, "find", fake.find)
    monkeypatch.setattr(_info_lvm, "find", fake.find)
    monkeypatch.setattr(_info_lvm, "observe_lvm_config", lambda run: LvmConfig())
    monkeypatch.setattr(_info_disks, "observe", lambda run: [FREE])
    monkeypatch.setattr(_docker_unit.os.path, "isdir", lambda path: True)
    return fake


def run(capsys, **parameters):
    with patch_module_args(parameters), pytest.raises(SystemExit) as ended:
        storage_info.main()
    result = json.loads(capsys.readouterr().out)
    assert bool(ended.value.code) == bool(result.get("failed"))
    return result


def test_everything_by_default(host, capsys):
    result = run(capsys)
    assert list(result["storage"]) == TOPICS
    assert result["changed"] is False
    assert [argv[0] for argv in host.ran] == ["lvm", "systemctl"]
    assert {finding["topic"] for finding in result["findings"]} == {
        "group_missing_disk",
        "profile_missing",
        "autoextend_off",
    }
    assert all(set(it) == {"level", "topic", "message"} for it in result["findings"])


@pytest.mark.parametrize("topic", TOPICS)
def test_nothing_but_what_was_asked_for(host, capsys, topic):
    assert list(run(capsys, gather=[topic])["storage"]) == [topic]
    commands = {"lvm": ["lvm"], "engine": ["systemctl"]}
    assert [argv[0] for argv in host.ran] == commands.get(topic, [])


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
    assert result["findings"] == []


def test_check_mode_makes_no_difference(host, capsys):
    # Without the mounts: what is free on this machine changes between two looks.
    gather = ["disks", "lvm", "engine", "tools"]
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
