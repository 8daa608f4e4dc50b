# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""An engine on devicemapper and the thin pool that it lies on, in one run.

Both are planned for before either is touched, the engine first: what it would refuse, it refuses
before there is a pool. It takes the place of three modules (to ask, for the pool, for the engine),
and most of a module's time is its own start.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import mapper_name
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    plan as driver,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State as EngineState,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    describe as thinpool_description,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    observe as thinpool_observation,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    plan as thinpool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    state as thinpool_state,
)


class State(NamedTuple):
    """The engine, and LVM with the pool; no pool is looked for where a tool is missing."""

    engine: EngineState
    pool: thinpool_state.State | None = None


def wanted_from(params, desired):
    """The :class:`Wanted` pool in the parameter ``thinpool``.

    :param desired: the wish for the engine.
    :raises StorageError: no pool could be like that, or the engine is not to be on it.
    """
    wanted = thinpool_state.wanted_from({**params, "state": "present"})
    name = mapper_name(wanted.vg, wanted.name)
    given = (desired.options or {}).get("dm.thinpooldev", [])
    if [device.rpartition("/")[2] for device in given] != [name]:
        raise StorageError(
            f"Thin pool {wanted.target}",
            f"the engine is to be on {given[0]} instead"
            if given
            else "the engine is not told to be on it",
            f"Give dm.thinpooldev: /dev/mapper/{name} in options, or leave out thinpool",
        )
    return wanted


def observe(run, desired, wanted, devices):
    """The :class:`State` of the host: the engine's commands, and one of LVM's."""
    engine = driver.observe(run, desired)
    wanted = wanted._replace(devices=tuple(devices))
    if engine.engine is None or engine.missing_tools:
        return State(engine)
    return State(engine, thinpool_observation.observe(run, wanted))


def plan(state, desired, wanted):
    """The steps of the pool, then those of the engine; none where a tool is still missing.

    :raises StorageError: what either of them refuses, the engine's refusals first.
    """
    if state.pool is None:
        planned = driver.plan(state.engine, desired._replace(pool_to_come=True))
        return planned._replace(steps=[], after=state)
    to_come = state.pool.pool(wanted)[1] is None
    engine = driver.plan(state.engine, desired._replace(pool_to_come=to_come))
    pool = thinpool.plan(state.pool, wanted)
    before = len(pool.steps)
    return engine._replace(
        steps=[*pool.steps, *engine.steps],
        after=State(engine.after, pool.after),
        findings=(*pool.findings, *engine.findings),
        facts=pool.facts,
        undo_from=before + engine.undo_from,
        diagnose_from=before,
    )


def describe(state, wanted):
    """The engine as the user gets it, with the group and the pool as ``thinpool``."""
    pool = None if state.pool is None else thinpool_description.describe(state.pool, wanted)
    return {**driver.describe(state.engine), "thinpool": pool}
