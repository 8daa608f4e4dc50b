# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A thin pool as it is on the host, and as it is wanted. ``plan.py`` compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    GIB,
    KIB,
    Amount,
    human,
    parse_amount,
    parse_size,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import (
    LvmConfig,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    VolumeGroup,
    check_name,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    GroupState,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import profiles
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.autoextend import (
    InForce,
    Policy,
    check_policy,
    parse_profile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.content import (
    Content,
)


class Wanted(NamedTuple):
    """A thin pool as the user wants it. ``None`` keeps what is there."""

    vg: str
    name: str
    present: bool = True
    size: Amount | None = None
    metadata_size: Amount | None = None
    chunk_size: int | None = None  # bytes
    zero: bool | None = None
    discards: str | None = None
    when_full: str | None = None  # "queue" or "error"
    policy: Policy = Policy()
    monitor: bool = True
    require_headroom: bool = False
    devices: tuple[str, ...] = ()  # disks that its group is to consist of

    @property
    def target(self) -> str:
        """The pool as LVM's commands take it."""
        return f"{self.vg}/{self.name}"


class State(NamedTuple):
    """All that a thin pool depends on."""

    groups: GroupState
    config: LvmConfig
    profiles: dict[str, str]  # name -> text, of every profile that exists and matters here
    thin_check: bool
    kernel: bool = True  # whether it has thin pools, so far as is known; looked for to make one
    content: Content | None = None  # known where the pool is to be gone, and active

    def pool(self, wanted: Wanted) -> tuple[VolumeGroup | None, LogicalVolume | None]:
        """``(VolumeGroup, LogicalVolume)`` of the pool; None for what is not there.

        :raises StorageError: the name belongs to a volume of another kind.
        """
        group = self.groups.group(wanted.vg)
        pool = group.lv(wanted.name) if group else None
        if pool and half_made(wanted, pool):
            return group, None
        if pool and pool.kind != "thin-pool":
            raise StorageError(
                f"Logical volume {wanted.target}",
                f"it is no thin pool but a {pool.kind} volume",
                "Choose another name for the pool",
                refusal="pool_not_thin",
            )
        return group, pool

    def made(self, wanted: Wanted) -> tuple[VolumeGroup, LogicalVolume]:
        """``(VolumeGroup, LogicalVolume)`` of a pool that a plan has provided for."""
        group, pool = self.pool(wanted)
        return known(group), known(pool)

    def with_group(self, group: VolumeGroup) -> State:
        """This state, with the group of that name replaced."""
        return self._replace(groups=self.groups.with_group(group))

    def may_write(self, wanted: Wanted, pool: LogicalVolume | None, profile: str) -> bool:
        """Whether a profile is nobody's but this pool's."""
        lvm = self.groups.lvm
        return profiles.may_write(lvm, self.profiles, wanted.vg, wanted.name, pool, profile)

    def own_profile(self, wanted: Wanted, pool: LogicalVolume | None) -> str:
        """The name of the profile that this pool's policy is to be written to."""
        lvm = self.groups.lvm
        return profiles.own_profile(lvm, self.profiles, wanted.vg, wanted.name, pool)

    def policy(self, group: VolumeGroup, pool: LogicalVolume) -> InForce:
        """The :class:`InForce` of a pool: its profile's, its group's, LVM's own."""
        name = pool.profile or group.profile
        return parse_profile(self.profiles.get(name, "")).over(
            InForce(self.config.threshold, self.config.percent)
        )


def half_made(wanted: Wanted, volume: LogicalVolume) -> bool:
    """Whether a volume is what an ``lvcreate`` of the pool has left that was killed.

    LVM first makes what is going to be the metadata, under the pool's name and with its profile,
    writes that down, and clears it: lvm2, lib/metadata/pool_manip.c, create_pool().
    """
    own = profiles.is_own_name(wanted.vg, wanted.name, volume.profile)
    return volume.kind in ("linear", "striped") and own and not volume.hidden


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    check_name(params["vg"], "volume group")
    check_name(params["name"], "logical volume")
    size, metadata_size = params["size"], params["metadata_size"]
    error_when_full = params["error_when_full"]
    policy = Policy(**(params["autoextend"] or {}))
    check_policy(policy)
    return Wanted(
        vg=params["vg"],
        name=params["name"],
        present=params["state"] == "present",
        size=None if size is None else parse_amount(size, "size"),
        metadata_size=None
        if metadata_size is None
        else parse_amount(metadata_size, "metadata_size"),
        chunk_size=_chunk_size(params["chunk_size"]),
        zero=params["zero"],
        discards=params["discards"],
        when_full=None if error_when_full is None else ("error" if error_when_full else "queue"),
        policy=policy,
        monitor=params["monitor"],
        require_headroom=params["require_headroom"],
        devices=tuple(params["devices"]),
    )


def _chunk_size(text: str | None) -> int | None:
    if text is None:
        return None
    size = parse_size(text, "chunk_size")
    if size % (64 * KIB) or not 64 * KIB <= size <= GIB:
        raise StorageError(
            f"chunk_size={text}",
            "LVM takes multiples of 64 KiB, from 64 KiB to 1 GiB",
            "For containers 512k serves well; 64k suits many snapshots",
            refusal="option_value_invalid",
        )
    return size


def describe_pool(state: State, group: VolumeGroup, pool: LogicalVolume) -> dict[str, Any]:
    """A thin pool as the user gets it."""
    policy = state.policy(group, pool)
    return {
        "name": pool.name,
        "device": pool.path,
        "size": pool.extents * group.extent_size,
        "size_human": human(pool.extents * group.extent_size),
        "metadata_size": pool.metadata_extents * group.extent_size,
        "chunk_size": pool.chunk_size,
        "zero": pool.zero,
        "discards": pool.discards,
        "error_when_full": pool.when_full == "error",
        "profile": pool.profile,
        "autoextend": {"threshold": policy.threshold, "percent": policy.percent},
        "active": pool.active,
        "monitored": pool.monitored,
        "data_percent": pool.data_percent,
        "metadata_percent": pool.metadata_percent,
        "health": pool.health or "ok",
    }
