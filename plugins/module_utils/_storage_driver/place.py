# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Where a driver keeps its data outside of the data root: devicemapper's pool, zfs's dataset."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Closer,
    present_options,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.target import (
    target_driver,
    target_options,
    target_root,
)

_GIVE_THAT_POOL = (
    "Give that pool as dm.thinpooldev; if it is lost, stop the engine and move {0}/devicemapper "
    "and {0}/image/devicemapper away"
)


def require_place(state, desired):
    """Refuse a pool or a dataset that the driver could not use, or would not find its data in.

    :raises StorageError: it is not there, is no such thing, or belongs to other data.
    """
    driver, options = target_driver(state, desired), target_options(state, desired)
    closer = state.closer or Closer()
    if driver == "devicemapper" and driver_rules.uses_loops(driver, options):
        _require_loops(closer, target_root(state, desired), options)
    elif driver == "devicemapper" and closer.pool:
        _require_pool(closer, target_root(state, desired))
    if driver == "zfs":
        _require_dataset(state, desired, options)


def _require_loops(closer, root, options):
    """Refuse sparse files instead of a pool, unless they are there or asked for."""
    if closer.loop_file:
        return
    driver_rules.require_loops_asked_for(options)
    if closer.remembers_pool:
        raise StorageError(
            "Storage driver devicemapper",
            f"no pool is given, and {root}/devicemapper holds the notes of one",
            _GIVE_THAT_POOL.format(root),
        )


def _require_pool(closer, root):
    """Refuse a pool that the engine does not take (``initDevmapper()`` of devicemapper)."""
    pool = closer.pool
    what = f"dm.thinpooldev {pool.name}"
    if not pool.exists:
        raise StorageError(
            what,
            f"there is no /dev/mapper/{pool.name} on this host",
            "Make the pool with containerhost.storage.thinpool; the name is the volume group's and "
            "the pool's with a hyphen between, and every hyphen within them doubled",
        )
    if closer.loop_file and not pool.used:
        raise StorageError(
            what,
            f"all that this engine has on devicemapper is in {closer.loop_file} (loop-lvm), and no "
            "other pool can take it over",
            f"Save what is needed (`docker save`), stop the engine, move {root}/devicemapper and "
            f"{root}/image/devicemapper away, then run again",
        )
    if closer.remembers_pool and not pool.used:
        raise StorageError(
            what,
            f"it is new, and {root}/devicemapper holds the notes of another pool",
            _GIVE_THAT_POOL.format(root),
        )
    if not pool.thin:
        raise StorageError(what, "it is no thin pool", "Name the pool itself, not a volume in it")
    if pool.used and not closer.remembers_pool:
        raise StorageError(
            what,
            f"it has been used already, and {root} holds no notes of it: the engine takes such a "
            "pool from nobody",
            "Give a pool that is new, or the data root that belongs to this one",
        )


def _require_dataset(state, desired, options):
    """Refuse a ZFS filesystem that is not there, or that is not the one with the layers in it."""
    wanted = options.get("zfs.fsname", [""])[0]
    present = present_dataset(state)
    held = [place for place in state.roots[:1] if "zfs" in place.drivers()]
    if held and present and wanted and wanted != present:
        raise StorageError(
            f"zfs.fsname {wanted}",
            f"the layers of the images and containers in {held[0].root} are in {present}",
            f"Give {present}, or save what is needed (`docker save`) and remove it first",
        )
    if wanted and state.closer and state.closer.dataset is False:
        raise StorageError(
            f"zfs.fsname {wanted}",
            "there is no ZFS filesystem of that name on this host",
            "Make it with containerhost.storage.zfs_dataset, or look for its name with `zfs list`",
        )


def present_dataset(state):
    """The ZFS filesystem that the zfs driver has its layers in; '' where that is not known."""
    if state.engine.driver == "zfs":
        return state.engine.status.get("Parent Dataset", "")
    return present_options(state).get("zfs.fsname", [""])[0]
