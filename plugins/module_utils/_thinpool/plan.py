# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a thin pool to be as it is wanted. Pure.

It grows and mends, and never shrinks: a pool larger than wanted has been grown by dmeventd or by
a person, and is in order.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Finding,
    Plan,
    StorageError,
    WriteFile,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    looked_at,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import (
    require_active,
    require_disks_for_pool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    VolumeGroup,
    mapper_name,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    plan_group,
    require_healthy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    autoextend as _autoextend,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.absence import (
    plan_absence,
    plan_clearing,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.profiles import (
    profile_path,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.sizes import (
    DEFAULT_SIZE,
    default_chunk,
    grow,
    kib,
    metadata_extents,
    require_room,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    Wanted,
)


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that makes the pool as wanted."""
    if not wanted.present:
        return plan_absence(state, wanted)
    _require_tools(state, wanted)
    first, groups = plan_group(state.groups, wanted.vg)
    clearing, state = plan_clearing(state._replace(groups=groups), wanted)
    group, pool = state.groups.made(wanted.vg), state.pool(wanted)[1]
    then, state = (
        _create(state, wanted, group) if pool is None else _mend(state, wanted, group, pool)
    )
    steps: list[Command | WriteFile] = [*first, *clearing, *then]
    if steps:
        require_healthy(state.groups, wanted.vg)
    return _with_headroom(steps, state, wanted)


def _require_tools(state: State, wanted: Wanted) -> None:
    if not state.thin_check:
        raise StorageError(
            f"Thin pool {wanted.target}",
            "`thin_check` is not on this host, and a pool that cannot be checked cannot be "
            "trusted after a crash",
            "Install thin-provisioning-tools (Debian, Ubuntu) or device-mapper-persistent-data",
            refusal="program_missing",
        )
    if wanted.monitor and not state.config.monitoring:
        raise StorageError(
            f"Thin pool {wanted.target}",
            "LVM is told not to monitor anything on this host (activation/monitoring=0)",
            "Take that out of lvm.conf, or set `monitor: false` and do without autoextension",
            refusal="monitoring_off",
        )


def _require_kernel(state: State, wanted: Wanted) -> None:
    if not state.kernel:
        raise StorageError(
            f"Thin pool {wanted.target}",
            "the running kernel has no thin pools (there is no module dm-thin-pool)",
            "Install the kernel's modules (`modprobe dm-thin-pool` has to work), or boot another "
            "kernel",
            refusal="kernel_module_missing",
        )


def _create(
    state: State, wanted: Wanted, group: VolumeGroup
) -> tuple[list[Command | WriteFile], State]:
    rules = state.groups.rules
    require_active(rules, group.name, wanted.name, group.tags)
    require_disks_for_pool(rules, group.name, len(group.pvs))
    _require_kernel(state, wanted)
    size = (wanted.size or DEFAULT_SIZE).extents(group.extent_size, group.extents)
    if not size:  # a share of a group rounds down
        raise StorageError(
            f"Thin pool {wanted.target}",
            f"its size is less than an extent of its group ({human(group.extent_size)})",
            "Ask for more, or add a disk",
            refusal="size_too_small",
        )
    data_size = size * group.extent_size
    chunk = wanted.chunk_size or default_chunk(data_size)
    metadata = metadata_extents(wanted, group, data_size, chunk)
    spare = max(0, metadata - group.spare)
    require_room(wanted, group, size, metadata, spare)
    policy = wanted.policy.over(_autoextend.RECOMMENDED)
    pool = LogicalVolume(
        name=wanted.name,
        uuid=None,
        extents=size,
        kind="thin-pool",
        role="private",
        path="/dev/mapper/" + mapper_name(wanted.vg, wanted.name),
        profile=state.own_profile(wanted, None),
        metadata_extents=metadata,
        chunk_size=chunk,
        zero=True if wanted.zero is None else wanted.zero,
        discards=wanted.discards or "passdown",
        when_full=wanted.when_full or "queue",
        monitored=wanted.monitor,
    )
    steps, state = _write_profile(state, wanted, pool.profile, policy, "")
    steps.append(
        Command(
            f"Make thin pool {wanted.target}: {human(data_size)} for data, "
            f"{human(metadata * group.extent_size)} for metadata",
            (
                "lvcreate", "--type", "thin-pool", "--name", pool.name,
                "--extents", str(size),
                "--poolmetadatasize", kib(metadata * group.extent_size),
                "--poolmetadataspare", "y",
                "--chunksize", kib(chunk),
                "--zero", _flag(pool.zero),
                "--discards", pool.discards,
                "--metadataprofile", pool.profile,
                "--monitor", _flag(pool.monitored),
                wanted.vg,
            ),
        )
    )  # fmt: skip
    if pool.when_full == "error":  # lvcreate does not take this for a pool that has no volume yet
        steps.append(_set_when_full(wanted, True))
    return steps, _with_pool(state, group, pool, size + metadata + spare, spare)


def _mend(
    state: State, wanted: Wanted, group: VolumeGroup, pool: LogicalVolume
) -> tuple[list[Command | WriteFile], State]:
    """Every way in which a pool can differ, one step each."""
    if wanted.chunk_size not in (None, pool.chunk_size):
        raise StorageError(
            f"Thin pool {wanted.target}",
            f"its chunk size is {human(pool.chunk_size)}, not {human(wanted.chunk_size)}, and "
            "cannot be changed in place",
            "Leave chunk_size out to keep it, or move its volumes to a new pool",
            refusal="property_fixed",
        )
    steps: list[Command | WriteFile] = []
    if not pool.active:
        require_active(state.groups.rules, group.name, pool.name, group.tags)
        _require_kernel(state, wanted)
        argv: tuple[str, ...] = ("lvchange", "--activate", "y", "--ignoreactivationskip")
        argv += ("--monitor", _flag(wanted.monitor), wanted.target)
        steps.append(Command(f"Activate thin pool {wanted.target}", argv))
        pool = pool._replace(active=True, monitored=wanted.monitor)
    policy, state, pool = _mend_policy(state, wanted, group, pool)
    settings, pool = _mend_settings(wanted, pool)
    growth, pool, taken, spare = grow(wanted, group, pool)
    steps += [*policy, *settings, *growth]
    if steps:
        _require_sound(wanted, pool)
    return steps, _with_pool(state, group, pool, taken, spare)


def _mend_policy(
    state: State, wanted: Wanted, group: VolumeGroup, pool: LogicalVolume
) -> tuple[list[Command | WriteFile], State, LogicalVolume]:
    policy = wanted.policy.over(state.policy(group, pool))
    if policy == state.policy(group, pool):
        return [], state, pool
    name = state.own_profile(wanted, pool)
    base = state.profiles.get(name, state.profiles.get(pool.profile, ""))
    steps, state = _write_profile(state, wanted, name, policy, base)
    if pool.profile != name:
        steps.append(_change(wanted, f"Attach profile {name} to", "--metadataprofile", name))
    return steps, state, pool._replace(profile=name)


def _write_profile(
    state: State, wanted: Wanted, name: str, policy: _autoextend.InForce, base: str
) -> tuple[list[Command | WriteFile], State]:
    """The step that makes a profile carry a policy; none where it does already."""
    old = state.profiles.get(name)
    if old is not None and _autoextend.parse_profile(old) == policy:
        return [], state
    text = _autoextend.profile_text(policy, base)
    step = WriteFile(
        f"Let thin pool {wanted.target} grow by {policy.percent} percent when it is "
        f"{policy.threshold} percent full",
        profile_path(state.config.profile_dir, name),
        text,
        old=old,
    )
    return [step], state._replace(profiles=dict(state.profiles, **{name: text}))


def _mend_settings(wanted: Wanted, pool: LogicalVolume) -> tuple[list[Command], LogicalVolume]:
    steps = []
    if wanted.discards not in (None, pool.discards):
        if "ignore" in (wanted.discards, pool.discards):
            raise StorageError(
                f"Thin pool {wanted.target}",
                f"discards can change between {pool.discards} and {wanted.discards} only while "
                "the pool is inactive",
                f"Stop what uses the pool, run `lvchange --activate n {wanted.target}` and "
                "`lvchange --discards "
                f"{wanted.discards} {wanted.target}`, then run again",
                refusal="pool_active",
            )
        steps.append(_change(wanted, "Change discards of", "--discards", wanted.discards))
        pool = pool._replace(discards=wanted.discards)
    if wanted.zero not in (None, pool.zero):
        reason = "Turn zeroing of new chunks {} for".format("on" if wanted.zero else "off")
        steps.append(_change(wanted, reason, "--zero", _flag(wanted.zero)))
        pool = pool._replace(zero=wanted.zero)
    if wanted.when_full not in (None, pool.when_full):
        steps.append(_set_when_full(wanted, wanted.when_full == "error"))
        pool = pool._replace(when_full=wanted.when_full)
    if wanted.monitor != pool.monitored:
        reason = "{} dmeventd's monitoring of".format("Start" if wanted.monitor else "Stop")
        steps.append(_change(wanted, reason, "--monitor", _flag(wanted.monitor)))
        pool = pool._replace(monitored=wanted.monitor)
    return steps, pool


def _require_sound(wanted: Wanted, pool: LogicalVolume) -> None:
    """A pool whose metadata is in doubt is not touched: lvmthin(7), "Metadata check and repair"."""
    if not pool.check_needed and pool.health in ("", "out_of_data"):
        return
    raise StorageError(
        f"Thin pool {wanted.target}",
        "its metadata needs a check" if pool.check_needed else "LVM calls it " + pool.health,
        f"Stop what uses it, then `lvchange --activate n {wanted.target}`, `lvconvert --repair "
        f"{wanted.target}`, and check "
        "every filesystem in it before the old metadata (`..._meta0`) is removed",
        refusal="pool_needs_check",
    )


def _with_pool(
    state: State, group: VolumeGroup, pool: LogicalVolume, taken: int, spare_growth: int
) -> State:
    """The state once the pool is as given and has taken so many extents more."""
    lvs = tuple(
        lv for lv in group.lvs if lv.name != pool.name and "spare" not in lv.role.split(",")
    )
    spare = LogicalVolume("lvol0_pmspare", None, group.spare + spare_growth, "linear", "pool,spare")
    group = group._replace(lvs=(*lvs, pool, spare), free=group.free - taken)
    return state.with_group(group)


def _with_headroom(steps: list[Command | WriteFile], state: State, wanted: Wanted) -> Plan:
    group, pool = state.made(wanted)
    policy = state.policy(group, pool)
    room = _autoextend.headroom(pool, group.spare, group.free, policy)
    findings = _autoextend.findings(wanted.target, group.name, room, policy, group.extent_size)
    if wanted.require_headroom and findings:
        raise StorageError(
            f"Thin pool {wanted.target}",
            findings[0].message,
            "Mend that, or set `require_headroom: false` to go on without",
            refusal="headroom_missing",
        )
    facts = {"autoextend": _autoextend.report(room, policy, group.extent_size)}
    findings = [*findings, *_size_finding(wanted, group, pool)]
    findings += looked_at(steps, state.groups.disks)
    return Plan(kept(steps), state, tuple(findings), facts)


def _size_finding(wanted: Wanted, group: VolumeGroup, pool: LogicalVolume) -> tuple[Finding, ...]:
    if wanted.size is None:
        return ()
    size = wanted.size.extents(group.extent_size, group.extents)
    if pool.extents <= size:
        return ()
    message = (
        "{0} has {1} for data, {2} more than asked for; a thin pool cannot shrink, so it stays."
    )
    return (
        Finding(
            "info",
            "larger_than_wanted",
            message.format(
                wanted.target,
                human(pool.extents * group.extent_size),
                human((pool.extents - size) * group.extent_size),
            ),
        ),
    )


def _set_when_full(wanted: Wanted, error: bool) -> Command:
    reason = f"Let writes to a full pool {'fail at once' if error else 'wait'}, in"
    return _change(wanted, reason, "--errorwhenfull", _flag(error))


def _change(wanted: Wanted, reason: str, option: str, value: str) -> Command:
    return Command(
        f"{reason} thin pool {wanted.target}",
        ("lvchange", option, value, wanted.target),
    )


def _flag(value: bool) -> str:
    return "y" if value else "n"
