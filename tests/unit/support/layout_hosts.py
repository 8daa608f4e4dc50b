# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole layouts, for tables: a module's options, and what each layer of a stack finds.

The layers come from the builders of the rooms that keep them: a disk of 10 GiB, and Docker on the
folder that the mount is to come over.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    Pool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import Xfs
from ansible_collections.containerhost.storage.plugins.module_utils._layout.state import State
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import OPTIONS
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import LogicalVolume
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
    state as volumes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import state as pools
from support import btrfs_disks, engine_hosts, zfs_pool_hosts
from support.lvm_hosts import DISK_EXTENTS, EXTENT, disk, group, groups, pool

ROOT = "/var/lib/docker"
DISK = "/dev/disk/by-id/virtio-disk1"
PROFILE = "/etc/lvm/profile/docker-thinpool.profile"
TEXT = "activation {\n\tthin_pool_autoextend_threshold=80\n\tthin_pool_autoextend_percent=20\n}\n"

UNIT = MountUnit("/dev/mapper/docker-data", ROOT, "xfs", ("noatime", "prjquota"))
LIVE = Mount("252:0", "/", ROOT, "xfs", "/dev/mapper/docker-data", ("rw", "noatime", "prjquota"))
THIN_SIZE, PLAIN_SIZE = DISK_EXTENTS * 95 // 100, DISK_EXTENTS * 80 // 100
THIN = LogicalVolume("data", "u", THIN_SIZE, "thin", "public", pool="thinpool")
PLAIN = LogicalVolume("data", "u", PLAIN_SIZE, "linear", "public")

ON_XFS = Backing(ROOT, "xfs", ("rw", "noatime", "prjquota"))
ON_BTRFS = Backing(ROOT, "btrfs", btrfs_disks.LIVE.options)
ON_ZFS = Backing(ROOT, "zfs", zfs_pool_hosts.LIVE.options)
OVERLAY2 = engine_hosts.PINNED
DM_OPTIONS = (
    '"storage-opts": ["dm.thinpooldev=/dev/mapper/docker-thinpool", '
    '"dm.use_deferred_deletion=true", "dm.use_deferred_removal=true"]'
)
ON_POOL = f'{{"storage-driver": "devicemapper", {DM_OPTIONS}}}'
ON_DATASET = '{"storage-driver": "zfs", "storage-opts": ["zfs.fsname=docker/data"]}'


def options(**given):
    """The options of storage_layout, as Ansible fills them in."""
    return {**{name: option.get("default") for name, option in OPTIONS.items()}, **given}


def layout(*layers, choice=None, missing=(), packages=()):
    """A host's whole layout, the layers lowest first."""
    return State(choice, missing, packages, layers)


def lvm_pool(*found, profiles=None):
    """What the keeper of a pool finds; nothing but a blank disk if nothing is said."""
    if profiles is None:
        profiles = {"docker-thinpool": TEXT} if found else {}
    return pools.State(groups(*found, disks=[disk()]), LvmConfig(), profiles, True)


def volume(*found, disks=(), xfs=None, mount=None, size=0, device=None):
    """What the keeper of a volume finds; Docker on the folder below if nothing is said."""
    mount = mount or btrfs_disks.host().mount
    return volumes.State(groups(*found, disks=disks), device, xfs, mount, size)


def mounted_volume(found, data):
    """A volume that is mounted, and guarded."""
    xfs = Xfs("5f", 4096, data.extents * EXTENT // 4096, 2560, ftype=True)
    mount = btrfs_disks.host().mount._replace(
        mounted=LIVE,
        ours=True,
        unit_text=UNIT.text,
        enabled=True,
        guarded=("docker.service",),
        guard_texts={"docker.service": UNIT.guard_text},
        active=(),
        folder=None,
    )
    return volume(found, xfs=xfs, mount=mount, size=data.extents * EXTENT)


def engine(driver="overlay2", text=None, **more):
    """What the keeper of the engine finds: Docker 20.10 that runs, on ext4 if nothing is said."""
    return engine_hosts.host(driver, text, **more)


NO_POOL = Prerequisites(version=(20, 10, 24), pool=Pool("docker-thinpool", exists=False))
NO_DATASET = Prerequisites(version=(20, 10, 24), dataset=False, unloaded_modules=("zfs",))

POOL_GROUP = group(pool())
THIN_GROUP = group(pool(), THIN)
PLAIN_GROUP = group(PLAIN)

# By storage: a wish for it, the blank host, and the host on which all is done.
STACKS = {
    "pool": (
        options(driver="devicemapper", devices=[DISK]),
        layout(lvm_pool(), engine(prerequisites=NO_POOL)),
        layout(lvm_pool(POOL_GROUP), engine("devicemapper", ON_POOL)),
    ),
    "thin": (
        options(devices=[DISK]),
        layout(lvm_pool(), volume(), engine()),
        layout(
            lvm_pool(THIN_GROUP),
            mounted_volume(THIN_GROUP, THIN),
            engine(text=OVERLAY2, backing=ON_XFS),
        ),
    ),
    "plain": (
        options(devices=[DISK], volume_kind="plain"),
        layout(volume(disks=[disk()]), engine()),
        layout(mounted_volume(PLAIN_GROUP, PLAIN), engine(text=OVERLAY2, backing=ON_XFS)),
    ),
    "btrfs": (
        options(driver="btrfs", devices=[DISK]),
        layout(btrfs_disks.host(disks=[disk()]), engine()),
        layout(
            btrfs_disks.mounted(),
            engine("btrfs", '{"storage-driver": "btrfs"}', backing=ON_BTRFS),
        ),
    ),
    "zfs": (
        options(driver="zfs", devices=[DISK]),
        layout(
            zfs_pool_hosts.host(disks=[disk()], mount=zfs_pool_hosts.unmounted()),
            engine(prerequisites=NO_DATASET),
        ),
        layout(
            zfs_pool_hosts.done(),
            engine("zfs", ON_DATASET, backing=ON_ZFS, status=[["Parent Dataset", "docker/data"]]),
        ),
    ),
    "none": (
        options(volume_kind="none"),
        layout(engine()),
        layout(engine(text=OVERLAY2)),
    ),
}
