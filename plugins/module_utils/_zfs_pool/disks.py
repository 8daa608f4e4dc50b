# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The disks of a pool: a new pool, more disks for one that is there, disks that have grown. Pure.

Nothing is ever forced: what `zpool` would refuse without `-f` is refused here, with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import MIB, human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import are
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk, names_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    require_distinct,
    require_exists,
    require_free,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import member_on
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import PoolMember
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.rules import (
    require_pool,
    require_writable,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.filesystem import (
    not_yet_mounted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    LAYOUTS,
    Imported,
    State,
    Wanted,
    require_new_name,
)

ASHIFT = 12  # blocks of 4 KiB: right for all disks of today, and never to be changed

# SPA_MINDEVSIZE is 64 MiB, and a whole disk's partition table takes some 10 MiB besides.
_SMALLEST = 128 * MIB

# ZPOOL_FUZZ: `zpool` takes disks for different ones from here on, and wants to be forced.
_ALIKE = 16 * MIB

# The least that ZFS grows by is one metaslab of 16 MiB; what it leaves behind is under 2 MiB.
GROWTH = 16 * MIB


def plan_disks(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    """The steps that bring the pool about, with the disks that are named; the state after them.

    :raises StorageError: a disk is not free, or the pool cannot take it.
    """
    require_distinct(state.disks)
    pool = state.pool(wanted.name)
    if pool is None:
        return _create(state, wanted)
    for disk in state.disks:
        require_exists(disk)
    _require_layout(pool, wanted)
    steps, state = _add(state, wanted, pool)
    more, state = _expand(state, wanted)
    if steps or more:
        _require_growable(state, pool)
    return steps + more, state


def _create(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    name, disks = wanted.name, state.disks
    _require_not_importable(state, name)
    require_new_name(name)
    if not disks:
        raise StorageError(
            f"Pool {name}",
            "there is none of that name, and no disk was named to make it from",
            "Name disks in `devices`, best by their names under /dev/disk/by-id",
            refusal="disks_not_given",
        )
    layout = wanted.layout or "stripe"
    _require_takeable(disks)
    if len(disks) < LAYOUTS[layout]:
        raise StorageError(
            f"Pool {name}",
            f"a {layout} takes {LAYOUTS[layout]} disks at least, and {len(disks)} "
            f"{are(len(disks))} named",
            "Name more disks, or choose another layout",
            refusal="too_few_disks",
        )
    _require_alike(disks, layout)
    values = {"mountpoint": "none"}
    if wanted.place and wanted.filesystem == name:
        values = not_yet_mounted(state.mountpoint(wanted.place))
    options = [word for key, value in values.items() for word in ("-O", f"{key}={value}")]
    ashift = f"ashift={wanted.ashift or ASHIFT}"
    step = Command(
        f"Make pool {name}, a {layout} of {names_of(disks)}",
        ("zpool", "create", "-o", ashift, *options, name, *_vdev(layout, disks)),
        claims=tuple(disk.claim._replace(locked=False) for disk in disks),
    )
    root = {"type": "filesystem", "canmount": "on", "mounted": "no", **values}
    state = state.with_dataset(
        Dataset(name, MappingProxyType({key: Value(value) for key, value in root.items()}))
    )
    pool = Imported(name, "ONLINE", _predicted(disks, layout, 0))
    return [step], state.with_pool(pool)._replace(values=MappingProxyType({"health": "ONLINE"}))


def _add(state: State, wanted: Wanted, pool: Imported) -> tuple[list[Command], State]:
    new = [disk for disk in state.disks if member_on(pool, disk) is None]
    if not new:
        return [], state
    for disk in new:
        if disk.path not in disk.links and not disk.shared:
            raise StorageError(
                disk.path,
                f"it is not in pool {pool.name}, which is there already; the kernel gives names "
                "like this anew at every boot, so it may not be the disk that was meant",
                f"If this is the disk to add, name it {disk.stable}",
                refusal="disk_named_by_kernel",
            )
    _require_takeable(new)
    layout, width = _shape(pool)
    if layout != "stripe":
        _require_whole(pool, new, layout, width)
        for number in range(0, len(new), width):
            _require_alike(new[number : number + width], layout)
    vdevs: list[str] = []
    members = pool.members
    for number in range(0, len(new), width):
        group = new[number : number + width]
        vdevs += _vdev(layout, group)
        members += _predicted(group, layout, len({it.group for it in members if it.role == "data"}))
    ashift = ("-o", f"ashift={wanted.ashift}") if wanted.ashift else ()  # else as the pool has it
    step = Command(
        f"Add {names_of(new)} to pool {pool.name}",
        ("zpool", "add", *ashift, pool.name, *vdevs),
        claims=tuple(disk.claim._replace(locked=False) for disk in new),
    )
    return [step], state.with_pool(pool._replace(members=members))


def _expand(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    """Let the pool use what a disk has grown by: of the disks that are named, as all else."""
    pool = known(state.pool(wanted.name))  # a new pool takes its disks whole
    grown = [disk for disk in state.disks if state.room.get(disk.devno, 0) >= GROWTH]
    if not grown:
        return [], state
    more = sum(state.room[disk.devno] for disk in grown)
    step = Command(
        f"Let pool {pool.name} use the {human(more)} that {names_of(grown)} grew by",
        ("zpool", "online", "-e", pool.name, *(_known_as(pool, disk) for disk in grown)),
    )
    names = {disk.devno for disk in grown}
    room = {devno: size for devno, size in state.room.items() if devno not in names}
    return [step], state._replace(room=MappingProxyType(room))


def _known_as(pool: Imported, disk: Disk) -> str:
    """The disk's name as `zpool` takes it: what the pool recorded, without the partition."""
    path = known(member_on(pool, disk)).path  # only a member has room behind it
    return path[: -len("-part1")] if path.endswith("-part1") else disk.device


def _shape(pool: Imported) -> tuple[str, int]:
    """``(layout, disks of each vdev)`` of a pool that is to grow.

    :raises StorageError: its vdevs differ, so that there is no telling how to go on.
    """
    groups: dict[tuple[str, str], list[PoolMember]] = {}
    for member in pool.members:
        if member.role == "data":
            groups.setdefault((_layout(member), member.group), []).append(member)
    layouts = {layout for layout, _group in groups}
    widths = {len(members) for members in groups.values()}
    if layouts == {"stripe"}:
        return "stripe", 1
    if len(layouts) > 1 or len(widths) > 1 or not layouts <= set(LAYOUTS):
        raise StorageError(
            f"Pool {pool.name}",
            "its vdevs are not all alike, so there is no telling how it is to grow: "
            + ", ".join(
                f"{group or layout} of {len(it)}" for (layout, group), it in groups.items()
            ),
            "Add the disks by hand (`zpool add`); they are taken for members then",
            refusal="vdevs_differ",
        )
    return layouts.pop(), widths.pop()


def _layout(member: PoolMember) -> str:
    kind = member.group.partition("-")[0]
    return "stripe" if kind in ("", "replacing", "spare") else kind


def _require_layout(pool: Imported, wanted: Wanted) -> None:
    found = {_layout(member) for member in pool.members if member.role == "data"}
    if wanted.layout and found != {wanted.layout}:
        remedy = f"Leave `layout` out, or say {' '.join(sorted(found))}"
        if found == {"stripe"} and wanted.layout == "mirror":
            remedy += f"; `zpool attach {pool.name} DISK NEW-DISK` by hand makes a mirror of a disk"
        raise StorageError(
            f"Pool {pool.name}",
            f"it is a {' and '.join(sorted(found))}, and not a {wanted.layout}: what a pool is "
            "made of cannot be changed",
            remedy,
            refusal="layout_fixed",
        )


def _require_whole(pool: Imported, new: Sequence[Disk], layout: str, width: int) -> None:
    if len(new) % width:
        raise StorageError(
            f"Pool {pool.name}",
            f"it is made of {layout}s of {width} disks, and {len(new)} more "
            f"{are(len(new))} named ({names_of(new)}): a pool is as safe as the "
            "least of its parts",
            f"Name {width} new disks, or a multiple of that",
            refusal="vdev_incomplete",
        )


def _require_growable(state: State, pool: Imported) -> None:
    if pool.health != "ONLINE":
        raise StorageError(
            f"Pool {pool.name}",
            f"it is {pool.health}, and does not grow before it is mended",
            f"`zpool status {pool.name}` says what it lacks",
            refusal="pool_degraded",
        )
    require_writable(require_pool(state.zfs(pool.name), pool.name))


def _require_not_importable(state: State, name: str) -> None:
    found = [pool for pool in state.importable if pool.name == name]
    if not found:
        return
    pool = found[0]
    told = "; ".join(f"id {it.guid}, {it.health}" for it in found)
    if len(found) > 1:
        remedy = "Import the right one by its id (`zpool import ID`), or rename it on the way"
    elif pool.health not in ("ONLINE", "DEGRADED"):
        remedy = "`zpool import` says which disks it lacks; bring them back, then import it"
    elif pool.foreign:
        remedy = (
            "Another system used it last: make sure that none does now, then `zpool import -f "
            f"{name}`"
        )
    else:
        remedy = f"`zpool import {name}` takes it in use again"
    raise StorageError(
        f"Pool {name}",
        f"there is one of that name on the disks of this host that is not imported ({told})",
        f"{remedy}. For a new pool choose another name",
        refusal="pool_not_imported",
    )


def _require_takeable(disks: Sequence[Disk]) -> None:
    for disk in disks:
        require_free(disk)
        if disk.size < _SMALLEST:
            raise StorageError(
                disk.path,
                f"it has {human(disk.size)}, and ZFS needs {human(_SMALLEST)}",
                "Name a larger disk",
                refusal="disk_too_small",
            )


def _require_alike(disks: Sequence[Disk], layout: str) -> None:
    sizes = [disk.size for disk in disks]
    if layout != "stripe" and max(sizes) - min(sizes) > _ALIKE:
        raise StorageError(
            f"{layout} of {names_of(disks)}",
            "the disks differ in size ("
            + ", ".join(human(size) for size in sizes)
            + "), and each would count as the smallest",
            "Name disks of one size",
            refusal="disk_sizes_differ",
        )


def _vdev(layout: str, disks: Sequence[Disk]) -> list[str]:
    kind = () if layout == "stripe" else (layout,)
    return [*kind, *(disk.stable for disk in disks)]


def _predicted(disks: Sequence[Disk], layout: str, number: int) -> tuple[PoolMember, ...]:
    group = "" if layout == "stripe" else f"{layout}-{number}"
    return tuple(
        PoolMember(f"{disk.stable}-part1", "ONLINE", group=group, disk=disk) for disk in disks
    )
