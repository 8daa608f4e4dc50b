# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A ZFS pool in a stack: its filesystem carries the data root, and the engine's own datasets."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import Keeper
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.observe import observe
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import Wanted


def keeper(wanted: Wanted) -> Keeper:
    """The :class:`Keeper` of a pool, and of the filesystem in it that is mounted."""
    promise: dict[str, Any] = {"modules": ("zfs",)}
    if wanted.place:
        backing = Backing(wanted.place.where, "zfs", ())
        promise.update(backing=backing, dataset=wanted.filesystem)
    return Keeper(
        name="zfs",
        observe=partial(observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe, wanted=wanted),
        promise=promise,
        offer=lambda _after: {"unseen": True},
    )
