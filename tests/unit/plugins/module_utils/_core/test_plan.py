# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vocabulary of plans: how a step reads, and what the seal stands for."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import identity
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Command,
    Part,
    Pause,
    Plan,
    StorageError,
    WriteFile,
    describe_step,
    describe_steps,
    destroyed,
    kept,
    paused,
    pauses_of,
    seal,
)

HARMLESS = Command("Grow it", ("lvextend", "--extents", "10", "vg/pool"))
REMOVE = Command("Remove it", ("lvremove", "--yes", "vg/pool"), destroys=("pool (UUID a)",))
WIPE = WriteFile("Drop it", "/etc/x", None, old="x", destroys=("the file /etc/x",))

DESCRIPTIONS = [
    (HARMLESS, "lvextend --extents 10 vg/pool"),
    (Command("Odd", ("echo", "a b", "$(rm)", "")), "echo 'a b' '$(rm)' ''"),
    (WriteFile("Write it", "/etc/x", "text"), "write /etc/x"),
    (WriteFile("Empty it", "/etc/x", ""), "write /etc/x"),
    (WIPE, "remove /etc/x"),
]


@pytest.mark.parametrize(("step", "action"), DESCRIPTIONS)
def test_description(step, action):
    assert describe_step(step) == {"reason": step.reason, "action": action}


def test_descriptions_keep_their_order():
    reasons = [it["reason"] for it in describe_steps([REMOVE, HARMLESS])]
    assert reasons == ["Remove it", "Grow it"]


def test_destroyed():
    assert destroyed([HARMLESS, REMOVE, WIPE]) == ("pool (UUID a)", "the file /etc/x")


@pytest.mark.parametrize("steps", [[], [HARMLESS], [HARMLESS, HARMLESS]])
def test_a_plan_that_destroys_nothing_has_no_seal(steps):
    assert seal(steps) == ""


def test_a_seal_is_twelve_hex_digits_and_the_same_every_time():
    assert seal([REMOVE]) == seal([REMOVE])
    assert len(seal([REMOVE])) == 12
    assert int(seal([REMOVE]), 16)


SAME_SEAL = [
    [HARMLESS, REMOVE],
    [REMOVE, HARMLESS],
    [REMOVE._replace(reason="Say it otherwise")],
    [REMOVE._replace(claims=(Claim("/dev/vdb", "254:16", 1, "", ""),))],
]

OTHER_SEAL = [
    [REMOVE._replace(destroys=("pool (UUID b)",))],
    [REMOVE._replace(destroys=("pool (UUID a)", "volume"))],
    [REMOVE._replace(argv=("lvremove", "--yes", "vg/other"))],
    [REMOVE, REMOVE],
    [REMOVE, WIPE],
    [WIPE],
]


@pytest.mark.parametrize("steps", SAME_SEAL)
def test_what_destroys_nothing_does_not_change_the_seal(steps):
    assert seal(steps) == seal([REMOVE])


@pytest.mark.parametrize("steps", OTHER_SEAL)
def test_any_change_to_what_is_destroyed_changes_the_seal(steps):
    assert seal(steps) != seal([REMOVE])


def test_the_same_plan_for_another_host_has_another_seal(tmp_path, monkeypatch):
    """Names and UUIDs of a volume are copied with the disk of a virtual machine."""
    seals = set()
    for machine, product in [("m1", "p1"), ("m2", "p1"), ("m1", "p2"), ("m1", "p1")]:
        for name, text in (("MACHINE_ID", machine), ("PRODUCT_ID", product)):
            (tmp_path / name).write_text(text)
            monkeypatch.setattr(identity, name, str(tmp_path / name))
        seals.add(seal([REMOVE]))
    assert len(seals) == 3


def test_the_order_of_what_is_destroyed_counts():
    assert seal([REMOVE, WIPE]) != seal([WIPE, REMOVE])


ERRORS = [
    (("Disk", "it is gone", "Look for it"), "Disk: it is gone. Look for it."),
    (("Disk", "it is gone.", "Look for it."), "Disk: it is gone. Look for it."),
]


@pytest.mark.parametrize(("parts", "text"), ERRORS)
def test_error(parts, text):
    assert str(StorageError(*parts)) == text


def test_an_error_carries_details():
    assert StorageError("Disk", "it is gone", "Look", changed=True).details == {"changed": True}


@pytest.mark.parametrize("message", ["All is said", "All is said."])
def test_an_error_whose_text_is_ready(message):
    error = StorageError.of(message, {"done": []})
    assert isinstance(error, StorageError)
    assert (str(error), error.details) == ("All is said.", {"done": []})


def test_a_unit_is_stopped_as_the_lowest_says_and_started_as_the_uppermost_says():
    def part(name):
        steps = [(HARMLESS._replace(reason=f"{verb} by {name}"),) for verb in ("stop", "start")]
        ready, work = ((HARMLESS._replace(reason=f"{verb} {name}"),) for verb in ("ready", "do"))
        return Part(work, ready=ready, pauses=(Pause("docker", *steps),))

    steps = Plan((part("lower"), Part((HARMLESS,)), part("upper")), None).steps
    assert [step.reason for step in steps] == [
        "ready lower",
        "stop by lower",
        "do lower",
        "Grow it",
        "ready upper",
        "do upper",
        "start by upper",
    ]


def test_a_file_of_which_nobody_says_more_is_roots_to_write_and_everybodys_to_read():
    step = WriteFile("Write it", "/etc/x", "text")
    assert (step.mode, step.private) == (0o644, False)


def test_a_disk_is_locked_unless_it_is_said_that_it_is_not_to_be():
    assert Claim("/dev/vdb", "254:16", 1, "", "").locked


def test_steps_that_stay_are_a_part_and_no_steps_are_none():
    assert kept([HARMLESS, REMOVE]) == (Part((HARMLESS, REMOVE)),)
    assert kept([]) == ()


SAID = Pause("docker", (HARMLESS,), (REMOVE,), (WIPE,), ("why",))
OTHER = Pause("docker", (WIPE,), (HARMLESS,), (REMOVE,), ("how",))
JOINED = [
    (SAID, Pause("docker"), SAID),
    (Pause("docker"), SAID, SAID),
    (SAID, OTHER, OTHER._replace(stop=SAID.stop)),
]


@pytest.mark.parametrize(("lower", "upper", "joined"), JOINED)
def test_what_only_one_part_says_of_a_unit_counts(lower, upper, joined):
    assert pauses_of((Part(pauses=(lower,)), Part(pauses=(upper,)))) == (joined,)


def test_units_wait_from_the_first_part_that_asks_for_it_to_the_last():
    asks, asks_not = Part(pauses=(SAID,)), Part((HARMLESS,))
    assert paused((asks_not, asks, asks, asks_not, asks, asks_not)) == range(1, 5)
    assert paused((asks_not, asks_not)) == range(0)
