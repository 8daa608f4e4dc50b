# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A btrfs over disks and its mount, as they are and as they are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.devices import (
    Member,
    Part,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import (
    LEAST,
    Profiles,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.usage import (
    Usage,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.options import one_of
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import unit_names
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
    check_options,
    check_path,
)

# What the module sees to by other means, and why it cannot be a mount option of the user's.
_NO_OPTIONS = {
    "device": "udev tells the kernel all devices of a filesystem before it is mounted",
    "degraded": "it would let a mirror be written to by halves; mount so by hand, to mend it",
    "subvolid": "write the subvolume as subvol=PATH",
    "nospace_cache": "the filesystem has its cache of free space, and would not be mounted so",
    **dict.fromkeys(
        ("rescue", "recovery", "norecovery", "nologreplay", "usebackuproot", "clear_cache",
         "rescan_uuid_tree"),
        "it mends a filesystem once, and is no way to mount it ever after; mount so by hand",
    ),
}  # fmt: skip


class Wanted(NamedTuple):
    """A mounted btrfs as the user wants it."""

    label: str
    devices: tuple[str, ...]  # paths
    data: str | None  # profile; None keeps what is there
    metadata: str | None
    where: str
    options: tuple[str, ...]  # of the mount, without the subvolume
    subvolume: str | None = None  # "/@docker"; None keeps what is mounted, or takes the default
    required_by: tuple[str, ...] = ()
    keep_existing: bool = False

    @property
    def title(self) -> str:
        """The filesystem, as people call it."""
        return f"btrfs {self.label}"

    def place(self, what: str, *options: str) -> Place:
        """The :class:`Place` of its mount from ``what``."""
        unit = MountUnit(what, self.where, "btrfs", (*self.options, *options))
        return Place(self.title, unit, self.required_by, self.keep_existing)


class Btrfs(NamedTuple):
    """One filesystem. What a command is still to decide is None."""

    uuid: str | None
    label: str
    members: tuple[Member, ...]
    devices: int  # how many it is made of
    sector: int = 4096  # bytes
    strangers: tuple[Part, ...] = ()  # each says it belongs to it, and does not
    profiles: Profiles | None = None  # None: unknown, while it is not mounted
    operation: str = "none"  # what it is busy with, that admits nothing else
    elsewhere: tuple[Mount, ...] = ()  # those of it at other places
    usage: Usage | None = None  # None while it is not mounted

    @property
    def names(self) -> set[str]:
        """The names of it that still mean it after a reboot, and mean nothing else.

        A label is not among them: another disk may bring the same one, and udev's link to it
        would then lead to either.
        """
        links = {link for member in self.members if member.part for link in member.part.links}
        own = {f"UUID={self.uuid}", f"/dev/disk/by-uuid/{self.uuid}"} if self.uuid else set()
        return links | own


class State(NamedTuple):
    """All that a mounted btrfs depends on."""

    disks: tuple[Disk, ...]  # in the order in which they were named
    parts: tuple[Part, ...]  # all btrfs of the host
    there: str | None  # the UUID of the btrfs that is mounted at the path
    found: Btrfs | None
    mount: MountState
    missing: tuple[str, ...] = ()  # those of TOOLS that are not on the host
    kernel: bool = True  # whether it has btrfs
    # Named disks on which a mkfs.btrfs was broken off: number -> label that it was to have.
    unfinished: Mapping[str, str] = MappingProxyType({})

    @property
    def filesystem(self) -> Btrfs:
        """The filesystem, where it is known that there is one."""
        return known(self.found)


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    check_path(params["path"])
    label = params["label"]
    if (
        not 0 < len(label.encode(errors="surrogatepass")) < 256
        or label.startswith("-")
        or not label.isprintable()
    ):
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
        check_options("btrfs", [option])
        if name == "subvol":
            subvolume = "/" + value.strip("/")
        else:
            plain.append(option)
    return Wanted(
        label=label,
        devices=tuple(params["devices"]),
        data=one_of("data_profile", params["data_profile"], LEAST),
        metadata=one_of("metadata_profile", params["metadata_profile"], LEAST),
        where=params["path"],
        options=tuple(plain),
        subvolume=subvolume,
        required_by=unit_names("required_by", params["required_by"]),
        keep_existing=params["existing_data"] == "keep",
    )


def _check_option(option: str, name: str) -> None:
    wrong = _NO_OPTIONS.get(name)
    if wrong:
        raise StorageError(
            f"mount_options={option}",
            wrong,
            "Leave it out",
            refusal="option_value_invalid",
        )


def candidates(
    disks: Sequence[Disk], parts: Sequence[Part], there: str | None, label: str
) -> tuple[str, ...]:
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
            uuids = (part.superblock.uuid for part in some)
            return tuple(dict.fromkeys(uuid for uuid in uuids if uuid))
    return ()
