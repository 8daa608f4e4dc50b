# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken back and what is kept, for each step that may be the one that fails."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Part,
    Pause,
    RemoveTree,
    kept,
    moves,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.way_back import way_back
from support.layouts import CONFIG, GROWTH, LABEL, LAYOUT, MOUNT, POOL, RESTART, command

TWO_UNITS = Part(
    (command("mount"),),
    (command("unmount"),),
    pauses=tuple(
        Pause(name, (command(f"stop {name}"),), (command(f"start {name}"),), (command(f"{name}!"),))
        for name in ("docker", "podman")
    ),
)
TREE = Part((RemoveTree("remove it", "/srv/it"),))
ALL = [command("old config"), *MOUNT.undo, RESTART]

FATES = [
    # the parts, what fails, the steps of the way back, what is kept; the rest is taken back
    # Nothing was done.
    (LAYOUT, "make pool", [], []),
    # What has no way back is kept, and a file that was not written has changed nothing.
    (LAYOUT, "write unit", [], ["make pool"]),
    # Nobody knows whether it was stopped: it is started, on what it had.
    (LAYOUT, "stop docker", [*MOUNT.undo, RESTART], ["make pool"]),
    # Nobody knows how far a command came: its part is taken back though none of it was done.
    ((LABEL,), "label", [command("old label")], []),
    ((LABEL,), "relabel", [command("old label")], []),
    (LAYOUT, "mount", [*MOUNT.undo, RESTART], ["make pool"]),
    # While the engine waits, all parts are one: a failure above takes the mount back as well.
    (LAYOUT, "grow", [*MOUNT.undo, RESTART], ["make pool"]),
    (LAYOUT, "write config", [*MOUNT.undo, RESTART], ["make pool", "grow"]),
    # From the top down, the engine last.
    (LAYOUT, "restart docker", ALL, ["make pool", "grow"]),
    # The host kept nothing of it: all is taken back that can be.
    (LAYOUT, None, ALL, ["make pool", "grow"]),
    ((*LAYOUT, LABEL), None, [command("old label"), *ALL], ["make pool", "grow"]),
    # Behind a tree that was removed there is no way back.
    ((CONFIG, TREE), None, [], ["write config", "restart docker", "remove it"]),
    (
        (CONFIG, TREE, LABEL),
        None,
        [command("old label")],
        ["write config", "restart docker", "remove it"],
    ),
    ((TREE, CONFIG), None, [*CONFIG.undo, RESTART], ["remove it"]),
    ((CONFIG, TREE), "remove it", [], ["write config", "restart docker"]),
    # Once the units run again, what comes after them stands for itself: the mount is kept.
    (
        (MOUNT, GROWTH),
        "grow",
        [],
        ["write unit", "stop docker", "mount", "start docker"],
    ),
    ((CONFIG, LABEL), "relabel", [command("old label")], ["write config", "restart docker"]),
    # And so does what comes before them.
    ((LABEL, CONFIG), "restart docker", [*CONFIG.undo, RESTART], ["label", "relabel"]),
    ((LABEL, POOL), "make pool", [], ["label", "relabel"]),
    # A unit that has not been stopped yet is not started.
    ((TWO_UNITS,), "stop docker", [command("docker!")], []),
    ((TWO_UNITS,), "stop podman", [command("docker!"), command("podman!")], []),
    (
        (TWO_UNITS,),
        "start docker",
        [command("unmount"), command("docker!"), command("podman!")],
        [],
    ),
    # A start with no other configuration to go back to is not tried twice.
    (
        (Part(pauses=(Pause("docker", start=(command("reset"), RESTART)),)),),
        "restart docker",
        [],
        ["reset"],
    ),
    (kept([command("one"), command("two")]), None, [], ["one", "two"]),
]


@pytest.mark.parametrize(("parts", "failing", "returns", "stays"), FATES)
def test_fate(parts, failing, returns, stays):
    steps = moves(parts)
    names = [move.step.reason for move in steps]
    count = len(steps) if failing is None else names.index(failing)
    back = way_back(parts, steps[:count], None if failing is None else steps[count])
    assert [step for it in back.returns for step in it.steps] == returns
    assert [move.step.reason for move in back.kept] == stays
    assert [move.step.reason for move in back.taken_back] == [
        name for name in names[:count] if name not in stays
    ]


def test_what_could_not_be_taken_back_is_kept():
    steps = moves(LAYOUT)
    back = way_back(LAYOUT, steps[:-1], steps[-1])
    config, mount, engine = back.returns
    assert (config.part, mount.part, engine.unit) == (3, 1, "docker")
    left = back.without([mount])
    assert [move.step.reason for move in left.taken_back] == ["stop docker", "write config"]
    assert sorted(move.step.reason for move in left.kept) == [
        "grow", "make pool", "mount", "write unit",
    ]  # fmt: skip
    # A file of it that has its old content again is taken back all the same.
    left = back.without([mount], ["/etc/write-unit"])
    assert "write unit" in [move.step.reason for move in left.taken_back]
    assert "mount" in [move.step.reason for move in left.kept]
    left = back.without([engine])
    assert "stop docker" in [move.step.reason for move in left.kept]
    assert back.without([]) == back


def test_a_unit_that_stops_with_what_is_taken_back_is_started_again():
    """It was not stopped by a step: letting go of a mount stops what needs it."""
    pause = Pause("docker", stop=(command("stop docker"),), back=(command("start docker"),))
    let_go = command("let go")
    part = Part((command("mount"),), undo=(let_go,), ready=(command("reload"),), pauses=(pause,))
    back = way_back((part,), [], moves((part,))[0])
    assert [it.steps for it in back.returns] == [(let_go,), pause.back]
