# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A btrfs over disks and its mount, as they are and as they are wanted."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.devices import (
    find_parts,
    mounted_members,
    mounts_of,
    unmounted_members,
    uuid_at,
    uuid_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    is_inside,
    read_text,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import (
    Profiles,
    active_profiles,
    parse_chunks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.usage import (
    Usage,
    read_usage,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    missing_modules,
    missing_programs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    examine,
    identify,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    mounted_at,
    mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
    check_path,
    describe_mount,
    observe_mount,
)

TOOLS = ("mkfs.btrfs", "btrfs")

# What the module sees to by other means, and why it cannot be a mount option of the user's.
_NO_OPTIONS = {
    "device": "udev tells the kernel all devices of a filesystem before it is mounted",
    "degraded": "it would let a mirror be written to by halves; mount so by hand, to mend it",
    "subvolid": "write the subvolume as subvol=PATH",
}


class Wanted(NamedTuple):
    """A mounted btrfs as the user wants it."""

    label: str
    devices: tuple  # paths
    data: str | None  # profile; None keeps what is there
    metadata: str | None
    where: str
    options: tuple  # of the mount, without the subvolume
    subvolume: str | None = None  # "/@docker"; None keeps what is mounted, or takes the default
    required_by: tuple = ()
    keep_existing: bool = False

    @property
    def title(self):
        """The filesystem, as people call it."""
        return f"btrfs {self.label}"

    def place(self, what, *options):
        """The :class:`Place` of its mount from ``what``."""
        unit = MountUnit(what, self.where, "btrfs", (*self.options, *options))
        return Place(self.title, unit, self.required_by, self.keep_existing)


class Btrfs(NamedTuple):
    """One filesystem. What a command is still to decide is None."""

    uuid: str | None
    label: str
    members: tuple  # of Member
    devices: int  # how many it is made of
    sector: int = 4096  # bytes
    strangers: tuple = ()  # each Part that says it belongs to it, and does not
    profiles: Profiles | None = None  # None: unknown, while it is not mounted
    operation: str = "none"  # what it is busy with, that admits nothing else
    elsewhere: tuple = ()  # each Mount of it at other places
    usage: Usage | None = None  # None while it is not mounted

    @property
    def names(self):
        """The names of it that still mean it after a reboot, and mean nothing else.

        A label is not among them: another disk may bring the same one, and udev's link to it
        would then lead to either.
        """
        links = {link for member in self.members if member.part for link in member.part.links}
        own = {f"UUID={self.uuid}", f"/dev/disk/by-uuid/{self.uuid}"} if self.uuid else set()
        return links | own


class State(NamedTuple):
    """All that a mounted btrfs depends on."""

    disks: tuple  # of Disk, in the order in which they were named
    parts: tuple  # of Part: all btrfs of the host
    there: str | None  # the UUID of the btrfs that is mounted at the path
    found: Btrfs | None
    mount: MountState
    missing: tuple = ()  # those of TOOLS that are not on the host
    kernel: bool = True  # whether it has btrfs


def wanted_from(params):
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    check_path(params["path"])
    label = params["label"]
    if not 0 < len(label.encode()) < 256 or label.startswith("-") or not label.isprintable():
        raise StorageError(
            f"label={label}",
            "btrfs does not take it, or a command would take it for an option",
            "Write 1 to 255 bytes of text that do not begin with a dash",
            refusal="name_invalid",
        )
    plain, subvolume = [], None
    for option in params["mount_options"]:
        name, _equals, value = option.partition("=")
        _check_option(option, name)
        if name == "subvol":
            subvolume = "/" + value.strip("/")
        else:
            plain.append(option)
    return Wanted(
        label=label,
        devices=tuple(params["devices"]),
        data=params["data_profile"],
        metadata=params["metadata_profile"],
        where=params["path"],
        options=tuple(plain),
        subvolume=subvolume,
        required_by=tuple(params["required_by"]),
        keep_existing=params["existing_data"] == "keep",
    )


def _check_option(option, name):
    wrong = _NO_OPTIONS.get(name)
    if wrong is None and not re.fullmatch(r"[^\s,]+", option):
        wrong = "one option has no space and no comma in it"
    if wrong:
        raise StorageError(
            f"mount_options={option}",
            wrong,
            "Leave it out, or write each option as an item",
            refusal="option_value_invalid",
        )


def observe(run, wanted):
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
        kernel=not missing_modules(("btrfs",), os.uname().release),
    )


def candidates(disks, parts, there, label):
    """The UUIDs of the filesystems that the wanted one may be, by their label.

    Those on the named disks come before the one at the mount point, that before all others.

    :param there: the UUID at the mount point.
    """
    named = {disk.devno for disk in disks}
    labelled = [part for part in parts if part.superblock.label == label]
    for some in (
        [part for part in labelled if part.devno in named],
        [part for part in labelled if there and part.superblock.uuid == there],
        labelled,
    ):
        if some:
            return tuple(dict.fromkeys(part.superblock.uuid for part in some))
    return ()


def _observe(run, wanted, uuid, parts, table, missing):
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
        operation=read_text(uuid, "exclusive_operation") or "none",
        # What an engine mounts below its data root goes with it.
        elsewhere=tuple(mount for mount in mine if not is_inside(mount.path, wanted.where)),
        usage=read_usage(seen) if seen else None,
    )


def describe(state, wanted):
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there or unknown."""
    found = state.found
    return {
        "filesystem": None
        if found is None
        else {
            "type": "btrfs",
            "uuid": found.uuid,
            "label": found.label,
            "devices": [
                {"id": member.id, "device": member.name, "size": member.size}
                for member in found.members
            ],
            "data_profiles": list(found.profiles.data) if found.profiles else None,
            "metadata_profiles": list(found.profiles.metadata) if found.profiles else None,
        },
        **describe_mount(state.mount),
    }
