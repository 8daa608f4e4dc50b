# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An open change is shown, put right, or given up by somebody who knows what it leaves."""

from __future__ import annotations

import os

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import identity
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    journal as _journal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    journals as _journals,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    open_changes as _info,
)
from ansible_collections.containerhost.storage.plugins.modules import open_change


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def module(monkeypatch):
    def end(self, **result):
        raise Ended(result)

    def fail(self, **result):
        raise Ended({**result, "failed": True})

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)

    def run(check=False, **options):
        arguments = {"_ansible_check_mode": check, **options}
        with patch_module_args(arguments), pytest.raises(Ended) as ended:
            open_change.main()
        return ended.value.args[0]

    return run


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A file that a run has written before it was killed, at the step after that."""
    path = tmp_path / "config"
    path.write_text("new")
    monkeypatch.setattr(identity, "lives", lambda _process: False)
    part = Part(
        (WriteFile("Configure it", str(path), "new", "old"), Command("Restart it", ("restart",))),
        (WriteFile("Config as it was", str(path), "old", "new"),),
    )
    journal = _journal.open_journal("run", "storage_driver", (part,))
    journal.begin(0)
    journal.done(0)
    journal.begin(1)
    return path


def journals():
    return [name for name in os.listdir(_journals.FOLDER) if name.endswith(".journal")]


def test_with_nothing_open_there_is_nothing_to_do(module):
    for state in ("recovered", "abandoned"):
        assert module(state=state) == {
            "changed": False,
            "steps": [],
            "findings": [],
            "diff": [],
            "state": {"open_changes": []},
        }


def test_check_mode_shows_it(module, config):
    shown = module(check=True)
    assert shown["changed"]
    assert [step["reason"] for step in shown["would_recover"][0]["steps"]] == ["Config as it was"]
    (told,) = shown["state"]["open_changes"]
    assert told["module"] == "storage_driver"
    assert told["at_work"]["reason"] == "Restart it"
    assert [step["reason"] for step in told["done"]] == ["Configure it"]
    assert [step["reason"] for step in told["way_back"]] == ["Config as it was"]
    assert config.read_text() == "new"
    assert len(journals()) == 1


def test_it_is_put_right(module, config):
    result = module()
    assert result["changed"]
    assert result["state"] == {"open_changes": []}
    assert [step["reason"] for step in result["recovered"][0]["taken_back"]] == ["Configure it"]
    assert config.read_text() == "old"
    assert journals() == []
    assert not module()["changed"]


def test_it_is_given_up_only_with_the_seal_of_what_it_leaves(module, config):
    shown = module(check=True, state="abandoned")
    assert "would_recover" not in shown
    refused = module(state="abandoned")
    assert refused["failed"]
    assert refused["refusal"] == "consent_missing"
    assert f"run again with consent: {shown['seal']}" in refused["msg"]
    assert (
        "Done: Configure it. Begun, and perhaps half done: Restart it. "
        "Not taken back: Config as it was" in refused["msg"]
    )
    assert len(journals()) == 1
    result = module(state="abandoned", consent=shown["seal"])
    assert result["changed"]
    assert journals() == []
    assert config.read_text() == "new"


def test_consent_is_for_what_the_journal_holds(module, config):
    shown = module(check=True, state="abandoned")
    path = os.path.join(_journals.FOLDER, "run.journal")
    _journal.Journal(path).returning(1, True)
    assert module(state="abandoned", consent=shown["seal"])["failed"]


def test_what_it_holds_is_for_roots_eyes_only(module, config):
    shown = module(check=True, state="abandoned", _ansible_diff=True)
    assert "is private" in shown["diff"][-1]["before"]


@pytest.mark.parametrize("content", [b"", b"\xff\n", b'{"version": 2}\n'])
def test_one_that_nobody_can_go_back_by_can_be_given_up(module, config, content):
    path = os.path.join(_journals.FOLDER, "run.journal")
    with open(path, "wb") as stream:
        stream.write(content)
    refused = module()
    assert refused["refusal"] in ("journal_damaged", "journal_newer")
    assert path in refused["msg"]
    shown = module(check=True, state="abandoned")
    assert shown["state"] == {"open_changes": []}
    assert "of which nobody knows what it leaves" in shown["destroys"][0]
    assert not module(state="abandoned", consent=shown["seal"]).get("failed")
    assert journals() == []


def test_it_is_in_the_report(config):
    seen = _info.observe(None)
    assert [it["module"] for it in _info.describe(seen)] == ["storage_driver"]
    (finding,) = _info.findings(seen)
    assert (finding.level, finding.topic) == ("warning", "interrupted_run")
    assert "The next real run of any module first goes back: Config as it was." in finding.message


def test_a_run_that_is_at_work_is_no_finding(config, monkeypatch):
    monkeypatch.setattr(identity, "lives", lambda _process: True)
    seen = _info.observe(None)
    assert _info.describe(seen)[0]["running"]
    assert _info.findings(seen) == []


def test_a_journal_that_is_no_good_is_a_finding(config):
    with open(os.path.join(_journals.FOLDER, "run.journal"), "wb"):
        pass
    seen = _info.observe(None)
    assert "it is damaged" in _info.describe(seen)[0]["problem"]
    assert "it is damaged" in _info.findings(seen)[0].message


def test_a_folder_that_others_can_write_to_is_a_finding(config):
    os.chmod(_journals.FOLDER, 0o777)
    seen = _info.observe(None)
    assert _info.describe(seen) == []
    assert "others than root can write to it" in _info.findings(seen)[0].message
