# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with LVM, for tables: small builders with the values of a 10 GiB disk."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    Lvm,
    PhysicalVolume,
    VolumeGroup,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    GroupState,
)

EXTENT = 4 * MIB
DISK_EXTENTS = 2559  # of 10 GiB: 1 MiB goes to LVM, the rest is less than an extent


def disk(number=1, path=None, **more):
    """A blank disk of 10 GiB: virtio-disk1 is vdb, virtio-disk2 is vdc."""
    link = f"/dev/disk/by-id/virtio-disk{number}"
    values = {
        "exists": True,
        "device": f"/dev/vd{'abcdefgh'[number]}",
        "devno": f"254:{number * 16}",
        "size": 10 * GIB,
        "serial": f"disk{number}",
        "links": (link,),
    }
    return Disk(path or link, **{**values, **more})


def pv(number=1, extents=DISK_EXTENTS, **more):
    """The physical volume on disk ``number``."""
    values = {
        "path": f"/dev/vd{'abcdefgh'[number]}",
        "uuid": f"pv{number}",
        "size": 10 * GIB,
        "extents": extents,
        "allocated": 0,
        "missing": False,
        "duplicate": False,
        "in_use": True,
    }
    return PhysicalVolume(**{**values, **more})


def pool(extents=2047, metadata=1, **more):
    """A thin pool as this collection makes it."""
    values = {
        "uuid": "pool-uuid",
        "kind": "thin-pool",
        "role": "private",
        "path": "/dev/mapper/docker-thinpool",
        "profile": "docker-thinpool",
        "metadata_extents": metadata,
        "chunk_size": 512 * 1024,
        "zero": False,
        "discards": "passdown",
        "when_full": "queue",
        "monitored": True,
        "data_percent": 0.0,
        "metadata_percent": 10.0,
    }
    return LogicalVolume("thinpool", extents=extents, **{**values, **more})


def spare(extents=1):
    """The pool metadata spare of a group."""
    return LogicalVolume(
        "lvol0_pmspare", "spare", extents, "linear", "private,pool,spare", hidden=True
    )


def group(*lvs, disks=1, name="docker", **more):
    """A volume group on the first ``disks`` disks, with the spare that a pool brings."""
    volumes = list(lvs)
    pools = [lv for lv in lvs if lv.kind == "thin-pool"]
    if pools:
        volumes.append(spare(max(lv.metadata_extents for lv in pools)))
    taken = sum(lv.extents + lv.metadata_extents for lv in volumes if lv.kind != "thin")
    extents = DISK_EXTENTS * disks
    values = {"uuid": f"{name}-uuid", "extent_size": EXTENT}
    values.update(extents=extents, free=extents - taken)
    values.update(pvs=tuple(pv(number) for number in range(1, disks + 1)), lvs=tuple(volumes))
    return VolumeGroup(name, **{**values, **more})


def groups(*found, disks=(), orphans=(), name_taken=False):
    """What one observation of LVM and of the named disks gives."""
    pvs = [one for each in found for one in each.pvs] + list(orphans)
    numbers = {f"/dev/vd{letter}": number for number, letter in enumerate("abcdefgh")}
    return GroupState(
        lvm=Lvm(tuple(found), tuple(orphans)),
        disks=tuple(disks),
        members={f"254:{numbers[one.path] * 16}": one.path for one in pvs if not one.missing},
        name_taken=name_taken,
    )
