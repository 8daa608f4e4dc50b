# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What is known of each storage driver of the engine: one table, and whoever decides reads it.

A new driver is a row here, and code only for what no other driver does. Refusals (``*_rules.py``),
candidates (``possible.py``), the choice behind ``auto`` (``choice.py``), the advice on upgrades
(``start.py``, ``outlook.py``), the folders (``driver_folders.py``) and the layouts
(``_layout/wanted.py``) take it up from here.

The rows are read off the engine's own source, at each release's tag: ``daemon/graphdriver/*`` of
moby (``parseOptions()`` and ``Init()`` of every driver, ``NewDeviceSet()`` and
``validateLVMConfig()`` of devicemapper). ``dockerd --validate`` checks none of this: an engine
that is given something that is not in here simply does not start.
"""

from __future__ import annotations

from collections import ChainMap

from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_row import (
    Driver,
    Layers,
    Option,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
)

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

_BLOCKS = "{} copies the blocks of a large file that change, not the whole file"

DRIVERS: dict[str, Driver] = {
    "overlay2": Driver(
        {
            "overlay2.size": Option(_SIZE, since=(17, 7), quota_on=("xfs",)),
            "overlay2.override_kernel_check": Option(_FLAG, removed=(24,)),
        },
        since=(1, 12),
        priority=10,
        kernel=(4, 0),
        modules=("overlay",),
        not_on=_NO_UPPER_LAYER,
        not_yet_on={"btrfs": (17, 6), "zfs": _TRIES_A_MOUNT},
        rank=10,
        remarks={
            "general": "overlay2 suits most work, and every engine from 1.12 on has it",
            "high_density": "on overlay2 containers start at once, and share in memory what they "
            "read",
            "large_files": "overlay2 copies a large file whole at its first write: keep such files "
            "in volumes",
        },
        drawback="a first write to a large file copies the whole file",
        storage="thin",
        mounted="xfs",
        layers=Layers(others=("l", "backingFsBlockDev")),  # "l" has short links to them
    ),
    "overlay": Driver(
        {},
        deprecated=(18, 9),
        removed=(24,),
        kernel=(3, 18),
        modules=("overlay",),
        not_on=_NO_UPPER_LAYER,
        not_yet_on={"btrfs": _TRIES_A_MOUNT, "zfs": _TRIES_A_MOUNT},
        drawback="overlay2 does the same better",
    ),
    "btrfs": Driver(
        {"btrfs.min_space": Option(_SIZE)},
        priority=30,
        snapshotter="own",
        modules=("btrfs",),
        backing=("btrfs",),
        rank=20,
        best_for=("large_files",),
        remarks={"large_files": _BLOCKS.format("btrfs")},
        drawback="what containers read is not shared in memory, and its chunks want watching",
        storage="btrfs",
        mounted="btrfs",
        layers=Layers(("subvolumes",), files=False),
    ),
    "zfs": Driver(
        {"zfs.fsname": Option(values.DATASET)},
        left_out="Debian's package has none from 28.5.2+dfsg4-5 on",  # its changelog, #1145572
        priority=40,
        snapshotter="own",
        modules=("zfs",),
        modules_from="Install zfs-dkms and linux-headers-{}, which build it for this kernel (`dkms "
        "status zfs` says whether they did)",
        loaded=("zfs",),
        programs=("zfs",),
        package="zfsutils-linux",
        backing=("zfs",),
        elsewhere="zfs.fsname",
        rank=30,
        best_for=("large_files",),
        remarks={"large_files": _BLOCKS.format("zfs")},
        drawback="its cache takes much memory, and the kernel does not bring it",
        storage="zfs",
        mounted="zfs",
        # They are datasets, mounted below its folder while a container runs.
        layers=Layers((), files=False),
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
        pool_options=("dm.thinpooldev", "dm.directlvm_device", "dm.datadev"),
        drawback="it is slow, and what containers read is not shared in memory",
        storage="pool",
        layers=Layers(
            ("metadata",), ("base", "deviceset-metadata", "transaction-metadata"), files=False
        ),
    ),
    "vfs": Driver(
        {
            "size": Option(_SIZE, since=(19, 3), quota_on=("xfs", "ext4")),
            "vfs.xattrs": Option(values.one_of("i_want_broken_containers"), since=(25,)),
        },
        priority=50,
        found=False,
        rank=50,
        drawback="it copies every layer whole",
        caution=(
            "vfs_copies",
            "vfs has no copy-on-write: each layer of an image and each container is a full copy of "
            "all the files below it, which takes that much time and space. It is for tests, and "
            "for filesystems that no other driver works on",
        ),
        layers=Layers(("dir",)),
    ),
    "aufs": Driver(
        {},
        deprecated=(19, 3),
        removed=(24,),
        modules=("aufs",),
        modules_from="Use overlay2: neither the mainline kernel nor Debian's has aufs, and Docker "
        "24.0 and later have no driver for it",
        not_on=("aufs", "btrfs", "ecryptfs"),
        drawback="the kernel does not bring it",
        layers=Layers(("layers", "diff"), files=False),  # _overlay/aufs.py weighs them
    ),
    "fuse-overlayfs": Driver(
        {},
        since=(20, 10),
        priority=20,
        snapshotter="plugin",
        kernel=(4, 18),
        modules=("fuse",),
        programs=("fuse-overlayfs",),
        package="fuse-overlayfs",
        rank=40,
        drawback="every access goes through a program; it is for engines without root",
        storage="",
        layers=Layers(others=("l",)),
    ),
}

# Sizes of the two sparse files that devicemapper makes where it is given no pool, and loops over:
# "loop-lvm".
LOOP_OPTIONS = ("dm.loopdatasize", "dm.loopmetadatasize")

# Below the data root: the first of those files, and what devicemapper knows of its base device,
# by which it tells its own pool from any other (deviceset.go).
LOOP_FILE = "devicemapper/devicemapper/data"
POOL_NOTES = "devicemapper/metadata/base"

# What the containerd image store calls its snapshotters: no storage drivers, and they take no
# storage-opts. The engine reports them in the same place (`docker info`, Driver).
SNAPSHOTTERS = ("overlayfs", "native", "devmapper", "erofs")

# The containerd image store: features.containerd-snapshotter is read from 24.0 on, and true where
# nothing is said from 29.0 on (daemon/daemon.go, daemon/image_store_choice.go).
STORE_SINCE = (24,)
STORE_BY_DEFAULT = (29,)
FEATURES_SINCE = (18, 9)  # an engine before dies of the key itself

# It takes the place of a driver, and keeps its layers with the snapshotter "overlayfs", in
# containerd's own folder.
CONTAINERD = "containerd"
_IMAGE_STORE = Driver(
    {},
    since=STORE_SINCE,
    modules=("overlay",),
    drawback="it keeps images in containerd's folder, outside of the data root",
)
KNOWN = ChainMap({CONTAINERD: _IMAGE_STORE}, DRIVERS)  # the drivers, and this one after them

# What a host's containers mostly do, and whether a btrfs or a zfs is best used for that by its own
# driver, rather than by the best driver of all.
WORKLOADS = {
    "general": True,
    "high_density": False,  # many containers of few images: platforms, CI, builds
    "large_files": True,  # that containers change in their own layer, for want of a volume
}


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


def lacks_snapshotter(name: str) -> bool:
    """Tell whether it is a driver that containerd has no snapshotter for.

    Named as storage-driver with the image store switched on, the engine comes up, and fails each
    time that it is to unpack an image.
    """
    return name in DRIVERS and not DRIVERS[name].snapshotter


def available(version: Version) -> list[str]:
    """The names of the drivers that an engine of this version has."""
    return [name for name, it in DRIVERS.items() if it.since <= version < it.removed]


def best_first() -> list[str]:
    """The names of the drivers that `auto` takes of itself."""
    return sorted((it for it in DRIVERS if DRIVERS[it].rank), key=lambda it: DRIVERS[it].rank)


def looked_for(version: Version) -> list[str]:
    """The names of the drivers that an engine tries where it is told none, in its order.

    That of 25.0 and later: ``priority`` in daemon/graphdriver/driver_linux.go.
    """
    names = (it for it in available(version) if DRIVERS[it].priority)
    return sorted(names, key=lambda it: DRIVERS[it].priority)
