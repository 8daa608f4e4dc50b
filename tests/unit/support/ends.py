# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds wherever a run of a plan ends, and however: the next one knows, and goes back.

A run ends between two steps, in the midst of one, or when only the proof is missing. Where it is
told to end (TERM, HUP) it goes back itself; where it is killed, or the power is cut, the next run
does, by the journal. The journal is a real one; the host is a list of the steps of the way back.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import NamedTuple
from unittest import mock

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    carry_out as _carry_out,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import journal as _journal
from ansible_collections.containerhost.storage.plugins.module_utils._core import recover as _recover
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    moves,
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.serial import (
    from_data,
    to_data,
)
from support.failures import HALF_DONE, numbered

TOLD = StorageError("This run", "it was told to end", "Run it again", refusal="run_ended")


class PowerCut(BaseException):
    """The process is gone: nothing of it runs any more."""


class End(NamedTuple):
    """Where a run ends."""

    done: int  # steps, from the first on
    begun: bool = False  # whether it ends in the midst of the next one
    landed: bool = False  # whether that one is a file or a name, and is as it is to be


class Outcome(NamedTuple):
    """What became of it: reasons of steps."""

    done: list[str]
    taken_back: list[str]
    kept: list[str]
    way: list[str]  # the steps of the way back, as they were taken
    message: str


def ends(parts) -> Iterator[End]:
    """Every place where a run of these parts can end."""
    steps = moves(parts)
    for number, move in enumerate(steps):
        yield End(number)
        yield End(number, begun=True)
        if not isinstance(move.step, HALF_DONE):
            yield End(number, begun=True, landed=True)
    yield End(len(steps))


def killed(parts, end, back_to=None, started=False) -> Outcome:
    """What the next run makes of a run that was killed there.

    :param started: whether the units have been started since, as by a boot.
    :param back_to: the number of steps of the way back after which that is killed as well, so that
        a third run has to do the rest; None for a way back that comes to its end.
    """
    steps, way = moves(parts), []
    run = _started if started else _not_started
    journal = _journal.open_journal(_journal.new_run(), "storage_layout", parts)
    for number in range(end.done):
        journal.begin(number)
        journal.done(number)
    if end.begun:
        journal.begin(end.done)

    def execute(_run, step, _hold):
        if back_to is not None and len(way) == back_to and "cut" not in way:
            way.append("cut")
            raise PowerCut
        way.append(step.reason)

    with (
        mock.patch.object(_carry_out, "execute", execute),
        mock.patch.object(_carry_out, "landed", return_value=False),
        mock.patch.object(_recover, "landed", return_value=end.landed),
        mock.patch.object(_recover, "clear"),
    ):
        if back_to is not None:
            with contextlib.suppress(PowerCut):
                _recover.recover(lambda _run: run)
        found = _recover.recover(lambda _run: run)
        assert not _recover.recover(lambda _run: run), "something is open still"
    (told,) = found["recovered"] if found else [{"taken_back": [], "kept": [], "message": ""}]
    done = [move.step.reason for move in steps[: end.done + end.landed]]
    return Outcome(done, _reasons(told["taken_back"]), _reasons(told["kept"]), way, told["message"])


def told_to_end(parts, done) -> Outcome:
    """What a run itself makes of it that is told to end when so many steps are done."""
    steps, way, count = moves(parts), [], iter(range(10**6))

    def may_go_on():
        if next(count) == done:
            raise TOLD

    def execute(_run, step, _hold):
        if len(taken) < done:
            taken.append(step.reason)
        else:
            way.append(step.reason)

    taken: list[str] = []
    planned = _carry_out.Plan(tuple(part._replace(check=None) for part in parts), None)
    with (
        mock.patch.object(_carry_out, "execute", execute),
        mock.patch.object(_carry_out, "landed", return_value=False),
        pytest.raises(StorageError) as error,
    ):
        _carry_out.carry_out(_not_started, planned, lambda: None, None, None, may_go_on)
    told, message = error.value.details, str(error.value)
    assert taken == [move.step.reason for move in steps[:done]]
    back, kept = _reasons(told["taken_back"]), _reasons(told["kept"])
    return Outcome(taken, back, kept, way, message)


def _not_started(_argv, **_more):
    """A systemd whose units have not been started since."""
    return 0, "ActiveState=inactive\nInvocationID=\n", ""


def _started(_argv, **_more):
    """A systemd whose units have all been started since."""
    return 0, "ActiveState=active\nInvocationID=another\n", ""


def _reasons(steps):
    return [step["reason"] for step in steps]


def wherever_it_ends_the_next_run_goes_back(technology, state, wanted):
    """Done is kept and taken back; files, units and ways back are whole; nothing stays open."""
    parts = technology.plan(state, wanted).parts
    assert from_data(json.loads(json.dumps(to_data(parts)))) == tuple(
        part._replace(check=None) for part in parts
    )
    if _shape(parts) not in _SHOWN:
        _show(numbered(parts))
        _SHOWN.add(_shape(parts))


# What the way back depends on; it need not be shown again for each name and size.
_SHOWN: set[tuple] = set()


def _shape(parts):
    def kinds(steps):
        return tuple(type(step) for step in steps)

    return tuple(
        (*map(kinds, part[:3]), tuple((it.unit, *map(kinds, it[1:4])) for it in part.pauses))
        for part in parts
    )


def _show(parts):
    steps = moves(parts)
    for end in ends(parts):
        outcome = killed(parts, end)
        _every_step_has_one_fate(outcome)
        _parts_go_back_as_a_whole(parts, end, outcome)
        _units_that_were_stopped_run_again(parts, end, outcome)
        if end.done < len(steps) and not end.begun:
            itself = told_to_end(parts, end.done)
            assert outcome[:4] == itself[:4]
        if outcome.way:
            again = killed(parts, end, back_to=len(outcome.way) // 2)
            assert sorted(again.taken_back) == sorted(outcome.taken_back)
            assert again.way[-1] == outcome.way[-1]
            assert set(again.way) - {"cut"} == set(outcome.way)


def _every_step_has_one_fate(outcome):
    assert sorted(outcome.taken_back + outcome.kept) == sorted(outcome.done)
    assert all(step in outcome.message for step in outcome.done)


def _parts_go_back_as_a_whole(parts, end, outcome):
    for part in parts:
        undo = [step.reason for step in part.undo]
        own = [step.reason for step in (*part.ready, *part.steps)]
        ran = [step for step in outcome.way if step in undo]
        assert ran in ([], undo)
        if undo:
            assert [it for it in outcome.taken_back if it in own] == (
                [it for it in outcome.done if it in own] if ran else []
            )
        else:
            assert not set(own) & set(outcome.taken_back)


def _units_that_were_stopped_run_again(parts, end, outcome):
    steps = moves(parts)
    half = end.begun and isinstance(steps[end.done].step, HALF_DONE)
    begun = [move.step.reason for move in steps[: end.done + (half or end.landed)]]
    for pause in pauses_of(parts):
        stop, start, back = ([step.reason for step in it] for it in pause[1:4])
        if set(stop) & set(begun) and not set(start) <= set(outcome.done):
            assert [step for step in outcome.way if step in back] == back
            assert not back or outcome.way[-len(back) :] == back or len(pauses_of(parts)) > 1
