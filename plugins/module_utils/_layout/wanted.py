# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A host's whole layout as the user wants it: the wish, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
    KNOWN,
    WORKLOADS,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import Choice

AUTO = "auto"


def layout_drivers() -> list[str]:
    """The drivers that a layout can have; those that it makes something for come first."""
    names = (name for name, it in DRIVERS.items() if it.storage)
    return sorted(names, key=lambda name: DRIVERS[name].storage == "none")


OPTIONS: dict[str, dict[str, Any]] = {
    "driver": {
        "type": "str",
        "choices": [*layout_drivers(), CONTAINERD, AUTO],
        "default": "overlay2",
    },
    "workload": {"type": "str", "choices": list(WORKLOADS), "default": "general"},
    "containerd_image_store": {"type": "bool"},
    "options": {"type": "dict", "default": {}},
    "devices": {"type": "list", "elements": "str", "default": []},
    "vg": {"type": "str", "default": "docker"},
    "pool": {"type": "str", "default": "thinpool"},
    "volume": {"type": "str", "default": "data"},
    "volume_kind": {"type": "str", "choices": ["thin", "plain", "none"]},
    "btrfs_label": {"type": "str", "default": "docker"},
    "btrfs_data_profile": {"type": "str"},
    "btrfs_metadata_profile": {"type": "str"},
    "zfs_pool": {"type": "str", "default": "docker"},
    "zfs_dataset": {"type": "str", "default": "data"},
    "zfs_layout": {"type": "str"},
    "zfs_arc_max": {"type": "str"},
    "sizing": {"type": "str", "choices": ["headroom", "documented"], "default": "headroom"},
    "size": {"type": "str"},
    "metadata_size": {"type": "str"},
    "volume_size": {"type": "str"},
    "chunk_size": {"type": "str"},
    "autoextend": {
        "type": "dict",
        "options": {"threshold": {"type": "int"}, "percent": {"type": "int"}},
        "default": {"threshold": 80, "percent": 20},
    },
    "require_headroom": {"type": "bool", "default": False},
    "data_root": {"type": "str", "default": "/var/lib/docker"},
    "existing_data": {"type": "str", "choices": ["refuse", "keep"], "default": "refuse"},
    "config_file": {"type": "str", "default": "/etc/docker/daemon.json"},
    "service": {"type": "str", "default": "docker.service"},
    "missing_tools": {"type": "str", "choices": ["refuse", "report"], "default": "refuse"},
}

# What docker_storage_sizing stands for, where no size is given: shares of the volume group. A thin
# volume is larger than its pool at first: that is what the pool grows for.
_SIZES: dict[str, dict[str, str | None]] = {
    "headroom": {"pool": "80%VG", "metadata": None, "thin": "95%VG", "plain": "80%VG"},
    "documented": {"pool": "95%VG", "metadata": "1%VG", "thin": "95%VG", "plain": "95%VG"},
}

# The programs that each kind of storage needs, besides those that are on every host.
_TOOLS = {
    "none": (),
    "pool": ("lvm", "thin_check"),
    "thin": ("lvm", "thin_check", "mkfs.xfs", "mount"),
    "plain": ("lvm", "mkfs.xfs", "mount"),
    "btrfs": ("mkfs.btrfs", "mount"),
    "zfs": ("zpool",),
}


class Wanted(NamedTuple):
    """A layout as the user wants it: the driver is settled, and so is what it lies on."""

    driver: str  # a storage driver, or CONTAINERD for the image store
    storage: str  # what it lies on: "none", "pool", "thin", "plain", "btrfs" or "zfs"
    params: Mapping[str, Any]  # the options of the module

    @property
    def tools(self) -> tuple[str, ...]:
        """The programs that the host needs for it."""
        return _TOOLS[self.storage]


def wanted_from(params: Mapping[str, Any], choice: Choice | None) -> Wanted:
    """The :class:`Wanted` layout in a module's options.

    :param choice: which driver to take, where the wish leaves that open.
    :raises StorageError: no driver works on this host.
    """
    if choice is None:
        driver, takes_disks = params["driver"], bool(params["devices"])
    else:
        driver, takes_disks = choice.driver, choice.takes_disks
        if not driver:
            raise StorageError(
                "driver=auto",
                choice.why + "".join(f" {name}: {why}." for name, why in choice.against.items()),
                "Mend what is in the way of one of them, or name a driver",
                refusal="no_driver_possible",
            )
    return Wanted(driver, _storage(params, driver, takes_disks, choice is not None), params)


def _storage(params: Mapping[str, Any], driver: str, takes_disks: bool, chosen: bool) -> str:
    kind: str | None = params["volume_kind"]
    own = KNOWN[driver].storage or "none"
    if kind is None:
        # Without disks in its inventory a volume group may have been given them before; but not
        # where the driver was chosen, since that looks at the host.
        return own if takes_disks or ("lvm" in _TOOLS[own] and not chosen) else "none"
    return own if kind != "none" and own not in OPTIONS["volume_kind"]["choices"] else kind


def size_of(params: Mapping[str, Any], what: str) -> str | None:
    """The size that is asked for, or that ``sizing`` stands for.

    :param what: "pool", "metadata", "thin" or "plain" (a volume of that kind).
    """
    option = {"pool": "size", "metadata": "metadata_size"}.get(what, "volume_size")
    return params[option] or _SIZES[params["sizing"]][what]
