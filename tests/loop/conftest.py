# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real btrfs filesystems on loop files, on this machine's own kernel.

Everything is made below the test's own folder and is taken away again, whatever happens. Nothing
is installed: what this machine lacks is named, and the test is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import journals, lock
from ansible_collections.containerhost.storage.plugins.modules import btrfs_subvolume
from support.loops import Loops


@pytest.fixture(autouse=True)
def _own_journal(monkeypatch, tmp_path):
    monkeypatch.setattr(journals, "FOLDER", str(tmp_path / "journals"))


TOOLS = {"btrfs": "btrfs-progs", "mkfs.btrfs": "btrfs-progs", "chattr": "e2fsprogs"}


@pytest.fixture
def loops(tmp_path):
    if os.geteuid():
        pytest.skip("mounting loop files needs root")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool, path=path)}
    if missing:
        pytest.skip(f"not installed on this machine: {', '.join(sorted(missing))}")
    if shutil.which("modprobe", path=path):
        subprocess.run(["modprobe", "--quiet", "btrfs"], check=False)
    with open("/proc/filesystems", encoding="ascii") as stream:
        if "\tbtrfs\n" not in stream.read():
            pytest.skip("this machine's kernel has no btrfs")
    found = Loops(tmp_path)
    try:
        yield found
    finally:
        found.clean()


@pytest.fixture
def top(loops):
    """The top of a fresh btrfs."""
    return loops.make("fs")


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def subvolume(tmp_path, monkeypatch):
    """``subvolume(path, check=False, **options) -> result``: the module, as Ansible runs it.

    A result has ``commands``, all that were run.
    """
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "lock"))
    commands = []
    real = basic.AnsibleModule.run_command

    def run_command(self, argv, **more):
        commands.append(" ".join(argv))
        return real(self, argv, **more)

    def end(self, **result):
        raise Ended(result)

    def fail(self, **result):
        raise Ended({**result, "failed": True})

    monkeypatch.setattr(basic.AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)

    def run(path, check=False, **options):
        commands.clear()
        arguments = {"path": str(path), "_ansible_check_mode": check, **options}
        with patch_module_args(arguments), pytest.raises(Ended) as ended:
            btrfs_subvolume.main()
        return {**ended.value.args[0], "commands": list(commands)}

    return run
