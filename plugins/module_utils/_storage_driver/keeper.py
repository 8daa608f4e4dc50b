# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine as the top of a stack: what those below it make is assumed to be there."""

from __future__ import annotations

from functools import partial

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    Offer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Pool
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    describe,
    observe,
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
    Wanted,
)


def keeper(wanted: Wanted) -> Keeper:
    """The :class:`Keeper` of the engine."""
    return Keeper(
        name="engine",
        observe=partial(observe.observe, wanted=wanted),
        plan=partial(plan.plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
        assume=assume,
    )


def assume(state: State, offer: Offer) -> State:
    """The state as if what is offered were there.

    :param offer: "stopped": the units that are stopped and started again; "backing": the Backing of
        the data root; "unseen": whether nobody has seen yet what it holds; "pool": the
        device-mapper name of a thin pool; "dataset": a ZFS filesystem; "modules": those of the
        kernel that are going to be loaded; "programs_to_come": whether programs are still to be
        installed.
    """
    if state.engine is None:
        return state
    if state.engine.unit.name in offer.get("stopped", ()):
        state = state._replace(stopped=True)
    backing = offer.get("backing")
    if backing and (state.backing.mount_point + "/").startswith(backing.mount_point + "/"):
        # It is mounted; if the driver's own folder in it is a mount as well, that one counts.
        if state.backing.mount_point == backing.mount_point:
            state = state._replace(backing=state.backing._replace(options=backing.options))
    elif backing:
        state = state._replace(backing=backing, unseen=offer.get("unseen", False))
    if state.prerequisites is None:
        return state
    return state._replace(prerequisites=_met(state.prerequisites, offer, bool(backing)))


def _met(seen: Prerequisites, offer: Offer, mounted: bool) -> Prerequisites:
    """The prerequisites as far as what is offered meets them.

    :param mounted: whether a filesystem is offered.
    """
    loaded, pool = offer.get("modules", ()), seen.pool
    if mounted and seen.file_types is None:
        seen = seen._replace(file_types=True)
    if pool and not pool.exists and pool.name == offer.get("pool"):
        seen = seen._replace(pool=Pool(pool.name, exists=True, thin=True))
    if "dataset" in offer and seen.dataset is not True:
        seen = seen._replace(dataset=True)
    if offer.get("programs_to_come") and seen.missing_programs:
        # With the programs come the modules that are packaged with them.
        packaged = {name for it in DRIVERS.values() if it.modules_from for name in it.modules}
        loaded = (*loaded, *packaged)
        missing = tuple(name for name in seen.missing_modules if name not in packaged)
        seen = seen._replace(missing_programs=(), missing_modules=missing)
    unloaded = tuple(name for name in seen.unloaded_modules if name not in loaded)
    return seen._replace(unloaded_modules=unloaded)
