# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The label of the data root as a layer: above what is mounted there, below the engine."""

from __future__ import annotations

from functools import partial

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    Offer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._selinux import (
    describe,
    observe,
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.state import (
    State,
    Wanted,
)


def keeper(wanted: Wanted) -> Keeper:
    """The :class:`Keeper` of the label."""
    return Keeper(
        name="selinux",
        observe=partial(observe.observe, wanted=wanted),
        plan=partial(plan.plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
        assume=partial(assume, wanted=wanted),
    )


def assume(state: State, offer: Offer, wanted: Wanted) -> State:
    """The state as if the filesystem that is offered were mounted there.

    What it holds may not be known; that its own folder has a label is known of one that is there.
    """
    backing = offer.get("backing")
    if backing is None or backing.mount_point != wanted.path or state.mounted:
        return state
    return state._replace(exists=True, fresh=True, mounted=True, present="")
