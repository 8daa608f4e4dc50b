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

from ansible_collections.containerhost.storage.plugins.module_utils import (
    _option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._plan import StorageError


class Option(NamedTuple):
    """A storage option of the engine, as daemon.json's ``storage-opts`` takes it."""

    kind: values.Kind
    since: tuple = ()  # the first engine that has it
    removed: tuple = (9999,)  # the first engine that dies of it
    repeats: bool = False  # may be given more than once
    quota: bool = False  # works only where the filesystem has project quotas switched on


class Driver(NamedTuple):
    """A storage driver ("graph driver") of the engine."""

    options: dict  # name -> Option
    since: tuple = ()
    removed: tuple = (9999,)
    kernel: tuple = ()  # the oldest kernel; EL7's 3.10 has overlay ported back to it
    modules: tuple = ()  # what the kernel has to know of: filesystems, or "dm_mod"
    programs: tuple = ()  # what has to be on the engine's PATH
    backing: tuple = ()  # the only filesystems that the data root may be on; () for any
    not_on: tuple = ()  # the filesystems that it may not be on
    elsewhere: str = ""  # an option that gives it another place than the data root's filesystem


_SIZE, _FLAG, _TEXT = values.SIZE, values.BOOLEAN, values.TEXT
_PERCENT, _SHARE = values.percent(100), values.percent(99)

# Overlay needs an upper layer with d_type, trusted xattrs and whiteouts: these have not all.
_NO_UPPER_LAYER = ("overlay", "aufs", "ecryptfs", "nfs", "nfs4", "vfat")

DRIVERS = {
    "overlay2": Driver(
        {
            "overlay2.size": Option(_SIZE, since=(17, 7), quota=True),
            "overlay2.override_kernel_check": Option(_FLAG, removed=(24,)),
        },
        since=(1, 12),
        kernel=(4, 0),
        modules=("overlay",),
        not_on=_NO_UPPER_LAYER,
    ),
    "overlay": Driver(
        {}, removed=(24,), kernel=(3, 18), modules=("overlay",), not_on=_NO_UPPER_LAYER
    ),
    "btrfs": Driver({"btrfs.min_space": Option(_SIZE)}, modules=("btrfs",), backing=("btrfs",)),
    "zfs": Driver(
        {"zfs.fsname": Option(_TEXT)},
        modules=("zfs",),
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
        removed=(25,),
        modules=("dm_mod",),
    ),
    "vfs": Driver(
        {
            "size": Option(_SIZE, since=(19, 3), quota=True),
            "vfs.xattrs": Option(values.one_of("i_want_broken_containers"), since=(25,)),
        }
    ),
    "aufs": Driver({}, removed=(24,), modules=("aufs",), not_on=("aufs", "btrfs", "ecryptfs")),
    "fuse-overlayfs": Driver(
        {}, since=(20, 10), kernel=(4, 18), modules=("fuse",), programs=("fuse-overlayfs",)
    ),
}

# What the containerd image store calls its snapshotters: no storage drivers, and they take no
# storage-opts. The engine reports them in the same place (`docker info`, Driver).
SNAPSHOTTERS = ("overlayfs", "native", "devmapper", "erofs")


def dotted(version):
    """``(25,)`` as ``25.0``; ``(26, 1, 5)`` as ``26.1.5``."""
    parts = tuple(version) if len(version) > 1 else (*version, 0)
    return ".".join(map(str, parts))


def available(version):
    """The names of the drivers that an engine of this version has."""
    return [name for name, it in DRIVERS.items() if it.since <= version < it.removed]


def require_driver(name, version):
    """Refuse a driver that an engine of this version does not have.

    :param version: of the engine, such as ``(26, 1, 5)``.
    :raises StorageError: it is not there yet, or not any more.
    """
    driver = DRIVERS[name]
    engine = "Docker {0}".format(dotted(version))
    if version >= driver.removed:
        raise StorageError(
            engine,
            "it has no {0} driver: that was removed in {1}".format(name, dotted(driver.removed)),
            "Use {0}, or keep an engine before {1}".format(
                " or ".join(_best(version)), dotted(driver.removed)
            ),
        )
    if version < driver.since:
        raise StorageError(
            engine,
            "it has no {0} driver: that came with {1}".format(name, dotted(driver.since)),
            "Use one of {0}, or upgrade the engine".format(", ".join(available(version))),
        )


def _best(version):
    return [name for name in available(version) if name in ("overlay2", "btrfs", "zfs")]


def require_kernel(name, release):
    """Refuse a driver for which this kernel is too old.

    :param release: of the kernel, as ``uname -r`` prints it.
    :raises StorageError: it is too old.
    """
    oldest = DRIVERS[name].kernel
    running = values.version(release)
    if running < oldest and not (".el7" in release and "overlay" in name):
        raise StorageError(
            "Kernel {0}".format(release),
            "the {0} driver needs {1} or later".format(name, dotted(oldest)),
            "Upgrade the kernel, or use a driver that works on it: {0}".format(
                ", ".join(other for other, it in DRIVERS.items() if running >= it.kernel)
            ),
        )


def require_backing(name, options, filesystem, mount_point, features, ftype):
    """Refuse a driver, or an option of it, that the data root's filesystem cannot carry.

    :param options: what the driver is given, name -> value.
    :param filesystem: its type, as in /proc/mounts.
    :param features: its mount options, the file system's own included.
    :param ftype: whether its directories hold file types (xfs ``ftype=1``); None where unknown.
    :raises StorageError: it cannot.
    """
    driver = DRIVERS[name]
    place = "The filesystem at {0} ({1})".format(mount_point, filesystem)
    if driver.elsewhere not in options and (
        filesystem in driver.not_on or (driver.backing and filesystem not in driver.backing)
    ):
        needs = " or ".join(driver.backing) or "xfs or ext4"
        raise StorageError(
            place,
            "the {0} driver does not work on it".format(name),
            "Mount a filesystem of type {0} at the data root, or use another driver".format(needs),
        )
    if "overlay" in driver.modules and ftype is False:
        raise StorageError(
            place,
            "it was made with ftype=0, and the {0} driver needs ftype=1".format(name),
            "Make it anew with `mkfs.xfs -n ftype=1`, or use a data root on another filesystem",
        )
    for option in options:
        if driver.options[option].quota:
            _require_quota(option, place, filesystem, features, name)


def _require_quota(option, place, filesystem, features, name):
    """Refuse an option that sets project quotas where there are none."""
    if filesystem != "xfs" and name == "overlay2":
        raise StorageError(
            place,
            "{0} works only on xfs".format(option),
            "Mount an xfs filesystem with the option pquota at the data root, or leave out "
            + option,
        )
    if not {"prjquota", "pquota"} & set(features):
        raise StorageError(
            place,
            "{0} needs project quotas, and it is mounted without them".format(option),
            "Mount it with the option pquota (a remount is not enough on xfs), or leave out "
            + option,
        )


def require_options(name, options, version):
    """Refuse options that would keep the engine from starting.

    :param options: name -> list of values, both text; see ``_option_values.flatten()``.
    :param version: of the engine.
    :raises StorageError: an option is unknown, belongs to another driver, is gone from this
        engine, has a bad value, or does not go together with another one.
    """
    for option, given in options.items():
        known = DRIVERS[name].options.get(option)
        if known is None:
            raise _unknown(name, option)
        if not known.since <= version < known.removed:
            raise StorageError(
                "Storage option {0}".format(option),
                "Docker {0} does not have it: {1}".format(
                    dotted(version),
                    "it came with " + dotted(known.since)
                    if version < known.since
                    else "it was removed in " + dotted(known.removed),
                ),
                "Leave it out",
            )
        if len(given) > 1 and not known.repeats:
            raise StorageError(
                "Storage option {0}".format(option),
                "it has {0} values: {1}".format(len(given), ", ".join(given)),
                "Give it one",
            )
        for value in given:
            known.kind.check(option, value)
    if name == "devicemapper":
        _require_harmony({option: given[0] for option, given in options.items()})


def _unknown(name, option):
    what = "Storage option {0}".format(option)
    for other, driver in DRIVERS.items():
        if option in driver.options:
            return StorageError(
                what,
                "it belongs to {0}, not to {1}".format(other, name),
                "Leave it out, or use the {0} driver".format(other),
            )
    known = sorted(DRIVERS[name].options)
    return StorageError(
        what,
        "the {0} driver has no such option".format(name),
        "It takes {0}".format(", ".join(known)) if known else "It takes no options",
    )


def _require_harmony(options):
    """Refuse options of devicemapper that contradict each other (``validateLVMConfig()``)."""
    direct = [name for name in options if name.startswith(("dm.directlvm_", "dm.thinp_"))]
    if values.truth(options.get("dm.directlvm_device_force", "false")):
        raise StorageError(
            "Storage option dm.directlvm_device_force",
            "it lets the engine wipe {0} without looking".format(
                options.get("dm.directlvm_device", "a disk")
            ),
            "Make the pool with containerhost.storage.thinpool and give it as dm.thinpooldev",
        )
    if direct and "dm.thinpooldev" in options:
        raise StorageError(
            "Storage option {0}".format(direct[0]),
            "it makes the engine create a pool, and dm.thinpooldev names one that is there",
            "Keep one of the two",
        )
    if direct and "dm.directlvm_device" not in options:
        raise StorageError(
            "Storage option {0}".format(direct[0]),
            "it is about the pool on dm.directlvm_device, which is not given",
            "Add dm.directlvm_device, or leave it out",
        )
    data, metadata = (options.get("dm.thinp_" + it) for it in ("percent", "metapercent"))
    if (data is None) != (metadata is None):
        raise StorageError(
            "Storage options dm.thinp_percent and dm.thinp_metapercent",
            "only one of them is given",
            "Give both, or none",
        )
    if data and values.number(data) + values.number(metadata) > 100:
        raise StorageError(
            "Storage options dm.thinp_percent and dm.thinp_metapercent",
            "together they are {0} %".format(values.number(data) + values.number(metadata)),
            "Take at most 100 % of the volume group, and less if the pool is to grow",
        )
