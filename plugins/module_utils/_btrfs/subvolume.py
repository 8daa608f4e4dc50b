# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A btrfs subvolume as it is at a path, and as it is wanted. ``plan.py`` compares the two."""

from __future__ import annotations

import os
import re
import shutil
import stat
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import kernel
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    Filesystem,
    QuotaGroup,
    Quotas,
    filesystem_of,
    observe_quota_group,
    observe_quotas,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.removal import (
    Removal,
    observe_removal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import parse_size
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts

# fs/btrfs/btrfs_inode.h and include/uapi/linux/btrfs_tree.h
ROOT_INODE = 256  # BTRFS_FIRST_FREE_OBJECTID: the root folder of every subvolume, and nothing else
_PLACEHOLDER_INODE = 2  # BTRFS_EMPTY_SUBVOL_DIR_OBJECTID: where a snapshot left a subvolume out

_COMPRESSION = re.compile(r"none|lzo|zlib(:[1-9])?|zstd(:([1-9]|1[0-5]))?", re.A)
_LEVEL_BY_DEFAULT = ":3"  # of zlib and of zstd: btrfs(5), "Compression"


class Subvolume(NamedTuple):
    """One subvolume. What a command is still to decide is None."""

    id: int | None
    uuid: str | None
    parent_uuid: str | None  # of what it is a snapshot of; None if of nothing
    received_uuid: str | None
    location: str | None  # from the top of the filesystem: "/a/b"
    readonly: bool = False
    compression: str | None = None  # the property's text; None if it is not set
    nodatacow: bool = False
    empty: bool = True
    quota: QuotaGroup | None = None


class Place(NamedTuple):
    """What there is at a path, and around it."""

    path: str
    kind: str  # nothing, subvolume, folder, placeholder, other
    link: str | None  # the first symbolic link on the way
    parent: bool  # whether the folder that holds it is there
    writable: bool  # whether that folder can be written to
    filesystem: Filesystem
    subvolume: Subvolume | None = None


class State(NamedTuple):
    """All that a subvolume depends on."""

    place: Place
    source: Place | None  # what it is to be a snapshot of
    quotas: Quotas
    tool: bool = True  # whether `btrfs` is on the host
    inherited: str | None = None  # the compression that a new subvolume takes over
    removal: Removal | None = None  # looked at only when it is to go


class Wanted(NamedTuple):
    """A subvolume as the user wants it. ``None``, or a limit not in ``limits``, keeps it."""

    path: str
    present: bool = True
    snapshot_of: str | None = None
    readonly: bool | None = None
    limits: tuple = ()  # of ("referenced" or "exclusive", bytes or None for no limit)
    compression: str | None = None
    nodatacow: bool | None = None
    recursive: bool = False


def wanted_from(params):
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    for name in ("path", "snapshot_of"):
        _check_path(params[name], name)
    compression = params["compression"]
    if compression is not None and not _COMPRESSION.fullmatch(compression):
        raise StorageError(
            f"compression={compression}",
            "btrfs has no such compression",
            "Write none, lzo, zlib, zlib:1 to zlib:9, zstd, or zstd:1 to zstd:15",
            refusal="value_invalid",
        )
    if params["nodatacow"] and compression not in (None, "none"):
        raise StorageError(
            f"compression={compression}",
            "btrfs compresses nothing that it does not copy on write (nodatacow=true)",
            "Leave out one of the two",
            refusal="compression_without_cow",
        )
    return Wanted(
        path=params["path"],
        present=params["state"] == "present",
        snapshot_of=params["snapshot_of"],
        readonly=params["readonly"],
        limits=tuple(
            (name, None if text.strip().lower() == "none" else parse_size(text, f"quota.{name}"))
            for name, text in sorted((params["quota"] or {}).items())
            if text is not None
        ),
        compression=compression,
        nodatacow=params["nodatacow"],
        recursive=params["recursive"],
    )


def _check_path(path, name):
    if path is None:
        return
    plain = os.path.normpath(path) == path and path.startswith("/") and path.isprintable()
    if not plain or path.startswith("//"):
        raise StorageError(
            f"{name}={path!r}",
            "it is not a plain absolute path",
            "Write it like /var/lib/docker, without `..`, doubled or trailing slashes",
            refusal="path_invalid",
        )


def effective(compression):
    """The compression that a text means: ``zstd:3`` is ``zstd``, which has that level anyway."""
    if compression and compression.endswith(_LEVEL_BY_DEFAULT):
        return compression[: -len(_LEVEL_BY_DEFAULT)]
    return compression


def observe(run, wanted):
    """Read the place and all it depends on. No command where nothing is to be done.

    Other subvolumes of the filesystem are looked at only when this one is to go: a busy container
    host has thousands.
    """
    table = mounts.mounts()
    place = _observe_place(wanted.path, table)
    source = wanted.snapshot_of if wanted.present else None
    uuid = place.filesystem.uuid
    tool = shutil.which("btrfs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None
    return State(
        place=place,
        source=_observe_place(source, table) if source else None,
        quotas=observe_quotas(uuid),
        tool=tool,
        inherited=_inherited(place, table) if wanted.present else None,
        removal=None if wanted.present or place.subvolume is None else observe_removal(run, place),
    )


def _observe_place(path, table):
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


def _kind(path, filesystem):
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    if not stat.S_ISDIR(found.st_mode):
        return "other"
    if filesystem.fstype != "btrfs":
        return "folder"
    return {ROOT_INODE: "subvolume", _PLACEHOLDER_INODE: "placeholder"}.get(found.st_ino, "folder")


def _first_link(path):
    """The shortest part of ``path`` that is a symbolic link; None where it leads through none."""
    names = path.split("/")[1:]
    parts = ("/" + "/".join(names[:count]) for count in range(1, len(names) + 1))
    return next((part for part in parts if os.path.islink(part)), None)


def _inherited(place, table):
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


def _observe_subvolume(path, filesystem, table):
    try:
        info = kernel.subvolume_info(path)
        with os.scandir(path) as entries:
            empty = next(entries, None) is None
        nodatacow = kernel.is_nodatacow(path)
    except OSError as error:
        raise StorageError(
            f"Subvolume {path}",
            f"it cannot be looked at: {error.strerror}",
            "Run as root (`become: true`), and see the kernel's log (`dmesg`)",
            refusal="subvolume_unreadable",
        ) from error
    mount = mounts.mount_of(path, table)
    return Subvolume(
        **info._asdict(),
        location=os.path.normpath(os.path.join(mount.root, os.path.relpath(path, mount.path))),
        compression=kernel.compression_of(path),
        nodatacow=nodatacow,
        empty=empty,
        quota=observe_quota_group(filesystem.uuid, info.id),
    )


def describe(state):
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there."""
    found = state.place.subvolume
    return {
        "path": state.place.path,
        "filesystem": state.place.filesystem.uuid,
        "subvolume": None
        if found is None
        else {
            "id": found.id,
            "uuid": found.uuid,
            "parent_uuid": found.parent_uuid,
            "received_uuid": found.received_uuid,
            "location": found.location,
            "readonly": found.readonly,
            "compression": found.compression,
            "nodatacow": found.nodatacow,
            "quota": None
            if found.quota is None
            else {
                "referenced": found.quota.referenced._asdict(),
                "exclusive": found.quota.exclusive._asdict(),
            },
        },
    }
