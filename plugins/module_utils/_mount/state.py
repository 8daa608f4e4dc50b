# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A mount that units need: as it is, and as it is wanted, whatever the filesystem."""

from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
)

# The kernel's name for each way to write an option of xfs(5).
_SYNONYMS = {"pquota": "prjquota", "uquota": "usrquota", "quota": "usrquota", "gquota": "grpquota"}


# What doc_fragments/mount.py documents, for every module that mounts something for units.
MOUNT_ARGUMENTS = {
    "required_by": {"type": "list", "elements": "str", "default": []},
    "existing_data": {"type": "str", "choices": ["refuse", "keep"], "default": "refuse"},
}


class Place(NamedTuple):
    """What is to be mounted where, and who needs it."""

    target: str  # what is mounted, as people call it: docker/data
    unit: MountUnit
    required_by: tuple[str, ...]  # systemd units
    keep_existing: bool  # whether what lies in the folder may be hidden

    @property
    def where(self) -> str:
        """The mount point."""
        return self.unit.where


class Folder(NamedTuple):
    """What lies in the folder that is to be mounted over."""

    holdings: Holdings
    foreign: tuple[str, ...] = ()  # entries that no engine makes
    size: int = 0  # bytes


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

    @property
    def live(self) -> Mount:
        """What is mounted at the path, where it is known that something is."""
        return known(self.mounted)


def check_path(path: str) -> None:
    """Refuse a mount point that is not written plainly.

    :raises StorageError: it is relative, the root, or has an empty or a dotted part.
    """
    plain = "/" + os.path.normpath(path).lstrip("/")  # normpath leaves two slashes at the start
    if path != plain or path == "/":
        raise StorageError(
            f"path={path}",
            "it is not a plain absolute path of a folder below /",
            "Write it like /var/lib/docker",
            refusal="path_invalid",
        )


def missing_options(place: Place, mounted: Mount | None) -> list[str]:
    """The wanted mount options that the kernel does not have in force."""
    live = set(mounted.options) if mounted else set()
    # The kernel shows the level of a compression that was asked for without one.
    live |= {option.partition(":")[0] for option in live if option.startswith("compress")}
    return [
        option
        for option in place.unit.options
        if _SYNONYMS.get(option, option) not in live and option not in ("defaults", "nofail")
    ]
