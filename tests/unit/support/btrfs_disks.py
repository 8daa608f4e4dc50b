# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with a btrfs over whole disks, for tables: small builders with disks of 10 GiB."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.devices import (
    Member,
    Part,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import Profiles
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.superblock import (
    Superblock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    Btrfs,
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    MountState,
)
from support.lvm_hosts import disk

ROOT = "/var/lib/docker"
UUID = "6b8f3c5e-0f5e-4f43-9d3a-0d2f7a2b8d11"
BY_UUID = f"/dev/disk/by-uuid/{UUID}"
ONE, TWO, THREE = (f"/dev/disk/by-id/virtio-disk{number}" for number in (1, 2, 3))
LIVE = Mount("0:42", "/", ROOT, "btrfs", "/dev/vdb", ("rw", "noatime", "subvolid=5", "subvol=/"))
NOTHING = Folder(Holdings(ROOT))


def part(number=1, id=None, **more):
    """Disk ``number``, as it says of itself; by default device ``number`` of two."""
    size = more.pop("disk_size", 10 * GIB)
    block = Superblock(UUID, "docker", id or number, 10 * GIB, 2, 4096)._replace(**more)
    found = disk(number)
    return Part(found.device, found.devno, found.links, size, block)


def member(number=1, used=GIB, size=10 * GIB, there=True, **more):
    """Device ``number`` of the filesystem, on disk ``number``."""
    found = part(number, **more)
    return Member(number, size, found if there else None, found.device, used)


def btrfs(*members, **more):
    """A filesystem on one disk, as mkfs.btrfs makes it, unless told otherwise."""
    members = members or (member(),)
    values = {"devices": len(members), "profiles": Profiles(("single",), ("dup",))}
    return Btrfs(UUID, "docker", members, **{**values, **more})


def host(found=None, disks=(), parts=None, **more):
    """A host on which it is not mounted, and Docker runs on the empty folder below."""
    if parts is None:
        members = found.members if found else ()
        parts = (*(one.part for one in members if one.part), *(found.strangers if found else ()))
    mount = {
        "mounted": None,
        "ours": False,
        "unit_text": None,
        "enabled": False,
        "table": None,
        "guarded": (),
        "guard_texts": {},
        "active": ("docker.service",),
        "folder": NOTHING,
        "folder_exists": True,
    }
    mount.update((key, more.pop(key)) for key in mount.keys() & more.keys())
    values = {"there": None, **more}
    return State(tuple(disks), tuple(parts), found=found, mount=MountState(**mount), **values)


def mounted(found=None, disks=None, what=BY_UUID, options=("noatime",), **more):
    """A host on which all is done."""
    unit = want().place(what)
    unit = unit._replace(unit=unit.unit._replace(options=options)).unit
    values = {
        "there": UUID,
        "mounted": LIVE,
        "ours": True,
        "unit_text": unit.text,
        "enabled": True,
        "guarded": ("docker.service",),
        "guard_texts": {"docker.service": unit.guard_text},
        "active": (),
        "folder": None,
    }
    return host(found or btrfs(), (disk(),) if disks is None else disks, **{**values, **more})


def want(**more):
    """A wish for the data root of Docker; what is not said is to stay as it is."""
    values = {"label": "docker", "devices": (), "data": None, "metadata": None}
    values.update(where=ROOT, options=("noatime",), required_by=("docker.service",))
    return Wanted(**{**values, **more})
