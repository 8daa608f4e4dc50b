# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Which storage drivers an engine has, what each of them needs, and which options it takes.

The table is read off the engine's own source, at each release's tag: ``daemon/graphdriver/*`` of
moby (``parseOptions()`` and ``Init()`` of every driver, ``NewDeviceSet()`` and
``validateLVMConfig()`` of devicemapper). ``dockerd --validate`` checks none of this: an engine
that is given something that is not in here simply does not start.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
)


class Option(NamedTuple):
    """A storage option of the engine, as daemon.json's ``storage-opts`` takes it."""

    kind: values.Kind
    since: Version = ()  # the first engine that has it
    removed: Version = (9999,)  # the first engine that dies of it
    repeats: bool = False  # may be given more than once
    quota: bool = False  # works only where the filesystem has project quotas switched on


class Driver(NamedTuple):
    """A storage driver ("graph driver") of the engine."""

    options: dict[str, Option]  # by name
    since: Version = ()
    deprecated: Version = (9999,)  # the first engine that says that it will go
    removed: Version = (9999,)
    kernel: Version = ()  # the oldest kernel; EL7's 3.10 has overlay ported back to it
    modules: tuple[str, ...] = ()  # what the kernel has to know of: filesystems, or "dm_mod"
    loaded: tuple[str, ...] = ()  # those of them that the engine does not load by itself
    programs: tuple[str, ...] = ()  # what has to be on the engine's PATH
    left_out: str = ""  # builds of the engine that were made without it
    backing: tuple[str, ...] = ()  # the only filesystems that the data root may be on; () for any
    not_on: tuple[str, ...] = ()  # the filesystems that it may not be on
    not_yet_on: dict[str, Version] = {}  # filesystem -> the first engine that takes it on that
    elsewhere: str = ""  # an option that gives it another place than the data root's filesystem


_SIZE, _FLAG, _TEXT = values.SIZE, values.BOOLEAN, values.TEXT
_PERCENT, _SHARE = values.percent(100), values.percent(99)

# Overlay needs an upper layer with d_type, trusted xattrs and whiteouts, that nobody else changes
# (ovl_get_upper() in the kernel's fs/overlayfs/super.c): these have not all.
_NO_UPPER_LAYER = (
    *("overlay", "aufs", "ecryptfs", "nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "virtiofs"),
    *("fuse", "fuseblk", "vfat", "msdos", "exfat"),
)

# Engines before these went by a list of filesystems; since then they try a mount and see.
_TRIES_A_MOUNT = (19, 3, 7)

# ZFS carries the upper layer of an overlay from here on (release notes of OpenZFS 2.2.0).
OVERLAY_ON_ZFS = (2, 2)

DRIVERS: dict[str, Driver] = {
    "overlay2": Driver(
        {
            "overlay2.size": Option(_SIZE, since=(17, 7), quota=True),
            "overlay2.override_kernel_check": Option(_FLAG, removed=(24,)),
        },
        since=(1, 12),
        kernel=(4, 0),
        modules=("overlay",),
        not_on=_NO_UPPER_LAYER,
        not_yet_on={"btrfs": (17, 6), "zfs": _TRIES_A_MOUNT},
    ),
    "overlay": Driver(
        {},
        deprecated=(18, 9),
        removed=(24,),
        kernel=(3, 18),
        modules=("overlay",),
        not_on=_NO_UPPER_LAYER,
        not_yet_on={"btrfs": _TRIES_A_MOUNT, "zfs": _TRIES_A_MOUNT},
    ),
    "btrfs": Driver({"btrfs.min_space": Option(_SIZE)}, modules=("btrfs",), backing=("btrfs",)),
    "zfs": Driver(
        {"zfs.fsname": Option(values.DATASET)},
        modules=("zfs",),
        loaded=("zfs",),
        left_out="Debian's package has none from 28.5.2+dfsg4-5 on",  # its changelog, #1145572
        programs=("zfs",),
        backing=("zfs",),
        elsewhere="zfs.fsname",
    ),
    "devicemapper": Driver(
        {
            "dm.basesize": Option(_SIZE),
            "dm.blkdiscard": Option(_FLAG),
            "dm.blocksize": Option(values.BLOCK),
            "dm.datadev": Option(_TEXT),
            "dm.directlvm_device": Option(_TEXT, since=(17, 6)),
            "dm.directlvm_device_force": Option(_FLAG, since=(17, 6)),
            "dm.fs": Option(values.one_of("xfs", "ext4")),
            "dm.libdm_log_level": Option(values.integer(2, 7), since=(17, 7)),
            "dm.loopdatasize": Option(_SIZE),
            "dm.loopmetadatasize": Option(_SIZE),
            "dm.metadatadev": Option(_TEXT),
            "dm.min_free_space": Option(values.percent(99, sign="required")),
            "dm.mkfsarg": Option(_TEXT, repeats=True),
            "dm.mountopt": Option(_TEXT, repeats=True),
            "dm.override_udev_sync_check": Option(_FLAG),
            "dm.thinp_autoextend_percent": Option(_PERCENT, since=(17, 6)),
            "dm.thinp_autoextend_threshold": Option(_PERCENT, since=(17, 6)),
            "dm.thinp_metapercent": Option(_SHARE, since=(17, 6)),
            "dm.thinp_percent": Option(_SHARE, since=(17, 6)),
            "dm.thinpooldev": Option(values.POOL_DEVICE),
            "dm.use_deferred_deletion": Option(_FLAG),
            "dm.use_deferred_removal": Option(_FLAG),
            "dm.xfs_nospace_max_retries": Option(values.integer(0, 2**64 - 1)),
        },
        deprecated=(18, 9),
        removed=(25,),
        modules=("dm_mod",),
    ),
    "vfs": Driver(
        {
            "size": Option(_SIZE, since=(19, 3), quota=True),
            "vfs.xattrs": Option(values.one_of("i_want_broken_containers"), since=(25,)),
        }
    ),
    "aufs": Driver(
        {},
        deprecated=(19, 3),
        removed=(24,),
        modules=("aufs",),
        not_on=("aufs", "btrfs", "ecryptfs"),
    ),
    "fuse-overlayfs": Driver(
        {}, since=(20, 10), kernel=(4, 18), modules=("fuse",), programs=("fuse-overlayfs",)
    ),
}

# Options of devicemapper that name a place for its pool; without one of them it makes two sparse
# files and loops over them: "loop-lvm".
POOL_OPTIONS = ("dm.thinpooldev", "dm.directlvm_device", "dm.datadev")
LOOP_OPTIONS = ("dm.loopdatasize", "dm.loopmetadatasize")

# Below the data root: the first of those files, and what devicemapper knows of its base device,
# by which it tells its own pool from any other (deviceset.go).
LOOP_FILE = "devicemapper/devicemapper/data"
POOL_NOTES = "devicemapper/metadata/base"

# Modules that no kernel brings, and where they come from; {} is the kernel's release.
MODULE_SOURCES = {
    "zfs": "Install zfs-dkms and linux-headers-{}, which build it for this kernel (`dkms status "
    "zfs` says whether they did)",
    "aufs": "Use overlay2: neither the mainline kernel nor Debian's has aufs, and Docker 24.0 and "
    "later have no driver for it",
}
PROGRAM_SOURCES = {"zfs": "zfsutils-linux", "fuse-overlayfs": "fuse-overlayfs"}  # packages

# What the containerd image store calls its snapshotters: no storage drivers, and they take no
# storage-opts. The engine reports them in the same place (`docker info`, Driver).
SNAPSHOTTERS = ("overlayfs", "native", "devmapper", "erofs")

# Drivers that containerd has no snapshotter for: named as storage-driver with the image store
# switched on, the engine comes up, and fails each time that it is to unpack an image.
NO_SNAPSHOTTERS = ("overlay2", "overlay", "devicemapper", "vfs", "aufs")

# The containerd image store: features.containerd-snapshotter is read from 24.0 on, and true where
# nothing is said from 29.0 on (daemon/daemon.go, daemon/image_store_choice.go).
STORE_SINCE = (24,)
STORE_BY_DEFAULT = (29,)
FEATURES_SINCE = (18, 9)  # an engine before dies of the key itself


def dotted(version: Version) -> str:
    """``(25,)`` as ``25.0``; ``(26, 1, 5)`` as ``26.1.5``; ``(18, 9)``, a month, as ``18.09``."""
    major, minor, *rest = tuple(version) if len(version) > 1 else (*version, 0)
    month = 17 <= major <= 19
    return ".".join([str(major), f"{minor:02}" if month else str(minor), *map(str, rest)])


def needs_store_off(name: str, version: Version) -> bool:
    """Tell whether naming a driver is not enough: 29.0.0 took most names for a snapshotter's.

    Fixed in 29.0.1 (moby#51516).
    """
    return (29,) <= version < (29, 0, 1) and name not in ("overlay2", "vfs", "btrfs")


def available(version: Version) -> list[str]:
    """The names of the drivers that an engine of this version has."""
    return [name for name, it in DRIVERS.items() if it.since <= version < it.removed]
