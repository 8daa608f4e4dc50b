# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Keepers, and stacks of them: what a layout is, from the disks up to the engine.

A keeper keeps one thing as it is wanted. In a stack each plans on what those below it promise, so
that the whole is planned before anything is touched, and taken back from the top down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    Plan,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import (
    Answer,
    Reader,
)

# What a layer offers to those above it, by the names that they know: "backing", "pool", ...; and
# "stopped", the units that those below stop and start again.
Offer = Mapping[str, Any]
NOTHING: Offer = MappingProxyType({})


def _as_it_is(state: Any, _offer: Offer) -> Any:
    return state


class Keeper(NamedTuple):
    """What keeps one thing as it is wanted; the wish is bound already."""

    name: str  # under which its state is described in a stack
    observe: Callable[[Reader], Any]  # (run) -> State; reads, and changes nothing
    plan: Callable[[Any], Plan]  # (State) -> Plan; pure; raises StorageError to refuse
    describe: Callable[[Any], dict[str, Any]]  # (State) -> plain JSON
    promise: Offer = NOTHING  # what it offers by the wish alone, known even where it refuses
    offer: Callable[[Any], Offer] = lambda _after: NOTHING  # what only its state after tells
    assume: Callable[[Any, Offer], Any] = (
        _as_it_is  # (State, Offer) -> State, as if that were there
    )


def stack(*keepers: Keeper) -> Keeper:
    """Several keepers as one, the lowest first. Its State is the tuple of theirs.

    The uppermost is described as the stack itself, and those below it by their names.
    """
    *lower, top = keepers
    return Keeper(
        name=top.name,
        observe=lambda run: _observe(keepers, run),
        plan=lambda states: _plan(keepers, states),
        describe=lambda states: {
            **top.describe(states[-1]),
            **{it.name: it.describe(state) for it, state in zip(lower, states)},
        },
        promise={name: it for keeper in keepers for name, it in keeper.promise.items()},
    )


def _observe(keepers: Sequence[Keeper], run: Reader) -> tuple[Any, ...]:
    """The states of all: what several of them ask the host is asked once.

    :raises StorageError: one cannot be read, or is refused on sight; the uppermost first.
    """
    run = _Once(run)
    found: list[Any] = []
    *lower, top = keepers
    above = top.observe(run)
    for keeper in lower:
        try:
            found.append(keeper.observe(run))
        except StorageError as error:
            raise _told_once([*_of_the_top(keepers, above), error]) from error
    return (*found, above)


class _Once(Reader):
    """A Reader that runs no command twice."""

    def __init__(self, run: Reader) -> None:
        self._run = run
        self._answers: dict[tuple[str, ...], Answer] = {}

    def __call__(self, argv: Sequence[str], environment: Mapping[str, str] = NOTHING) -> Answer:
        """As a Reader does."""
        if environment:
            return self._run(argv, environment)
        argv = tuple(argv)
        if argv not in self._answers:
            self._answers[argv] = self._run(argv)
        return self._answers[argv]

    def read(self, argv: Sequence[str]) -> str:
        """As a Reader does."""
        return self._run.of(argv, self(argv))


def _plan(keepers: Sequence[Keeper], states: Sequence[Any]) -> Plan:
    """All parts, the lowest first, each planned on what those below promise.

    :raises StorageError: what any of them refuses, the uppermost first.
    """
    offer = dict(NOTHING)
    plans: list[Plan] = []
    refused: list[StorageError] = []
    for keeper, state in zip(keepers, states):
        try:
            planned = keeper.plan(keeper.assume(state, offer))
        except StorageError as error:
            refused.append(error)
            break
        plans.append(planned)
        offer.update({**keeper.promise, **keeper.offer(planned.after)})
        stopped = {pause.unit for part in planned.parts for pause in part.pauses}
        if stopped:
            offer["stopped"] = {*offer.get("stopped", ()), *stopped}
    else:
        return Plan(
            parts=tuple(part for it in plans for part in it.parts),
            # What those above change of what they share is in the states below as well.
            after=(
                *(keeper.assume(it.after, offer) for keeper, it in zip(keepers, plans[:-1])),
                plans[-1].after,
            ),
            findings=_once(finding for it in plans for finding in it.findings),
            facts={name: fact for it in plans for name, fact in it.facts.items()},
        )
    if len(plans) < len(keepers) - 1:
        refused = [*_of_the_top(keepers, states[-1]), *refused]
    raise _told_once(refused)


def _of_the_top(keepers: Sequence[Keeper], state: Any) -> list[StorageError]:
    """What the uppermost refuses as well, where one below it has refused: none or one error.

    It plans on what is promised by wish. Those between plan on the state below, which is not known.
    """
    *lower, top = keepers
    promised = {name: it for keeper in lower for name, it in keeper.promise.items()}
    try:
        top.plan(top.assume(state, promised))
    except StorageError as error:
        return [error]
    return []


def _told_once(refused: Iterable[StorageError]) -> StorageError:
    """Several refusals as one, each cause once."""
    causes: dict[str, StorageError] = {}
    for error in refused:
        causes.setdefault(error.details.get("refusal") or str(error), error)
    first, *others = causes.values()
    if not others:
        return first
    message = "\n".join(map(str, causes.values()))
    also = [error.details["refusal"] for error in others if "refusal" in error.details]
    return StorageError.of(message, {**first.details, "also_refused": also})


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple({(it.topic, it.message): it for it in findings}.values())
