# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The way back from a run that ended before its end: what is taken back, and what is kept. Pure.

A part is taken back as a whole, or kept as a whole. While units wait, the parts that they wait for
are one: whichever of them fails, all are taken back, from the last to the first, and then the units
are started again. A part that no unit waits for stands for itself. What a part without a way back
has done is kept, whatever else happens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Move,
    Part,
    RemoveTree,
    Step,
    paused,
    pauses_of,
)


class Return(NamedTuple):
    """What is to be taken back: a part, or the pause of a unit."""

    part: int | None
    unit: str | None
    steps: tuple[Step, ...]  # of the way back

    @property
    def owner(self) -> int | str | None:
        """Whose steps these are: the number of a part, or the name of a unit."""
        return self.unit if self.part is None else self.part


class WayBack(NamedTuple):
    """Each step that was taken is in exactly one of ``taken_back`` and ``kept``."""

    returns: tuple[Return, ...]  # in the order in which they are to be done
    taken_back: tuple[Move, ...]
    kept: tuple[Move, ...]

    def without(self, failed: list[Return], restored: Collection[str] = ()) -> WayBack:
        """The same, where these could not be taken back: what they have done stays.

        :param restored: paths of files that have their old content again all the same.
        """
        lost = {(it.part, it.unit) for it in failed}
        both = [*self.taken_back, *self.kept]
        back = tuple(
            it
            for it in self.taken_back
            if (it.part, it.unit) not in lost or getattr(it.step, "path", None) in restored
        )
        return self._replace(taken_back=back, kept=tuple(it for it in both if it not in back))


def way_back(
    parts: Sequence[Part], done: list[Move], failed: Move | None, tried: bool = True
) -> WayBack:
    """How to go back from where a run has ended.

    :param done: the moves that were made.
    :param failed: the move that was not; None where all were made and the host did not keep what
        they gave it: then all that can be is taken back.
    :param tried: whether that move was begun; a run may end between two of them.
    """
    # A file is replaced as a whole or not at all, and renamed; of a command, and of a tree that is
    # removed, nobody knows how far it came.
    begun = list(done)
    if failed and tried and isinstance(failed.step, (Command, RemoveTree)):
        begun.append(failed)
    units = {move.unit for move in begun if move.unit}
    touched = {move.part for move in begun if move.unit is None}
    together = _together(parts, done, failed)
    returns = [
        Return(number, None, parts[number].undo)
        for number in reversed(together)
        if number in touched and parts[number].undo
    ]
    # A unit that needs a mount stops with it (Requires=), also where it was not stopped before: one
    # that was to be stopped is started again with the mount, which is nothing where it runs.
    gone_back = {pause.unit for it in returns for pause in parts[known(it.part)].pauses}
    returns += [
        Return(None, pause.unit, pause.back)
        for pause in pauses_of(parts)
        if pause.back
        and (pause.unit in units or (pause.stop and pause.unit in gone_back))
        and set(paused(parts)) & set(together)
    ]
    gone = {(it.part, it.unit) for it in returns}
    return WayBack(
        tuple(returns),
        tuple(move for move in done if (move.part, move.unit) in gone),
        tuple(move for move in done if (move.part, move.unit) not in gone),
    )


def _waiting(parts: Sequence[Part], move: Move) -> bool:
    return move.unit is not None or move.part in paused(parts)


def _together(parts: Sequence[Part], done: Iterable[Move], failed: Move | None) -> range:
    """The numbers of the parts that are taken back together where a move has failed.

    Behind a tree that was removed there is no way back: what came before it is kept.
    """
    if failed is None:
        gone = [move.part for move in done if isinstance(move.step, RemoveTree)]
        return range(1 + max(map(known, gone), default=-1), len(parts))
    if _waiting(parts, failed):
        return paused(parts)
    number = known(failed.part)  # what is no part's is a unit's, and those wait
    return range(number, number + 1)
