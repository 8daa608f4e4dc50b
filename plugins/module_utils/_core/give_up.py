# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Giving up the way back of open changes: a person takes on what is left half-done."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import present
from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import Change
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Plan,
    WriteFile,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import Reader
from ansible_collections.containerhost.storage.plugins.module_utils._core.recover import (
    describe_change,
    find_open,
)


class Open(NamedTuple):
    """An open change, and all that its journal holds."""

    change: Change
    told: dict[str, Any]
    text: str | None


def observe(run: Reader) -> tuple[Open, ...]:
    """The changes that are open, the latest first.

    :raises StorageError: the folder of the journals is not root's alone.
    """
    return tuple(
        Open(it.change, describe_change(it), present(it.change.path)) for it in find_open(run)
    )


def keep(state: tuple[Open, ...]) -> Plan:
    """Nothing to do: what is open was gone back from before this."""
    return Plan((), state)


def give_up(state: tuple[Open, ...]) -> Plan:
    """Drop all journals, with consent to what each leaves."""
    return Plan(kept(map(_drop, state)), ()) if state else Plan((), ())


def describe(state: tuple[Open, ...]) -> dict[str, Any]:
    """The state as the user gets it, as plain JSON."""
    return {"open_changes": [it.told for it in state]}


def _drop(it: Open) -> WriteFile:
    change, told = it.change, it.told
    # The seal of the plan covers this text, and so all that the journal holds.
    lost = f"the way back of an open change ({change.path}, {change.seal})"
    if change.problem:
        lost += f", of which nobody knows what it leaves: {change.problem}"
    else:
        done = "; ".join(step["reason"] for step in told["done"]) or "nothing"
        back = "; ".join(step["reason"] for step in told["way_back"]) or "nothing"
        lost += f" that {change.module} has begun at {change.time}. Done: {done}."
        if told["at_work"]:
            lost += f" Begun, and perhaps half done: {told['at_work']['reason']}."
        lost += f" Not taken back: {back}"
    reason = f"Give up the change of {change.module or 'an unknown run'}"
    return WriteFile(reason, change.path, None, it.text, private=True, destroys=(lost,))
