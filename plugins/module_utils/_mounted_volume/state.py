# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A logical volume, its filesystem and its mount, as they are and as they are wanted."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    Amount,
    parse_amount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    Disk,
    examine,
    identify,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
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
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
    check_path,
    describe_mount,
    observe_mount,
)


class Wanted(NamedTuple):
    """A mounted volume as the user wants it."""

    vg: str
    name: str
    pool: str | None  # the thin pool that it lies in; None for a plain volume
    size: Amount | None  # None keeps what is there
    place: Place

    @property
    def target(self):
        """The volume as LVM's commands take it."""
        return self.place.target

    @property
    def device(self):
        """The volume's device."""
        return self.place.unit.what


class State(NamedTuple):
    """All that a mounted volume depends on."""

    groups: GroupState
    device: Disk | None  # the volume's own content, where it is not mounted yet
    xfs: Xfs | None
    mount: MountState
    filesystem_size: int  # bytes of the mounted filesystem

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
    check_path(params["path"])
    size = params["size"]
    return Wanted(
        vg=params["vg"],
        name=params["name"],
        pool=params["pool"],
        size=None if size is None else parse_amount(size, "size"),
        place=Place(
            target=f"{params['vg']}/{params['name']}",
            unit=MountUnit(
                what="/dev/mapper/" + mapper_name(params["vg"], params["name"]),
                where=params["path"],
                fstype="xfs",
                options=tuple(params["mount_options"]),
            ),
            required_by=tuple(params["required_by"]),
            keep_existing=params["existing_data"] == "keep",
        ),
    )


def observe(run, wanted, devices):
    """Read the volume, its filesystem and its mount. One command where nothing is to be done."""
    groups = observe_group(run, wanted.vg, devices)
    volume = identify(wanted.device)
    mount = observe_mount(
        run, wanted.place, lambda found: volume.exists and found.devno == volume.devno
    )
    xfs = read_superblock(wanted.device) if volume.exists else None
    return State(
        groups=groups,
        device=examine(run, wanted.device) if volume.exists and not mount.ours else None,
        xfs=xfs,
        mount=mount,
        filesystem_size=mounted_size(wanted.place.where, xfs) if mount.ours and xfs else 0,
    )


def describe(state, wanted):
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there."""
    group, volume = state.volume(wanted)
    return {
        "volume": None
        if volume is None
        else {
            "name": wanted.target,
            "device": wanted.device,
            "size": volume.extents * group.extent_size,
            "pool": volume.pool or None,
        },
        "filesystem": None
        if state.xfs is None
        else {"type": "xfs", "uuid": state.xfs.uuid, "ftype": state.xfs.ftype},
        **describe_mount(state.mount),
    }
