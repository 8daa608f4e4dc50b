# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of a host for a thin pool, from a recorded report and made-up files."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._lvm import config
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import HostRules
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import observe as it
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import profiles
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    Wanted,
    wanted_from,
)

RECORDED = (pathlib.Path(__file__).parents[1] / "fixtures" / "lvm_fullreport.json").read_text()
PARAMS = {
    **{"vg": "docker", "name": "thinpool", "size": None, "metadata_size": None, "zero": None},
    **{"chunk_size": None, "discards": None, "error_when_full": None, "autoextend": None},
    **{"monitor": True, "require_headroom": False, "state": "present"},
}


class Run:
    """Answers with the recorded report, and remembers what was run."""

    def __init__(self):
        self.commands = []

    def read(self, argv):
        self.commands.append(argv[0])
        return RECORDED


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(config, "_FILES", ())
    for module in (it, profiles):
        monkeypatch.setattr(
            module, "read_profile", lambda folder, name: name if name == "vg-pool" else None
        )
    return Run()


def test_the_disks_that_are_wanted_are_looked_at(run):
    state = it.observe(run, Wanted("vg", "pool", devices=("/dev/none/a", "/dev/none/b")))
    assert [disk.path for disk in state.groups.disks] == ["/dev/none/a", "/dev/none/b"]
    assert run.commands == ["lvm"]


def test_a_profile_is_read_whether_or_not_there_is_a_pool(run):
    assert it.observe(run, Wanted("vg", "pool")).profiles == {"vg-pool": "vg-pool"}
    assert it.observe(run, Wanted("vg", "other")).profiles == {}


def test_the_disks_are_part_of_the_wish():
    assert wanted_from({**PARAMS, "devices": ["/dev/vdb"]}).devices == ("/dev/vdb",)


def test_the_kernel_and_lvms_rules_matter_only_to_what_is_to_be_made(run, monkeypatch):
    monkeypatch.setattr(it, "with_rules", lambda run, groups: groups._replace(rules="rules"))
    monkeypatch.setattr(it, "lacks_module", lambda name: name == "dm-thin-pool")
    made = it.observe(run, Wanted("docker", "new"))
    assert (made.groups.rules, made.kernel) == ("rules", False)
    there = it.observe(run, Wanted("docker", "thinpool"))
    assert (there.groups.rules, there.kernel) == (HostRules(), True)
    gone = it.observe(run, Wanted("docker", "new", present=False))
    assert (gone.groups.rules, gone.kernel) == (HostRules(), True)


def test_only_what_is_to_be_gone_is_counted(run, monkeypatch):
    monkeypatch.setattr(it, "observe_content", lambda run, vg, pool: (vg, pool.name))
    assert it.observe(run, Wanted("docker", "thinpool")).content is None
    gone = Wanted("docker", "thinpool", present=False)
    assert it.observe(run, gone).content == ("docker", "thinpool")
    assert it.observe(run, gone._replace(name="none")).content is None
