# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Taking the steps of a plan; where one fails, going back, and saying what became of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import (
    Hold,
    execute,
    landed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import (
    Unjournaled,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Move,
    Part,
    Plan,
    Step,
    StorageError,
    WriteFile,
    describe_step,
    describe_steps,
    moves,
    unexpected,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import Taker
from ansible_collections.containerhost.storage.plugins.module_utils._core.way_back import (
    Return,
    WayBack,
    way_back,
)


def carry_out(
    run: Taker,
    planned: Plan,
    prove: Callable[[], Any],
    hold: Hold | None,
    journal: Unjournaled | None = None,
    may_go_on: Callable[[], None] | None = None,
) -> Any:
    """Take all steps of a plan, and return the state that the host is in after them.

    :param prove: observes the host again; raises where it did not keep what it was given.
    :param hold: see ``reconcile``.
    :param journal: the ``Journal`` of this plan; None for a run that keeps none.
    :param may_go_on: is called before each step; raises where the run was told to end.
    :raises StorageError: whatever went wrong, with what was kept and what was taken back.
    """
    journal, may_go_on = journal or Unjournaled(), may_go_on or (lambda: None)
    done: list[Move] = []
    at_work: Move | None = None
    begun = False
    try:
        for at_work in moves(planned.parts):
            begun = False
            may_go_on()
            _check(run, planned.parts, at_work, done)
            journal.begin(len(done))
            begun = True
            execute(run, at_work.step, hold)
            journal.done(len(done))
            done.append(at_work)
        at_work, begun = None, False
        journal.all_done()
        after = prove()
        journal.drop()
        return after
    except Exception as error:
        failure = (
            error
            if isinstance(error, StorageError)
            else unexpected(error, "what it had begun was broken off")
        )
        raise _unwound(run, planned, done, at_work, begun, failure, journal) from error


def _check(run: Taker, parts: Sequence[Part], move: Move, done: Iterable[Move]) -> None:
    """Look once more, before the first step of a part, where that part asks for it."""
    if move.part is None or any(other.part == move.part for other in done):
        return
    check = parts[move.part].check
    if check:
        check(run)


def _unwound(
    run: Taker,
    planned: Plan,
    done: list[Move],
    failed: Move | None,
    begun: bool,
    error: StorageError,
    journal: Unjournaled,
) -> StorageError:
    """Take back what can be; the error with what became of every step that was taken."""
    journal.returning(len(done), begun)
    words = _host_words(run, (failed if begun else None) or (done[-1] if done else None))
    back = way_back(planned.parts, done, failed, begun)
    trouble = go_back(run, back, journal)
    if not trouble.again:
        journal.drop()
    by_hand, back = trouble.by_hand, back.without(trouble.broken, trouble.restored)
    kept = [move.step for move in back.kept]
    taken_back = [move.step for move in back.taken_back]
    details = {
        **error.details,
        "changed": bool(kept or by_hand or trouble.besides),
        "done": describe_steps(move.step for move in done),
        "kept": describe_steps(kept),
        "taken_back": describe_steps(taken_back),
        "failed_step": describe_step(failed.step) if failed and begun else None,
        "failed_after": len(done),
    }
    if back.returns:
        details["undone"] = not by_hand
    story = [str(error), *words, *_story(back, kept, taken_back, trouble)]
    story += _down(failed if begun else None, back)
    return StorageError.of("\n".join(story), details)


def _story(
    back: WayBack, kept: list[Step], taken_back: list[Step], trouble: Trouble
) -> Iterator[str]:
    """What became of the steps, in sentences."""
    by_hand = trouble.by_hand
    if by_hand:
        yield (
            "On the way back this failed as well, and has to be done by hand: "
            + "; ".join(by_hand)
            + "."
            + (" The next run tries it once more, before anything else." if trouble.again else "")
        )
    if taken_back:
        yield f"Taken back: {_reasons(taken_back)}."
    yield from trouble.told()
    if kept:
        yield f"Done before that, and kept: {_reasons(kept)}. The next run goes on from there."
    elif back.returns and not by_hand and not trouble.besides:
        yield "It is as it was before."
    elif not back.returns:
        yield "Nothing was changed before that."


def _down(failed: Move | None, back: WayBack) -> Iterator[str]:
    """A unit whose start has failed, and that no way back has started: it may be down."""
    if failed and failed.unit and all(it.unit != failed.unit for it in back.returns):
        yield (
            f"Nothing has started {failed.unit} since: see `systemctl status {failed.unit}` before "
            "you run this again."
        )


class Trouble(NamedTuple):
    """What did not go as it was to on a way back."""

    broken: list[Return]  # the returns of which a step failed
    by_hand: list[str]  # these steps, in words
    again: bool  # whether any of them may go well another time
    restored: list[str]  # paths of files that have their old content again
    besides: list[str]  # what had to be done and is no return to what was, in words

    def told(self) -> Iterator[str]:
        """What was done besides, in a sentence."""
        if self.besides:
            yield "Done on the way back, and kept: {}.".format("; ".join(self.besides))


def go_back(
    run: Taker,
    back: WayBack,
    journal: Unjournaled,
    returned: Collection[tuple[int | str | None, int]] = (),
) -> Trouble:
    """Take all steps of a way back, whichever of them fail.

    :param returned: what an earlier run has gone of it, as in ``Progress``. What comes after a step
        that it has not is gone again; a unit is so after anything is.
    """
    broken: list[Return] = []
    by_hand: list[str] = []
    restored: list[str] = []
    besides: list[str] = []
    again = went = False
    for it in back.returns:
        first = 0
        while not (went and it.unit) and (it.owner, first) in returned:
            first += 1
        restored += [path for step in it.steps[:first] for path in _restored(step)]
        for number, step in list(enumerate(it.steps))[first:]:
            went = True
            try:
                execute(run, step, None)
            except Exception as error:  # the rest of the way is to be gone all the same
                by_hand.append(f"{step.reason} ({error})")
                broken += [it] if it not in broken else []
                if not _for_good(error):
                    again = True
                    continue
            else:
                restored += _restored(step)
                besides += _besides(step)
            journal.returned(it, number)
    return Trouble(broken, by_hand, again, restored, besides)


def _restored(step: Step) -> list[str]:
    return [step.path] if isinstance(step, WriteFile) and not step.if_filled else []


def _besides(step: Step) -> list[str]:
    written = isinstance(step, WriteFile) and bool(step.if_filled) and landed(step)
    return [step.reason] if written else []


def _for_good(error: Exception) -> bool:
    """Whether it fails another time as well: what others have written since is theirs."""
    details = error.details if isinstance(error, StorageError) else {}
    return details.get("refusal") in ("file_changed_meanwhile", "file_foreign")


def _host_words(run: Taker, move: Move | None) -> list[str]:
    """What the host itself says of the step that failed; none where it cannot be asked."""
    if not move or not move.diagnose:
        return []
    try:
        reason = run(move.diagnose)[1].strip()
    except Exception:  # what is to be taken back is worth more than the reason
        return []
    return ["The host's own words:\n" + reason] if reason else []


def _reasons(steps: Iterable[Step]) -> str:
    return "; ".join(step.reason for step in steps)
