# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The devices of a btrfs: those that the host has, and those that the kernel works with.

Read from superblocks, from udev's records and by ioctl; no command.
"""

from __future__ import annotations

import os
import struct
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    SYSFS,
    find_uuid,
    sysfs_text,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.ioctl import ask, number
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.superblock import (
    Superblock,
    read_superblock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk, identify
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount

_SYS = "/sys/dev/block"
_UDEV = "/run/udev/data/b"

# struct btrfs_ioctl_fs_info_args and btrfs_ioctl_dev_info_args in include/uapi/linux/btrfs.h
_FS_INFO_SIZE, _DEV_INFO_SIZE, _DEV_PATH = 1024, 4096, 3072


class Part(NamedTuple):
    """A device of the host that says of itself that it is a part of a btrfs."""

    device: str  # the kernel's name, /dev/vdb
    devno: str
    links: tuple[str, ...]  # stable names, best first
    disk_size: int  # bytes of the whole device
    superblock: Superblock


class Member(NamedTuple):
    """A device that a filesystem is made of."""

    id: int
    size: int  # bytes that the filesystem has of it
    part: Part | None  # None: it is missing
    device: str  # the kernel's name, of a missing one the last that it had, or ""
    used: int | None = None  # bytes handed out to chunks; None where it is not mounted

    @property
    def name(self) -> str:
        """The name that still means this disk after a reboot; the kernel's where there is none."""
        return self.part.links[0] if self.part and self.part.links else self.device


def find_parts(named: Iterable[Disk]) -> tuple[Part, ...]:
    """Each :class:`Part` on the host, ordered by number.

    Looked at are the named disks, what udev has seen to be btrfs, and what the kernel has mounted.
    What other devices are made of is left out: its superblock is theirs (multipath, RAID1).

    :param named: of Disk.
    """
    devnos = {disk.devno for disk in named if disk.exists} | _known_to_udev() | _in_use()
    return tuple(part for part in map(_part, sorted(devnos, key=_order)) if part)


def _part(devno: str) -> Part | None:
    folder = os.path.realpath(f"{_SYS}/{devno}")
    device = "/dev/" + os.path.basename(folder).replace("!", "/")  # sysfs writes / as !
    found = read_superblock(device)
    if found is None or not found.finished or _entries(folder + "/holders"):
        return None
    # newer than the superblock, while it is mounted
    label = sysfs_text(found.uuid, "label") if found.uuid else None
    if label is not None:
        found = found._replace(label=label)
    disk = identify(device)
    return Part(device, devno, disk.links, disk.size, found)


def find_unfinished(disks: Iterable[Disk]) -> dict[str, str]:
    """The disks on which a mkfs.btrfs was broken off: number -> label that it was to have."""
    blocks = ((disk.devno, read_superblock(disk.device)) for disk in disks if disk.exists)
    return {devno: found.label for devno, found in blocks if found and not found.finished}


def _known_to_udev() -> set[str]:
    return {it for it in _entries(_SYS) if "\nE:ID_FS_TYPE=btrfs\n" in text_of(_UDEV + it)}


def _in_use() -> set[str]:
    found = set()
    for known in _entries(SYSFS):
        for name in _entries(os.path.join(SYSFS, known, "devices")):
            devno = sysfs_text(known, "devices", name, "dev")
            if devno:
                found.add(devno)
    return found


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _order(devno: str) -> list[int]:
    return [int(part) for part in devno.split(":")]


def mounts_of(filesystem: str, table: Iterable[Mount]) -> list[Mount]:
    """Those of the mounts that are of the filesystem with this UUID."""
    uuids: dict[str, str | None] = {}
    found = []
    for mount in table:
        if mount.fstype == "btrfs":
            if mount.source not in uuids:  # an engine mounts a device for each container
                uuids[mount.source] = uuid_of(mount)
            if uuids[mount.source] == filesystem:
                found.append(mount)
    return found


def uuid_of(mount: Mount | None) -> str | None:
    """The UUID of the filesystem that a Mount is of; None where there is no btrfs."""
    if mount is None or mount.fstype != "btrfs":
        return None
    # sysfs does not know a device that was pulled, even if it is the one in the table
    return find_uuid(mount.source) or uuid_at(mount.path)


def uuid_at(path: str) -> str | None:
    """The UUID of the btrfs that the folder ``path`` lies on; None where there is none."""
    try:
        answer = ask(path, number("\x94", 31, _FS_INFO_SIZE), bytes(_FS_INFO_SIZE))
    except OSError:
        return None
    return str(uuid.UUID(bytes=answer[16:32]))


def mounted_members(path: str, filesystem: str, parts: Sequence[Part]) -> tuple[Member, ...]:
    """Each :class:`Member` of the filesystem that is mounted at ``path``, by the kernel's word.

    The kernel does not notice that a disk was pulled, so each is looked for.

    :param filesystem: the UUID.
    :param parts: of Part, all of the host.
    """
    answer = ask(path, number("\x94", 31, _FS_INFO_SIZE), bytes(_FS_INFO_SIZE))
    (highest,) = struct.unpack_from("=Q", answer)
    request = number("\x94", 30, _DEV_INFO_SIZE, both=True)
    members = []
    for one in range(1, highest + 1):
        try:
            answer = ask(path, request, struct.pack("=Q", one).ljust(_DEV_INFO_SIZE, b"\0"))
        except OSError:  # a number that is not in use any more
            continue
        used, size = struct.unpack_from("=QQ", answer, 24)
        device = os.fsdecode(answer[_DEV_PATH:].partition(b"\0")[0])
        members.append(Member(one, size, _part_at(device, filesystem, one, parts), device, used))
    return tuple(members)


def _part_at(device: str, filesystem: str, one: int, parts: Sequence[Part]) -> Part | None:
    """The part at ``device``, if it says that it is this one of the filesystem, or its seed."""
    devno = identify(device).devno
    for part in parts:
        found = part.superblock
        if part.devno == devno and (found.seed or (found.uuid, found.id) == (filesystem, one)):
            return part
    return None


def unmounted_members(parts: Iterable[Part]) -> tuple[Member, ...]:
    """Each :class:`Member` of a filesystem by the word of its parts; a copy is no member.

    :param parts: of Part, all of one filesystem.
    """
    members: dict[int, Member] = {}
    for part in parts:
        found = part.superblock
        members.setdefault(found.id, Member(found.id, found.size, part, part.device))
    return tuple(members[one] for one in sorted(members))
