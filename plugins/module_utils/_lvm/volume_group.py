# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A volume group and the disks in it: made, and grown by disks that are proven free."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    MIB,
    ceil_div,
    human,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    Disk,
    block_size_of,
    examine,
    identify,
    names_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    reasons,
    require_distinct,
    require_exists,
    require_free,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import (
    HostRules,
    observe_host_rules,
    require_changeable,
    require_one_block_size,
    require_seen,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    Lvm,
    PhysicalVolume,
    VolumeGroup,
    check_name,
    observe_lvm,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_FIRST_EXTENT = MIB
_LABEL = ("LVM2_member",)


class GroupState(NamedTuple):
    """The host's LVM as seen from one group and the disks that are wanted in it."""

    lvm: Lvm
    disks: tuple[Disk, ...]  # in the order in which they were named
    members: dict[str, str]  # devno -> PhysicalVolume.path of every physical volume on the host
    name_taken: bool  # something else is at /dev/<name>
    rules: HostRules = HostRules()  # known where a group or volume is to be made
    block_sizes: tuple[int, ...] = ()  # logical, in bytes, of the group's disks; where it grows

    def group(self, name: str) -> VolumeGroup | None:
        """The one group of that name, or None.

        :raises StorageError: the host has two.
        """
        found = self.lvm.named(name)
        if len(found) > 1:
            raise StorageError(
                f"Volume group {name}",
                "this host has {} groups of that name: {}".format(
                    len(found), ", ".join(str(group.uuid) for group in found)
                ),
                "Rename one by its UUID (`vgrename UUID NEWNAME`), or take its disk away",
                refusal="volume_group_ambiguous",
            )
        return found[0] if found else None

    def made(self, name: str) -> VolumeGroup:
        """The group of that name, which a plan has provided for."""
        return known(self.group(name))

    def with_group(self, group: VolumeGroup) -> GroupState:
        """This state, with the group of that name replaced."""
        others = tuple(other for other in self.lvm.groups if other.name != group.name)
        return self._replace(lvm=self.lvm._replace(groups=(*others, group)))


def observe_group(run: Reader, name: str, devices: Iterable[str]) -> GroupState:
    """Read LVM and the named disks. One command, and one more for each disk not yet in LVM."""
    lvm = observe_lvm(run)
    found = lvm.named(name)
    pvs = [pv for group in lvm.groups for pv in group.pvs] + list(lvm.orphans)
    members = {identify(pv.path).devno: pv.path for pv in pvs if not pv.missing}
    ours = {pv.path for group in found for pv in group.pvs}
    orphans = {pv.path for pv in lvm.orphans}
    disks = []
    for path in devices:
        disk = identify(path)
        member = members.get(disk.devno)
        if member not in ours:
            disk = examine(run, path, _FIRST_EXTENT if member in orphans else 0)
        disks.append(disk)
    new = [disk for disk in disks if members.get(disk.devno) not in ours]
    there = [devno for devno, path in members.items() if path in ours]
    return GroupState(
        rules=observe_host_rules(run) if new or not found else HostRules(),
        block_sizes=tuple(map(block_size_of, there)) if new else (),
        lvm=lvm,
        disks=tuple(disks),
        members=members,
        name_taken=not found and os.path.lexists("/dev/" + name),
    )


def with_rules(run: Reader, state: GroupState) -> GroupState:
    """The state with the host's rules, for what is to be made in a group that is there."""
    return state._replace(rules=observe_host_rules(run)) if state.rules == HostRules() else state


def plan_group(state: GroupState, name: str) -> tuple[list[Command], GroupState]:
    """The steps that bring the group about, and the state after them.

    :returns: ``(steps, GroupState)``
    :raises StorageError: a disk is not free, or the group is in no state to be touched.
    """
    check_name(name, "volume group")
    require_changeable(state.rules)
    require_distinct(state.disks)
    group = state.group(name)
    if group is None:
        return _create(state, name)
    ours = {pv.path for pv in group.pvs}
    for disk in state.disks:
        require_exists(disk)
    new = [disk for disk in state.disks if state.members.get(disk.devno) not in ours]
    if not new:
        return [], state
    for disk in new:
        _require_takeable(state, disk, name)
        _require_named_by_identity(disk, name)
        require_seen(state.rules, disk)
    require_one_block_size(state.rules, new, state.block_sizes, name)
    step = Command(
        f"Add {names_of(new)} to volume group {name}",
        ("vgextend", name, *(disk.stable for disk in new)),
        destroys=_left_behind(state, new),
        claims=tuple(disk.claim for disk in new),
    )
    return [step], _with_disks(state, group, new)


def require_healthy(state: GroupState, name: str) -> None:
    """Refuse to change LVM on a host where a group has lost a disk, or is not this host's.

    A command that changes one group may rewrite what LVM knows of the others.
    """
    for group in state.lvm.groups:
        if group.missing:
            raise StorageError(
                f"Volume group {group.name}",
                f"{group.missing} of its physical volumes cannot be found",
                f"Bring the disk back, or give it up (`vgreduce --removemissing {group.name}`), "
                "before LVM "
                "is changed on this host",
                refusal="volume_group_incomplete",
            )
        if any(pv.duplicate for pv in group.pvs):
            raise StorageError(
                f"Volume group {group.name}",
                "one of its physical volumes is there twice, as a copy or over two paths",
                "Take the copy away, or set up multipath, before LVM is changed on this host",
                refusal="physical_volume_duplicate",
            )
    ours = state.group(name)
    if ours and (ours.exported or ours.shared):
        raise StorageError(
            f"Volume group {name}",
            "it is exported" if ours.exported else "it is shared with other hosts",
            f"Import it (`vgimport {name}`)"
            if ours.exported
            else "Use a group that belongs to this host alone",
            refusal="volume_group_foreign",
        )


def _create(state: GroupState, name: str) -> tuple[list[Command], GroupState]:
    if not state.disks:
        raise StorageError(
            f"Volume group {name}",
            "there is none of that name, and no disk was named to make it from",
            "Name disks in `devices`, best by their names under /dev/disk/by-id",
            refusal="volume_group_missing",
        )
    if state.name_taken:
        raise StorageError(
            f"Volume group {name}",
            f"/dev/{name} is something else, and LVM would put its volumes there",
            "Choose another name for the group",
            refusal="volume_group_name_taken",
        )
    for disk in state.disks:
        _require_takeable(state, disk, name)
        require_seen(state.rules, disk)
    require_one_block_size(state.rules, state.disks, (), name)
    step = Command(
        f"Make volume group {name} of {names_of(state.disks)}",
        ("vgcreate", name, *(disk.stable for disk in state.disks)),
        destroys=_left_behind(state, state.disks),
        claims=tuple(disk.claim for disk in state.disks),
    )
    group = VolumeGroup(
        name=name, uuid=None, extent_size=state.rules.extent_size, extents=0, free=0
    )
    return [step], _with_disks(state, group, state.disks)


def _require_takeable(state: GroupState, disk: Disk, name: str) -> None:
    """A disk is free, or it is a physical volume that LVM itself says is in no group."""
    path = state.members.get(disk.devno)
    owner = next(
        (group for group in state.lvm.groups if any(pv.path == path for pv in group.pvs)), None
    )
    if owner and owner.name != name:
        raise StorageError(
            f"{disk.path} ({disk.stable or disk.device})",
            f"it belongs to volume group {owner.name}",
            f"Name another disk, or take it out of that group first (`pvmove {path}`, then "
            f"`vgreduce {owner.name} {path}`)",
            refusal="disk_in_other_group",
        )
    orphan = _orphan(state, disk)
    name = f"{disk.path} ({disk.stable or disk.device})"
    if orphan and orphan.duplicate:
        raise StorageError(
            name,
            "it is there twice as a physical volume of LVM, as a copy or over two paths",
            "Take the copy away, or set up multipath",
            refusal="physical_volume_duplicate",
        )
    if orphan and orphan.in_use:
        raise StorageError(
            name,
            "it says that a volume group uses it, and LVM finds nothing of that group: another "
            "disk of it is not there, or its metadata is damaged",
            f"Bring the group's other disks back, and look at it (`pvck --dump metadata {path}`). "
            f"What is of no more use goes with `pvremove --force --force {path}`",
            refusal="disk_not_free",
        )
    if path is None and "LVM2_member" in disk.signatures and not any(reasons(disk, _LABEL)):
        raise StorageError(
            name,
            "it carries the label of a physical volume, and LVM does not show it: a filter in "
            "lvm.conf or the devices file hides it, or a pvcreate was killed before it was done",
            "See what it is without those: `pvs --config 'devices{use_devicesfile=0 "
            f'global_filter=["a|.*|"] filter=["a|.*|"]}}\' {disk.device}`. If it is nothing, '
            f"`wipefs --all {disk.device}` clears it",
            refusal="disk_not_free",
        )
    require_free(disk, declared=_LABEL if orphan else ())


def _orphan(state: GroupState, disk: Disk) -> PhysicalVolume | None:
    path = state.members.get(disk.devno)
    return next((pv for pv in state.lvm.orphans if pv.path == path), None)


def _left_behind(state: GroupState, disks: Iterable[Disk]) -> tuple[str, ...]:
    """What a group that is gone has left on its disks: `vgremove` and `lvremove` clear nothing.

    A physical volume that a run which broke off has made has nothing but zeros behind its label.
    """
    return tuple(
        f"what a volume group that is gone has left on {disk.stable} ({human(disk.size)}, physical "
        f"volume {known(_orphan(state, disk)).uuid}, data from byte {disk.content} on)"
        for disk in disks
        if disk.content is not None
    )


def _require_named_by_identity(disk: Disk, name: str) -> None:
    """A kernel name may mean another disk since the last boot: not for a group that is in use."""
    if disk.path not in disk.links:
        raise StorageError(
            disk.path,
            f"it is not in volume group {name}, which is there already; the kernel gives names "
            "like "
            "this anew at every boot, so it may not be the disk that was meant",
            f"If this is the disk to add, name it {disk.stable}",
            refusal="disk_named_by_kernel",
        )


def _with_disks(state: GroupState, group: VolumeGroup, disks: Sequence[Disk]) -> GroupState:
    pvs = [_predicted(disk, group.extent_size) for disk in disks]
    added = sum(pv.extents for pv in pvs)
    grown = group._replace(
        pvs=group.pvs + tuple(pvs), extents=group.extents + added, free=group.free + added
    )
    paths = {pv.path for pv in pvs}
    lvm = Lvm(
        groups=(*tuple(other for other in state.lvm.groups if other.name != group.name), grown),
        orphans=tuple(pv for pv in state.lvm.orphans if pv.path not in paths),
    )
    members = dict(state.members, **{disk.devno: disk.device for disk in disks})
    return state._replace(lvm=lvm, members=members)


def _predicted(disk: Disk, extent_size: int) -> PhysicalVolume:
    """The physical volume that pvcreate makes of a disk: lvm2 lib/metadata/pv_manip.c.

    The first extent lies at 1 MiB; where the disk's own I/O size does not divide that, at the
    next multiple of it.
    """
    start = (
        ceil_div(_FIRST_EXTENT, disk.alignment) * disk.alignment
        if disk.alignment
        else _FIRST_EXTENT
    )
    extents = max(0, (disk.size - start) // extent_size)
    return PhysicalVolume(disk.device, None, disk.size, extents, 0, False, False, True)
