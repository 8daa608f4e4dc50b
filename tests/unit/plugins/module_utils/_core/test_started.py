# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a killed run was to start is up is asked of systemd, a table."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    moves,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.started import starts_made

CHANGE, STOP, START = (Command(word, ("true", word)) for word in ("change", "stop", "start"))
RESTARTED = Pause("e", start=(START,), invocation="before")
STOPPED = Pause("e", stop=(STOP,), start=(START,))
OTHER = Pause("o", stop=(STOP,), start=(START,))

# pauses, how many moves are left, {unit: (state, invocation)}, whether all is started
TABLE = [
    ([RESTARTED], 1, {"e": ("active", "after")}, True),
    ([RESTARTED], 1, {"e": ("active", "before")}, False),
    ([RESTARTED], 1, {"e": ("activating", "after")}, False),
    ([RESTARTED], 1, {"e": ("failed", "after")}, False),
    ([RESTARTED], 1, {}, False),
    ([RESTARTED], 2, {"e": ("active", "after")}, False),  # the change was not made
    ([RESTARTED], 0, {"e": ("active", "after")}, False),  # nothing is left to be asked for
    ([STOPPED], 1, {"e": ("active", "after")}, True),
    ([STOPPED], 1, {"e": ("inactive", "")}, False),
    ([STOPPED], 2, {"e": ("active", "after")}, False),
    ([STOPPED, OTHER], 2, {"e": ("active", "1"), "o": ("active", "2")}, True),
    ([STOPPED, OTHER], 2, {"e": ("active", "1"), "o": ("inactive", "")}, False),
    ([STOPPED, OTHER], 1, {"e": ("failed", "1"), "o": ("active", "2")}, True),
]


@pytest.mark.parametrize(("pauses", "left", "units", "started"), TABLE)
def test_table(pauses, left, units, started):
    def run(argv):
        *argv, unit = argv
        assert argv == ["systemctl", "show", "--property", "ActiveState,InvocationID", "--"]
        if unit not in units:
            return 1, "ActiveState=active\nInvocationID=after\n", "it failed"
        return 0, "ActiveState={}\nInvocationID={}\n".format(*units[unit]), ""

    parts = (Part((CHANGE,), pauses=tuple(pauses)),)
    moved = moves(parts)
    assert starts_made(run, parts, moved[len(moved) - left :]) == (left if started else 0)


AFTER = (Part((CHANGE,), pauses=(STOPPED,)), Part((CHANGE,)), Part((CHANGE,)))


@pytest.mark.parametrize(("left", "made"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 0), (5, 0)])
def test_what_comes_after_the_starts_is_not_made_by_them(left, made):
    def run(_argv):
        return 0, "ActiveState=active\nInvocationID=after\n", ""

    moved = moves(AFTER)
    assert starts_made(run, AFTER, moved[len(moved) - left :]) == made


def test_a_change_before_units_are_stopped_is_none_of_theirs():
    def run(_argv):
        raise AssertionError("nothing of theirs is left to be asked for")

    parts = (Part((CHANGE,)), Part((CHANGE,), pauses=(STOPPED,)))
    assert starts_made(run, parts, moves(parts)) == 0
