# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: observe, plan, apply, observe again. Its host is one number, in a fake."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    reconcile as _reconcile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.lock import host_lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Finding,
    Part,
    Plan,
    StorageError,
    WriteFile,
    describe_step,
    kept,
    seal,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.texts import is_plain, strings


class Exit(Exception):  # noqa: N818 - ending is no error
    """What exit_json and fail_json do to a module, with what they were given."""

    def __init__(self, failed, result):
        super().__init__(result.get("msg", ""))
        self.failed = failed
        self.result = result


class Host:
    """A module and the host below it: ``size`` is what there is to observe.

    ``grow N`` and ``drop N`` change it, ``why`` prints a reason; ``broken`` commands fail.
    """

    def __init__(self, size=1, check_mode=False, consent=None):
        self.size = size
        self.check_mode = check_mode
        self.params = {"consent": consent}
        self._name = "a_module"
        self._diff = True
        self.broken = ()
        self.lacks = ()  # programs
        self.deaf = False  # takes every command and does nothing
        self.ran = []
        self.warned = []
        self.environment = None

    def get_bin_path(self, name):
        return None if name in self.lacks else f"/usr/bin/{name}"

    def run_command(self, argv, environ_update, **_more):
        assert isinstance(argv, list)
        assert all(isinstance(word, str) for word in argv)
        self.environment = environ_update
        if argv == ["size"]:
            return 0, str(self.size), ""
        if argv == ["why"]:
            return 0, "the host's reason\n", ""
        self.ran.append(" ".join(argv))
        if self.ran[-1] in self.broken:
            return 3, "", "  it does not fit\n"
        if not self.deaf:
            self.size += int(argv[1]) if argv[0] == "grow" else -int(argv[1])
        return 0, "", ""

    def warn(self, message):
        self.warned.append(message)

    def exit_json(self, **result):
        raise Exit(False, result)

    def fail_json(self, **result):
        raise Exit(True, result)


def observe(run):
    return int(run.read(("size",)))


def to(wanted, part=None, **more):
    """Give the plan that takes the host to a size, one step for each unit.

    :param part: what else there is to the part that these steps are.
    """

    def plan(size):
        up = [Command(f"Grow to {to}", ("grow", "1")) for to in range(size + 1, wanted + 1)]
        down = [
            Command(f"Drop to {to - 1}", ("drop", "1"), destroys=(f"unit {to}",))
            for to in range(size, wanted, -1)
        ]
        return Plan((Part((*up, *down), **(part or {})),), wanted, **more)

    return plan


def describe(size):
    return {"size": size}


def reconcile(host, plan, hold=None):
    with pytest.raises(Exit) as caught:
        _reconcile.reconcile(host, observe, plan, describe, hold)
    return caught.value


@pytest.fixture(autouse=True)
def _own_lock(monkeypatch, tmp_path):
    path = str(tmp_path / "lock")
    monkeypatch.setattr(_reconcile, "host_lock", lambda name: host_lock(name, path, patience=0))


def test_a_host_that_is_as_wanted_is_left_alone():
    host = Host(3)
    ended = reconcile(host, to(3))
    assert not ended.failed
    assert ended.result == {
        "changed": False,
        "steps": [],
        "findings": [],
        "diff": [],
        "state": {"size": 3},
    }
    assert host.ran == []


def test_the_steps_are_taken_in_order_and_the_state_is_observed():
    host = Host(1)
    ended = reconcile(host, to(3))
    assert not ended.failed
    assert ended.result["changed"]
    assert ended.result["state"] == {"size": 3}
    assert host.ran == ["grow 1", "grow 1"]
    assert ended.result["steps"] == [
        {"reason": "Grow to 2", "action": "grow 1"},
        {"reason": "Grow to 3", "action": "grow 1"},
    ]


def test_a_second_run_changes_nothing():
    host = Host(1)
    reconcile(host, to(3))
    assert not reconcile(host, to(3)).result["changed"]
    assert len(host.ran) == 2


@pytest.mark.parametrize("wanted", [1, 3, 0])
def test_check_mode_runs_nothing_and_says_the_same_as_the_run(wanted):
    checked = reconcile(host := Host(1, check_mode=True), to(wanted))
    assert host.ran == []
    assert host.size == 1
    real = reconcile(Host(1, consent=checked.result.get("seal")), to(wanted))
    assert not checked.failed
    assert checked.result == real.result


def test_check_mode_takes_no_lock(monkeypatch):
    monkeypatch.setattr(_reconcile, "host_lock", None)
    assert not reconcile(Host(1, check_mode=True), to(3)).failed


def test_two_runs_at_once_are_refused(tmp_path):
    host = Host(1)
    with host_lock("another", str(tmp_path / "lock"), patience=0):
        ended = reconcile(host, to(3))
    assert ended.failed
    assert "another run is changing its storage (another" in ended.result["msg"]
    assert host.ran == []


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("lacking", ["grow", "hoist"])
def test_a_program_that_a_later_step_needs_is_missed_before_the_first(check_mode, lacking):
    host = Host(1, check_mode=check_mode)
    host.lacks = (lacking,)
    file = WriteFile("Set it", "/etc/x", "new")
    steps = [file, Command("Grow to 2", ("grow", "1"), needs=("hoist",))]
    plan = Plan(kept(steps), 2)
    ended = reconcile(host, lambda size: plan)
    assert ended.failed
    assert not ended.result["changed"]
    assert ended.result["msg"] == (
        f"`{lacking}`: it is not on this host, and this needs it: Grow to 2. Install the package "
        "that brings it, then run again; nothing has been changed."
    )
    assert host.ran == []


def test_an_argument_is_no_program():
    host = Host(1)
    host.lacks = ("1",)
    assert not reconcile(host, to(2)).failed


def test_commands_speak_english():
    host = Host()
    reconcile(host, to(2))
    assert host.environment["LC_ALL"] == "C"


def test_the_diff_shows_steps_state_and_files():
    file = WriteFile("Set it", "/etc/x", "new", old="old")
    gone = WriteFile("Drop it", "/etc/y", None, old="old")
    diff = reconcile(
        Host(1, check_mode=True), lambda size: Plan(kept([*to(2)(size).steps, file, gone]), 2)
    ).result["diff"]
    assert diff[0]["prepared"] == (
        "Steps:\n1. Grow to 2\n   grow 1\n2. Set it\n   write /etc/x\n"
        "3. Drop it\n   remove /etc/y\n"
    )
    assert (diff[1]["before"], diff[1]["after"]) == ({"size": 1}, {"size": 2})
    assert [(part["before_header"], part["before"], part["after"]) for part in diff[2:]] == [
        ("/etc/x", "old", "new"),
        ("/etc/y", "old", ""),
    ]


def test_the_diff_keeps_a_private_file_to_itself():
    file = WriteFile("Set it", "/etc/x", "proxy: new-password", old="old-password", private=True)
    shown = reconcile(Host(1, check_mode=True), lambda size: Plan(kept([file]), 1)).result["diff"][
        2
    ]
    assert "password" not in shown["before"] + shown["after"]
    assert shown["before"] != shown["after"]


def test_without_diff_nothing_of_a_file_is_in_the_result():
    host = Host(1, check_mode=True)
    host._diff = False
    file = WriteFile("Set it", "/etc/x", "new", old="old")
    assert len(reconcile(host, lambda size: Plan(kept([file]), 1)).result["diff"]) == 2


def test_what_leaves_is_nothing_that_a_terminal_would_act_on():
    odd = "a\x1b[2J\udcff"
    told = "a\\x1b[2J\\xff"
    host = Host(1)
    ended = reconcile(host, to(1, findings=(Finding("warning", odd, odd),), facts={odd: [odd]}))
    assert host.warned == [told]
    assert ended.result["findings"] == [{"level": "warning", "topic": told, "message": told}]
    assert ended.result[told] == [told]

    def refuse(_size):
        raise StorageError(odd, odd, odd, refusal="odd", more={"deep": (odd,)})

    ended = reconcile(host, refuse)
    assert ended.result["msg"] == f"{told}: {told}. {told}."
    assert ended.result["more"] == {"deep": [told]}


def test_findings_are_returned_and_warnings_printed():
    findings = (Finding("warning", "a", "Look at it."), Finding("info", "b", "It is so."))
    host = Host(1)
    ended = reconcile(host, to(1, findings=findings))
    assert [it["topic"] for it in ended.result["findings"]] == ["a", "b"]
    assert host.warned == ["Look at it."]


def test_facts_are_returned():
    assert reconcile(Host(1), to(1, facts={"headroom": 5})).result["headroom"] == 5


# Consent


def test_nothing_is_destroyed_without_consent():
    host = Host(3)
    ended = reconcile(host, to(1))
    assert ended.failed
    assert not ended.result["changed"]
    assert host.ran == []
    assert "unit 3; unit 2" in ended.result["msg"]
    assert ended.result["seal"] in ended.result["msg"]
    assert ended.result["destroys"] == ["unit 3", "unit 2"]


def test_consent_is_for_one_plan_only():
    host = Host(3, consent=seal(to(2)(3).steps))
    ended = reconcile(host, to(1))
    assert ended.failed
    assert host.ran == []
    assert f"the consent given ({host.params['consent']}) is not for this plan" in str(ended)


def test_a_host_that_changed_since_needs_a_new_consent():
    ended = reconcile(host := Host(4, consent=seal(to(2)(3).steps)), to(2))
    assert ended.failed
    assert host.ran == []


def test_with_consent_it_is_destroyed():
    host = Host(3)
    host.params["consent"] = reconcile(Host(3, check_mode=True), to(1)).result["seal"]
    ended = reconcile(host, to(1))
    assert not ended.failed
    assert host.size == 1


def test_consent_to_a_plan_that_destroys_nothing_is_harmless():
    assert not reconcile(Host(1, consent="0123456789ab"), to(2)).failed


def test_a_module_without_that_option_can_destroy_nothing():
    host = Host(3)
    host.params = {}
    ended = reconcile(host, to(1))
    assert ended.failed
    assert host.ran == []
    assert "This module takes none. If that is what you want, have the module do it" in str(ended)
    sealed = reconcile(Host(3, check_mode=True), to(1)).result["seal"]
    assert str(ended).endswith(f"consent: {sealed}.")


# Refusals and failures


def test_a_refusal_of_the_plan_changes_nothing():
    def refuse(size):
        raise StorageError("Pool", "it cannot shrink", "Leave it", pool="p")

    ended = reconcile(host := Host(1), refuse)
    assert ended.failed
    assert ended.result == {
        "changed": False,
        "steps": [],
        "findings": [],
        "msg": "Pool: it cannot shrink. Leave it.",
        "pool": "p",
    }
    assert host.ran == []


def test_a_host_that_cannot_be_read_is_a_failure_that_says_how():
    host = Host()
    host.run_command = lambda argv, **_more: (5, "", "locked\n")
    ended = reconcile(host, to(2))
    assert ended.failed
    assert str(ended).startswith("`size`: it failed with exit status 5: locked. ")


def test_a_failing_first_step_changed_nothing():
    host = Host(1)
    host.broken = ("grow 1",)
    ended = reconcile(host, to(3))
    assert ended.failed
    assert str(ended) == (
        "Grow to 2: `grow 1` failed with exit status 3: it does not fit. "
        "Mend what it names, then run again.\nNothing was changed before that."
    )
    assert not ended.result["changed"]
    assert (ended.result["done"], ended.result["failed_after"]) == ([], 0)
    assert "diff" not in ended.result


GROW, GROW_MORE = Command("Grow", ("grow", "2")), Command("Grow more", ("grow", "8"))


def two_steps(**part):
    """Give a planner whose second step differs from its first, to break it alone."""

    def plan(size):
        return Plan((Part((GROW, GROW_MORE), **part),) if size < 10 else (), 11)

    return plan


def test_a_failing_second_step_says_what_was_done():
    host = Host(1)
    host.broken = ("grow 8",)
    ended = reconcile(host, two_steps())
    assert ended.failed
    assert "Grow more: `grow 8` failed" in str(ended)
    assert "Done before that, and kept: Grow. The next run goes on from there." in str(ended)
    assert ended.result["changed"]
    assert ended.result["done"] == [{"reason": "Grow", "action": "grow 2"}]
    assert ended.result["failed_after"] == 1
    assert host.ran == ["grow 2", "grow 8"]


def test_a_host_that_does_not_keep_its_state():
    host = Host(1)
    host.deaf = True
    ended = reconcile(host, to(2))
    assert ended.failed
    assert "it did not keep the state it was given" in str(ended)
    assert "still to be done: Grow to 2." in str(ended)


def test_the_host_is_asked_for_its_own_reason():
    host = Host(1)
    host.broken = ("grow 1",)
    ended = reconcile(host, to(2, part={"diagnose": ("why",)}))
    assert "\nThe host's own words:\nthe host's reason\n" in str(ended)


def test_it_is_not_asked_for_a_step_that_it_cannot_explain():
    host = Host(1)
    host.broken = ("grow 2",)
    explained = Part((GROW_MORE,), diagnose=("why",))
    ended = reconcile(host, lambda _size: Plan((*kept([GROW]), explained), 11))
    assert ended.failed
    assert "The host's own words" not in str(ended)


UNDO = (Command("Take it back", ("drop", "2")),)


def test_the_way_back_is_taken():
    host = Host(1)
    host.broken = ("grow 8",)
    ended = reconcile(host, two_steps(undo=UNDO))
    assert ended.failed
    assert host.size == 1
    assert host.ran == ["grow 2", "grow 8", "drop 2"]
    assert str(ended).endswith("\nTaken back: Grow.\nIt is as it was before.")
    assert ended.result["taken_back"] == ended.result["done"]
    assert ended.result["undone"]
    assert not ended.result["changed"]


def test_only_the_steps_that_the_way_back_is_for_are_taken_back():
    def plan(size):
        first = kept([Command("Grow first", ("grow", "1"))])
        parts = two_steps(undo=UNDO)(size).parts
        return Plan((*first, *parts) if parts else (), 12)

    host = Host(1)
    host.broken = ("grow 8",)
    ended = reconcile(host, plan)
    assert host.ran == ["grow 1", "grow 2", "grow 8", "drop 2"]
    assert "Taken back: Grow.\nDone before that, and kept: Grow first." in str(ended)
    assert ended.result["changed"]


def test_the_way_back_is_taken_when_the_host_keeps_nothing():
    host = Host(1)
    host.deaf = True
    assert reconcile(host, to(2, part={"undo": UNDO})).result["undone"]
    assert host.ran == ["grow 1", "drop 2"]


NOT_BEGUN = [
    # what failed, the parts that were to come after it, what it leaves
    (GROW, (*kept([GROW]), Part((GROW_MORE,), UNDO)), []),
    (GROW_MORE, (*kept([GROW, GROW_MORE]), Part((GROW,), UNDO)), [GROW]),
]


@pytest.mark.parametrize(("broken", "parts", "stays"), NOT_BEGUN)
def test_no_way_back_from_where_nothing_was_done_that_it_is_for(broken, parts, stays):
    host = Host(1)
    host.broken = (" ".join(broken.argv),)
    ended = reconcile(host, lambda _size: Plan(parts, 12))
    assert host.ran[-1] == host.broken[0]
    assert "Taken back" not in str(ended)
    assert "undone" not in ended.result
    assert ended.result["kept"] == [describe_step(step) for step in stays]
    assert ended.result["changed"] is bool(stays)


def test_a_way_back_that_fails_is_gone_to_its_end():
    host = Host(1)
    host.broken = ("grow 8", "drop 2")
    undo = (*UNDO, Command("Take the rest back", ("drop", "1")))
    ended = reconcile(host, two_steps(undo=undo))
    assert host.ran[-2:] == ["drop 2", "drop 1"]
    assert "has to be done by hand: Take it back (" in str(ended)
    assert not ended.result["undone"]
    assert ended.result["changed"]


def test_a_part_looks_once_more_before_its_first_step():
    seen = []

    def look(run):
        seen.append((int(run.read(("size",))), list(host.ran)))
        raise StorageError("Root", "it holds data", "Save it", refusal="data_hidden")

    host = Host(1)
    first = Part((Command("Grow", ("grow", "2")),), UNDO)
    second = Part(
        (Command("Grow more", ("grow", "8")), Command("And more", ("grow", "1"))), check=look
    )
    ended = reconcile(host, lambda size: Plan((first, second), 12))
    assert ended.failed
    assert seen == [(3, ["grow 2"])]
    assert ended.result["refusal"] == "data_hidden"
    assert ended.result["kept"] == [{"reason": "Grow", "action": "grow 2"}]
    checked = reconcile(Host(1, check_mode=True), lambda size: Plan((first, second), 12))
    assert not checked.failed
    assert len(seen) == 1


# Names of files, labels and what programs print, as they come from others.
NAMES = st.one_of(
    st.binary(max_size=12).map(os.fsdecode), st.text("\x00\x1b\x9b\u202e\udcff\r%{}", max_size=6)
)


@given(NAMES, st.sampled_from(["found", "refused", "failed", "unforeseen", "lost"]))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_things_are_called_a_module_ends_and_tells_them_as_text(name, how):
    host = Host(1)
    found = (Finding("warning", name, name),)
    step = Command(f"Grow {name}", ("grow", "1"), needs=(name,))

    def observe(run):
        if how == "unforeseen" and host.ran:
            raise ValueError(name)
        return int(run.read(("size",)))

    def plan(size):
        if how == "refused":
            raise StorageError(name, name, name, refusal="odd", names=[name])
        parts = kept([step]) if size == 1 else ()
        return Plan(parts, 2, findings=found, facts={"names": {name: [name]}})

    real = host.run_command

    def run_command(argv, environ_update, **more):
        if how == "failed" and argv[0] == "grow":
            return 1, name, name
        return real(argv, environ_update, **more)

    host.run_command, host.deaf = run_command, how == "lost"
    with pytest.raises(Exit) as ended:
        _reconcile.reconcile(host, observe, plan, describe)
    assert ended.value.failed is (how != "found")
    assert all(map(is_plain, strings([ended.value.result, host.warned])))
