# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a btrfs subvolume refuses. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    Place,
    Removal,
    State,
    Subvolume,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    counted,
    listed,
)

_TOP = 5  # BTRFS_FS_TREE_OBJECTID: the subvolume that every btrfs has

_NO_SUBVOLUME = {
    "folder": (
        "it is a plain folder, no subvolume",
        "Choose another path, or move the folder away and copy its content in afterwards",
    ),
    "placeholder": (
        "it is no subvolume, but the empty place of one that a snapshot has left out",
        "Remove it with rmdir, or choose another path",
    ),
    "other": (
        "it is no folder, and so no subvolume",
        "Choose another path, or move it away",
    ),
}

_SHOWN = 5  # how many paths a refusal lists


def require_place(place: Place, what: str = "") -> None:
    """Refuse a path that is not on btrfs, leads through a link, or is something else."""
    title = (what or "Path ") + place.path
    if place.link:
        raise StorageError(
            title,
            f"{place.link} is a symbolic link, and what it leads to may change",
            "Give the path that it leads to",
            refusal="path_is_symlink",
        )
    filesystem = place.filesystem
    if filesystem.fstype != "btrfs":
        raise StorageError(
            title,
            f"it is not on btrfs: {filesystem.mount} is mounted there, and is {filesystem.fstype}",
            "Mount the btrfs filesystem first, or give a path on it",
            refusal="filesystem_unsupported",
        )
    if place.kind in _NO_SUBVOLUME:
        raise StorageError(title, *_NO_SUBVOLUME[place.kind], refusal="not_a_subvolume")


def require_parent(place: Place) -> None:
    """Refuse to make the folders that lead to a subvolume: a misspelt path would make some."""
    if not place.parent:
        raise StorageError(
            f"Path {place.path}",
            "the folder that is to hold it is not there",
            "Make that folder first, as a folder or as a subvolume",
            refusal="parent_missing",
        )


def require_source(state: State, wanted: Wanted) -> Subvolume | None:
    """Refuse a source that no snapshot can be made of, and a subvolume that is of another one.

    :return: the source; None where none is wanted.
    """
    source, found = state.source, state.place.subvolume
    if source is None:
        return None
    title = "snapshot_of="
    require_place(source, title)
    if source.subvolume is None:
        raise StorageError(
            title + source.path,
            "there is no subvolume",
            f"Name one that is there, or leave snapshot_of out to keep {wanted.path} as it is",
            refusal="source_missing",
        )
    if source.filesystem.devno != state.place.filesystem.devno:
        raise StorageError(
            title + source.path,
            f"it is on the filesystem at {source.filesystem.mount}, and {wanted.path} on the one "
            f"at {state.place.filesystem.mount}: a snapshot shares its data with its source",
            "Choose a path on one filesystem, or copy with `btrfs send` and `btrfs receive`",
            refusal="filesystems_differ",
        )
    if source.subvolume.uuid is None:
        raise StorageError(
            title + source.path,
            "it has no UUID, so no snapshot of it could be told from others",
            "Make a subvolume in it, move the data there, and take snapshots of that",
            refusal="subvolume_without_uuid",
        )
    if found is not None and found.parent_uuid != source.subvolume.uuid:
        of = f"of UUID {found.parent_uuid}" if found.parent_uuid else "of nothing"
        raise StorageError(
            f"Subvolume {wanted.path}",
            f"it is a snapshot {of}, not of {source.path} (UUID {source.subvolume.uuid})",
            "Leave snapshot_of out to keep it, choose another path, or remove it with state: "
            "absent first",
            refusal="origin_differs",
        )
    return source.subvolume


def require_tool(state: State) -> None:
    """Refuse to start what cannot be done without btrfs-progs."""
    if not state.tool:
        raise StorageError(
            f"Path {state.place.path}",
            "`btrfs` is not on this host, and something is to be changed",
            "Install btrfs-progs",
            refusal="program_missing",
        )


def require_writable(place: Place, anew: bool) -> None:
    """Refuse to change what is read-only.

    :param anew: whether the folder around the subvolume is written to, and not only the subvolume.
    """
    if place.filesystem.readonly:
        raise StorageError(
            f"Path {place.path}",
            f"the filesystem at {place.filesystem.mount} is mounted read-only",
            f"Look into the kernel's log for why (`dmesg`), then `mount -o remount,rw "
            f"{place.filesystem.mount}`",
            refusal="filesystem_readonly",
        )
    if anew and not place.writable:
        raise StorageError(
            f"Path {place.path}",
            "the folder around it cannot be written to: it lies in a read-only subvolume, or "
            "this is not root",
            "Choose another path, or make the subvolume around it writable first",
            refusal="parent_readonly",
        )


def require_quotas(state: State, wanted: Wanted, found: Subvolume) -> None:
    """Refuse a limit where nothing would hold to it."""
    mount = state.place.filesystem.mount
    title = f"quota of {wanted.path}"
    if not state.quotas.enabled:
        raise StorageError(
            title,
            f"quotas are off on the filesystem at {mount}",
            f"Run `btrfs quota enable {mount}` once; it makes snapshots and their removal slower",
            refusal="quota_off",
        )
    if not state.quotas.consistent:
        raise StorageError(
            title,
            f"the quota numbers of the filesystem at {mount} are inconsistent, so a limit would "
            "hold on wrong ones",
            f"Run `btrfs quota rescan -w {mount}`, then run again",
            refusal="quota_inconsistent",
        )
    if found.quota is None:
        raise StorageError(
            title,
            f"the subvolume has no quota group 0/{found.id}",
            f"Run `btrfs qgroup create 0/{found.id} {wanted.path}` and `btrfs quota rescan -w "
            f"{mount}`, then run again",
            refusal="quota_group_missing",
        )


def require_no_contradiction(wanted: Wanted, found: Subvolume, uncow: bool) -> None:
    """Refuse compression without copy on write."""
    algorithm = wanted.compression or (None if found.nodatacow else found.compression)
    if uncow and algorithm not in (None, "none"):
        raise StorageError(
            f"Subvolume {wanted.path}",
            f"it would have compression {algorithm}, and btrfs compresses nothing that it does "
            "not copy on write (nodatacow)",
            "Set `compression: none` or `nodatacow: false`",
            refusal="compression_without_cow",
        )


def require_empty(wanted: Wanted, found: Subvolume) -> None:
    """Refuse to change copy on write where there are files: they would keep what they have."""
    if not found.empty:
        raise StorageError(
            f"Subvolume {wanted.path}",
            f"it holds data, and nodatacow: {str(wanted.nodatacow).lower()} would count for new "
            "files only",
            "Make a new subvolume with it and copy the data there (`cp -a --reflink=never`)",
            refusal="subvolume_not_empty",
        )


def refuse_readonly(wanted: Wanted, steps: Iterable[Command]) -> NoReturn:
    """Refuse to set properties of a subvolume that is read-only and is to stay so."""
    raise StorageError(
        f"Subvolume {wanted.path}",
        "it is read-only, so this cannot be done: " + "; ".join(step.reason for step in steps),
        "Set `readonly: false` as well, or leave those options out",
        refusal="subvolume_readonly",
    )


def require_not_received(wanted: Wanted, found: Subvolume) -> None:
    """Refuse to let a received subvolume be written to: btrfs-subvolume(8), "Subvolume flags"."""
    if found.received_uuid:
        raise StorageError(
            f"Subvolume {wanted.path}",
            f"it was received (from UUID {found.received_uuid}); once it has been written to, "
            "later incremental streams would be applied to wrong data",
            "Make a writable snapshot of it instead",
            refusal="subvolume_received",
        )


def require_removable(place: Place, found: Subvolume, removal: Removal, wanted: Wanted) -> None:
    """Refuse to remove what others use, or what holds more than was said."""
    title = f"Subvolume {wanted.path}"
    if found.id == _TOP:
        raise StorageError(
            title,
            "it is the top of its filesystem, which cannot be removed",
            "Name a subvolume inside of it",
            refusal="top_level_subvolume",
        )
    if removal.mounts:
        raise StorageError(
            title,
            "it is in use: mounted, or mounted over, at " + listed(removal.mounts, _SHOWN),
            "Stop what uses it and unmount that, in other mount namespaces too",
            refusal="subvolume_busy",
        )
    if removal.holders:
        raise StorageError(
            title,
            "it is in use by " + listed(removal.holders, _SHOWN),
            "Stop what uses it; a `btrfs send` of it has to end first",
            refusal="subvolume_busy",
        )
    if removal.swap:
        raise StorageError(
            title,
            "swap is in use that lies in it, or that cannot be found from here: "
            + listed(removal.swap, _SHOWN),
            f"Run `swapoff {removal.swap[0]}` first",
            refusal="subvolume_busy",
        )
    if removal.fixed:
        raise StorageError(
            title,
            "what has the attribute immutable or append-only cannot be removed, and nothing from "
            "it: " + listed(removal.fixed, _SHOWN),
            f"Run `chattr -i -a {removal.fixed[0]}` for each, then run again",
            refusal="attribute_immutable",
        )
    if removal.default in (found.id, *(one.id for one in removal.held)):
        raise StorageError(
            title,
            f"it is or holds the default subvolume of the filesystem (ID {removal.default}), "
            "which is mounted where no other is named",
            f"Set another default first: `btrfs subvolume set-default 5 {place.filesystem.mount}`",
            refusal="default_subvolume",
        )
    if not removal.held:
        return
    paths = [one.path for one in removal.held]
    if not wanted.recursive:
        raise StorageError(
            title,
            f"it holds {counted(len(paths), 'other subvolume')}: {listed(paths, _SHOWN)}",
            "Remove those first, or set `recursive: true` to have them removed too",
            refusal="children_exist",
        )
    known: dict[int | None, tuple[str, bool]] = {
        found.id: (wanted.path, removal.writable),
        **{one.id: (one.path, one.writable) for one in removal.held},
    }
    holders = [known[number] for number in _holders(removal)]
    fixed = sorted({path for path, writable in holders if not writable})
    if fixed:
        raise StorageError(
            title,
            "read-only subvolumes hold others, which cannot be removed from them: "
            + listed(fixed, _SHOWN),
            f"Run `btrfs property set -t subvol {fixed[0]} ro false` for each, then run again",
            refusal="subvolume_readonly",
        )


def _holders(removal: Removal) -> set[int]:
    return {one.holder for one in removal.held}
