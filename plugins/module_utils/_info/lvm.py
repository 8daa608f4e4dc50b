# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The host's LVM: groups, volumes, and whether its thin pools are sound and can grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import (
    observe_lvm_config,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    VolumeGroup,
    observe_lvm,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    GroupState,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    autoextend as _autoextend,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.profiles import (
    read_profile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    describe_pool,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

# From here on dmeventd warns in the log, whatever the policy says (lvm2, dmeventd_thin.c).
_NEARLY_FULL = 80

_REPAIR = (
    "Stop what uses it, then `lvchange --activate n {0}`, `lvconvert --repair {0}`, and check "
    "every filesystem in it before the old metadata is removed."
)


def observe(run: Reader) -> State | None:
    """The ``State`` of thin pools, of all groups; None where LVM is not installed.

    One command, or two where lvm.conf has settings for thin pools.
    """
    if not find_program("lvm"):
        return None
    lvm = observe_lvm(run)
    config = observe_lvm_config(run)
    names = {group.profile for group in lvm.groups}
    names |= {lv.profile for group in lvm.groups for lv in group.lvs}
    texts = {name: read_profile(config.profile_dir, name) for name in sorted(names) if name}
    return State(
        groups=GroupState(lvm=lvm, disks=(), members={}, name_taken=False),
        config=config,
        profiles={name: text for name, text in texts.items() if text is not None},
        thin_check=find_program("thin_check") is not None,
    )


def describe(seen: State | None) -> dict[str, Any]:
    """``{"groups": [...], "orphans": [...]}``; sizes in bytes."""
    if seen is None:
        return {"groups": [], "orphans": []}
    lvm = seen.groups.lvm
    return {
        "groups": [_describe_group(seen, group) for group in lvm.groups],
        "orphans": [{"device": pv.path, "size": pv.size} for pv in lvm.orphans],
    }


def _describe_group(state: State, group: VolumeGroup) -> dict[str, Any]:
    unit = group.extent_size
    return {
        "name": group.name,
        "uuid": group.uuid,
        "size": group.extents * unit,
        "free": group.free * unit,
        "extent_size": unit,
        "missing": group.missing,
        "exported": group.exported,
        "shared": group.shared,
        "profile": group.profile,
        "devices": [
            {
                "device": None if pv.missing else pv.path,
                "uuid": pv.uuid,
                "size": pv.extents * unit,
                "free": (pv.extents - pv.allocated) * unit,
                "missing": pv.missing,
                "duplicate": pv.duplicate,
            }
            for pv in group.pvs
        ],
        "volumes": [
            {
                "name": lv.name,
                "device": lv.path,
                "size": lv.extents * unit,
                "kind": lv.kind,
                "pool": lv.pool,
                "active": lv.active,
                "open": lv.open,
                "data_percent": lv.data_percent,
                "health": lv.health or "ok",
            }
            for lv in group.lvs
            if not lv.hidden and lv.kind != "thin-pool"
        ],
        "pools": [_describe_pool(state, group, pool) for pool in _pools(group)],
    }


def _describe_pool(state: State, group: VolumeGroup, pool: LogicalVolume) -> dict[str, Any]:
    """The pool as ``thinpool`` gives it, with its headroom as ``thinpool`` computes it."""
    room, policy = _headroom(state, group, pool)
    headroom = _autoextend.report(room, policy, group.extent_size)
    return dict(describe_pool(state, group, pool), autoextend=headroom)


def _headroom(
    state: State, group: VolumeGroup, pool: LogicalVolume
) -> tuple[_autoextend.Headroom, _autoextend.InForce]:
    policy = state.policy(group, pool)
    return _autoextend.headroom(pool, group.spare, group.free, policy), policy


def _pools(group: VolumeGroup) -> list[LogicalVolume]:
    return [lv for lv in group.lvs if lv.kind == "thin-pool"]


def findings(seen: State | None) -> list[Finding]:
    """What is wrong with the groups, and with each pool."""
    if seen is None:
        return []
    groups = seen.groups.lvm.groups
    found = list(_twins(groups))
    for group in groups:
        found += _group_findings(group)
        for pool in _pools(group):
            found += _pool_findings(seen, group, pool)
    return found


def _twins(groups: Iterable[VolumeGroup]) -> Iterator[Finding]:
    for name, count in sorted(Counter(group.name for group in groups).items()):
        if count > 1:
            uuids = ", ".join(group.uuid or "" for group in groups if group.name == name)
            yield Finding(
                "warning",
                "group_name_twice",
                f"This host has {count} volume groups named {name} ({uuids}). Rename one by its "
                "UUID (`vgrename UUID NEWNAME`), or take its disk away.",
            )


def _group_findings(group: VolumeGroup) -> Iterator[Finding]:
    missing = [str(pv.uuid) for pv in group.pvs if pv.missing]
    if missing:
        yield Finding(
            "warning",
            "group_missing_disk",
            f"Volume group {group.name}: {len(missing)} of its {len(group.pvs)} physical volumes "
            f"cannot be found (UUID {', '.join(missing)}). Bring the disk back, or give it up "
            f"(`vgreduce --removemissing {group.name}`).",
        )
    twice = [pv.path for pv in group.pvs if pv.duplicate]
    if twice:
        yield Finding(
            "warning",
            "group_duplicate_disk",
            f"Volume group {group.name}: {', '.join(twice)} is there twice, as a copy or over two "
            "paths. Take the copy away, or set up multipath.",
        )
    for lv in group.lvs:
        if lv.health and lv.kind != "thin-pool" and not lv.hidden:
            yield Finding(
                "warning",
                "volume_unhealthy",
                f"Volume {group.name}/{lv.name}: LVM calls it {lv.health}.",
            )


def _pool_findings(state: State, group: VolumeGroup, pool: LogicalVolume) -> Iterator[Finding]:
    name = f"{group.name}/{pool.name}"
    room, policy = _headroom(state, group, pool)
    yield from _autoextend.findings(name, group.name, room, policy, group.extent_size)
    yield from _pool_health(name, pool)
    yield from _pool_use(name, group, pool, policy)
    if pool.active and not pool.monitored:
        yield Finding(
            "warning",
            "pool_unmonitored",
            f"Thin pool {name} is not monitored by dmeventd, so it never extends itself. Turn that "
            f"on with `lvchange --monitor y {name}`.",
        )
    if pool.profile and pool.profile not in state.profiles:
        yield Finding(
            "warning",
            "profile_missing",
            f"Thin pool {name} has profile {pool.profile} attached, and there is no "
            f"{state.config.profile_dir}/{pool.profile}.profile: LVM's own settings hold instead, "
            f"threshold {policy.threshold} and percent {policy.percent}.",
        )
    if not state.thin_check:
        yield Finding(
            "warning",
            "thin_check_missing",
            f"Thin pool {name} cannot be checked: `thin_check` is not on this host. Install "
            "thin-provisioning-tools (Debian, Ubuntu) or device-mapper-persistent-data.",
        )


def _pool_health(name: str, pool: LogicalVolume) -> Iterator[Finding]:
    if pool.check_needed:
        message = f"Thin pool {name}: its metadata needs a check. " + _REPAIR.format(name)
        yield Finding("warning", "pool_needs_check", message)
    if pool.health == "out_of_data":
        message = f"Thin pool {name} is full: writes to it wait, or fail. Extend it now."
        yield Finding("warning", "pool_full", message)
    elif pool.health:
        message = f"Thin pool {name}: LVM calls it {pool.health}. " + _REPAIR.format(name)
        yield Finding("warning", "pool_unhealthy", message)


def _pool_use(
    name: str, group: VolumeGroup, pool: LogicalVolume, policy: _autoextend.InForce
) -> Iterator[Finding]:
    threshold = policy.threshold
    limit = _NEARLY_FULL if threshold is None or threshold >= 100 else threshold
    parts = (
        ("data", pool.data_percent, pool.extents),
        ("metadata", pool.metadata_percent, pool.metadata_extents),
    )
    for part, used, extents in parts:
        if used is not None and used > limit:
            yield Finding(
                "warning",
                "pool_over_threshold",
                f"Thin pool {name}: {used:g} percent of its {part} "
                f"({human(extents * group.extent_size)}) is used, more than {limit}; the volume "
                f"group has {human(group.free * group.extent_size)} free.",
            )
