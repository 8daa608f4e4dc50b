# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A logical volume, its filesystem and its mount, as they are and as they are wanted."""

from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    Amount,
    parse_amount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
    bytes_below,
    observe_holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import (
    mount_unit as _mount_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    Disk,
    examine,
    identify,
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
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import (
    Xfs,
    mounted_size,
    read_superblock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    check_name,
    mapper_name,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    GroupState,
    observe_group,
)

# The kernel's name for each way to write an option of xfs(5).
_SYNONYMS = {"pquota": "prjquota", "uquota": "usrquota", "quota": "usrquota", "gquota": "grpquota"}

# What an engine makes in its data root at its first start, and that means nothing by itself.
_SKELETON = {
    "buildkit", "containerd", "containers", "engine-id", "image", "network", "plugins",
    "runtimes", "swarm", "tmp", "trust", "volumes",
    "aufs", "btrfs", "devicemapper", "overlay", "overlay2", "vfs", "zfs",
}  # fmt: skip


class Wanted(NamedTuple):
    """A mounted volume as the user wants it."""

    vg: str
    name: str
    pool: str | None  # the thin pool that it lies in; None for a plain volume
    size: Amount | None  # None keeps what is there
    mount: MountUnit
    required_by: tuple
    keep_existing: bool
    pending: bool = False  # the pool is still to be made

    @property
    def target(self):
        """The volume as LVM's commands take it."""
        return f"{self.vg}/{self.name}"


class Folder(NamedTuple):
    """What lies in the folder that is to be mounted over."""

    holdings: Holdings
    foreign: tuple = ()  # entries that no engine makes
    swarm: bool = False
    size: int = 0  # bytes


class State(NamedTuple):
    """All that a mounted volume depends on."""

    groups: GroupState
    device: Disk | None  # the volume's own content, where it is not mounted yet
    xfs: Xfs | None
    mounted: Mount | None  # what is mounted at the path now
    ours: bool  # whether that is the volume
    filesystem_size: int  # bytes of the mounted filesystem
    unit_text: str | None
    enabled: bool
    table: TableLine | None  # fstab's line for the path
    guarded: tuple  # units that cannot start without the mount
    guard_texts: dict  # unit -> the text of our drop-in, where there is one
    active: tuple  # units among required_by that run; looked at only when they may have to stop
    folder: Folder | None  # what the mount would hide; None once it is mounted
    folder_exists: bool

    def volume(self, wanted):
        """``(VolumeGroup, LogicalVolume)``; None for what is not there."""
        group = self.groups.group(wanted.vg)
        return group, group.lv(wanted.name) if group else None


def wanted_from(params):
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    check_name(params["vg"], "volume group")
    check_name(params["name"], "logical volume")
    if params["pool"] is not None:
        check_name(params["pool"], "logical volume")
    path = params["path"]
    if not path.startswith("/") or os.path.normpath(path) != path or path == "/":
        raise StorageError(
            f"path={path}",
            "it is not a plain absolute path of a folder below /",
            "Write it like /var/lib/docker",
        )
    size = params["size"]
    return Wanted(
        vg=params["vg"],
        name=params["name"],
        pool=params["pool"],
        size=None if size is None else parse_amount(size, "size"),
        mount=MountUnit(
            what="/dev/mapper/" + mapper_name(params["vg"], params["name"]),
            where=path,
            fstype="xfs",
            options=tuple(params["mount_options"]),
        ),
        required_by=tuple(params["required_by"]),
        keep_existing=params["existing_data"] == "keep",
        pending=params.get("pending", False),
    )


def observe(run, wanted, devices):
    """Read the volume, its filesystem and its mount. One command where nothing is to be done."""
    groups = observe_group(run, wanted.vg, devices)
    where = wanted.mount.where
    table = mounts()
    found = mounted_at(where, table)
    volume = identify(wanted.mount.what)
    ours = bool(found and volume.exists and found.devno == volume.devno)
    xfs = read_superblock(wanted.mount.what) if volume.exists else None
    unsettled = not ours or missing_options(wanted, found)
    return State(
        groups=groups,
        device=examine(run, wanted.mount.what) if volume.exists and not ours else None,
        xfs=xfs,
        mounted=found,
        ours=ours,
        filesystem_size=mounted_size(where, xfs) if ours and xfs else 0,
        unit_text=_mount_unit.read_text(wanted.mount.path),
        enabled=wanted.mount.enabled,
        table=_mount_unit.fstab_line(where),
        guarded=tuple(unit for unit in wanted.required_by if _mount_unit.guarded(unit, where)),
        guard_texts={
            unit: text
            for unit in wanted.required_by
            for text in [_mount_unit.read_text(wanted.mount.guard_path(unit))]
            if text is not None
        },
        active=_active(run, wanted.required_by) if unsettled else (),
        folder=None if ours else _folder(where, table),
        folder_exists=os.path.isdir(where),
    )


def missing_options(wanted, mounted):
    """The wanted mount options that the kernel does not have in force."""
    live = set(mounted.options) if mounted else set()
    return [
        option
        for option in wanted.mount.options
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


def describe(state, wanted):
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there."""
    group, volume = state.volume(wanted)
    return {
        "volume": None
        if volume is None
        else {
            "name": wanted.target,
            "device": wanted.mount.what,
            "size": volume.extents * group.extent_size,
            "pool": volume.pool or None,
        },
        "filesystem": None
        if state.xfs is None
        else {"type": "xfs", "uuid": state.xfs.uuid, "ftype": state.xfs.ftype},
        "mount": None
        if not state.ours
        else {"path": state.mounted.path, "options": sorted(state.mounted.options)},
        "guarded": list(state.guarded),
    }
