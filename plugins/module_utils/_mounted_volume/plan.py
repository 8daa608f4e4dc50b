# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a mounted volume to be as it is wanted. Pure.

It grows, and never shrinks; it makes a filesystem only on a volume that is blank; it mounts over
a folder only when that hides nothing.
"""

from __future__ import annotations

from fractions import Fraction

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Command,
    Part,
    Plan,
    StorageError,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    KIB,
    Amount,
    human,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    looked_at,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import (
    SMALLEST_GROWTH_BLOCKS,
    Xfs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import (
    require_active,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    VolumeGroup,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    plan_group,
    require_healthy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.plan import (
    plan_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.rules import (
    require_nothing_hidden,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.rules import (
    UNFINISHED,
    findings,
    require_mountable,
    require_own_mount,
    require_room,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    State,
    Wanted,
)

# The same share as a thin pool's default: a thin volume of it never outgrows its pool.
DEFAULT_SIZE = Amount(share=Fraction(80, 100))

_BLOCK = 4 * KIB
_MARK = ("--addtag", UNFINISHED)


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that makes the volume, its filesystem and its mount as wanted."""
    require_own_mount(state, wanted)
    require_nothing_hidden(state.mount, wanted.place)
    steps, groups = plan_group(state.groups, wanted.vg)
    state = state._replace(groups=groups)
    there, volume = state.volume(wanted)
    group = known(there)  # plan_group() refuses what could not be made
    more, state = (
        _create(state, wanted, group) if volume is None else _grow(state, wanted, group, volume)
    )
    steps += more
    if steps:
        require_healthy(state.groups, wanted.vg)
    more, state = _make_filesystem(state, wanted, made=volume is None)
    steps += more
    mounting, after = _mount(state, wanted)
    growing, after = _grow_filesystem(after, wanted)
    told = (*findings(state, wanted), *looked_at(steps, state.groups.disks))
    return Plan((*kept(steps), *mounting, *kept(growing)), after, told)


def _create(state: State, wanted: Wanted, group: VolumeGroup) -> tuple[list[Command], State]:
    require_active(state.groups.rules, group.name, wanted.name, group.tags)
    size = (wanted.size or DEFAULT_SIZE).extents(group.extent_size, group.extents)
    require_room(wanted, group, size)
    volume = LogicalVolume(
        name=wanted.name,
        uuid=None,
        extents=size,
        kind="thin" if wanted.pool else "linear",
        role="public",
        path=wanted.device,
        pool=wanted.pool or "",
        tags=(UNFINISHED,),
    )
    argv: tuple[str, ...]
    size_text = human(size * group.extent_size)
    if wanted.pool:
        reason = f"Make thin volume {wanted.target} of {size_text} in pool {wanted.pool}"
        argv = ("--virtualsize", f"{size * group.extent_size // KIB}k", "--thinpool", wanted.pool)
        taken = 0
    else:
        reason = f"Make volume {wanted.target} of {size_text}"
        # What a removed volume left in the free space of the group is not data of anybody's.
        argv = ("--yes", "--wipesignatures", "y", "--extents", str(size))
        taken = size
    step = Command(reason, ("lvcreate", "--name", wanted.name, *_MARK, *argv, wanted.vg))
    return [step], _with_volume(state, group, volume, taken)


def _grow(
    state: State, wanted: Wanted, group: VolumeGroup, volume: LogicalVolume
) -> tuple[list[Command], State]:
    kind = "thin" if wanted.pool else "linear"
    if volume.kind != kind or (volume.pool or None) != wanted.pool:
        raise StorageError(
            f"Logical volume {wanted.target}",
            f"it is a {volume.kind} volume{' in pool ' + volume.pool if volume.pool else ''}, "
            f"and a {kind} one{' in pool ' + wanted.pool if wanted.pool else ''} is wanted",
            "Choose another name for the volume, or say what it is",
            refusal="volume_kind_differs",
        )
    steps: list[Command] = []
    argv: tuple[str, ...]
    if not volume.active:
        argv = ("lvchange", "--activate", "y", "--ignoreactivationskip", wanted.target)
        steps.append(Command(f"Activate volume {wanted.target}", argv))
        volume = volume._replace(active=True)
    size = volume.extents
    if wanted.size is not None:
        size = max(size, wanted.size.extents(group.extent_size, group.extents))
    taken = 0
    if size > volume.extents:
        taken = 0 if wanted.pool else size - volume.extents
        require_room(wanted, group, taken)
        argv = ("lvextend", "--extents", str(size), wanted.target)
        reason = f"Grow volume {wanted.target} to {human(size * group.extent_size)}"
        steps.append(Command(reason, argv))
    return steps, _with_volume(state, group, volume._replace(extents=size), taken)


def _make_filesystem(state: State, wanted: Wanted, made: bool) -> tuple[list[Command], State]:
    """Make it where there is none, and where mkfs.xfs was killed on a volume that bears our mark.

    The mark is taken off once the filesystem is whole. So it tells, after whatever kill, that
    nothing is on the volume but what a run of ours had begun.

    :param made: whether the volume is made in this run, and so blank.
    """
    group, volume = state.planned(wanted)
    marked = UNFINISHED in volume.tags
    require_mountable(state, wanted, made, marked)
    steps: list[Command] = []
    xfs, found = state.xfs, state.xfs is not None
    if xfs is None or xfs.unfinished:
        if not marked:
            argv: tuple[str, ...] = ("lvchange", *_MARK, wanted.target)
            steps.append(Command(f"Note that {wanted.target} has no whole filesystem yet", argv))
        # What it finds of its own work it overwrites only when it is told to.
        argv = ("mkfs.xfs", *(("-f",) if found else ()), "-q", "-n", "ftype=1", wanted.device)
        reason = f"Make an XFS filesystem on {wanted.target}"
        if found:
            reason += " anew: mkfs.xfs was broken off there, and nothing was ever stored in it"
        claims = _claims(state, volume.extents * group.extent_size) if found else ()
        steps.append(Command(reason, argv, claims=claims))
        blocks = volume.extents * group.extent_size // _BLOCK
        state = state._replace(xfs=Xfs(None, _BLOCK, blocks, 0, True))
        marked = True
    if marked:
        argv = ("lvchange", "--deltag", UNFINISHED, wanted.target)
        steps.append(Command(f"Note that the filesystem on {wanted.target} is whole", argv))
        volume = volume._replace(tags=tuple(tag for tag in volume.tags if tag != UNFINISHED))
        state = _with_volume(state, group, volume, 0)
    return steps, state


def _claims(state: State, size: int) -> tuple[Claim, ...]:
    """The volume as it is to be found by what writes over it: it may have grown before that."""
    return (known(state.device).claim._replace(size=size),)


def _mount(state: State, wanted: Wanted) -> tuple[tuple[Part, ...], State]:
    parts, mount = plan_mount(state.mount, wanted.place)
    size = state.filesystem_size if state.mount.ours else state.filesystem.size
    return parts, state._replace(device=None, mount=mount, filesystem_size=size)


def _grow_filesystem(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    group, volume = state.planned(wanted)
    size = volume.extents * group.extent_size
    left = (size - state.filesystem_size) // state.filesystem.block_size
    if left < SMALLEST_GROWTH_BLOCKS:
        return [], state
    reason = f"Grow the filesystem at {wanted.place.where} to {human(size)}"
    step = Command(reason, ("xfs_growfs", wanted.place.where))
    return [step], state._replace(filesystem_size=size)


def _with_volume(state: State, group: VolumeGroup, volume: LogicalVolume, taken: int) -> State:
    lvs = tuple(lv for lv in group.lvs if lv.name != volume.name)
    group = group._replace(lvs=(*lvs, volume), free=group.free - taken)
    return state._replace(groups=state.groups.with_group(group))
