# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A btrfs subvolume as it is at a path, and as it is wanted. ``plan.py`` compares the two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    Filesystem,
    QuotaGroup,
    Quotas,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import parse_size
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import plain_path

_COMPRESSION = re.compile(r"none|lzo|zlib(:[1-9])?|zstd(:([1-9]|1[0-5]))?", re.A)
# One more is BTRFS_QGROUP_CLEAR_VALUE, which lifts a limit: fs/btrfs/qgroup.c.
_MOST = 2**64 - 2
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


class Held(NamedTuple):
    """A subvolume inside of another one, at whatever depth."""

    id: int
    uuid: str
    holder: int  # the subvolume that it lies in directly
    path: str
    writable: bool = True
    generation: int = 0  # of the last transaction that changed anything in it


class Removal(NamedTuple):
    """What stands in the way of a subvolume's removal, or goes with it."""

    held: tuple[Held, ...] = ()  # of Held, the innermost first
    mounts: tuple[str, ...] = ()  # where it is mounted, and what is mounted in it, in any namespace
    default: int = 5  # the subvolume that is mounted where none is named
    writable: bool = True  # whether it is; what it holds can be removed from it only then
    generation: int = 0  # its own
    around: str = ""  # the folder of a subvolume that lasts: `btrfs` reaches the others from it
    fixed: tuple[str, ...] = ()  # folders of which chattr(1) lets nothing be removed
    swap: tuple[str, ...] = ()  # files in it that are swap, or that may be
    holders: tuple[str, ...] = ()  # processes that work in it or hold some of it open


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
    limits: tuple[
        tuple[str, int | None], ...
    ] = ()  # of ("referenced" or "exclusive", bytes or None for no limit)
    compression: str | None = None
    nodatacow: bool | None = None
    recursive: bool = False


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    for name in ("path", "snapshot_of"):
        if params[name] is not None:
            plain_path(name, params[name])
    compression = params["compression"]
    if compression is not None and not _COMPRESSION.fullmatch(compression):
        raise StorageError(
            f"compression={compression}",
            "btrfs has no such compression",
            "Write none, lzo, zlib, zlib:1 to zlib:9, zstd, or zstd:1 to zstd:15",
            refusal="option_value_invalid",
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
            (name, None if text.strip().lower() == "none" else _limit(text, f"quota.{name}"))
            for name, text in sorted((params["quota"] or {}).items())
            if text is not None
        ),
        compression=compression,
        nodatacow=params["nodatacow"],
        recursive=params["recursive"],
    )


def _limit(text: str, name: str) -> int:
    limit = parse_size(text, name)
    if limit > _MOST:
        raise StorageError(
            f"{name}={text}",
            "btrfs keeps limits in 64 bits",
            "Write a smaller size, or none for no limit",
            refusal="option_value_invalid",
        )
    return limit


def effective(compression: str | None) -> str | None:
    """The compression that a text means: ``zstd:3`` is ``zstd``, which has that level anyway."""
    if compression and compression.endswith(_LEVEL_BY_DEFAULT):
        return compression[: -len(_LEVEL_BY_DEFAULT)]
    return compression
