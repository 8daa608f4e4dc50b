# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a mounted volume refuses, and what it has to say. Pure."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import MIB, human
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import VolumeGroup
from ansible_collections.containerhost.storage.plugins.module_utils._mount import (
    rules as mount_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    State,
    Wanted,
)

# The tag of a volume on which a run of ours has begun, and has not ended.
UNFINISHED = "containerhost.storage.unfinished"

_CLEARED = 4096  # bytes

# mkfs.xfs refuses less since xfsprogs 5.19.
_SMALLEST_XFS = 300 * MIB


def require_own_mount(state: State, wanted: Wanted) -> None:
    """Refuse a path where something else is mounted, or that fstab gives to something else."""
    sources = {wanted.device, f"/dev/{wanted.target}"}
    if state.xfs and state.xfs.uuid:
        sources |= {f"UUID={state.xfs.uuid}", f"/dev/disk/by-uuid/{state.xfs.uuid}"}
    mount_rules.require_own_mount(state.mount, wanted.place, sources)


def require_room(wanted: Wanted, group: VolumeGroup, extents: int) -> None:
    """Refuse what does not fit: a plain volume into the group, a thin one into no pool."""
    size = extents * group.extent_size
    if wanted.pool:
        pool = group.lv(wanted.pool)
        if pool is None or pool.kind != "thin-pool":
            raise StorageError(
                f"Thin pool {group.name}/{wanted.pool}",
                "there is none of that name" if pool is None else f"it is a {pool.kind} volume",
                "Make it first, with containerhost.storage.thinpool",
                refusal="pool_missing" if pool is None else "pool_not_thin",
            )
    elif extents > group.free:
        raise StorageError(
            f"Volume {wanted.target}",
            f"it needs {human(size)} more, and volume group {group.name} has "
            f"{human(group.free * group.extent_size)} free of "
            f"{human(group.extents * group.extent_size)}",
            "Ask for less, or add a disk",
            refusal="no_space",
        )
    if group.lv(wanted.name) is None and size < _SMALLEST_XFS:
        raise StorageError(
            f"Volume {wanted.target}",
            f"{human(size)} is too small: XFS needs {human(_SMALLEST_XFS)}",
            "Ask for more, or add a disk",
            refusal="size_too_small",
        )


def require_mountable(state: State, wanted: Wanted, made: bool, marked: bool) -> None:
    """Refuse to format a volume that is not blank, and an XFS that overlay cannot lie on.

    :param made: whether the volume is made in this run.
    :param marked: whether it bears the mark of one on which a run of ours has begun.
    """
    if state.xfs is None and not made:
        _require_blank(state, wanted, marked)
    elif state.xfs is None:
        return
    elif state.xfs.unfinished and not marked:
        raise StorageError(
            f"The XFS filesystem on {wanted.target}",
            "it is not whole: mkfs.xfs, xfs_copy or xfs_mdrestore was broken off on it, and by "
            "whom cannot be told, so what it was to hold may be needed",
            f"If nothing on it is needed, make it anew by hand: `mkfs.xfs -f -n ftype=1 "
            f"{wanted.device}`",
            refusal="filesystem_unfinished",
        )
    elif not state.xfs.ftype:
        raise StorageError(
            f"The XFS filesystem on {wanted.target}",
            "it was made with ftype=0, and overlay cannot work on it",
            "Save its data, make it anew with `mkfs.xfs -n ftype=1`: it cannot be changed",
            refusal="file_types_missing",
        )


def _require_blank(state: State, wanted: Wanted, marked: bool) -> None:
    """Refuse to make a filesystem over anything.

    What was in the free space of a group before lvcreate is not anybody's. So a volume that bears
    our mark is blank where the beginning is that lvcreate has cleared: lvcreate(8), --zero.
    """
    device = state.device
    if state.mount.ours:  # by something that knows another filesystem
        raise StorageError(
            f"Volume {wanted.target}",
            f"it is mounted at {wanted.place.where}, as {state.mount.live.fstype} and not as XFS",
            "Choose another name for the volume, or save what is on it and remove it by hand",
            refusal="volume_not_blank",
        )
    if device is None:
        raise StorageError(
            f"Volume {wanted.target}",
            "it is not active, so what is on it cannot be seen",
            f"Run `lvchange --activate y --ignoreactivationskip {wanted.target}`, then run again",
            refusal="volume_inactive",
        )
    content = device.content
    if marked and content is not None and content >= _CLEARED:
        content = None
    if device.signatures or content is not None:
        what = ", ".join(device.signatures) or f"unknown data from byte {content} on"
        raise StorageError(
            f"Volume {wanted.target}",
            f"it is not blank and not XFS: it carries {what}",
            "Choose another name for the volume, or save what is on it and remove it by hand",
            refusal="volume_not_blank",
        )


def findings(state: State, wanted: Wanted) -> tuple[Finding, ...]:
    """What a person should know about the volume, which a plan has provided for."""
    group, _volume = state.planned(wanted)
    found: list[Finding] = []
    pool = group.lv(wanted.pool) if wanted.pool else None
    if pool:
        given = sum(lv.extents for lv in group.lvs if lv.pool == wanted.pool)
        if given > pool.extents:
            found.append(
                Finding(
                    "info",
                    "overcommitted_pool",
                    f"The volumes of {wanted.vg}/{wanted.pool} may hold "
                    f"{human(given * group.extent_size)}, the pool has "
                    f"{human(pool.extents * group.extent_size)}: it has to grow before they are "
                    "full.",
                )
            )
    return (*found, *mount_rules.mount_findings(state.mount, wanted.place))
