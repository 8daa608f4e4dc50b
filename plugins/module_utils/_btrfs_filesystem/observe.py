# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""Reading the disks, a btrfs and its mount: no command where nothing is to be done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.devices import (
    Part,
    find_parts,
    find_unfinished,
    mounted_members,
    mounts_of,
    unmounted_members,
    uuid_at,
    uuid_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    is_inside,
    sysfs_text,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import (
    active_profiles,
    parse_chunks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.usage import (
    read_usage,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    Btrfs,
    State,
    Wanted,
    candidates,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    missing_modules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    examine,
    identify,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mounted_at,
    mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    missing_programs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.observe import (
    observe_mount,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

TOOLS = ("mkfs.btrfs", "btrfs")


def observe(run: Reader, wanted: Wanted) -> State:
    """Read the disks, the filesystem and its mount. No command where nothing is to be done."""
    table = mounts()
    disks = [identify(path) for path in wanted.devices]
    parts = find_parts(disks)
    known = {part.devno for part in parts}
    there = uuid_of(mounted_at(wanted.where, table))
    uuids = candidates(disks, parts, there, wanted.label)
    missing = missing_programs(TOOLS)
    # Several are refused, and there is nothing to see of none.
    found = _observe(run, wanted, uuids[0], parts, table, missing) if len(uuids) == 1 else None
    return State(
        disks=tuple(disk if disk.devno in known else examine(run, disk.path) for disk in disks),
        parts=parts,
        there=there,
        found=found,
        mount=observe_mount(
            run, wanted.place(""), lambda mount: found and uuid_of(mount) == found.uuid
        ),
        missing=missing,
        unfinished=find_unfinished(disk for disk in disks if disk.devno not in known),
        kernel=not missing_modules(("btrfs",), os.uname().release),
    )


def _observe(
    run: Reader,
    wanted: Wanted,
    uuid: str,
    parts: Sequence[Part],
    table: Sequence[Mount],
    missing: Sequence[str],
) -> Btrfs:
    own = [part for part in parts if part.superblock.uuid == uuid]
    mine = mounts_of(uuid, table)
    seen = next((mount for mount in mine if uuid_at(mount.path) == uuid), None)  # not mounted over
    if seen:
        members = mounted_members(seen.path, uuid, parts)
        devices = len(members)
    else:
        members = unmounted_members(own)
        devices = max(part.superblock.devices for part in own)
    devnos = {member.part.devno for member in members if member.part}
    profiles = active_profiles(uuid)
    if profiles is None and (wanted.data or wanted.metadata) and "btrfs" not in missing:
        argv = ("btrfs", "inspect-internal", "dump-tree", "-t", "chunk", own[0].device)
        status, out, _err = run(argv)  # it may fail for want of a device, which is told better
        profiles = None if status else parse_chunks(out)
    return Btrfs(
        uuid=uuid,
        label=wanted.label,
        members=members,
        devices=devices,
        sector=own[0].superblock.sector,
        strangers=tuple(part for part in own if part.devno not in devnos),
        profiles=profiles,
        operation=sysfs_text(uuid, "exclusive_operation") or "none",
        # What an engine mounts below its data root goes with it.
        elsewhere=tuple(mount for mount in mine if not is_inside(mount.path, wanted.where)),
        usage=read_usage(seen) if seen else None,
    )
