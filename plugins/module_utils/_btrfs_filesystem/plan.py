# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a mounted btrfs to be as it is wanted. Pure.

It grows, by disks and with them, and never shrinks; what is written is not converted; only disks
that are proven blank are taken; and it is mounted over a folder only when that hides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.devices import (
    Member,
    Part,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import (
    Profiles,
    default_profiles,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.superblock import (
    Superblock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
    findings,
    mount_source,
    rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    Btrfs,
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Plan,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk, names_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    looked_at,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.plan import (
    plan_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import Place


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that makes the filesystem and its mount as wanted."""
    rules.require_one(state, wanted)
    steps: list[Command] = []
    new: list[Disk] = []
    if state.found is None:
        steps, made = _make(state, wanted)
    else:
        made, new = state, _new_disks(state, wanted)
    place = mount_source.place_of(made, wanted)
    rules.require_mount(made, wanted, place)
    mounting, after = _mount(made, place)
    adding, after = _add(after, wanted, new)
    growing, after = _grow(after, wanted)
    if adding or growing:
        rules.require_writable(made, wanted)
    parts = (*kept(steps), *mounting, *kept([*adding, *growing]))
    rules.require_able(state, wanted, parts)
    told = findings.findings(after._replace(mount=state.mount), wanted, place)
    return Plan(parts, after, (*told, *looked_at([*steps, *adding], state.disks)))


def _new_disks(state: State, wanted: Wanted) -> list[Disk]:
    """The named disks that are not in the filesystem yet."""
    found = state.filesystem
    rules.require_whole(found, wanted, state.disks)
    devnos = {member.part.devno for member in found.members if member.part}
    new = [disk for disk in state.disks if disk.devno not in devnos]
    rules.require_new(wanted, new, state.unfinished)
    rules.require_enough(wanted, len(found.members) + len(new))
    return new


def _make(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    rules.require_disks(state, wanted)
    count = len(state.disks)
    rules.require_enough(wanted, count)
    data, metadata, _mixed = default_profiles(count)
    profiles = Profiles(
        (wanted.data,) if wanted.data else data, (wanted.metadata,) if wanted.metadata else metadata
    )
    rules.require_size(wanted, state.disks, profiles)
    argv = ["mkfs.btrfs", "--quiet", "--label", wanted.label]
    if wanted.data:
        argv += ["--data", wanted.data]
    if wanted.metadata:
        argv += ["--metadata", wanted.metadata]
    step = Command(
        f"Make {wanted.title} on {names_of(state.disks)}",
        (*argv, *(disk.stable for disk in state.disks)),
        claims=tuple(disk.claim for disk in state.disks),
    )
    found = Btrfs(None, wanted.label, (), 0, profiles=profiles)
    return [step], _with_disks(state._replace(found=found), state.disks)


def _mount(state: State, place: Place) -> tuple[tuple[Any, ...], State]:
    parts, mount = plan_mount(state.mount, place)
    # The kernel tells the subvolume as the folder that is mounted.
    root = (
        mount_source.named_subvolume(mount.live.options)
        or mount_source.live_subvolume(state.mount)
        or "/"
    )
    mounted = mount.live._replace(root=root)
    return parts, state._replace(mount=mount._replace(mounted=mounted))


def _add(state: State, wanted: Wanted, disks: Sequence[Disk]) -> tuple[list[Command], State]:
    if not disks:
        return [], state
    step = Command(
        f"Add {names_of(disks)} to {wanted.title}",
        ("btrfs", "device", "add", *(disk.stable for disk in disks), wanted.where),
        claims=tuple(disk.claim for disk in disks),
    )
    return [step], _with_disks(state, disks)


def _grow(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    """A filesystem fills its disks, those that were not named as well."""
    found = state.filesystem
    steps: list[Command] = []
    members: list[Member] = []
    for member in found.members:
        part = known(member.part)  # require_whole() has seen to that
        whole = part.disk_size // found.sector * found.sector
        if whole > member.size:
            argv = ("btrfs", "filesystem", "resize", f"{member.id}:max", wanted.where)
            reason = f"Grow {wanted.title} on {member.name} to {human(whole)}"
            steps.append(Command(reason, argv))
            member = member._replace(size=whole)
        members.append(member)
    return steps, state._replace(found=found._replace(members=tuple(members)))


def _with_disks(state: State, disks: Sequence[Disk]) -> State:
    """The state once the filesystem has these disks too."""
    found = state.filesystem
    number = max((member.id for member in found.members), default=0)
    count = len(found.members) + len(disks)
    parts: list[Part] = []
    members: list[Member] = []
    for one, disk in enumerate(disks, number + 1):
        size = disk.size // found.sector * found.sector
        block = Superblock(found.uuid, found.label, one, size, count, found.sector)
        parts.append(Part(disk.device, disk.devno, disk.links, disk.size, block))
        members.append(Member(one, size, parts[-1], disk.device, 0))
    found = found._replace(members=(*found.members, *members), devices=count)
    return state._replace(found=found, parts=(*state.parts, *parts))
