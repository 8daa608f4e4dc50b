# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The btrfs filesystem that a path lies on: which one, its quotas, what is mounted of it.

Read from the kernel's tables and from sysfs; no command. A subvolume has a device number of its
own in stat(2), so files cannot tell whether two of them lie on one filesystem: mountinfo can,
where every mount of a btrfs carries the number of its superblock.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import (
    number_of,
    try_text,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount

SYSFS = "/sys/fs/btrfs"

# enum btrfs_qgroup_limit flags: include/uapi/linux/btrfs.h
_MAX_REFERENCED, _MAX_EXCLUSIVE = 1, 2


class Filesystem(NamedTuple):
    """The filesystem below a path, of whatever type, as it is mounted there."""

    fstype: str
    devno: str  # "major:minor" of the superblock: the same at every mount of it
    mount: str  # where it is mounted, for messages
    readonly: bool
    uuid: str | None = None  # of a btrfs that sysfs knows


class Quotas(NamedTuple):
    """Whether btrfs accounts for what each subvolume takes, and can be believed."""

    enabled: bool = False
    consistent: bool = True


class Limit(NamedTuple):
    """One limit of a subvolume's quota group, in bytes."""

    limit: int | None = None  # None: unlimited
    used: int | None = None  # None: not accounted for


class QuotaGroup(NamedTuple):
    """The quota group 0/ID of a subvolume: btrfs-qgroup(8)."""

    referenced: Limit = Limit()  # all that the subvolume can reach
    exclusive: Limit = Limit()  # what no other subvolume shares


def filesystem_of(path: str, table: list[Mount]) -> Filesystem:
    """The :class:`Filesystem` that ``path`` lies on, or would lie on.

    :raises StorageError: no mount in the table holds it.
    """
    mount = mount_of(path, table)
    return Filesystem(
        fstype=mount.fstype,
        devno=mount.devno,
        mount=mount.path,
        readonly="ro" in mount.options,
        uuid=find_uuid(mount.source) if mount.fstype == "btrfs" else None,
    )


def mount_of(path: str, table: list[Mount]) -> Mount:
    """The mount that ``path`` lies on, or would lie on.

    :raises StorageError: it is not in the table.
    """
    mount = mounts.mount_of(path, table)
    if mount is None:
        raise StorageError(
            f"Path {path}",
            "this process does not see what it is mounted on, as in a chroot",
            "Run on the host itself",
            refusal="mount_not_visible",
        )
    return mount


def find_uuid(source: str) -> str | None:
    """The UUID of the mounted btrfs that the device ``source`` is a part of; None if unknown."""
    device = os.path.basename(os.path.realpath(source))
    try:
        candidates = sorted(os.listdir(SYSFS))
    except FileNotFoundError:
        return None
    return next((uuid for uuid in candidates if _is_at(uuid, "devices", device)), None)


def observe_quotas(uuid: str | None) -> Quotas:
    """The :class:`Quotas` of a filesystem.

    The folder is there while quotas are on; ``inconsistent`` is in it since Linux 6.1. Before
    that a kernel does not tell, and is believed.
    """
    if uuid is None or not _is_at(uuid, "qgroups"):
        return Quotas()
    return Quotas(True, read_number(uuid, "qgroups", "inconsistent") != 1)


def observe_quota_group(uuid: str | None, subvolume_id: int) -> QuotaGroup | None:
    """The :class:`QuotaGroup` of a subvolume; None where there is none."""
    folder = ("qgroups", f"0_{subvolume_id}")
    if uuid is None or not _is_at(uuid, *folder):
        return None
    flags = read_number(uuid, *folder, "limit_flags") or 0

    def limit(name: str, flag: int) -> Limit:
        most = read_number(uuid, *folder, f"max_{name}") if flags & flag else None
        return Limit(most, read_number(uuid, *folder, name))

    return QuotaGroup(limit("referenced", _MAX_REFERENCED), limit("exclusive", _MAX_EXCLUSIVE))


def sysfs_text(uuid: str, *names: str) -> str | None:
    """The text of a file in sysfs; None where there is none."""
    text = try_text(os.path.join(SYSFS, uuid, *names))
    return None if text is None else text.strip()


def read_number(uuid: str, *names: str) -> int | None:
    """The number in a file in sysfs; None where there is none."""
    return number_of(os.path.join(SYSFS, uuid, *names))


def _is_at(uuid: str, *names: str) -> bool:
    return os.path.lexists(os.path.join(SYSFS, uuid, *names))


def is_inside(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or below it: /foobar is not inside of /foo."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def uses(devno: str, location: str, tables: Iterable[Sequence[Mount]]) -> tuple[str, ...]:
    """Where a folder of a filesystem is mounted, and what is mounted inside of it.

    The kernel deletes a subvolume under the feet of its other mounts without a word, so every
    mount namespace counts, not only ours.

    :param devno: the filesystem's.
    :param location: the folder, as a path from the top of the filesystem.
    :param tables: the mount tables of all namespaces, each a list of Mount.
    :return: sorted tuple of mount points.
    """
    found = set()
    for table in tables:
        for number, mount in enumerate(table):
            below = _carrier(mount, table[:number])
            places = [mount] if mount.devno == devno else []
            if is_inside(mount.root, location) and places:
                found.add(mount.path)
            elif below and below.devno == devno:
                inner = os.path.relpath(mount.path, below.path)
                if is_inside(os.path.normpath(os.path.join(below.root, inner)), location):
                    found.add(mount.path)
    return tuple(sorted(found))


def _carrier(mount: Mount, earlier: Iterable[Mount]) -> Mount | None:
    """The mount that a mount point lies on: the nearest of those made before it."""
    above = [other for other in earlier if is_inside(mount.path, other.path)]
    return max(above, key=lambda other: len(other.path), default=None)
