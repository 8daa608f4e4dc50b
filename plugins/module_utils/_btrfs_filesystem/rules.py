# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a btrfs over disks refuses. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.devices import Part
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import (
    LEAST,
    Profiles,
    smallest,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
    mount_source,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    Btrfs,
    State,
    Wanted,
    candidates,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    require_distinct,
    require_free,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount import (
    rules as mount_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Place,
    missing_options,
)


def require_one(state: State, wanted: Wanted) -> None:
    """Refuse where the label means several filesystems, or one that was not meant."""
    require_distinct(state.disks)
    parts = {part.devno: part for part in state.parts}
    on_disks = [(disk, parts[disk.devno]) for disk in state.disks if disk.devno in parts]
    for disk, part in on_disks:
        found = part.superblock
        if found.label != wanted.label:
            raise StorageError(
                f"{disk.path} ({disk.stable or disk.device})",
                f"it is in another btrfs: label {_shown(found.label)}, UUID {found.uuid}",
                "Name another disk. If that filesystem is meant, name its label, or give it this "
                f"one: `btrfs filesystem label {disk.device} {shlex.quote(wanted.label)}` (the "
                "mount point in place of the device while it is mounted)",
                refusal="disk_not_free",
            )
    uuids = candidates(state.disks, state.parts, state.there, wanted.label)
    if len(uuids) > 1:
        raise StorageError(
            wanted.title,
            f"this host has {len(uuids)} filesystems of that label: "
            + "; ".join(f"{uuid} on {_devices(state.parts, uuid)}" for uuid in uuids),
            "Give one another label (`btrfs filesystem label DEVICE LABEL`), or take it away",
            refusal="label_ambiguous",
        )
    if uuids and state.disks and not on_disks and state.there != uuids[0]:
        raise StorageError(
            wanted.title,
            f"there is one on {_devices(state.parts, uuids[0])} already, which is not named in "
            "`devices`",
            "Name a disk of it too if it is the one to grow; choose another label if not",
            refusal="label_taken",
        )


def require_disks(state: State, wanted: Wanted) -> None:
    """Refuse to make a filesystem of no disks, or of such as are not free."""
    if not state.disks:
        raise StorageError(
            wanted.title,
            "this host has none of that label, and no disk was named to make it from",
            "Name disks in `devices`, best by their names under /dev/disk/by-id",
            refusal="disks_not_given",
        )
    if wanted.subvolume not in (None, "/"):
        raise StorageError(
            f"mount_options=subvol={wanted.subvolume}",
            f"{wanted.title} is still to be made, and has no subvolume",
            "Leave it out, or make the filesystem and the subvolume first",
            refusal="subvolume_missing",
        )
    for disk in state.disks:
        label = state.unfinished.get(disk.devno)
        if label == wanted.label:  # ours: such a disk was blank, and is made anew
            disk = disk._replace(content=None)
        elif label is not None:
            raise _unfinished(disk, label)
        require_free(disk)


def _unfinished(disk: Disk, label: str) -> StorageError:
    return StorageError(
        f"{disk.path} ({disk.stable or disk.device})",
        f"a `mkfs.btrfs` with label {_shown(label)} was broken off on it: there is no "
        "filesystem on it, and none of that label is wanted",
        "Name another disk. If nothing on this one is needed, clear it (`blkdiscard --zeroout "
        f"{disk.device}`)",
        refusal="filesystem_unfinished",
    )


def require_size(wanted: Wanted, disks: Iterable[Disk], profiles: Profiles) -> None:
    """Refuse disks that mkfs.btrfs calls too small."""
    least = smallest(profiles.data[0], profiles.metadata[0])
    for disk in disks:
        if disk.size < least:
            raise StorageError(
                f"{disk.path} ({disk.stable})",
                f"{human(disk.size)} is too small: btrfs needs {human(least)} of each disk for "
                f"data in profile {profiles.data[0]} and metadata in {profiles.metadata[0]}",
                "Name a larger disk",
                refusal="disk_too_small",
            )


def require_whole(found: Btrfs, wanted: Wanted, disks: Iterable[Disk]) -> None:
    """Refuse a filesystem that lacks a device, or that a copy of a device lies beside."""
    for part in found.strangers:
        number = part.superblock.id
        twin = next((one for one in found.members if one.id == number and one.part), None)
        if twin:
            raise StorageError(
                wanted.title,
                f"its device {number} is there twice, {twin.name} and {part.device}: one is a "
                "copy of the other, and the kernel takes either",
                f"Take the copy away, or clear it if it is of no use (`wipefs --all "
                f"{part.device}`); a copy to be kept needs a UUID of its own (`btrfstune -u`)",
                refusal="device_duplicate",
            )
        raise StorageError(
            wanted.title,
            f"{part.device} says that it is its device {number}, and the filesystem does not know "
            "it: it was left behind when it was taken out",
            f"If nothing on it is needed, clear it (`wipefs --all {part.device}`), or take it away",
            refusal="device_stale",
        )
    gone = [member for member in found.members if member.part is None]
    here = [f"{member.name} (device {member.id})" for member in found.members if member.part]
    missing = [f"device {one.id}" + (f" ({one.device})" if one.device else "") for one in gone]
    if not missing and len(here) < found.devices:
        missing = [f"{found.devices - len(here)} of its {found.devices} devices"]
    if missing:
        missing += [disk.path for disk in disks if not disk.exists]
        raise StorageError(
            wanted.title,
            f"it is not whole; not found: {', '.join(missing)}; found: {', '.join(here)}",
            "Bring the disk back. If it is lost and there are copies, mount it by hand with the "
            "option degraded and put a new disk in its place (`btrfs replace start DEVICE-NUMBER "
            "NEW-DISK MOUNT-POINT`)",
            refusal="device_missing",
        )
    if any(member.part.superblock.seed for member in found.members if member.part):
        raise StorageError(
            wanted.title,
            "it is, or grew from, a seed, which is never written to",
            "Use another filesystem, or see btrfs-device(8) for how to take the seed out of it",
            refusal="seed_filesystem",
        )


def require_new(wanted: Wanted, disks: Iterable[Disk], unfinished: Mapping[str, str]) -> None:
    """Refuse to add a disk that is not free, or that may not be the one that was meant."""
    for disk in disks:
        if disk.devno in unfinished:
            raise _unfinished(disk, unfinished[disk.devno])
        require_free(disk)
        if disk.path not in disk.links:
            raise StorageError(
                disk.path,
                f"it is not in {wanted.title}, which is there already; the kernel gives names like "
                "this anew at every boot, so it may not be the disk that was meant",
                f"If this is the disk to add, name it {disk.stable}",
                refusal="disk_named_by_kernel",
            )


def require_enough(wanted: Wanted, count: int) -> None:
    """Refuse a profile that needs more devices than there are."""
    for name, profile in (("data_profile", wanted.data), ("metadata_profile", wanted.metadata)):
        if profile and LEAST[profile] > count:
            raise StorageError(
                f"{name}={profile}",
                f"it needs {LEAST[profile]} devices, and {wanted.title} has {count}",
                "Name more disks in `devices`, or choose another profile",
                refusal="too_few_disks",
            )


def require_mount(state: State, wanted: Wanted, place: Place) -> None:
    """Refuse a path where something else is mounted or to be mounted, or another part of this."""
    found, mount = state.filesystem, state.mount
    own = {member.device for member in found.members}
    labels = {f"LABEL={wanted.label}", f"/dev/disk/by-label/{wanted.label}"}
    mount_rules.require_own_mount(mount, place, found.names | own | labels)
    live, wants = mount_source.live_subvolume(mount), mount_source.subvolume_of(state, wanted)
    if wanted.subvolume and mount.table:
        listed = mount_source.named_subvolume(mount.table.options)
        if listed != wanted.subvolume:
            raise StorageError(
                "/etc/fstab",
                f"its line for {wanted.where} mounts "
                f"{listed or 'the default subvolume'}, and {wanted.subvolume} is wanted there",
                "Mend that line, or take `subvol` out of `mount_options`",
                refusal="fstab_conflict",
            )
    if live and mount.live.root != live:
        raise StorageError(
            wanted.where,
            f"a folder of {wanted.title} is mounted there ({mount.live.root}), which is no "
            "subvolume",
            "Unmount it, and mount a subvolume or the whole filesystem",
            refusal="mount_point_occupied",
        )
    if live and wants and live != wants:
        raise StorageError(
            wanted.where,
            f"subvolume {live} of {wanted.title} is mounted there, and {wants} is to be: what is "
            "in the one is not in the other",
            f"Say `subvol={live}` in `mount_options` to keep it, or unmount it by hand after what "
            "uses it was stopped",
            refusal="mount_point_occupied",
        )
    _require_options(found, place)


def _require_options(found: Btrfs, place: Place) -> None:
    """Refuse options that the kernel would not heed: it keeps those of the first mount."""
    if not found.elsewhere:
        return
    from ansible_collections.containerhost.storage.plugins.module_utils._mount.options import (
        is_of_each_mount,
    )

    for mount in found.elsewhere:
        names = [option for option in place.unit.options if not is_of_each_mount(option)]
        names = [option for option in names if not option.startswith("subvol=")]
        missing = [option for option in missing_options(place, mount) if option in names]
        if missing:
            raise StorageError(
                place.where,
                f"{place.target} is mounted at {mount.path} too, without {','.join(missing)}; "
                "all mounts of a btrfs have the options of the first one",
                f"Run `mount -o remount,{','.join(missing)} {mount.path}`, or unmount it there",
                refusal="mount_options_differ",
            )


def require_able(state: State, wanted: Wanted, steps: Sequence[object]) -> None:
    """Refuse to begin what the host cannot end."""
    names = " ".join(state.missing)
    if steps and not state.kernel:
        raise StorageError(
            wanted.title,
            "the running kernel has no btrfs",
            "Install the kernel's modules (`modprobe btrfs` has to work), or take another layout",
            refusal="kernel_module_missing",
        )
    if steps and names:
        raise StorageError(
            wanted.title,
            f"{names} is not on this host, and it is to change",
            "Install btrfs-progs",
            refusal="program_missing",
        )


def require_writable(state: State, wanted: Wanted) -> None:
    """Refuse to change devices of what the kernel has made read-only, or is busy with."""
    found, mount = state.filesystem, state.mount
    if mount.ours and "ro" in mount.live.options:
        raise StorageError(
            wanted.title,
            f"it is mounted read-only at {wanted.where}",
            "Look into the kernel's log for why (`dmesg`), then `mount -o remount,rw "
            f"{wanted.where}`",
            refusal="filesystem_readonly",
        )
    if found.operation != "none":
        raise StorageError(
            wanted.title,
            f"it is busy ({found.operation}), and its devices cannot change meanwhile",
            "Wait until that has ended (`btrfs balance status`, `btrfs replace status`), then run "
            "again",
            refusal="filesystem_busy",
        )


def _shown(label: str) -> str:
    """A label for people: bytes that are no UTF-8 as such."""
    return label.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") or "(none)"


def _devices(parts: Iterable[Part], uuid: str) -> str:
    return ", ".join(part.device for part in parts if part.superblock.uuid == uuid)
