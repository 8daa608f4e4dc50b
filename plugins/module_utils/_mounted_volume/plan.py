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

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Plan,
    StorageError,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    KIB,
    Amount,
    human,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import (
    SMALLEST_GROWTH_BLOCKS,
    Xfs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import LogicalVolume
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    plan_group,
    require_healthy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.rules import (
    findings,
    require_mountable,
    require_nothing_hidden,
    require_own_mount,
    require_room,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    missing_options,
)

# The same share as a thin pool's default: a thin volume of it never outgrows its pool.
DEFAULT_SIZE = Amount(share=Fraction(80, 100))

_BLOCK = 4 * KIB


def plan(state, wanted):
    """The :class:`Plan` that makes the volume, its filesystem and its mount as wanted."""
    require_own_mount(state, wanted)
    steps, groups = plan_group(state.groups, wanted.vg)
    if wanted.pending:  # those steps are the pool's
        steps = []
    state = state._replace(groups=groups)
    group, volume = state.volume(wanted)
    more, state = (
        _create(state, wanted, group) if volume is None else _grow(state, wanted, group, volume)
    )
    steps += more
    if steps:
        require_healthy(state.groups, wanted.vg)
    more, state = _make_filesystem(state, wanted)
    steps += more
    kept = len(steps)
    mounting, after = _mount(state, wanted)
    steps += mounting
    more, after = _grow_filesystem(after, wanted)
    steps += more
    return Plan(
        steps,
        after,
        findings(state, wanted),
        undo=_way_back(state, wanted) if mounting else (),
        undo_from=kept,
    )


def _create(state, wanted, group):
    size = (wanted.size or DEFAULT_SIZE).extents(group.extent_size, group.extents)
    require_room(wanted, group, size)
    volume = LogicalVolume(
        name=wanted.name,
        uuid=None,
        extents=size,
        kind="thin" if wanted.pool else "linear",
        role="public",
        path=wanted.mount.what,
        pool=wanted.pool or "",
    )
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
    step = Command(reason, ("lvcreate", "--name", wanted.name, *argv, wanted.vg))
    return [step], _with_volume(state, group, volume, taken)


def _grow(state, wanted, group, volume):
    kind = "thin" if wanted.pool else "linear"
    if volume.kind != kind or (volume.pool or None) != wanted.pool:
        raise StorageError(
            f"Logical volume {wanted.target}",
            f"it is a {volume.kind} volume{' in pool ' + volume.pool if volume.pool else ''}, "
            f"and a {kind} one{' in pool ' + wanted.pool if wanted.pool else ''} is wanted",
            "Choose another name for the volume, or say what it is",
        )
    steps = []
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


def _make_filesystem(state, wanted):
    if state.xfs is None:
        require_mountable(state, wanted)
        group, volume = state.volume(wanted)
        blocks = volume.extents * group.extent_size // _BLOCK
        step = Command(
            f"Make an XFS filesystem on {wanted.target}",
            ("mkfs.xfs", "-q", "-n", "ftype=1", wanted.mount.what),
        )
        return [step], state._replace(xfs=Xfs(None, _BLOCK, blocks, 0, True), device=None)
    require_mountable(state, wanted)
    return [], state


def _mount(state, wanted):
    """Write the unit and the guards, and mount, while nothing that needs the mount runs."""
    unit = wanted.mount
    remount = bool(state.ours and missing_options(wanted, state.mounted))
    if not state.ours:
        require_nothing_hidden(state, wanted)
    files = _files(state, wanted)
    steps = list(files)
    if files:
        steps.append(Command("Let systemd read the changed units", ("systemctl", "daemon-reload")))
    busy = state.active if not state.ours or remount else ()
    for name in busy:
        steps.append(
            Command(f"Stop {name} while {unit.where} changes", ("systemctl", "stop", name))
        )
    if remount:
        reason = f"Unmount {unit.where}, to mount it with {','.join(unit.options)}"
        steps.append(Command(reason, ("umount", unit.where)))
    by_unit = state.table is None
    if not state.ours and not state.folder_exists:
        argv = ("mkdir", "--parents", "--mode", "0711", unit.where)
        steps.append(Command(f"Make the folder {unit.where}", argv))
    if by_unit and not state.enabled:
        argv = ("systemctl", "enable", "--quiet", unit.name)
        steps.append(Command(f"Let systemd mount {unit.where} at boot", argv))
    if not state.ours or remount:
        argv = ("systemctl", "restart", unit.name) if by_unit else ("mount", unit.where)
        steps.append(Command(f"Mount {wanted.target} at {unit.where}", argv))
    for name in busy:
        steps.append(Command(f"Start {name} again", ("systemctl", "start", name)))
    return steps, _mounted(state, wanted)


def _files(state, wanted):
    unit = wanted.mount
    steps = []
    if state.table is None and state.unit_text != unit.text:
        reason = f"Describe the mount of {wanted.target} at {unit.where}"
        steps.append(WriteFile(reason, unit.path, unit.text, old=state.unit_text))
    for name in wanted.required_by:
        if name not in state.guarded:
            reason = f"Keep {name} from starting while {unit.where} is not mounted"
            old = state.guard_texts.get(name)
            steps.append(WriteFile(reason, unit.guard_path(name), unit.guard_text, old=old))
    return steps


def _mounted(state, wanted):
    """The state once it is mounted as wanted."""
    unit = wanted.mount
    options = tuple(dict.fromkeys((*(state.mounted.options if state.ours else ()), *unit.options)))
    xfs = state.xfs
    return state._replace(
        device=None,
        mounted=Mount("", "/", unit.where, unit.fstype, unit.what, options),
        ours=True,
        filesystem_size=state.filesystem_size if state.ours else xfs.size,
        unit_text=unit.text if state.table is None else state.unit_text,
        enabled=True,
        guarded=wanted.required_by,
        guard_texts=dict.fromkeys(wanted.required_by, unit.guard_text),
        active=(),
        folder=None,
        folder_exists=True,
    )


def _grow_filesystem(state, wanted):
    group, volume = state.volume(wanted)
    size = volume.extents * group.extent_size
    left = (size - state.filesystem_size) // state.xfs.block_size
    if left < SMALLEST_GROWTH_BLOCKS:
        return [], state
    reason = f"Grow the filesystem at {wanted.mount.where} to {human(size)}"
    step = Command(reason, ("xfs_growfs", wanted.mount.where))
    return [step], state._replace(filesystem_size=size)


def _way_back(state, wanted):
    """Take the files back, and start again what was stopped: on what it had before."""
    unit = wanted.mount
    steps = [
        WriteFile(f"Restore {step.path}", step.path, step.old, old=step.content)
        for step in _files(state, wanted)
    ]
    if not state.ours and state.table is None and not state.enabled:
        argv = ("systemctl", "disable", "--quiet", "--now", unit.name)
        steps.insert(0, Command(f"Let go of the mount of {unit.where}", argv))
    steps.append(Command("Let systemd read the units again", ("systemctl", "daemon-reload")))
    if state.ours and missing_options(wanted, state.mounted):
        # Harmless where the unmounting was what failed: the unit is still active then.
        argv = ("systemctl", "start", unit.name) if state.table is None else ("mount", "--all")
        steps.append(Command(f"Mount {unit.where} as it was", argv))
    for name in state.active:
        steps.append(Command(f"Start {name} again", ("systemctl", "start", name)))
    return tuple(steps)


def _with_volume(state, group, volume, taken):
    lvs = tuple(lv for lv in group.lvs if lv.name != volume.name)
    group = group._replace(lvs=(*lvs, volume), free=group.free - taken)
    return state._replace(groups=state.groups.with_group(group))
