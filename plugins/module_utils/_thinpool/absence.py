# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a thin pool to be gone. Pure.

The volume group and its disks stay: what is not asked for is not taken.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Plan,
    StorageError,
    WriteFile,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    mapper_name,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    require_healthy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.profiles import (
    is_own_name,
    profile_path,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    Wanted,
    half_made,
)


def plan_clearing(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    """The steps that clear away what a killed ``lvcreate`` has left of the pool, and the state."""
    group = state.groups.group(wanted.vg)
    volume = group.lv(wanted.name) if group else None
    if group is None or volume is None or not half_made(wanted, volume):
        return [], state
    if volume.open:
        raise StorageError(
            f"Logical volume {wanted.target}",
            "an lvcreate that was killed has left it of the thin pool, and it is in use",
            "Find out by what (`lsblk`), end that, then run again",
            refusal="pool_busy",
        )
    lost = (
        f"volume {wanted.target} ({human(volume.extents * group.extent_size)}, UUID {volume.uuid}),"
        " which was to be the metadata of the thin pool"
    )
    step = Command(
        f"Remove what an lvcreate that was killed has left of thin pool {wanted.target}",
        ("lvremove", "--yes", wanted.target),
        destroys=(lost,),
    )
    lvs = tuple(lv for lv in group.lvs if lv is not volume)
    group = group._replace(lvs=lvs, free=group.free + volume.extents)
    return [step], state.with_group(group)


def plan_absence(state: State, wanted: Wanted) -> Plan:
    clearing, state = plan_clearing(state, wanted)
    group, pool = state.pool(wanted)
    steps: list[Command | WriteFile] = [*clearing]
    if clearing:
        require_healthy(state.groups, wanted.vg)
    after = state
    if group and pool:
        volumes = [lv for lv in group.lvs if lv.pool == pool.name]
        # An active volume holds its pool open; a pool without one is held by the engine itself.
        holders = [lv for lv in volumes if lv.active] or [pool]
        used = [lv.name for lv in holders if lv.open]
        if used:
            raise StorageError(
                f"Thin pool {wanted.target}",
                "it is in use ({} open)".format(", ".join(used)),
                "Stop the container engine or unmount what lies on it, then run again",
                refusal="pool_busy",
            )
        require_healthy(state.groups, wanted.vg)
        lost = (
            f"thin pool {wanted.target} ({human(pool.extents * group.extent_size)}, UUID "
            f"{pool.uuid}, {_content(state, pool)})"
        )
        lost += "".join(f" and its volume {lv.name} (UUID {lv.uuid})" for lv in sorted(volumes))
        argv = ("lvremove", "--yes", wanted.target)
        steps.append(Command(f"Remove thin pool {wanted.target}", argv, destroys=(lost,)))
        gone = {pool.name} | {lv.name for lv in volumes}
        others = [lv for lv in group.lvs if lv.kind == "thin-pool" and lv != pool]
        # The spare serves all pools of the group; LVM removes it together with the last of them.
        left = tuple(lv for lv in group.lvs if lv.name not in gone and (others or not lv.hidden))
        taken = pool.extents + pool.metadata_extents + (0 if others else group.spare)
        after = state.with_group(group._replace(lvs=left, free=group.free + taken))
    for name in _own_profiles(state, wanted, pool):
        if after.groups.lvm.profile_users(name):
            continue
        path, old = profile_path(state.config.profile_dir, name), state.profiles[name]
        steps.append(WriteFile("Remove the profile that no volume uses", path, None, old=old))
        rest = {other: text for other, text in after.profiles.items() if other != name}
        after = after._replace(profiles=rest)
    return Plan(kept(steps), after)


def _own_profiles(state: State, wanted: Wanted, pool: LogicalVolume | None) -> list[str]:
    """The profiles that were written for this pool, and are there.

    Where the pool is gone already, its profile's name and its text tell whose it was.
    """
    attached = pool.profile if pool else ""
    first = mapper_name(wanted.vg, wanted.name)
    return [
        name
        for name in dict.fromkeys((attached, first))
        if name in state.profiles
        and is_own_name(wanted.vg, wanted.name, name)
        and state.may_write(wanted, pool, name)
    ]


def _content(state: State, pool: LogicalVolume) -> str:
    """How much is lost, as exactly as the host tells: the consent is for this, and no more."""
    if state.content is not None:
        transaction, data, metadata = state.content
        return (
            f"{human(data * pool.chunk_size)} used: {data} chunks, {metadata} blocks of metadata, "
            f"transaction {transaction}"
        )
    used = (
        "nobody knows how full"
        if pool.data_percent is None  # LVM does not say: it is inactive
        else f"{pool.data_percent:g} percent used, metadata {pool.metadata_percent or 0:g} percent"
    )
    return f"{used}, transaction {pool.transaction_id}"
