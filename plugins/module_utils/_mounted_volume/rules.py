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
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    missing_options,
)

# mkfs.xfs refuses less since xfsprogs 5.19.
_SMALLEST_XFS = 300 * MIB


def require_own_mount(state, wanted):
    """Refuse a path where something else is mounted, or that fstab gives to something else."""
    where = wanted.mount.where
    if state.mounted and not state.ours:
        raise StorageError(
            where,
            f"{state.mounted.source} ({state.mounted.fstype}) is mounted there, not "
            f"{wanted.target}",
            "Name that volume, choose another path, or unmount it by hand after its data is safe",
        )
    table = state.table
    if table is None:
        return
    missing = [option for option in wanted.mount.options if option not in table.options]
    names = {wanted.mount.what, f"/dev/{wanted.target}"}
    if state.xfs and state.xfs.uuid:
        names |= {f"UUID={state.xfs.uuid}", f"/dev/disk/by-uuid/{state.xfs.uuid}"}
    if table.source not in names:
        wrong = f"it mounts {table.source} at {where}, and {wanted.target} is wanted there"
    elif missing and missing_options(wanted, state.mounted):
        wrong = f"its line for {where} lacks the options {', '.join(missing)}"
    else:
        return
    raise StorageError(
        "/etc/fstab",
        wrong,
        "Mend that line, or take it out: the mount is then kept by a unit of its own",
    )


def require_room(wanted, group, extents):
    """Refuse what does not fit: a plain volume into the group, a thin one into no pool."""
    size = extents * group.extent_size
    if wanted.pool:
        pool = group.lv(wanted.pool)
        missing = pool is None and not wanted.pending
        if missing or (pool and pool.kind != "thin-pool"):
            raise StorageError(
                f"Thin pool {group.name}/{wanted.pool}",
                "there is none of that name" if pool is None else f"it is a {pool.kind} volume",
                "Make it first, with containerhost.storage.thinpool",
            )
    elif extents > group.free:
        raise StorageError(
            f"Volume {wanted.target}",
            f"it needs {human(size)} more, and volume group {group.name} has "
            f"{human(group.free * group.extent_size)} free of "
            f"{human(group.extents * group.extent_size)}",
            "Ask for less, or add a disk",
        )
    if group.lv(wanted.name) is None and size < _SMALLEST_XFS:
        raise StorageError(
            f"Volume {wanted.target}",
            f"{human(size)} is too small: XFS needs {human(_SMALLEST_XFS)}",
            "Ask for more, or add a disk",
        )


def require_mountable(state, wanted):
    """Refuse to format a volume that is not blank, and an XFS that overlay cannot lie on."""
    if state.xfs is None:
        device = state.device
        if device and (device.signatures or device.content is not None):
            what = ", ".join(device.signatures) or f"unknown data from byte {device.content} on"
            raise StorageError(
                f"Volume {wanted.target}",
                f"it is not blank and not XFS: it carries {what}",
                "Choose another name for the volume, or save what is on it and remove it by hand",
            )
    elif not state.xfs.ftype:
        raise StorageError(
            f"The XFS filesystem on {wanted.target}",
            "it was made with ftype=0, and overlay cannot work on it",
            "Save its data, make it anew with `mkfs.xfs -n ftype=1`: it cannot be changed",
        )


def require_nothing_hidden(state, wanted):
    """Refuse to mount over a folder that holds anything, unless the user wants it hidden."""
    folder = state.folder
    if folder is None or wanted.keep_existing:
        return
    held = _held(folder)
    if held:
        raise StorageError(
            wanted.mount.where,
            f"mounting {wanted.target} there would hide "
            + ", ".join(held)
            + f" ({human(folder.size)})",
            "Move that away first, or set `existing_data: keep` to leave it below the mount, "
            "where it takes space and nobody sees it",
        )


def _held(folder):
    holdings = folder.holdings
    counts = (
        ("images", sum(holdings.images.values())),
        ("containers", sum(holdings.containers.values())),
        ("volumes", holdings.volumes),
    )
    held = [f"{count} {name}" for name, count in counts if count]
    if folder.swarm:
        held.append("the state of a swarm")
    if folder.foreign:
        names = ", ".join(folder.foreign[:5]) + (", ..." if len(folder.foreign) > 5 else "")
        held.append(f"files that are no engine's ({names})")
    return held


def findings(state, wanted):
    """What a person should know about the volume."""
    group, volume = state.volume(wanted)
    found = []
    pool = group.lv(wanted.pool) if wanted.pool else None
    if pool and volume:
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
    if state.folder and _held(state.folder):
        found.append(
            Finding(
                "warning",
                "hidden_data",
                f"Below the mount at {wanted.mount.where} lie "
                + ", ".join(_held(state.folder))
                + f" ({human(state.folder.size)}): unmount to see them again.",
            )
        )
    return tuple(found)
