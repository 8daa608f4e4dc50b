# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Where a driver keeps its data outside of the data root: devicemapper's pool, zfs's dataset."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Pool
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import Goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
)

_GIVE_THAT_POOL = (
    "Give that pool as dm.thinpooldev; if it is lost, stop the engine and move {0}/devicemapper "
    "and {0}/image/devicemapper away"
)


def require_usable(state: State, goal: Goal) -> None:
    """Refuse a pool or a dataset that the driver could not use, or would not find its data in.

    :raises StorageError: it is not there, is no such thing, or belongs to other data.
    """
    seen = state.prerequisites or Prerequisites()
    if goal.driver == "devicemapper" and driver_rules.uses_loops(goal.driver, goal.options):
        _require_loops(seen, goal)
    elif goal.driver == "devicemapper" and seen.pool:
        _require_pool(seen, seen.pool, goal.root)
    if goal.driver == "zfs":
        _require_dataset(state, seen, goal)


def _require_loops(seen: Prerequisites, goal: Goal) -> None:
    """Refuse sparse files instead of a pool, unless they are there or asked for."""
    if seen.loop_file:
        return
    driver_rules.require_loops_asked_for(goal.options)
    if seen.remembers_pool:
        raise StorageError(
            "Storage driver devicemapper",
            f"no pool is given, and {goal.root}/devicemapper holds the notes of one",
            _GIVE_THAT_POOL.format(goal.root),
            refusal="data_in_other_pool",
        )


def _require_pool(seen: Prerequisites, pool: Pool, root: str) -> None:
    """Refuse a pool that the engine does not take (``initDevmapper()`` of devicemapper)."""
    what = f"dm.thinpooldev {pool.name}"
    if not pool.exists:
        raise StorageError(
            what,
            f"there is no /dev/mapper/{pool.name} on this host",
            "Make the pool with containerhost.storage.thinpool; the name is the volume group's and "
            "the pool's with a hyphen between, and every hyphen within them doubled",
            refusal="pool_missing",
        )
    if seen.loop_file and not pool.used:
        raise StorageError(
            what,
            f"all that this engine has on devicemapper is in {seen.loop_file} (loop-lvm), and no "
            "other pool can take it over",
            f"Save what is needed (`docker save`), stop the engine, move {root}/devicemapper and "
            f"{root}/image/devicemapper away, then run again",
            refusal="data_in_other_pool",
        )
    if seen.remembers_pool and not pool.used:
        raise StorageError(
            what,
            f"it is new, and {root}/devicemapper holds the notes of another pool",
            _GIVE_THAT_POOL.format(root),
            refusal="data_in_other_pool",
        )
    if not pool.thin:
        raise StorageError(
            what,
            "it is no thin pool",
            "Name the pool itself, not a volume in it",
            refusal="pool_not_thin",
        )
    if pool.used and not seen.remembers_pool:
        raise StorageError(
            what,
            f"it has been used already, and {root} holds no notes of it: the engine takes such a "
            "pool from nobody",
            "Give a pool that is new, or the data root that belongs to this one",
            refusal="pool_used",
        )


def _require_dataset(state: State, seen: Prerequisites, goal: Goal) -> None:
    """Refuse a ZFS filesystem that is not there, or that is not the one with the layers in it."""
    named = goal.options.get("zfs.fsname", [""])[0]
    present = state.present.dataset
    held = [holds for holds in state.roots[:1] if "zfs" in holds.drivers()]
    if held and present and named and named != present:
        raise StorageError(
            f"zfs.fsname {named}",
            f"the layers of the images and containers in {held[0].root} are in {present}",
            f"Give {present}, or save what is needed (`docker save`) and remove it first",
            refusal="data_in_other_dataset",
        )
    if named and seen.dataset is False:
        raise StorageError(
            f"zfs.fsname {named}",
            "there is no ZFS filesystem of that name on this host",
            "Make it with containerhost.storage.zfs_dataset, or look for its name with `zfs list`",
            refusal="dataset_missing",
        )
