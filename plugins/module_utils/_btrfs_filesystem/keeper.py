# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A btrfs in a stack: it carries the data root."""

from __future__ import annotations

from functools import partial

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
    describe,
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    Offer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing


def keeper(wanted: Wanted) -> Keeper:
    """The :class:`Keeper` of a btrfs and its mount."""
    return Keeper(
        name="btrfs",
        observe=partial(observe.observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe.describe, wanted=wanted),
        promise={"backing": Backing(wanted.where, "btrfs", wanted.options)},
        offer=_offer,
    )


def _offer(after: State) -> Offer:
    mounted = after.mount.live
    return {
        "backing": Backing(mounted.path, "btrfs", mounted.options),
        "unseen": after.filesystem.uuid is not None,  # else it is made in this run, and empty
    }
