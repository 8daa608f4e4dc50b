# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Changes that an earlier run has begun and not ended: going back from there, before anything else.

It is the same way back as after a failure: the step that was begun and not done is the one that
failed. Where all were taken and only the proof is missing, all is kept: the run that finds it
observes the host, and mends what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    identity,
    lock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import (
    clear,
    landed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.carry_out import (
    Trouble,
    go_back,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import (
    GIVE_UP,
    Change,
    Journal,
    open_changes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    Move,
    StorageError,
    WriteFile,
    describe_step,
    describe_steps,
    moves,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import (
    Reader,
    Taker,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.started import starts_made
from ansible_collections.containerhost.storage.plugins.module_utils._core.way_back import (
    WayBack,
    way_back,
)


class Standing(NamedTuple):
    """Where an open change has ended."""

    done: tuple[Move, ...]
    at_work: Move | None  # the step that was begun; nobody knows how far it came
    back: WayBack  # () where all steps were taken
    begun: bool


def standing(run: Reader, change: Change) -> Standing:
    """Where an open change has ended: as its journal tells, the file at work, and systemd."""
    steps, progress = moves(change.parts), change.progress
    done, begun = progress.done, progress.begun
    if not progress.returning:
        step = steps[done].step if begun else None
        if landed(step):
            done, begun = done + 1, False
        starts = starts_made(run, change.parts, steps[done:])
        if starts:
            done, begun = done + starts, False
    failed = steps[done] if done < len(steps) else None
    taken = steps[:done]
    if failed is None and not progress.returning:
        back = WayBack((), (), tuple(taken))
    else:
        back = way_back(change.parts, taken, failed, begun)
    return Standing(tuple(taken), failed if begun else None, back, begun)


class Found(NamedTuple):
    """An open change, as a report finds it."""

    change: Change
    now: Standing | None  # None where it cannot be gone back from


def find_open(run: Reader) -> list[Found]:
    """All changes that are open on this host, the latest first. Nothing is written.

    :raises StorageError: the folder of the journals is not root's alone.
    """
    return [Found(it, None if it.problem else standing(run, it)) for it in open_changes()]


def foresee(run: Reader) -> dict[str, Any]:
    """What a real run would first put right, for check mode. Nothing is written.

    :returns: ``{"would_recover": [...], "findings": [...], "changed": bool}``; empty where no
        change is open.
    :raises StorageError: a journal is there that cannot be gone back from.
    """
    told, findings = [], []
    for change in _usable():
        if not runs(change):
            now = standing(run, change)
            steps = describe_steps(step for it in now.back.returns for step in it.steps)
            told.append({**_whose(change, now), "steps": steps})
            findings.append(foreseen(change, now)._asdict())
    if not told:
        return {}
    changed = any(it["steps"] for it in told)
    return {"would_recover": told, "findings": findings, "changed": changed}


def recover(taker: Callable[[str], Taker], patience: float | None = None) -> dict[str, Any]:
    """Go back from all open changes; the host's lock is held.

    :param taker: ``taker(run)`` gives the ``Taker`` for the steps of a run of that name.
    :param patience: seconds to wait for a step that is still at work.
    :returns: ``{"recovered": [...], "findings": [...], "changed": bool}``; empty where no change is
        open.
    :raises StorageError: a journal is there that cannot be gone back from, a step is still at
        work, or the way back failed.
    """
    told, findings = [], []
    for change in _usable():
        _await_end(change, lock.PATIENCE if patience is None else patience)
        one = _recover(taker(change.run), change)
        told.append(one)
        findings.append(_finding(one["message"])._asdict())
    if not told:
        return {}
    changed = any(it["changed"] for it in told)
    told = [{name: it for name, it in one.items() if name != "changed"} for one in told]
    return {"recovered": told, "findings": findings, "changed": changed}


def _usable() -> list[Change]:
    found = open_changes()
    for change in found:
        if change.problem:
            raise change.problem
    return found


def _recover(run: Taker, change: Change) -> dict[str, Any]:
    now = standing(run, change)
    journal = Journal(change.path)
    for move in moves(change.parts)[max(0, len(now.done) - 1) : len(now.done) + 1]:
        if isinstance(move.step, WriteFile):
            clear(move.step)
    if now.back.returns and not change.progress.returning:
        journal.returning(len(now.done), now.begun)
    trouble = go_back(run, now.back, journal, change.progress.returned)
    back = now.back.without(trouble.broken, trouble.restored)
    taken_back = describe_steps(move.step for move in back.taken_back)
    words = [_story(change, now), *_fate(back, trouble)]
    if trouble.again:
        raise StorageError.of(
            " ".join(words)
            + f" Mend what it names, then run again; or {GIVE_UP}. Nothing else has been changed",
            {
                "refusal": "way_back_failed",
                "changed": True,
                **_whose(change, now),
                "taken_back": taken_back,
            },
        )
    journal.drop()
    return {
        **_whose(change, now),
        "taken_back": taken_back,
        "kept": describe_steps(move.step for move in back.kept),
        "message": " ".join(words),
        "changed": bool(now.back.returns),
    }


def _whose(change: Change, now: Standing) -> dict[str, Any]:
    return {
        "module": change.module,
        "time": change.time,
        "at_work": describe_step(now.at_work.step) if now.at_work else None,
    }


def _story(change: Change, now: Standing) -> str:
    """How an open change has ended, in a sentence or two."""
    story = f"A run of {change.module} (begun at {change.time}) ended before its end"
    if now.at_work:
        story += (
            f", at this step, of which nobody knows how far it came: {now.at_work.step.reason}."
        )
    elif len(now.done) == len(moves(change.parts)):
        story += ": all steps were taken, and the proof that the host kept them is missing."
    else:
        story += f", after {len(now.done)} of {len(moves(change.parts))} steps."
    return story + (" Its way back was not gone to its end." if change.progress.returning else "")


def _fate(back: WayBack, trouble: Trouble) -> Iterator[str]:
    """What became of the steps of an open change, in sentences."""
    if trouble.by_hand:
        yield "On the way back this failed: {}.".format("; ".join(trouble.by_hand))
    if back.taken_back:
        yield "Taken back: {}.".format("; ".join(move.step.reason for move in back.taken_back))
    yield from trouble.told()
    if back.kept:
        yield "Kept: {}.".format("; ".join(move.step.reason for move in back.kept))
    if not (back.returns or back.kept):
        yield "Nothing was changed before that."


def _finding(message: str) -> Finding:
    return Finding("warning", "interrupted_run", message)


def foreseen(change: Change, now: Standing) -> Finding:
    """What a real run would first put right."""
    steps = [step.reason for it in now.back.returns for step in it.steps]
    first = "goes back: " + "; ".join(steps) if steps else "has nothing to take back"
    return _finding(f"{_story(change, now)} The next real run of any module first {first}.")


def describe_change(found: Found) -> dict[str, Any]:
    """An open change as the user gets it, as plain JSON."""
    change, now = found
    told = {"path": change.path, "seal": change.seal, "problem": None, "running": runs(change)}
    if now is None:
        return {**told, "problem": str(change.problem)}
    return {
        **told,
        **_whose(change, now),
        "done": describe_steps(move.step for move in now.done),
        "way_back": describe_steps(step for it in now.back.returns for step in it.steps),
    }


def runs(change: Change) -> bool:
    """Whether the run that has begun a change is still there."""
    return change.boot == identity.boot_id() and identity.lives(change.process)


def _await_end(change: Change, patience: float) -> None:
    """Wait until no step of an open change is at work any more.

    :raises StorageError: one still is.
    """
    deadline = time.monotonic() + patience
    while change.boot == identity.boot_id():
        at_work = identity.marked(change.run, change.process.session)
        if not at_work:
            return
        if time.monotonic() >= deadline:
            named = ", ".join(f"process {pid}: {words}" for pid, words in at_work)
            raise StorageError(
                "This host",
                f"a run of {change.module} has ended, and a step of it is still at work ({named})",
                "Wait until that has ended, or end it, then run again; nothing has been changed",
                refusal="step_at_work",
            )
        time.sleep(0.2)
