# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The keepers that a layout is made of, lowest first: its storage, then the engine.

Each is loaded where it is asked for: a host on btrfs need not wait for all of LVM to be compiled.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    Offer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import (
    Wanted,
    size_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    keeper as engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    wanted_from,
)


def keepers_of(wanted: Wanted, selinux: bool = False) -> tuple[Keeper, ...]:
    """The :class:`Keeper` of each layer, lowest first; the engine's is the last.

    :param selinux: whether the host has SELinux, so that the data root has a label.
    :raises StorageError: one of them could not be like that on any host.
    """
    kinds: dict[str, Callable[[Wanted], tuple[Keeper, ...]]] = {
        "none": lambda _wanted: (),
        "pool": _pool,
        "thin": _volume,
        "plain": _volume,
        "btrfs": _btrfs,
        "zfs": _zfs,
    }
    label = _label(wanted) if selinux else ()
    return (*kinds[wanted.storage](wanted), *label, _engine(wanted))


def _label(wanted: Wanted) -> tuple[Keeper, ...]:
    from ansible_collections.containerhost.storage.plugins.module_utils._selinux import (
        keeper,
        state,
    )

    params = wanted.params
    path = os.path.normpath(params["data_root"])
    return (keeper.keeper(state.Wanted(path, params["service"])),)


def _engine(wanted: Wanted) -> Keeper:
    params, store = wanted.params, wanted.params["containerd_image_store"]
    on_store = wanted.driver == CONTAINERD
    options = {**_own_options(wanted), **params["options"]}
    return engine.keeper(
        wanted_from(
            {
                "driver": None if on_store else wanted.driver,
                "containerd_image_store": True if on_store else store,
                "options": options or None,
                "data_root": params["data_root"],
                "config_file": params["config_file"],
                "existing_data": params["existing_data"],
                "service": params["service"],
                "restart": True,
            }
        )
    )


def _own_options(wanted: Wanted) -> dict[str, Any]:
    """What the driver is given on each kind of storage, unless the user says otherwise."""
    params = wanted.params
    if wanted.storage == "pool":
        name = _mapper_name(params["vg"], params["pool"])
        return {
            "dm.thinpooldev": f"/dev/mapper/{name}",
            "dm.use_deferred_removal": True,
            "dm.use_deferred_deletion": True,
        }
    if wanted.storage == "zfs":
        return {"zfs.fsname": f"{params['zfs_pool']}/{params['zfs_dataset']}"}
    return {}


def _mapper_name(group: str, volume: str) -> str:
    from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
        mapper_name,
    )

    return mapper_name(group, volume)


def _mounted(params: Mapping[str, Any]) -> dict[str, Any]:
    """What every storage takes that is mounted at the data root.

    :raises StorageError: nothing could be mounted there.
    """
    from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
        check_path,
    )

    try:
        check_path(params["data_root"])
    except StorageError as error:  # by the name that the option has here
        message = str(error).replace("path=", "data_root=", 1)
        raise StorageError.of(message, error.details) from error
    return {
        "path": params["data_root"],
        "required_by": [params["service"]],
        "existing_data": params["existing_data"],
    }


def _pool(wanted: Wanted) -> tuple[Keeper, ...]:
    from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
        keeper,
        state,
    )

    params = wanted.params
    pool = state.wanted_from(
        {
            "state": "present",
            "vg": params["vg"],
            "name": params["pool"],
            "size": size_of(params, "pool"),
            "metadata_size": size_of(params, "metadata"),
            "chunk_size": params["chunk_size"],
            "zero": False,
            "discards": None,
            "error_when_full": None,
            "autoextend": params["autoextend"],
            "monitor": True,
            "require_headroom": params["require_headroom"],
            "devices": params["devices"],
        }
    )
    return (keeper.keeper(pool)._replace(assume=_with_groups),)


def _with_groups(state: Any, offer: Offer) -> Any:
    """A volume that is made in the pool is in its group as well."""
    return state._replace(groups=offer["groups"]) if "groups" in offer else state


def _volume(wanted: Wanted) -> tuple[Keeper, ...]:
    from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
        keeper,
        state,
    )

    params, thin = wanted.params, wanted.storage == "thin"
    volume = state.wanted_from(
        {
            "vg": params["vg"],
            "name": params["volume"],
            "pool": params["pool"] if thin else None,
            "size": size_of(params, wanted.storage),
            "mount_options": ["noatime", "prjquota"],
            # The disks of a thin volume are its pool's affair.
            "devices": () if thin else params["devices"],
            **_mounted(params),
        }
    )
    return (
        *(_pool(wanted) if thin else ()),
        keeper.keeper(volume),
    )


def _btrfs(wanted: Wanted) -> tuple[Keeper, ...]:
    from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
        keeper,
        state,
    )

    params = wanted.params
    filesystem = state.wanted_from(
        {
            "label": params["btrfs_label"],
            "devices": params["devices"],
            "data_profile": params["btrfs_data_profile"],
            "metadata_profile": params["btrfs_metadata_profile"],
            "mount_options": ["noatime"],
            **_mounted(params),
        }
    )
    return (keeper.keeper(filesystem),)


def _zfs(wanted: Wanted) -> tuple[Keeper, ...]:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool import (
        keeper,
        state,
    )

    params = wanted.params
    pool = state.wanted_from(
        {
            "name": params["zfs_pool"],
            "devices": params["devices"],
            "layout": params["zfs_layout"],
            "ashift": None,
            "dataset": params["zfs_dataset"],
            "arc_max": params["zfs_arc_max"],
            **_mounted(params),
        }
    )
    return (keeper.keeper(pool),)
