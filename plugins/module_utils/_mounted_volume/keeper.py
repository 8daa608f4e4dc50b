# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A mounted volume in a stack: it takes LVM from the pool below, and carries the data root."""

from __future__ import annotations

from functools import partial

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    Offer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import describe
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.observe import (
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    State,
    Wanted,
)


def keeper(wanted: Wanted) -> Keeper:
    """The :class:`Keeper` of a volume, its filesystem and its mount."""
    unit = wanted.place.unit
    return Keeper(
        name="volume",
        observe=partial(observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
        promise={"backing": Backing(unit.where, unit.fstype, unit.options)},
        offer=_offer,
        assume=_assume,
    )


def _offer(after: State) -> Offer:
    mounted = after.mount.live
    return {
        "backing": Backing(mounted.path, mounted.fstype, mounted.options),
        "unseen": after.filesystem.uuid is not None,  # else it is made in this run, and empty
        "groups": after.groups,
    }


def _assume(state: State, offer: Offer) -> State:
    if "groups" not in offer:
        return state
    # A pool that is there needs no rules of the host, and a volume that is to be made in it does.
    return state._replace(groups=offer["groups"]._replace(rules=state.groups.rules))
