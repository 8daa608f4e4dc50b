# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stacks of keepers: planned on promises, refused from the top, observed once, told as one."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    stack,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Finding,
    Part,
    Pause,
    Plan,
    StorageError,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import Reader


def planner(name, refusal=None, findings=(), facts=None, seen=None):
    """Plan one step, named after the keeper and what it plans on; or refuse."""

    def plan(state):
        if seen is not None:
            seen.append((name, state))
        if refusal:
            raise StorageError(*refusal[1:], refusal=refusal[0], at=name)
        after = {**state, "kept": name}
        return Plan(kept([Command(name, ("make", name))]), after, tuple(findings), facts or {})

    return plan


def keeper(name, promise=(), offer=(), **more):
    """A keeper whose State is a dict: of what it has seen, and of what it was promised."""
    return Keeper(
        name=name,
        observe=lambda run: {"saw": run.read(("look",)).strip()},
        plan=planner(name, **more),
        describe=lambda state: {f"{name}_saw": state["saw"]},
        promise=dict(promise),
        offer=lambda after: {key: f"{value} of {after['kept']}" for key, value in offer},
        assume=lambda state, offered: {**state, "on": dict(offered)},
    )


class Module:
    """A module whose host answers ``look`` with "it", and fails otherwise."""

    def __init__(self):
        self.ran = []

    def run_command(self, argv, environ_update, **_more):
        self.ran.append(argv)
        return (0, "it\n", "") if argv == ["look"] else (4, "", "no such thing")


STATE = {"saw": "it"}


def refusal_of(*keepers):
    whole = stack(*keepers)
    with pytest.raises(StorageError) as caught:
        whole.plan(tuple(STATE for _keeper in keepers))
    return caught.value


def test_those_above_know_which_units_those_below_stop():
    seen = []
    mount = keeper("mount", seen=seen)
    part = Part(pauses=(Pause("docker.service"), Pause("other.service")))
    stopping = mount._replace(plan=lambda state: Plan((part,), {"kept": "mount"}))
    stack(stopping, mount, keeper("engine", seen=seen)).plan((STATE,) * 3)
    assert [state["on"]["stopped"] for _name, state in seen] == [
        {"docker.service", "other.service"}
    ] * 2


def test_the_steps_are_those_of_all_the_lowest_first():
    planned = stack(keeper("pool"), keeper("mount"), keeper("engine")).plan((STATE,) * 3)
    assert [step.reason for step in planned.steps] == ["pool", "mount", "engine"]
    assert [after["kept"] for after in planned.after] == ["pool", "mount", "engine"]


def test_each_is_planned_on_what_all_those_below_it_promise_and_offer():
    seen = []
    pool = keeper("pool", promise=[("vg", "docker")], offer=[("pool", "a pool")], seen=seen)
    mount = keeper("mount", promise=[("backing", "xfs")], offer=[("vg", "none")], seen=seen)
    stack(pool, mount, keeper("engine", seen=seen)).plan((STATE,) * 3)
    assert [(name, state["on"]) for name, state in seen] == [
        ("pool", {}),
        ("mount", {"vg": "docker", "pool": "a pool of pool"}),
        # The nearest below is what counts, and what it knows after its plan more than its wish.
        ("engine", {"vg": "none of mount", "pool": "a pool of pool", "backing": "xfs"}),
    ]


def test_a_keeper_that_needs_nothing_is_planned_on_what_it_has_seen():
    plain = Keeper("plain", None, planner("plain"), None)
    planned = stack(keeper("pool", promise=[("vg", "docker")]), plain).plan((STATE, STATE))
    assert planned.after[1] == {**STATE, "kept": "plain"}


FULL = ("no_room", "Pool", "it is full", "Add a disk")
OLD = ("engine_too_old", "Docker", "it is too old", "Upgrade it")
DISK = ("disk_not_free", "Disk", "it is not free", "Wipe it")
NO_ROOM_EITHER = ("no_room", "Mount", "its pool is full", "Add a disk")

REFUSALS = [
    # what pool, mount and engine refuse: the first, and what else is told
    ((None, None, OLD), "Docker: it is too old.", []),
    ((None, FULL, None), "Pool: it is full.", []),
    ((DISK, None, None), "Disk: it is not free.", []),
    # The uppermost first: it is what the person has asked for.
    ((DISK, None, OLD), "Docker: it is too old.", ["disk_not_free"]),
    # Those between are not asked: what they would plan on is not known.
    ((DISK, FULL, None), "Disk: it is not free.", []),
    ((DISK, FULL, OLD), "Docker: it is too old.", ["disk_not_free"]),
    ((None, FULL, OLD), "Docker: it is too old.", ["no_room"]),
    # One cause is told once.
    ((FULL, None, NO_ROOM_EITHER), "Mount: its pool is full.", []),
]


@pytest.mark.parametrize(("refused", "first", "others"), REFUSALS)
def test_refusals(refused, first, others):
    names = ("pool", "mount", "engine")
    error = refusal_of(*(keeper(name, refusal=it) for name, it in zip(names, refused)))
    told = str(error).splitlines()
    assert told[0].startswith(first)
    assert len(told) == 1 + len(others)
    assert error.details.get("also_refused", []) == others


def test_the_details_are_those_of_the_first_that_is_told():
    error = refusal_of(keeper("pool", refusal=DISK), keeper("mount"), keeper("engine", refusal=OLD))
    assert (error.details["refusal"], error.details["at"]) == ("engine_too_old", "engine")
    assert str(error) == "Docker: it is too old. Upgrade it.\nDisk: it is not free. Wipe it."


def test_refusals_without_a_name_are_told_apart_by_their_text():
    nameless = [("", "Disk", "it is not free", "Wipe it"), ("", "Docker", "it is old", "Leave it")]
    error = refusal_of(
        keeper("pool", refusal=nameless[0]), keeper("mount"), keeper("engine", refusal=nameless[1])
    )
    assert str(error).splitlines() == [
        "Docker: it is old. Leave it.",
        "Disk: it is not free. Wipe it.",
    ]
    assert error.details["also_refused"] == []
    same = refusal_of(
        keeper("pool", refusal=nameless[0]), keeper("mount"), keeper("engine", refusal=nameless[0])
    )
    assert str(same) == "Disk: it is not free. Wipe it."


def test_the_uppermost_is_asked_on_promises_where_one_below_has_refused():
    seen = []
    refusal_of(
        keeper("pool", promise=[("vg", "docker")], offer=[("pool", "a pool")], refusal=DISK),
        keeper("mount", promise=[("backing", "xfs")], seen=seen),
        keeper("engine", seen=seen),
    )
    assert seen == [("engine", {**STATE, "on": {"vg": "docker", "backing": "xfs"}})]


def test_a_refusal_stops_what_would_be_planned_above_it():
    """The uppermost rests on what the one that refuses would have made, and is not asked twice."""
    seen = []
    refusal_of(keeper("pool"), keeper("engine", refusal=OLD, seen=seen))
    assert len(seen) == 1


def test_what_several_ask_the_host_is_asked_once():
    module = Module()
    states = stack(keeper("pool"), keeper("mount"), keeper("engine")).observe(Reader(module))
    assert states == ({"saw": "it"},) * 3
    assert module.ran == [["look"]]


def test_a_command_that_fails_says_so_to_each_that_asks():
    def observe(run):
        with pytest.raises(StorageError, match="`odd`: it failed with exit status 4"):
            run.read(("odd",))
        return run(["odd"])[0]

    module = Module()
    keepers = [keeper(name)._replace(observe=observe) for name in ("pool", "engine")]
    assert stack(*keepers).observe(Reader(module)) == (4, 4)
    assert module.ran == [["odd"]]


def test_the_host_is_asked_anew_each_time_it_is_observed():
    module, whole = Module(), stack(keeper("pool"), keeper("engine"))
    for _time in range(2):
        whole.observe(Reader(module))
    assert module.ran == [["look"]] * 2


def test_a_finding_is_told_once_in_the_order_of_the_layers():
    full, odd = Finding("warning", "full", "It is full."), Finding("info", "odd", "It is odd.")
    other = full._replace(message="Another is full.")
    planned = stack(
        keeper("pool", findings=[full, odd]), keeper("engine", findings=[odd, other, full])
    ).plan((STATE, STATE))
    assert planned.findings == (full, odd, other)


def test_facts_are_those_of_all():
    pool = keeper("pool", facts={"autoextend": 1, "size": 1})
    planned = stack(pool, keeper("engine", facts={"size": 2})).plan((STATE, STATE))
    assert planned.facts == {"autoextend": 1, "size": 2}


def test_it_is_described_as_the_uppermost_with_those_below_by_their_names():
    states = tuple({"saw": it} for it in ("a disk", "a folder", "a daemon"))
    told = stack(keeper("pool"), keeper("mount"), keeper("engine")).describe(states)
    assert told == {
        "engine_saw": "a daemon",
        "pool": {"pool_saw": "a disk"},
        "mount": {"mount_saw": "a folder"},
    }


def test_a_stack_is_a_keeper():
    """It has the name of its uppermost, and promises what all of them promise."""
    lower = stack(keeper("pool", promise=[("vg", "a")]), keeper("mount", promise=[("on", "xfs")]))
    assert lower.name == "mount"
    assert lower.promise == {"vg": "a", "on": "xfs"}


def test_one_keeper_alone_is_itself():
    whole = stack(keeper("engine"))
    assert [step.reason for step in whole.plan((STATE,)).steps] == ["engine"]
    assert whole.describe((STATE,)) == {"engine_saw": "it"}


def test_a_layer_that_is_refused_on_sight_comes_after_what_the_uppermost_refuses():
    def look(_run):
        raise StorageError("Disk", "it cannot be read", "Look at it", refusal="disk_unreadable")

    blind = keeper("pool")._replace(observe=look)
    driver = ("driver_removed", "Engine", "it has no such driver", "Name another")
    asked = stack(blind, keeper("engine", refusal=driver))
    with pytest.raises(StorageError) as refused:
        asked.observe(Reader(Module()))
    assert str(refused.value).splitlines() == [
        "Engine: it has no such driver. Name another.",
        "Disk: it cannot be read. Look at it.",
    ]
    assert refused.value.details["also_refused"] == ["disk_unreadable"]
    with pytest.raises(StorageError, match=r"^Disk: it cannot be read. Look at it.$"):
        stack(blind, keeper("engine")).observe(Reader(Module()))


def test_the_uppermost_is_asked_with_what_it_has_seen_and_on_what_is_promised():
    seen = []
    pool = keeper("pool", promise=[("vg", "docker")], refusal=DISK)
    states = tuple({"saw": it} for it in ("a disk", "a folder", "a link", "a daemon"))
    with pytest.raises(StorageError, match="it is not free"):
        stack(pool, keeper("mount"), keeper("store"), keeper("engine", seen=seen)).plan(states)
    assert seen == [("engine", {"saw": "a daemon", "on": {"vg": "docker"}})]
