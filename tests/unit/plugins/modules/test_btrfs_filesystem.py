# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module from its parameters to its result, on a host whose observation is played."""

from __future__ import annotations

import pytest
import yaml
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import state
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock
from ansible_collections.containerhost.storage.plugins.modules import btrfs_filesystem
from support.btrfs_disks import ONE, ROOT, TWO, btrfs, host, mounted
from support.lvm_hosts import disk


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run(state, check=False, **options) -> result``; ``commands`` are those that were run."""
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "lock"))
    commands = []

    def run_command(_self, argv, **_more):
        commands.append(" ".join(argv))
        return 0, "", ""

    def end(self, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(
        basic.AnsibleModule, "fail_json", lambda self, **it: end(self, failed=True, **it)
    )

    def run(found, check=False, **options):
        commands.clear()
        monkeypatch.setattr(btrfs_filesystem.observe, "observe", lambda _run, wanted: found)
        arguments = {"label": "docker", "path": ROOT, "_ansible_check_mode": check, **options}
        with patch_module_args(arguments), pytest.raises(Ended) as ended:
            btrfs_filesystem.main()
        return {**ended.value.args[0], "commands": list(commands)}

    return run


def test_check_mode_plans_and_does_nothing(run):
    blank = host(disks=[disk()], active=())
    result = run(blank, check=True, devices=[ONE], required_by=["docker.service"])
    assert result["commands"] == []
    assert result["steps"][0] == {
        "reason": f"Make btrfs docker on {ONE}",
        "action": f"mkfs.btrfs --quiet --label docker {ONE}",
    }
    assert result["state"]["guarded"] == ["docker.service"]


@pytest.mark.parametrize("program", ["mkfs.btrfs", "mount"])
def test_a_program_that_is_not_there_is_missed_before_the_first_step(run, programs, program):
    """Debian testing has no mount(8) where nobody asks for it, and systemd mounts by it."""
    programs.add(program)
    result = run(host(disks=[disk()]), devices=[ONE])
    assert result["failed"]
    assert result["msg"].startswith(f"`{program}`: it is not on this host")
    assert result["commands"] == []


def test_nothing_to_do_is_no_command(run):
    done = run(mounted(), devices=[ONE], required_by=["docker.service"])
    assert (done["changed"], done["steps"], done["commands"]) == (False, [], [])
    assert done["state"]["mount"]["path"] == ROOT


@pytest.mark.parametrize("check", [True, False])
def test_missing_tools_are_missed_before_the_first_step(run, check):
    bare = host(disks=[disk()], active=(), missing=("mkfs.btrfs", "btrfs"))
    result = run(bare, check=check, devices=[ONE])
    assert result["failed"]
    assert result["commands"] == []
    assert result["msg"].endswith("Install btrfs-progs.")


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("found", "params", "wrong"),
    [
        (host(), {}, "no disk was named"),
        (host(btrfs(devices=2), [disk()]), {}, "it is not whole"),
        (mounted(disks=[disk(), disk(2, "/dev/vdc")]), {}, f"name it {TWO}"),
        (mounted(), {"data_profile": "raid1"}, "it needs 2 devices"),
        (mounted(), {"data_profile": "raid7"}, "must be one of"),
        (mounted(), {"mount_options": ["degraded"]}, "written to by halves"),
        (mounted(), {"path": "docker"}, "not a plain absolute path"),
    ],
)
def test_a_refusal_comes_before_any_change(run, check, found, params, wrong):
    result = run(found, check=check, **params)
    assert result["failed"]
    assert wrong in result["msg"]
    assert result["commands"] == []


def test_what_the_documentation_says_is_what_the_module_takes():
    options = yaml.safe_load(btrfs_filesystem.DOCUMENTATION)["options"]
    for name in ("data_profile", "metadata_profile"):
        assert options[name]["choices"] == list(btrfs_filesystem.LEAST)
    shared = {"required_by": [], "existing_data": "refuse"}  # of doc_fragments/mount.py
    assert state.wanted_from({
        name: option.get("default") for name, option in options.items()
    } | shared | {"label": "a", "path": "/a"}).options == ("noatime",)  # fmt: skip
