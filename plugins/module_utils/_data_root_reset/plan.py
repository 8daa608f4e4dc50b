# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a data root to be empty. Pure.

What goes is renamed aside while the engine stands still, and all of that can be taken back. It is
removed once the engine runs again: from there on nothing can be, and consent was given.
"""

from __future__ import annotations

import os
from functools import partial

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    Plan,
    RemoveTree,
    Rename,
    Step,
    WriteFile,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import (
    describe,
    hold,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.rules import (
    findings,
    require_nothing_lives,
    require_own_folder,
    require_resettable,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    Root,
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.words import (
    lost,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import ASIDE
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    STORE_BY_DEFAULT,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
)

_FIRST_CHOICE = "overlay2"  # what every engine takes that has the choice, and a filesystem for it


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that empties the data root."""
    require_own_folder(state, wanted)
    require_resettable(state, wanted)
    roots = [root for root in state.roots if root.entries] if state.anything else []
    aside = os.path.join(wanted.path, ASIDE)
    parts: list[Part] = []
    if state.hold is not None and not roots:
        parts += kept(hold.lift(wanted.service, state.hold))
    if state.aside:  # there was consent for it
        reason = f"Remove what an earlier run has put aside in {wanted.path}"
        parts += kept([RemoveTree(reason, aside)])
    after = state._replace(hold=None, aside=False)
    if roots:
        pauses = _pauses(state, wanted)
        reason = f"Make a folder for what goes from {wanted.path}"
        parts += kept([Command(reason, ("mkdir", "--mode", "0700", "--", aside))])
        parts.append(
            Part(
                steps=tuple(_renames(roots, aside)),
                undo=tuple(_renames_back(roots, aside)),
                pauses=pauses,
                check=partial(_check, roots),
            )
        )
        pin = _pin(state, wanted)
        if pin:
            back = WriteFile(f"{pin.path} as it was", pin.path, pin.old, pin.content)
            parts.append(Part((pin,), (back._replace(private=pin.private),), pauses=pauses))
            config = daemon_json.File(pin.content, daemon_json.parse(pin.path, pin.content or ""))
            after = after._replace(config=config, told=True)
        gone = tuple(it for root in roots for it in lost(root))
        reason = f"Remove what was put aside in {wanted.path}"
        parts += kept([RemoveTree(reason, aside, destroys=gone)])
        empty = tuple(Root(it.path, (), Inventory(it.path)) for it in after.roots)
        after = after._replace(roots=empty, pool=False)
    facts = {"removable": describe.removable(state)}
    return Plan(tuple(parts), after, tuple(findings(state, wanted)), facts)


def _check(roots: list[Root], _run: object) -> None:
    require_nothing_lives(roots)


def _pauses(state: State, wanted: Wanted) -> tuple[Pause, ...]:
    """What stands still: nothing where the engine is on another data root, or on another driver."""
    engine = state.engine
    if engine is None or not state.used or wanted.only_of:
        return ()
    held = hold.held(wanted.service, wanted.path, state.hold)
    running = engine.unit.running
    if not running and not state.triggers:
        return (held,)
    stop = hold.stopped(wanted.service, running, state.triggers, wanted.path, wanted.start)
    return held, stop._replace(invocation=engine.unit.invocation if running else "")


def _renames(roots: list[Root], aside: str) -> list[Step]:
    return [
        Rename(f"Put {path} aside", path, place)
        for root in roots
        for path, place in _places(root, aside)
    ]


def _renames_back(roots: list[Root], aside: str) -> list[Step]:
    return [
        Rename(f"Put {path} back", place, path)
        for root in reversed(roots)
        for path, place in reversed(_places(root, aside))
    ]


def _places(root: Root, aside: str) -> list[tuple[str, str]]:
    """Each path that goes, and where it is put: beside each other, whichever root it is of."""
    top = os.path.dirname(aside)
    paths = [os.path.join(root.path, entry) for entry in root.entries]
    return [
        (path, os.path.join(aside, os.path.relpath(path, top).replace("/", "@"))) for path in paths
    ]


def _pin(state: State, wanted: Wanted) -> WriteFile | None:
    """The step that has the engine start again on what it was on; None where it does by itself.

    An empty data root lets it choose: from 29 on the containerd image store, before that the driver
    that it likes best. See ``_docker/start.py``.
    """
    engine = state.engine
    if engine is None or not state.used or wanted.only_of or state.told or state.store:
        return None
    if not state.driver or (state.driver == _FIRST_CHOICE and engine.version < STORE_BY_DEFAULT):
        return None
    text = daemon_json.edit(state.config.text, {"storage-driver": state.driver})
    return WriteFile(
        f"Keep the engine on {state.driver}, which it might not choose for an empty data root",
        wanted.config_file,
        text,
        old=state.config.text,
        private=state.config.private,
    )
