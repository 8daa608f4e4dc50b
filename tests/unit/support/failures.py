# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds whichever step of a plan fails, and however: all that was done is accounted for.

The host is a list of the steps that it was told to take. It fails where it is told to.
"""

from __future__ import annotations

from typing import NamedTuple
from unittest import mock

from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    carry_out as _carry_out,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Pause,
    RemoveTree,
    StorageError,
    describe_step,
    moves,
    pauses_of,
)

# Steps that are done or not, or anything between; the others are done as a whole or not at all.
HALF_DONE = (Command, RemoveTree)

WAYS_TO_FAIL = [
    StorageError("Take a step", "it failed with exit status 5", "Mend what it names"),
    OSError("Input/output error"),
]


class Failure(NamedTuple):
    """A run that has failed."""

    parts: tuple
    failed: object  # the Move that failed; None where all went well, and the host kept nothing
    done: list  # steps that went well, as text
    back: list  # the steps of the way back that were taken, as text, the failed ones too
    broken: str  # the step of the way back that failed, or ""
    text: str
    result: dict

    def told(self, key):
        """The steps that the result names under a key, as text."""
        return [step["reason"] for step in self.result[key]]


def done_is_what_is_kept_and_what_is_taken_back(technology, state, wanted):
    """Whichever step fails, and however, also on the way back."""
    planned = technology.plan(state, wanted)
    if not planned.steps:
        return
    planned = planned._replace(parts=numbered(planned.parts))
    for failing in range(len(planned.steps) + 1):
        for error in WAYS_TO_FAIL:
            failure = fail(planned, failing, error)
            check(failure)
            assert set(failure.told("kept")).isdisjoint(_undoable(failure))
        for step in failure.back:
            check(fail(planned, failing, WAYS_TO_FAIL[0], broken=step))


def check(failure):
    """All that is to be true of a failure."""
    _every_step_has_one_fate(failure)
    _a_part_is_taken_back_by_its_own_steps(failure)
    _what_was_stopped_is_started_again(failure)
    _the_text_names_every_step(failure)


def _every_step_has_one_fate(failure):
    stays, gone = failure.told("kept"), failure.told("taken_back")
    assert failure.told("done") == failure.done
    assert sorted(stays + gone) == sorted(failure.done)
    assert failure.result["changed"] is bool(stays or failure.broken)
    assert failure.result["failed_after"] == len(failure.done)
    assert failure.result.get("undone") == (None if not failure.back else not failure.broken)
    step = failure.failed and describe_step(failure.failed.step)
    assert failure.result["failed_step"] == step


def _a_part_is_taken_back_by_its_own_steps(failure):
    """All of them, in their order, exactly where it is told as taken back."""
    told, order = failure.told("taken_back"), []
    for number, part in enumerate(failure.parts):
        undo, steps = _texts(part.undo), _texts((*part.ready, *part.steps))
        done = [step for step in steps if step in failure.done]
        ran = [step for step in failure.back if step in undo]
        gone = bool(undo) and ran == undo and failure.broken not in undo
        assert ran in ([], undo)
        assert [step for step in done if step in told] == (
            done if gone else _restored(part, done, failure) if ran else []
        )
        # A command that failed may have done half of it; a file that was not written has not.
        begun = failure.failed and isinstance(failure.failed.step, HALF_DONE)
        assert done or not ran or (begun and failure.failed.part == number)
        if begun and failure.failed.part == number:
            assert ran == undo
        order += [number] * bool(ran)
    first = [failure.back.index(_texts(failure.parts[number].undo)[0]) for number in order]
    assert first == sorted(first, reverse=True), "not from the top down"


def _restored(part, done, failure):
    """Those that wrote files which have their old content again, though the way back failed."""
    paths = {it.path for it in part.undo if hasattr(it, "path") and it.reason != failure.broken}
    written = {it.reason: getattr(it, "path", "") for it in (*part.ready, *part.steps)}
    return [step for step in done if written[step] in paths]


def _what_was_stopped_is_started_again(failure):
    """At the very end, when what it runs on is as it was."""
    for pause in pauses_of(failure.parts):
        stop, start, back = _texts(pause.stop), _texts(pause.start), _texts(pause.back)
        begun = list(failure.done)
        if failure.failed and isinstance(failure.failed.step, HALF_DONE):
            begun.append(failure.failed.step.reason)
        if set(stop) & set(begun) and not set(start) <= set(failure.done):
            assert [step for step in failure.back if step in back] == back
        if back and back[0] in failure.back:
            undo = {step for part in failure.parts for step in _texts(part.undo)}
            assert not undo & set(failure.back[failure.back.index(back[0]) :])


def _the_text_names_every_step(failure):
    lines = failure.text.splitlines()
    for words, key in (("Taken back: ", "taken_back"), ("Done before that, and kept: ", "kept")):
        told = [line for line in lines if line.startswith(words)]
        steps = failure.told(key)
        assert len(told) == bool(steps)
        assert all(step in told[0] for step in steps)
    as_before = "It is as it was before." in lines or "Nothing was changed before that." in lines
    assert as_before is not failure.result["changed"]
    assert failure.broken in failure.text


def _is_tree(step):
    return isinstance(step, RemoveTree)


def _undoable(failure):
    """What has to be gone: the steps of parts with a way back, up to the one that failed."""
    if failure.failed is None:
        parts = failure.parts
        gone = [at for at, part in enumerate(parts) if any(map(_is_tree, part.steps))]
        after = parts[1 + max(gone, default=-1) :]
        return [it for part in after if part.undo for it in _texts(part.steps)]
    part = failure.parts[failure.failed.part] if failure.failed.part is not None else None
    return _texts((*part.ready, *part.steps)) if part and part.undo else []


def fail(planned, failing, error, broken=""):
    """Take the steps of a plan on a host on which one fails.

    :param failing: the number of that step; that after the last is the look at the end.
    :param broken: the step of the way back that fails, as text.
    """
    steps = moves(planned.parts)
    taken, back = [], []

    def execute(_run, step, _hold):
        if step.reason == broken:
            back.append(step.reason)
            raise error
        if len(taken) < failing:
            taken.append(step.reason)
        elif len(taken) == failing < len(steps) and step is steps[failing].step and not back:
            raise error
        else:
            back.append(step.reason)

    def prove():
        raise error

    with (
        mock.patch.object(_carry_out, "execute", execute),
        # It would read the sources each time.
        mock.patch("traceback.format_exception", return_value=[]),
    ):
        try:
            _carry_out.carry_out(lambda _argv: (0, "", ""), planned, prove, None)
        except StorageError as told:
            failed = steps[failing] if failing < len(steps) else None
            return Failure(planned.parts, failed, taken, back, broken, str(told), told.details)
    raise AssertionError("it did not fail")


def numbered(parts):
    """The same parts, of steps that are all told apart by their reason."""
    count = iter(range(10**6))

    def apart(steps):
        return tuple(it._replace(reason=f"{it.reason} [{next(count)}]") for it in steps)

    return tuple(
        part._replace(
            ready=apart(part.ready),
            steps=apart(part.steps),
            undo=apart(part.undo),
            pauses=tuple(
                Pause(it.unit, apart(it.stop), apart(it.start), apart(it.back), it.diagnose)
                for it in part.pauses
            ),
        )
        for part in parts
    )


def _texts(steps):
    return [step.reason for step in steps]
