# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Reading a subvolume and what it depends on: no command where nothing is to be done."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import kernel
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    Filesystem,
    filesystem_of,
    mount_of,
    observe_quota_group,
    observe_quotas,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume import removal
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    Place,
    State,
    Subvolume,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount

# fs/btrfs/btrfs_inode.h and include/uapi/linux/btrfs_tree.h
ROOT_INODE = 256  # BTRFS_FIRST_FREE_OBJECTID: the root folder of every subvolume, and nothing else
_PLACEHOLDER_INODE = 2  # BTRFS_EMPTY_SUBVOL_DIR_OBJECTID: where a snapshot left a subvolume out


def observe(_run: Reader, wanted: Wanted) -> State:
    """Read the place and all it depends on. No command.

    Other subvolumes of the filesystem are looked at only when this one is to go: a busy container
    host has thousands.
    """
    table = mounts.mounts()
    place = _observe_place(wanted.path, table)
    source = wanted.snapshot_of if wanted.present else None
    uuid = place.filesystem.uuid
    tool = find_program("btrfs") is not None
    goes = not wanted.present and place.subvolume is not None
    return State(
        place=place,
        source=_observe_place(source, table) if source else None,
        quotas=observe_quotas(uuid),
        tool=tool,
        inherited=_inherited(place, table) if wanted.present else None,
        removal=removal.observe_removal(place) if goes else None,
    )


def _observe_place(path: str, table: list[Mount]) -> Place:
    filesystem = filesystem_of(path, table)
    kind = _kind(path, filesystem)
    parent = os.path.dirname(path)
    return Place(
        path=path,
        kind=kind,
        link=_first_link(path),
        parent=os.path.isdir(parent),
        writable=os.access(parent, os.W_OK),
        filesystem=filesystem,
        subvolume=_observe_subvolume(path, filesystem, table) if kind == "subvolume" else None,
    )


def _kind(path: str, filesystem: Filesystem) -> str:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    if not stat.S_ISDIR(found.st_mode):
        return "other"
    if filesystem.fstype != "btrfs":
        return "folder"
    return {ROOT_INODE: "subvolume", _PLACEHOLDER_INODE: "placeholder"}.get(found.st_ino, "folder")


def _first_link(path: str) -> str | None:
    """The shortest part of ``path`` that is a symbolic link; None where it leads through none."""
    names = path.split("/")[1:]
    parts = ("/" + "/".join(names[:count]) for count in range(1, len(names) + 1))
    return next((part for part in parts if os.path.islink(part)), None)


def _inherited(place: Place, table: list[Mount]) -> str | None:
    """The compression of the subvolume around a place: a new one in it takes that over.

    It comes from the root folder of the subvolume, not from the folder that the new one is made
    in: btrfs_subvol_inherit_props() in fs/btrfs/props.c. Behind a mount of less than a whole
    subvolume it cannot be seen, and is taken for none.
    """
    if place.kind != "nothing" or not place.parent or place.filesystem.fstype != "btrfs":
        return None
    folder = os.path.dirname(place.path)
    tops = {mount.path for mount in table}
    while os.stat(folder).st_ino != ROOT_INODE and folder not in tops:
        folder = os.path.dirname(folder)
    return kernel.compression_of(folder)


def _observe_subvolume(path: str, filesystem: Filesystem, table: list[Mount]) -> Subvolume:
    try:
        info = kernel.subvolume_info(path)
        empty = _is_empty(path)
        nodatacow = kernel.is_nodatacow(path)
    except OSError as error:
        raise StorageError(
            f"Subvolume {path}",
            f"it cannot be looked at: {error.strerror}",
            "Run as root (`become: true`), and see the kernel's log (`dmesg`)",
            refusal="subvolume_unreadable",
        ) from error
    mount = mount_of(path, table)
    return Subvolume(
        **info._asdict(),
        location=os.path.normpath(os.path.join(mount.root, os.path.relpath(path, mount.path))),
        compression=kernel.compression_of(path),
        nodatacow=nodatacow,
        empty=empty,
        quota=observe_quota_group(filesystem.uuid, info.id),
    )


def _is_empty(path: str) -> bool:
    """Whether there is nothing in a folder; that it was read leaves no time behind in it."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        folder = os.open(path, flags | os.O_NOATIME)
    except PermissionError:  # it is another user's
        folder = os.open(path, flags)
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    finally:
        os.close(folder)
