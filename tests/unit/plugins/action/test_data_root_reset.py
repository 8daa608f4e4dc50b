# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's plan as a file: written in check mode, held to by the real run."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.action.data_root_reset import ActionModule

HOLDS = {
    "images": [{"id": "sha256:a", "tags": ["shop:1"]}],
    "containers": [{"id": "c1", "name": "web"}],
    "volumes": [],
}
WOULD = {
    "changed": True,
    "seal": "0123456789ab",
    "destroys": ["1 image of overlay2 (shop:1)"],
    "removable": [{"path": "/var/lib/docker", "names": ["image"], "holds": HOLDS}],
}
NOTHING = {"changed": False, "removable": []}


def without_consent(**holds):
    """What the module says to a run whose consent is for another plan."""
    root = {**WOULD["removable"][0], "holds": {**HOLDS, **holds}}
    return {
        "failed": True,
        "refusal": "consent_missing",
        "msg": "No consent: this would destroy 1 image.",
        "removable": [root],
    }


class Controller:
    """Runs the action; the module's answer is given."""

    def __init__(self, monkeypatch, folder):
        monkeypatch.setenv("PWD", str(folder))
        self.monkeypatch, self.folder = monkeypatch, folder
        self.plan = folder / "plans" / "web1.json"

    def run(self, answer, check=False, host="web1", **options):
        args = {"path": "/var/lib/docker", "plans": "plans", **options}
        action = ActionModule(
            task=SimpleNamespace(args=args, async_val=0, check_mode=check, action="x"),
            connection=SimpleNamespace(
                _shell=SimpleNamespace(tmpdir="/tmp/x"), always_pipeline_modules=True
            ),
            play_context=None,
            loader=None,
            templar=None,
            shared_loader_obj=None,
        )
        self.given = None

        def module(module_name, module_args, task_vars):
            assert module_name == "containerhost.storage.data_root_reset"
            assert task_vars["inventory_hostname"] == host
            self.given = dict(module_args)
            module_args["_ansible_check_mode"] = check  # as Ansible does
            return dict(answer)

        self.monkeypatch.setattr(action, "_execute_module", module)
        return action.run(task_vars={"inventory_hostname": host})


@pytest.fixture
def controller(monkeypatch, tmp_path):
    return Controller(monkeypatch, tmp_path)


def test_check_mode_writes_what_would_go(controller):
    result = controller.run(WOULD, check=True)
    assert result == {**WOULD, "plan": str(controller.plan)}
    assert controller.given == {"path": "/var/lib/docker"}
    assert json.loads(controller.plan.read_text()) == {
        "version": 1,
        "host": "web1",
        "options": {"path": "/var/lib/docker"},
        "seal": "0123456789ab",
        "destroys": WOULD["destroys"],
        "removable": WOULD["removable"],
    }
    assert controller.plan.stat().st_mode & 0o777 == 0o600
    assert controller.plan.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(controller.plan.parent) == ["web1.json"]


def test_a_host_with_nothing_to_remove_has_no_plan(controller):
    assert controller.run(NOTHING, check=True) == NOTHING
    controller.run(WOULD, check=True)
    assert controller.run(NOTHING, check=True) == NOTHING
    assert not controller.plan.exists()


def test_what_the_module_refuses_writes_no_plan(controller):
    refused = {"failed": True, "msg": "no", "refusal": "swarm_manager"}
    assert controller.run(refused, check=True) == refused
    assert not controller.plan.exists()


def test_the_real_run_has_its_consent_from_the_plan(controller):
    controller.run(WOULD, check=True)
    assert controller.run({"changed": True}) == {"changed": True}
    assert controller.given == {"path": "/var/lib/docker", "consent": "0123456789ab"}


def test_a_plan_does_not_depend_on_a_consent(controller):
    controller.run(WOULD, check=True, consent="")
    controller.run({"changed": True}, consent=None)
    assert controller.given["consent"] == WOULD["seal"]


def test_consent_of_the_task_goes_before(controller):
    controller.run(WOULD, check=True)
    controller.run({"changed": True}, consent="ba9876543210")
    assert controller.given["consent"] == "ba9876543210"


def test_without_a_folder_there_is_no_file(controller):
    controller.run(WOULD, check=True, plans=None)
    controller.run({"changed": True}, plans="", consent="ba9876543210")
    assert controller.given == {"path": "/var/lib/docker", "consent": "ba9876543210"}
    assert os.listdir(controller.folder) == []


def test_a_host_without_a_plan_is_told_so(controller):
    assert controller.run(NOTHING) == NOTHING
    assert controller.given == {"path": "/var/lib/docker"}
    result = controller.run(without_consent())
    assert result["failed"]
    assert "this would destroy 1 image" in result["msg"]
    assert f"There is no plan for this host at {controller.plan}" in result["msg"]


CHANGED = [
    ({"containers": []}, ["container web is gone"]),
    (
        {"containers": [*HOLDS["containers"], {"id": "c2", "name": "cron"}]},
        ["container cron is new"],
    ),
    ({"volumes": [{"name": "data"}]}, ["volume data is new"]),
    ({"images": [{"id": "sha256:b", "tags": ["shop:1"]}]},
     ["image shop:1 is new", "image shop:1 is gone"]),
    ({"images": [{"id": "sha256:a", "tags": ["shop:1"]}, {"id": "sha256:b", "tags": []}]},
     ["image sha256:b is new"]),
    ({"unreadable": [{"path": "/x"}]}, ["path that cannot be read /x is new"]),
]  # fmt: skip


@pytest.mark.parametrize(("now", "changes"), CHANGED)
def test_a_host_that_has_changed_is_told_what_has(controller, now, changes):
    controller.run(WOULD, check=True)
    result = controller.run(without_consent(**now))
    assert result["changed_since"] == changes
    assert f"this has changed: {'; '.join(changes)}. Run with --check" in result["msg"]


def test_many_changes_are_told_in_short(controller):
    controller.run(WOULD, check=True)
    many = [{"id": f"c{number}", "name": f"n{number}"} for number in range(30)]
    result = controller.run(without_consent(containers=many))
    assert len(result["changed_since"]) == 29  # one of them is in the plan
    assert "container n9 is new" in result["msg"]
    assert "container n11 is new" not in result["msg"]
    assert "and 19 more" in result["msg"]


def test_what_has_changed_and_has_no_name(controller):
    controller.run(WOULD, check=True)
    result = controller.run(without_consent())
    assert result["changed_since"] == []
    assert "the mark of its content, and no name in it" in result["msg"]


def broken(plan, **more):
    return json.dumps({**plan, **more})


UNUSABLE = [
    (lambda plan: "{", "it is no JSON"),
    (lambda plan: "[]", "it is no plan that this version"),
    (lambda plan: broken(plan, version=2), "it is no plan that this version"),
    (lambda plan: broken(plan, host="web2"), "it is the plan of web2"),
    (lambda plan: broken(plan, options={"path": "/srv"}), "the task had other options"),
    (lambda plan: broken(plan, seal=""), "it has no seal"),
    (lambda plan: broken(plan, seal=7), "it has no seal"),
]


@pytest.mark.parametrize(("spoil", "words"), UNUSABLE)
def test_what_is_no_plan_of_this_task_is_refused(controller, spoil, words):
    controller.run(WOULD, check=True)
    controller.plan.write_text(spoil(json.loads(controller.plan.read_text())))
    result = controller.run({"changed": True})
    assert (result["failed"], result["refusal"]) == (True, "plan_unusable")
    assert words in result["msg"]
    assert controller.given is None


def test_other_options_than_those_of_the_plan_are_refused(controller):
    controller.run(WOULD, check=True)
    result = controller.run({"changed": True}, volumes="destroy")
    assert result["refusal"] == "plan_unusable"
    assert controller.given is None


def test_a_folder_that_cannot_be_written_to_is_named(controller):
    (controller.folder / "plans").write_text("")
    for check in (True, False):
        result = controller.run(WOULD, check=check)
        assert result["refusal"] == "plan_unusable"
        assert str(controller.plan) in result["msg"]


@pytest.mark.parametrize("host", ["../web1", "a/b", "web 1", "wéb"])
def test_no_name_of_a_host_leads_out_of_the_folder(controller, host):
    result = controller.run(WOULD, check=True, host=host)
    assert os.path.dirname(result["plan"]) == str(controller.plan.parent)
    controller.run({"changed": True}, host=host)
    assert controller.given["consent"] == WOULD["seal"]
