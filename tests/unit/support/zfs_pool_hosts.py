# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with a ZFS pool called docker, for tables: small builders with disks of 10 GiB."""

from __future__ import annotations

from types import MappingProxyType

from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    MountState,
    Place,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import Arc
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import PoolMember
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.arc import ArcState
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    Imported,
    State,
    Wanted,
)
from support.lvm_hosts import disk
from support.zfs_hosts import dataset

ROOT = "/var/lib/docker"
UNIT = MountUnit("docker/data", ROOT, "zfs", ())
GUARD = "/etc/systemd/system/docker.service.d/50-var-lib-docker.conf"
NOTHING = Folder(Holdings(ROOT))
LIVE = Mount("0:40", "/", ROOT, "zfs", "docker/data", ("rw", "xattr", "noacl"))
WELL = MappingProxyType({"health": "ONLINE", "readonly": "off"})
ARC = Arc(size=GIB // 8, largest=GIB, limit=GIB, memory=4 * GIB)


def member(number=1, group="", path=None, **more):
    """Disk ``number`` as a member, by the name that the pool recorded."""
    link = f"/dev/disk/by-id/virtio-disk{number}-part1"
    values = {"state": "ONLINE", "group": group, "disk": disk(number)}
    return PoolMember(path or link, **{**values, **more})


def pool(*members, name="docker", health="ONLINE"):
    """A pool that is imported, of disk 1 if nothing is said."""
    return Imported(name, health, members or (member(),))


def mirrors(*pairs):
    """A pool of mirrors of these disks."""
    return pool(
        *(member(number, f"mirror-{index}") for index, pair in enumerate(pairs) for number in pair)
    )


def place(units=("docker.service",), keep=False, target="docker/data"):
    """The data root, where Docker needs it."""
    return Place(target, UNIT._replace(what=target), units, keep)


def want(**more):
    """A wish for the pool alone."""
    return Wanted("docker", **more)


def want_mounted(dataset="docker/data", units=("docker.service",), keep=False, **more):
    """A wish for the pool, and a filesystem of it at the data root."""
    return want(filesystem=dataset, place=place(units, keep, dataset), **more)


def host(*pools, disks=(), **more):
    """A host on which nothing of the pool is mounted."""
    values = {"arc": ArcState(ARC), "values": WELL if pools else MappingProxyType({})}
    return State(tuple(pools), disks=tuple(disks), **{**values, **more})


def unmounted(**more):
    """The mount of a host on which Docker runs on the empty folder."""
    values = {
        "mounted": None, "ours": False, "unit_text": None, "enabled": False, "table": None,
        "guarded": (), "guard_texts": {}, "active": ("docker.service",), "folder": NOTHING,
        "folder_exists": True,
    }  # fmt: skip
    return MountState(**{**values, **more})


def mounted(**more):
    """The mount of a host on which all is done."""
    values = {
        "mounted": LIVE, "ours": True, "guarded": ("docker.service",),
        "guard_texts": {"docker.service": UNIT.guard_text}, "active": (), "folder": None,
    }  # fmt: skip
    return unmounted(**{**values, **more})


def filesystem(name="docker/data", **own):
    """The filesystem at the data root, with properties of its own."""
    return dataset(name, **{"mountpoint": ROOT, "mounted": "yes", **own})


def filesystems(*found):
    """Name -> Dataset of the pool's own, which is not mounted, and of those given."""
    root = dataset("docker", mountpoint="none", mounted="no")
    return MappingProxyType({it.name: it for it in (root, *found)})


def done(*found, **more):
    """A host on which the filesystem is mounted as it should be."""
    values = {
        "disks": [disk()],
        "datasets": filesystems(*(found or (filesystem(),))),
        "mount": mounted(),
    }
    return host(pool(), **{**values, **more})
