# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps an engine from starting on a driver, asked of the table in ``drivers.py``.

Every check here refuses before anything is touched; what it does not know, it lets pass: the
engine is then the judge, and gets its old configuration back when it does not come up.
"""

from __future__ import annotations

from collections.abc import Collection, Container

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import option_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    FEATURES_SINCE,
    LOOP_OPTIONS,
    OVERLAY_ON_ZFS,
    STORE_SINCE,
    available,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Options,
    Version,
)


def require_driver(name: str, version: Version) -> None:
    """Refuse a driver that an engine of this version does not have.

    :param version: of the engine, such as ``(26, 1, 5)``.
    :raises StorageError: it is not there yet, or not any more.
    """
    driver = DRIVERS[name]
    engine = f"Docker {dotted(version)}"
    if version >= driver.removed:
        raise StorageError(
            engine,
            f"it has no {name} driver: that was removed in {dotted(driver.removed)}",
            "Use {0}, or keep an engine before {1}".format(
                " or ".join(_best(version)), dotted(driver.removed)
            ),
            refusal="driver_removed",
        )
    if version < driver.since:
        raise StorageError(
            engine,
            f"it has no {name} driver: that came with {dotted(driver.since)}",
            "Use one of {0}, or upgrade the engine".format(", ".join(available(version))),
            refusal="engine_too_old",
        )


def require_built_in(name: str, version: Version, left_out: Container[str]) -> None:
    """Refuse a driver that this build of the engine is without.

    :param left_out: the drivers that it was built without.
    :raises StorageError: this is one of them.
    """
    if name in left_out:
        raise StorageError(
            f"Docker {dotted(version)}",
            f"it was built without the {name} driver: {DRIVERS[name].left_out}",
            "Use {0}, or a build of the engine that has it".format(" or ".join(_best(version))),
            refusal="driver_not_built_in",
        )


def require_image_store(version: Version, wanted: bool) -> None:
    """Refuse to switch the containerd image store where this engine does not have it.

    :param wanted: whether it is to be on. Off is what any engine takes that knows the key.
    :raises StorageError: it came later.
    """
    if version < (STORE_SINCE if wanted else FEATURES_SINCE):
        raise StorageError(
            f"Docker {dotted(version)}",
            f"it has no containerd image store: that came with {dotted(STORE_SINCE)}",
            "Leave out containerd_image_store, or upgrade the engine",
            refusal="engine_too_old",
        )


def uses_loops(name: str, options: Collection[str]) -> bool:
    """Tell whether a driver would keep its data in sparse files: devicemapper without a pool."""
    pools = DRIVERS[name].pool_options if name in DRIVERS else ()
    return bool(pools) and not set(pools) & set(options)


def require_loops_asked_for(options: Collection[str]) -> None:
    """Refuse devicemapper without a pool, unless its sparse files are asked for by name.

    :raises StorageError: nobody asked for them.
    """
    if set(LOOP_OPTIONS) & set(options):
        return
    raise StorageError(
        "Storage driver devicemapper",
        "no pool is given, so it would keep everything in sparse files (loop-lvm), which is slow "
        "and not meant for production",
        "Make a pool with containerhost.storage.thinpool and give it as dm.thinpooldev; to have "
        "loop-lvm all the same, ask for it by the size of its file: dm.loopdatasize: 100G",
        refusal="pool_not_given",
    )


def _best(version: Version) -> list[str]:
    return [name for name in available(version) if DRIVERS[name].mounted]


def require_kernel(name: str, release: str) -> None:
    """Refuse a driver for which this kernel is too old.

    :param release: of the kernel, as ``uname -r`` prints it.
    :raises StorageError: it is too old.
    """
    if not DRIVERS[name].runs_on(release):
        running = values.version(release)
        raise StorageError(
            f"Kernel {release}",
            f"the {name} driver needs {dotted(DRIVERS[name].kernel)} or later",
            "Upgrade the kernel, or use a driver that works on it: {0}".format(
                ", ".join(other for other, it in DRIVERS.items() if running >= it.kernel)
            ),
            refusal="kernel_too_old",
        )


def require_backing(
    name: str,
    options: Options,
    backing: Backing,
    version: Version,
    file_types: bool | None = None,
    zfs_module: Version = (),
) -> None:
    """Refuse a driver, or an option of it, that the data root's filesystem cannot carry.

    :param options: what the driver is given, name -> values.
    :param backing: the ``host.Backing`` of the data root.
    :param version: of the engine.
    :param file_types: whether its directories hold file types; None where unknown.
    :param zfs_module: the version of the kernel's zfs; () where unknown.
    :raises StorageError: it cannot.
    """
    driver = DRIVERS[name]
    place = f"The filesystem at {backing.mount_point} ({backing.fstype})"
    if driver.elsewhere not in options:
        _require_filesystem(name, place, backing.fstype, version)
    if "overlay" in driver.modules:
        _require_upper_layer(name, place, backing.fstype, file_types, zfs_module)
    for option, given in options.items():
        able = driver.options[option].quota_on
        if able and values.size(given[0]):  # 0 is no limit
            _require_quota(option, place, backing, able)


def _require_filesystem(name: str, place: str, filesystem: str, version: Version) -> None:
    """Refuse a filesystem that the driver never works on, or not with this engine."""
    driver = DRIVERS[name]
    family = filesystem.partition(".")[0]  # fuse.sshfs is a fuse
    if family in driver.not_on or (driver.backing and family not in driver.backing):
        raise StorageError(
            place,
            f"the {name} driver does not work on it",
            "Mount a filesystem of type {} at the data root, or use another driver".format(
                " or ".join(driver.backing) or "xfs or ext4"
            ),
            refusal="filesystem_unsupported",
        )
    since = driver.not_yet_on.get(family, ())
    if version < since:
        raise StorageError(
            place,
            f"Docker {dotted(version)} does not take the {name} driver on it, {dotted(since)} and "
            "later do",
            "Upgrade the engine, or mount a filesystem of type xfs or ext4 at the data root",
            refusal="engine_too_old",
        )


def _require_upper_layer(
    name: str, place: str, filesystem: str, file_types: bool | None, zfs_module: Version
) -> None:
    """Refuse a filesystem that was made without what an overlay needs of it."""
    if file_types is False:
        made = "ftype=0" if filesystem == "xfs" else "the feature filetype off"
        raise StorageError(
            place,
            f"it was made with {made}, and the {name} driver needs file types in its directories",
            "Make it anew with `mkfs.xfs -n ftype=1`, or use a data root on another filesystem"
            if filesystem == "xfs"
            else "Unmount it and run `tune2fs -O filetype` and `e2fsck -f` on it, or use a data "
            "root on another filesystem",
            refusal="file_types_missing",
        )
    if filesystem == "zfs" and () < zfs_module < OVERLAY_ON_ZFS:
        raise StorageError(
            place,
            f"ZFS {dotted(zfs_module)} cannot carry the {name} driver, 2.2 and later can",
            "Use the zfs driver, or mount a filesystem of type xfs or ext4 at the data root",
            refusal="zfs_too_old",
        )


def _require_quota(option: str, place: str, backing: Backing, able: tuple[str, ...]) -> None:
    """Refuse an option that sets project quotas where there are none."""
    if backing.fstype not in able:
        raise StorageError(
            place,
            f"{option} works only on {' and '.join(able)}",
            "Mount an xfs filesystem with the option pquota at the data root, or leave out "
            + option,
            refusal="quota_unsupported",
        )
    if not {"prjquota", "pquota"} & set(backing.options):
        raise StorageError(
            place,
            f"{option} needs project quotas, and it is mounted without them",
            "Unmount it, and mount it with the option {} instead, or leave out {}".format(
                "pquota"
                if backing.fstype == "xfs"
                else "prjquota (after `tune2fs -O quota,project`)",
                option,
            ),
            refusal="quota_off",
        )


def require_options(name: str, options: Options, version: Version) -> None:
    """Refuse options that would keep the engine from starting.

    :param options: name -> list of values, both text; see ``_option_values.flatten()``.
    :param version: of the engine.
    :raises StorageError: an option is unknown, belongs to another driver, is gone from this
        engine, has a bad value, or does not go together with another one.
    """
    for option, given in options.items():
        option_rules.require_option(name, option, given, version)
    if name == "devicemapper":
        option_rules.require_harmony({option: given[0] for option, given in options.items()})
