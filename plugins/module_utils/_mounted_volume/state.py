# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A logical volume, its filesystem and its mount, as they are and as they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    Amount,
    parse_amount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    Disk,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import unit_names
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import (
    Xfs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    VolumeGroup,
    check_name,
    mapper_name,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    GroupState,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
    check_options,
    check_path,
)


class Wanted(NamedTuple):
    """A mounted volume as the user wants it."""

    vg: str
    name: str
    pool: str | None  # the thin pool that it lies in; None for a plain volume
    size: Amount | None  # None keeps what is there
    place: Place
    devices: tuple[str, ...] = ()  # paths of the disks for its group; () for a thin volume's

    @property
    def target(self) -> str:
        """The volume as LVM's commands take it."""
        return self.place.target

    @property
    def device(self) -> str:
        """The volume's device."""
        return self.place.unit.what


class State(NamedTuple):
    """All that a mounted volume depends on."""

    groups: GroupState
    device: Disk | None  # the volume's own content, where it is not mounted yet
    xfs: Xfs | None
    mount: MountState
    filesystem_size: int  # bytes of the mounted filesystem

    def volume(self, wanted: Wanted) -> tuple[VolumeGroup | None, LogicalVolume | None]:
        """``(VolumeGroup, LogicalVolume)``; None for what is not there."""
        group = self.groups.group(wanted.vg)
        return group, group.lv(wanted.name) if group else None

    def planned(self, wanted: Wanted) -> tuple[VolumeGroup, LogicalVolume]:
        """The same, where it is known that both are there."""
        group, volume = self.volume(wanted)
        return known(group), known(volume)

    @property
    def filesystem(self) -> Xfs:
        """The filesystem on the volume, where it is known that there is one."""
        return known(self.xfs)


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    check_name(params["vg"], "volume group")
    check_name(params["name"], "logical volume")
    if params["pool"] is not None:
        check_name(params["pool"], "logical volume")
    check_path(params["path"])
    check_options("xfs", params["mount_options"])
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
            required_by=unit_names("required_by", params["required_by"]),
            keep_existing=params["existing_data"] == "keep",
        ),
        devices=tuple(params["devices"]),
    )
