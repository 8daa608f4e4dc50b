# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Taking the steps of a plan; where one fails, going back, and saying what became of each."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import execute
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    describe_step,
    describe_steps,
    moves,
    unexpected,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.way_back import way_back


def carry_out(run, planned, prove, hold):
    """Take all steps of a plan, and return the state that the host is in after them.

    :param prove: observes the host again; raises where it did not keep what it was given.
    :param hold: see ``reconcile``.
    :raises StorageError: whatever went wrong, with what was kept and what was taken back.
    """
    done, at_work = [], None
    try:
        for at_work in moves(planned.parts):
            _check(run, planned.parts, at_work, done)
            execute(run, at_work.step, hold)
            done.append(at_work)
        at_work = None
        return prove()
    except Exception as error:
        failure = (
            error
            if isinstance(error, StorageError)
            else unexpected(error, "what it had begun was broken off")
        )
        raise _unwound(run, planned, done, at_work, failure) from error


def _check(run, parts, move, done):
    """Look once more, before the first step of a part, where that part asks for it."""
    first = move.part is not None and all(other.part != move.part for other in done)
    if first and parts[move.part].check:
        parts[move.part].check(run)


def _unwound(run, planned, done, failed, error):
    """Take back what can be; the error with what became of every step that was taken."""
    words = _host_words(run, failed or (done[-1] if done else None))
    back = way_back(planned.parts, done, failed)
    broken, by_hand = [], []
    for it in back.returns:
        trouble = _go_back(run, it.steps)
        if trouble:
            broken.append(it)
            by_hand += trouble
    back = back.without(broken)
    kept = [move.step for move in back.kept]
    taken_back = [move.step for move in back.taken_back]
    details = {
        **error.details,
        "changed": bool(kept or by_hand),
        "done": describe_steps(move.step for move in done),
        "kept": describe_steps(kept),
        "taken_back": describe_steps(taken_back),
        "failed_step": describe_step(failed.step) if failed else None,
        "failed_after": len(done),
    }
    if back.returns:
        details["undone"] = not by_hand
    story = [str(error), *words, *_story(back, kept, taken_back, by_hand)]
    return StorageError.of("\n".join(story), details)


def _story(back, kept, taken_back, by_hand):
    """What became of the steps, in sentences."""
    if by_hand:
        yield (
            "On the way back this failed as well, and has to be done by hand: "
            + "; ".join(by_hand)
            + "."
        )
    if taken_back:
        yield f"Taken back: {_reasons(taken_back)}."
    if kept:
        yield (
            f"Done before that, and kept: {_reasons(kept)}. It is safe to run again: the next run "
            "goes on from there."
        )
    elif back.returns and not by_hand:
        yield "It is as it was before."
    elif not back.returns:
        yield "Nothing was changed before that."


def _go_back(run, steps):
    """Take all steps of a way back, whichever of them fail; what failed, in words."""
    trouble = []
    for step in steps:
        try:
            execute(run, step, None)
        except Exception as error:  # the rest of the way is to be gone all the same
            trouble.append(f"{step.reason} ({error})")
    return trouble


def _host_words(run, move):
    """What the host itself says of the step that failed; none where it cannot be asked."""
    if not move or not move.diagnose:
        return []
    try:
        reason = run(move.diagnose)[1].strip()
    except Exception:  # what is to be taken back is worth more than the reason
        return []
    return ["The host's own words:\n" + reason] if reason else []


def _reasons(steps):
    return "; ".join(step.reason for step in steps)
