# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of verbs that delete: a plan with one that hides what it destroys is found out."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Command,
    Part,
    Plan,
    WriteFile,
)
from support.deletions import (
    DELETE,
    WRITE_OVER,
    every_verb_that_deletes_declares_what_it_destroys,
)
from support.invariants import Technology

CLAIM = Claim("/dev/vdb", "254:16", 1, "", "")


def command(words, **more):
    """A command with that verb; a verb with a star is a family."""
    return Command("Do it", (*(word.replace("*", ".ext4") for word in words), "it"), **more)


def holds(*steps, undo=()):
    planned = Plan((Part(tuple(steps), tuple(undo)),), None)
    planner = Technology(lambda _state, _wanted: planned, None)
    every_verb_that_deletes_declares_what_it_destroys(planner, None, None)


HIDING = [
    *map(command, DELETE),
    *map(command, WRITE_OVER),
    Command("Run by env", ("env", "A=1", "B=2", "lvremove", "vg/pool")),
    Command("Force it", ("mkfs.xfs", "-f", "/dev/vdb")),
    WriteFile("Drop it", "/etc/fstab", None),
    # a claim says which disk is written to, and is no word of what is deleted on it
    command(("wipefs",), claims=(CLAIM,)),
]

HONEST = [
    *(command(verb, destroys=("all of it",)) for verb in (*DELETE, *WRITE_OVER)),
    *(command(verb, claims=(CLAIM,)) for verb in WRITE_OVER),
    Command("Refuses what is there", ("mkfs.xfs", "/dev/mapper/vg-data")),
    Command("Reads", ("zfs", "list")),
    Command("Grows", ("lvextend", "vg/pool")),
    WriteFile("Drop ours", "/etc/lvm/profile/vg-pool.profile", None),
    WriteFile("Write it", "/etc/fstab", "text"),
]


@pytest.mark.parametrize("step", HIDING)
def test_what_hides_that_it_deletes_is_found_out(step):
    with pytest.raises(AssertionError):
        holds(step)


@pytest.mark.parametrize("step", HONEST)
def test_what_says_so_or_deletes_nothing_is_let_be(step):
    holds(step)


def test_the_way_back_deletes_nothing_but_what_the_plan_has_made():
    made = WriteFile("Write it", "/etc/x", "text")
    gone = WriteFile("Restore it", "/etc/x", None, old="text")
    holds(made, undo=[gone])
    for steps, undo in (
        ([], [gone]),
        ([made._replace(old="older")], [gone]),
        ([], [command(("lvremove",))]),
        # nobody is asked for consent on the way back
        ([], [command(("lvremove",), destroys=("all of it",))]),
    ):
        with pytest.raises(AssertionError):
            holds(*steps, undo=undo)
