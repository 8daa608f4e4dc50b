# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A mount that units need: as it is, and as it is wanted, whatever the filesystem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    TableLine,
    check_where,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
)

# What the modules mount with by themselves, for each filesystem.
_COMMON = {"xfs": {"noatime", "prjquota"}, "btrfs": {"noatime"}}

# What doc_fragments/mount.py documents, for every module that mounts something for units.
MOUNT_ARGUMENTS = {
    "required_by": {"type": "list", "elements": "str", "default": []},
    "existing_data": {"type": "str", "choices": ["refuse", "keep"], "default": "refuse"},
}


class Place(NamedTuple):
    """What is to be mounted where, and who needs it."""

    target: str  # what is mounted, as people call it: docker/data
    unit: MountUnit
    required_by: tuple[str, ...]  # systemd units, as the user names them
    keep_existing: bool  # whether what lies in the folder may be hidden

    @property
    def where(self) -> str:
        """The mount point."""
        return self.unit.where


class Link(NamedTuple):
    """A part of a path that is a symbolic link, and where the whole path leads."""

    path: str
    leads_to: str


class Folder(NamedTuple):
    """What lies in the folder that is to be mounted over."""

    holdings: Holdings
    foreign: tuple[str, ...] = ()  # entries that no engine makes
    size: int = 0  # bytes
    mounts: tuple[Mount, ...] = ()  # at folders in it, but for those that an engine makes


class MountState(NamedTuple):
    """What a place depends on."""

    mounted: Mount | None  # what is mounted at the path now
    ours: bool  # whether that is what is wanted there
    unit_text: str | None
    enabled: bool
    table: TableLine | None  # fstab's line for the path
    guarded: tuple[str, ...]  # units that cannot start without the mount
    guard_texts: dict[str, str]  # unit -> the text of our drop-in, where there is one
    active: tuple[str, ...]  # units that need it and run; looked at where they may have to stop
    folder: Folder | None  # what the mount would hide; None once it is mounted
    folder_exists: bool
    # A unit as it was named -> as systemd calls it. Only units that were asked for are in it.
    names: Mapping[str, str] = MappingProxyType({})
    unknown: tuple[str, ...] = ()  # units that there are not
    link: Link | None = None  # that the path leads through

    def required(self, place: Place) -> tuple[str, ...]:
        """The units that need the mount, by the names that systemd has for them."""
        return tuple(dict.fromkeys(self.names.get(name, name) for name in place.required_by))

    @property
    def live(self) -> Mount:
        """What is mounted at the path, where it is known that something is."""
        return known(self.mounted)


def check_path(path: str) -> None:
    """Refuse a mount point that is not written plainly.

    :raises StorageError: see :func:`check_where`.
    """
    check_where(path)


def check_options(fstype: str, options: Sequence[str]) -> None:
    """Refuse what is no mount option of a filesystem, or has a value that it does not take.

    :raises StorageError: naming the option.
    """
    if set(options) <= _COMMON.get(fstype, set()):
        return
    # Loaded for what is not common only: most hosts need no table of all options.
    from ansible_collections.containerhost.storage.plugins.module_utils._mount import (
        options as table,
    )

    table.check_options(fstype, options)


def missing_options(place: Place, mounted: Mount | None) -> list[str]:
    """The wanted mount options that the kernel does not have in force."""
    live = mounted.options if mounted else ()
    if set(place.unit.options) <= {*live} and "ro" not in live:
        return []
    from ansible_collections.containerhost.storage.plugins.module_utils._mount import (
        options as table,
    )

    return table.missing(place.unit.fstype, place.unit.options, live)
