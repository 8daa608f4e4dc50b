# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A mount that units need: as it is, and as it is wanted, whatever the filesystem."""

from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
    bytes_below,
    observe_holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import (
    mount_unit as _mount_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mounted_at,
    mounts,
)

# The kernel's name for each way to write an option of xfs(5).
_SYNONYMS = {"pquota": "prjquota", "uquota": "usrquota", "quota": "usrquota", "gquota": "grpquota"}

# What an engine makes in its data root at its first start, and that means nothing by itself.
_SKELETON = {
    "buildkit", "containerd", "containers", "engine-id", "image", "network", "plugins",
    "runtimes", "swarm", "tmp", "trust", "volumes",
    "aufs", "btrfs", "devicemapper", "overlay", "overlay2", "vfs", "zfs",
}  # fmt: skip

# What doc_fragments/mount.py documents, for every module that mounts something for units.
MOUNT_ARGUMENTS = {
    "required_by": {"type": "list", "elements": "str", "default": []},
    "existing_data": {"type": "str", "choices": ["refuse", "keep"], "default": "refuse"},
}


class Place(NamedTuple):
    """What is to be mounted where, and who needs it."""

    target: str  # what is mounted, as people call it: docker/data
    unit: MountUnit
    required_by: tuple  # systemd units
    keep_existing: bool  # whether what lies in the folder may be hidden

    @property
    def where(self):
        """The mount point."""
        return self.unit.where


class Folder(NamedTuple):
    """What lies in the folder that is to be mounted over."""

    holdings: Holdings
    foreign: tuple = ()  # entries that no engine makes
    swarm: bool = False
    size: int = 0  # bytes


class MountState(NamedTuple):
    """What a place depends on."""

    mounted: Mount | None  # what is mounted at the path now
    ours: bool  # whether that is what is wanted there
    unit_text: str | None
    enabled: bool
    table: TableLine | None  # fstab's line for the path
    guarded: tuple  # units that cannot start without the mount
    guard_texts: dict  # unit -> the text of our drop-in, where there is one
    active: tuple  # units among required_by that run; looked at only when they may have to stop
    folder: Folder | None  # what the mount would hide; None once it is mounted
    folder_exists: bool


def check_path(path):
    """Refuse a mount point that is not written plainly.

    :raises StorageError: it is relative, the root, or has an empty or a dotted part.
    """
    plain = "/" + os.path.normpath(path).lstrip("/")  # normpath leaves two slashes at the start
    if path != plain or path == "/":
        raise StorageError(
            f"path={path}",
            "it is not a plain absolute path of a folder below /",
            "Write it like /var/lib/docker",
        )


def observe_mount(run, place, is_ours):
    """Read the :class:`MountState` of a place. No command where nothing is to be done.

    :param is_ours: tells of a Mount whether it is of what is wanted there.
    """
    where, table = place.where, mounts()
    found = mounted_at(where, table)
    ours = bool(found and is_ours(found))
    unsettled = not ours or missing_options(place, found)
    return MountState(
        mounted=found,
        ours=ours,
        unit_text=_mount_unit.read_text(place.unit.path),
        enabled=place.unit.enabled,
        table=_mount_unit.fstab_line(where),
        guarded=tuple(unit for unit in place.required_by if _mount_unit.guarded(unit, where)),
        guard_texts={
            unit: text
            for unit in place.required_by
            for text in [_mount_unit.read_text(place.unit.guard_path(unit))]
            if text is not None
        },
        active=_active(run, place.required_by) if unsettled else (),
        folder=None if ours else _folder(where, table),
        folder_exists=os.path.isdir(where),
    )


def missing_options(place, mounted):
    """The wanted mount options that the kernel does not have in force."""
    live = set(mounted.options) if mounted else set()
    # The kernel shows the level of a compression that was asked for without one.
    live |= {option.partition(":")[0] for option in live if option.startswith("compress")}
    return [
        option
        for option in place.unit.options
        if _SYNONYMS.get(option, option) not in live and option not in ("defaults", "nofail")
    ]


def _active(run, units):
    """Those of the units that run."""
    if not units:
        return ()
    out = run.read(("systemctl", "show", "--property", "Id,ActiveState", *units))
    records = [
        dict(line.split("=", 1) for line in record.splitlines()) for record in out.split("\n\n")
    ]
    running = {row["Id"] for row in records if row.get("ActiveState") in ("active", "activating")}
    return tuple(unit for unit in units if unit in running)


def _folder(where, table):
    holdings = observe_holdings(where)
    try:
        entries = sorted(os.listdir(where))
    except FileNotFoundError:
        entries = []
    worth = holdings.images or holdings.containers or holdings.volumes
    foreign = tuple(name for name in entries if name not in _SKELETON and name != "lost+found")
    swarm = os.path.isdir(where + "/swarm") and bool(os.listdir(where + "/swarm"))
    size = bytes_below([where], {mount.path for mount in table}) if worth or foreign else 0
    return Folder(holdings, foreign, swarm, size)


def describe_mount(mount):
    """``{"mount": ..., "guarded": [...]}`` as the user gets it."""
    return {
        "mount": None
        if not mount.ours
        else {"path": mount.mounted.path, "options": sorted(mount.mounted.options)},
        "guarded": list(mount.guarded),
    }
