# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What makes a disk free to take. Pure: it decides from a :class:`Disk`, and touches nothing.

There is no switch that turns these rules off. A disk that holds something has to be freed by a
person first, who then knows what it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    Step,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import MIB, human

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk

# Below this a disk is a mistake, not storage for containers; it is also more than the start of
# the disk that LVM keeps for itself (1 MiB) and one extent (4 MiB).
SMALLEST = 64 * MIB

_MEMBERS = {
    "LVM2_member": "a physical volume of LVM",
    "linux_raid_member": "a member of an md array",
    "zfs_member": "a member of a ZFS pool",
    "crypto_LUKS": "an encrypted volume",
    "mpath_member": "a path of a multipath device",
    "bcache": "a bcache device",
    "swap": "swap space",
}
_TABLES = ("gpt", "dos", "PMBR", "atari", "bsd", "sun", "mac")


def require_exists(disk: Disk) -> None:
    """Refuse what is no block device."""
    if not disk.exists:
        raise StorageError(
            disk.path,
            "there is no such disk on this host",
            "See what there is with `lsblk --output NAME,SIZE,SERIAL` or `ls -l /dev/disk/by-id`",
            refusal="disk_missing",
        )


def require_distinct(disks: Iterable[Disk]) -> None:
    """Refuse one disk under two names."""
    seen: dict[str, str] = {}
    for disk in disks:
        if disk.exists and disk.devno in seen:
            raise StorageError(
                disk.path,
                f"it is the same disk as {seen[disk.devno]} ({disk.device})",
                "Name each disk once",
                refusal="disk_named_twice",
            )
        seen[disk.devno] = disk.path


def require_free(disk: Disk, declared: Collection[str] = ()) -> None:
    """Refuse a disk that is used, or that holds anything at all; name every reason at once.

    :param declared: signatures that are expected on it, such as ``("LVM2_member",)``.
    """
    require_exists(disk)
    found = list(reasons(disk, declared))
    if found:
        raise StorageError(
            f"{disk.path} ({disk.stable or disk.device}, {human(disk.size)})",
            "it is not free: " + "; ".join(found),
            f"Name another disk. If this is the right one, look at it (`lsblk {disk.device}`, "
            f"`wipefs {disk.device}`) "
            "and save what is on it; nothing here overwrites data. What is of no more use to "
            f"anybody goes with `wipefs --all {disk.device}` and `blkdiscard --zeroout "
            f"{disk.device}`",
            refusal="disk_not_free",
        )


def reasons(disk: Disk, declared: Collection[str] = ()) -> Iterator[str]:
    """Why a disk is not free, a clause each; nothing for one that can be taken."""
    if disk.readonly:
        yield "it is read-only"
    if disk.size < SMALLEST:
        yield f"it is too small: {human(disk.size)}, and {human(SMALLEST)} is the least"
    if disk.shared:
        yield (
            f"{disk.path} may mean {_and([disk.device, *disk.twins])}, which have the same serial "
            "number or WWN" + (f"; this one alone is {disk.stable}" if disk.stable else "")
        )
    if not disk.stable:
        yield nameless(disk)
    if disk.mounts:
        yield "it is mounted at " + ", ".join(disk.mounts)
    if disk.swap:
        yield "it is in use as swap"
    if disk.tables:
        yield "it is named in " + " and ".join(disk.tables)
    if disk.holders:
        yield "it is part of " + ", ".join(disk.holders)
    if disk.pools:
        yield "it is a member of ZFS pool " + ", ".join(disk.pools)
    if disk.partitions:
        yield "it has partitions: " + ", ".join(disk.partitions)
    found = [name for name in disk.signatures if name not in declared]
    for name in found:
        yield "it carries " + _described(name)
    if disk.busy and not (disk.mounts or disk.swap or disk.holders):
        yield disk.busy
    if disk.content is not None and not disk.signatures:
        yield f"it holds unknown data (first seen at byte {disk.content})" + (
            f"; udev has it on record as {', '.join(disk.stale)}, and that is not on it any more"
            if disk.stale
            else ""
        )


def nameless(disk: Disk) -> str:
    """What a disk without a name that survives a reboot lacks: an identity, or the link by it."""
    known = [("serial number", disk.serial), ("WWN", disk.wwn)]
    told = " and ".join(f"{what} {value}" for what, value in known if value)
    if disk.twins:
        return (
            f"it has no name of its own that survives a reboot: {_and(disk.twins)} "
            f"{'has' if len(disk.twins) == 1 else 'have'} the same {told or 'links'}, and udev "
            "knows no place of it"
        )
    if told:
        return (
            f"it has no name that survives a reboot: it has {told}, but udev has made no link of "
            f"that under /dev/disk/by-id (see `udevadm info {disk.device}`; `udevadm trigger "
            f"--settle {disk.device}` has it try again)"
        )
    return (
        "it has no name that survives a reboot (no serial number, no WWN, no place), so it "
        "cannot be told from another one"
    )


def looked_at(steps: Iterable[Step], disks: Iterable[Disk]) -> tuple[Finding, ...]:
    """What the disks that steps are going to take were found free by: how much of them was read."""
    taken = {claim.devno for step in steps for claim in step.claims}
    return tuple(finding for disk in disks if disk.devno in taken for finding in _looked_at(disk))


def _looked_at(disk: Disk) -> Iterator[Finding]:
    name = f"{disk.stable or disk.path} ({human(disk.size)})"
    if disk.stale:
        yield Finding(
            "info",
            "udev_record_stale",
            f"{name}: udev has it on record as {', '.join(disk.stale)}, and that is not on it any "
            f"more. The disk itself counts; `udevadm trigger --settle {disk.device}` has udev look "
            "again.",
        )
    if disk.read and disk.content is None and disk.read < disk.size - MIB:
        yield Finding(
            "info",
            "disk_read_in_part",
            f"{name}: {human(disk.read)} of it were read, and hold nothing but zeros: its first "
            "and last 16 MiB, 127 places between, and from its start as far as two seconds go. "
            "What may lie elsewhere is not known.",
        )


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)


def _described(signature: str) -> str:
    if signature in _MEMBERS:
        return f"the signature of {_MEMBERS[signature]} ({signature})"
    if signature in _TABLES:
        return f"a partition table ({signature})"
    return f"a filesystem or other data ({signature})"
