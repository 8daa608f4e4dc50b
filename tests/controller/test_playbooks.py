# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each playbook on hosts that only answer: what the controller does of it, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from containerhost_bench import counting

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = sorted(path.name for path in (ROOT / "playbooks").glob("*.yml"))
LAYOUT = "containerhost.storage.storage_layout"
RESET = "containerhost.storage.data_root_reset"
ANSWERS = {
    **json.loads((ROOT / "tests" / "benchmark" / "fleet_results.json").read_text()),
    RESET: {"changed": False, "removable": []},
}
# A host with an image to be removed.
HOLDING = {
    **ANSWERS,
    RESET: {
        "changed": True,
        "seal": "0123456789ab",
        "destroys": ["1 image of overlay2 (shop:1)"],
        "removable": [{"path": "/var/lib/docker", "names": ["image"], "holds": {}}],
    },
}
# A host that lacks a tool: the role has its package brought by the host's own package manager.
LACKING = {
    **ANSWERS,
    LAYOUT: {**ANSWERS[LAYOUT], "packages": ["lvm2"]},
    "ansible.builtin.setup": {"changed": False, "ansible_facts": {"ansible_pkg_mgr": "apt"}},
    "ansible.builtin.apt": {"changed": True},
}


def play(controller, playbook, inventory, *options, **variables):
    given = json.dumps({"docker_storage_devices": ["/dev/disk/by-id/some"], **variables})
    path = controller.collections / "ansible_collections/containerhost/storage/playbooks" / playbook
    argv = [f"--inventory={inventory}", f"--extra-vars={given}", *options, path]
    return controller("ansible-playbook", *argv)


def plain(modules):
    """The names without the collection of Ansible's own, which it spells in two ways."""
    return [name.rpartition(".")[2] for name in modules]


def in_order(ran):
    """Whether it went well, and Ansible has nothing against the collection or how it is written."""
    said = ran.output.lower()
    return ran.code == 0 and "[warning]" not in said and "error" not in said


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_its_syntax(controller, fleet, playbook):
    ran = play(controller, playbook, fleet(ANSWERS), "--syntax-check")
    assert in_order(ran), ran.output


@pytest.mark.parametrize("options", [["--check"], []], ids=["check", "real"])
@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_it_runs_one_module_on_hosts_that_need_nothing(controller, fleet, playbook, options):
    ran = play(controller, playbook, fleet(ANSWERS), *options)
    assert ran.code == 0, ran.output
    assert counting.recap(ran.output)["changed"] == 0
    assert len(ran.modules) == 2, ran.output


@pytest.mark.parametrize(
    ("options", "modules"),
    [
        # check mode installs nothing, so there is no more to be told
        (["--check"], ["storage_layout", "setup", "apt"]),
        ([], ["storage_layout", "setup", "apt", "storage_layout"]),
    ],
    ids=["check", "real"],
)
def test_packages_that_are_missing(controller, fleet, options, modules):
    ran = play(controller, "provision.yml", fleet(LACKING), *options, "--limit=node1")
    assert ran.code == 0, ran.output
    assert plain(ran.modules) == modules


def test_the_table_has_every_host(controller, fleet, tmp_path):
    written = tmp_path / "fleet.json"
    ran = play(controller, "preflight.yml", fleet(ANSWERS), preflight_json=str(written))
    assert ran.code == 0, ran.output
    assert [it["host"] for it in json.loads(written.read_text())["hosts"]] == ["node1", "node2"]
    assert "HOST" in ran.output
    assert "20.10.24" in ran.output


def test_a_plan_for_each_host_is_written_in_check_mode(controller, fleet, tmp_path):
    plans = tmp_path / "plans"
    given = {"docker_storage_reset_plans": str(plans)}
    ran = play(controller, "reset.yml", fleet(HOLDING), "--check", **given)
    assert ran.code == 0, ran.output
    assert sorted(it.name for it in plans.iterdir()) == ["node1.json", "node2.json"]
    assert json.loads((plans / "node1.json").read_text())["seal"] == "0123456789ab"
    ran = play(controller, "reset.yml", fleet(HOLDING), **given)
    assert ran.code == 0, ran.output
    ran = play(controller, "reset.yml", fleet(ANSWERS), "--check", **given)
    assert (ran.code, list(plans.iterdir())) == (0, []), ran.output


def test_a_plan_that_was_changed_by_hand_is_refused(controller, fleet, tmp_path):
    given = {"docker_storage_reset_plans": str(tmp_path)}
    play(controller, "reset.yml", fleet(HOLDING), "--check", **given)
    path = tmp_path / "node1.json"
    path.write_text(path.read_text().replace('"host": "node1"', '"host": "node7"'))
    ran = play(controller, "reset.yml", fleet(HOLDING), "--limit=node1", **given)
    assert ran.code != 0
    assert "it is the plan of node7" in ran.output
    assert ran.modules == []
