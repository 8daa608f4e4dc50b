# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A pool, its disks, and the filesystem of it that units need: as they are, and as wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.options import one_of
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import parse_size
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import unit_names
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
    check_path,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Pool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import member_on
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import PoolMember
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    State as DatasetState,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.arc import ArcState

LAYOUTS = {"stripe": 1, "mirror": 2, "raidz1": 2, "raidz2": 3, "raidz3": 4}  # least disks

# zpool_name_valid() of libzfs_pool.c: no new pool is called so, and one that is there may be. So
# long is $ORIGIN in the name of what each pool has in it, twice (pool_namecheck()).
_RESERVED = re.compile(r"mirror|raidz|draid|spare|log$")
_LONGEST = 239

_NEVER = ("mirror", "raidz", "draid")  # pool_namecheck() of zfs_namecheck.c


class Wanted(NamedTuple):
    """A pool as the user wants it. What is None stays as it is."""

    name: str
    layout: str | None = None
    ashift: int | None = None
    arc_max: int | None = None  # bytes
    filesystem: str | None = None  # the dataset that is mounted, with the pool's name
    place: Place | None = None  # where it is mounted; there is none without a filesystem
    devices: tuple[str, ...] = ()  # paths


class Imported(NamedTuple):
    """A pool that is imported."""

    name: str
    health: str
    members: tuple[PoolMember, ...] = ()
    capacity: int = 0  # percent allocated; not read: what its filesystem shows tells more


class Importable(NamedTuple):
    """A pool that `zpool import` lists."""

    name: str
    guid: str
    health: str
    foreign: bool = False  # another host used it last


class Boot(NamedTuple):
    """The units that import pools and mount datasets at boot."""

    missing: tuple[str, ...] = ()  # those that are to be enabled
    masked: tuple[str, ...] = ()


class State(NamedTuple):
    """All that a pool and its filesystem depend on."""

    pools: tuple[Imported, ...]
    importable: tuple[Importable, ...] = ()  # looked for only where the pool is not imported
    disks: tuple[Disk, ...] = ()  # in the order in which they were named
    room: Mapping[str, int] = MappingProxyType({})  # devno -> bytes of a disk behind its member
    values: Mapping[str, str] = MappingProxyType({})  # of the pool; read only where it may change
    datasets: Mapping[str, Dataset] = MappingProxyType({})  # by name
    elsewhere: tuple[str, ...] = ()  # other places where the filesystem is mounted
    mount: MountState | None = None
    boot: Boot = Boot()
    arc: ArcState = ArcState()

    def pool(self, name: str) -> Imported | None:
        """The pool of that name, if it is imported."""
        return next((pool for pool in self.pools if pool.name == name), None)

    def owner(self, disk: Disk) -> Imported | None:
        """The imported pool that a disk is a member of, or None."""
        return next((pool for pool in self.pools if member_on(pool, disk)), None)

    def with_pool(self, pool: Imported) -> State:
        """This state, with a pool added or replaced."""
        others = tuple(other for other in self.pools if other.name != pool.name)
        return self._replace(pools=(*others, pool))

    @property
    def wanted_mount(self) -> MountState:
        """The mount, where a place for one is wanted."""
        return known(self.mount)

    def mountpoint(self, place: Place) -> str:
        """The property of the filesystem: its place, or "legacy" where something else mounts it."""
        mount = self.wanted_mount
        if mount.table:
            return place.where if "zfsutil" in mount.table.options else "legacy"
        return "legacy" if mount.unit_text is not None else place.where

    def zfs(self, name: str) -> DatasetState:
        """The pool and its datasets, as what makes datasets takes them."""
        return DatasetState(Pool(name, self.values), self.datasets)

    def with_dataset(self, dataset: Dataset) -> State:
        """This state, with a dataset added or replaced."""
        return self._replace(datasets=MappingProxyType({**self.datasets, dataset.name: dataset}))


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    _check_pool_name(params["name"])
    filesystem: str | None = None
    place: Place | None = None
    if params["path"] is None:
        _require_no_place(params)
    else:
        filesystem = _filesystem(params["name"], params["dataset"])
        place = _place(params, filesystem)
    arc_max = params["arc_max"]
    return Wanted(
        name=params["name"],
        layout=one_of("layout", params["layout"], LAYOUTS),
        ashift=params["ashift"],
        arc_max=None if arc_max is None else parse_size(arc_max, "arc_max"),
        filesystem=filesystem,
        place=place,
        devices=tuple(params["devices"]),
    )


def _require_no_place(params: Mapping[str, Any]) -> None:
    for option in ("dataset", "required_by"):
        if params[option] not in (None, []):
            raise StorageError(
                f"{option}={params[option]}",
                "it is of use only with `path`, where the filesystem is mounted",
                "Give the path; for datasets that are mounted otherwise there is "
                "containerhost.storage.zfs_dataset",
                refusal="options_incomplete",
            )


def _filesystem(pool: str, dataset: str | None) -> str:
    name = pool if dataset is None else f"{pool}/{dataset}"
    names.check_name(name, "dataset")
    if names.is_snapshot(name):
        raise StorageError(
            f"dataset={dataset}",
            "it is a snapshot, and those cannot be written to",
            "Name a filesystem",
            refusal="name_invalid",
        )
    return name


def _place(params: Mapping[str, Any], filesystem: str) -> Place:
    check_path(params["path"])
    return Place(
        target=filesystem,
        unit=MountUnit(what=filesystem, where=params["path"], fstype="zfs", options=()),
        required_by=unit_names("required_by", params["required_by"]),
        keep_existing=params["existing_data"] == "keep",
    )


def require_new_name(name: str) -> None:
    """Refuse a name that no new pool may have."""
    wrong = ""
    if _RESERVED.match(name):
        wrong = "ZFS keeps such names for itself: log, and what begins with mirror, raidz or spare"
    elif len(name) > _LONGEST:
        wrong = f"it has {len(name)} characters, and ZFS takes {_LONGEST} for a pool"
    if wrong:
        raise StorageError(
            f"name={name}", wrong, "Choose a name like docker", refusal="name_invalid"
        )


def _check_pool_name(name: str) -> None:
    names.check_name(name)
    wrong = ""
    if re.search("[/@]", name):
        wrong = "it is the name of a dataset, and a pool is wanted"
    elif name in _NEVER:
        wrong = "ZFS keeps that name for itself"
    elif " " in name:
        wrong = "with a space in its name its datasets cannot be written into fstab or units"
    if wrong:
        raise StorageError(
            f"name={name}",
            wrong,
            "Choose a name like docker",
            refusal="name_invalid",
        )
