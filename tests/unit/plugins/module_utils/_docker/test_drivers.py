# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of drivers, and what is refused because of it."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_rules import (
    require_backing,
    require_driver,
    require_image_store,
    require_kernel,
    require_loops_asked_for,
    require_options,
    uses_loops,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    available,
    lacks_snapshotter,
    needs_store_off,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from hypothesis import given
from hypothesis import strategies as st

V20, V23, V24, V25, V26, V29 = (20, 10, 24), (23, 0, 0), (24, 0, 9), (25, 0, 0), (26, 1, 5), (29,)

# What `docker info` can name as a storage driver, by engine: moby's daemon/graphdriver/register.
AVAILABLE = [
    ((1, 11, 2), "overlay btrfs zfs devicemapper vfs aufs"),
    ((17, 6, 2), "overlay2 overlay btrfs zfs devicemapper vfs aufs"),
    (V20, "overlay2 overlay btrfs zfs devicemapper vfs aufs fuse-overlayfs"),
    (V23, "overlay2 overlay btrfs zfs devicemapper vfs aufs fuse-overlayfs"),
    (V24, "overlay2 btrfs zfs devicemapper vfs fuse-overlayfs"),
    (V25, "overlay2 btrfs zfs vfs fuse-overlayfs"),
    (V29, "overlay2 btrfs zfs vfs fuse-overlayfs"),
]


@pytest.mark.parametrize(("version", "names"), AVAILABLE)
def test_available_drivers(version, names):
    assert available(version) == names.split()
    for name in DRIVERS:
        if name in names.split():
            require_driver(name, version)
        else:
            with pytest.raises(StorageError):
                require_driver(name, version)


def test_a_driver_that_is_gone_says_since_when_and_what_to_use():
    with pytest.raises(StorageError) as error:
        require_driver("devicemapper", V26)
    assert str(error.value) == (
        "Docker 26.1.5: it has no devicemapper driver: that was removed in 25.0. Use overlay2 or "
        "btrfs or zfs, or keep an engine before 25.0."
    )


POOL = {"dm.thinpooldev": "/dev/mapper/docker-thinpool"}
DIRECT = {"dm.directlvm_device": "/dev/sdb"}

# driver, options, engine, what the error says; None where they are accepted
OPTIONS = [
    ("overlay2", {"overlay2.size": "10G"}, V20, None),
    ("overlay2", {"overlay2.size": "10 GiB"}, V29, None),
    ("overlay2", {"OVERLAY2.SIZE": "1.5g"}, V20, None),
    ("overlay2", {"overlay2.size": "10X"}, V20, "'10X' is not a value it can have"),
    ("overlay2", {"overlay2.size": "-1G"}, V20, "'-1G' is not a value"),
    ("overlay2", {"overlay2.size": "10%"}, V20, "'10%' is not a value"),
    ("overlay2", {"overlay2.size": ["1g", "2g"]}, V20, "it has 2 values: 1g, 2g"),
    ("overlay2", {"overlay2.size": "1g"}, (17, 6, 0), "it came with 17.07"),
    ("overlay2", {"overlay2.override_kernel_check": True}, V23, None),
    ("overlay2", {"overlay2.override_kernel_check": True}, V24, "it was removed in 24.0"),
    ("overlay2", {"dm.basesize": "10G"}, V20, "it belongs to devicemapper, not to overlay2"),
    ("overlay2", {"overlay2.sizes": "10G"}, V20, "the overlay2 driver has no such option"),
    ("overlay2", {"--data-root": "/"}, V20, "the overlay2 driver has no such option"),
    ("overlay", {"overlay.size": "10G"}, V20, "It takes no options"),
    ("zfs", {"size": "256M"}, V20, "it belongs to vfs, not to zfs"),
    ("zfs", {"zfs.fsname": "tank/docker"}, V20, None),
    ("zfs", {"zfs.fsname": "tank\ndocker"}, V20, "is not a value it can have"),
    ("zfs", {"zfs.fsname": "tank"}, V29, None),
    ("zfs", {"zfs.fsname": "tank/a b/c_1.d-e:f"}, V20, None),
    ("zfs", {"zfs.fsname": "-o"}, V20, "Give it the name of a ZFS filesystem, such as tank/docker"),
    ("zfs", {"zfs.fsname": "/tank/docker"}, V20, "is not a value it can have"),
    ("zfs", {"zfs.fsname": "tank/docker/"}, V20, "is not a value it can have"),
    ("zfs", {"zfs.fsname": "tank/docker@now"}, V20, "is not a value it can have"),
    ("zfs", {"zfs.fsname": "9tank"}, V20, "is not a value it can have"),
    ("zfs", {"zfs.fsname": "tank/" + "a" * 251}, V20, "is not a value it can have"),
    ("zfs", {"btrfs.min_space": "1G"}, V20, "it belongs to btrfs, not to zfs"),
    ("btrfs", {"btrfs.min_space": "1G"}, V20, None),
    ("btrfs", {"btrfs.min_space": "some"}, V20, "'some' is not a value"),
    ("btrfs", {"size": "1G"}, V20, "it belongs to vfs, not to btrfs"),
    ("vfs", {"size": "1G"}, V20, None),
    ("vfs", {"vfs.xattrs": "i_want_broken_containers"}, V24, "it came with 25.0"),
    ("devicemapper", POOL, V20, None),
    ("devicemapper", {"dm.thinpooldev": "docker-thinpool"}, V20, None),
    ("devicemapper", {"dm.thinpooldev": "/dev/docker/thinpool"}, V20, "below /dev/mapper"),
    ("devicemapper", {"dm.thinpooldev": "--all"}, V20, "is not a value it can have"),
    ("devicemapper", {"dm.fs": "btrfs"}, V20, "Give it xfs or ext4"),
    ("devicemapper", {"dm.use_deferred_removal": True}, V20, None),
    ("devicemapper", {"dm.use_deferred_removal": "maybe"}, V20, "Give it true or false"),
    ("devicemapper", {"dm.min_free_space": "10"}, V20, None),  # written with its %
    ("devicemapper", {"dm.min_free_space": "100%"}, V20, "from 0% to 99%"),
    ("devicemapper", {"dm.blocksize": "512K"}, V20, None),
    ("devicemapper", {"dm.blocksize": "100K"}, V20, "a multiple of 64K"),
    ("devicemapper", {"dm.libdm_log_level": 8}, V20, "a whole number from 2 to 7"),
    ("devicemapper", {"dm.mkfsarg": ["-K", "-f"]}, V20, None),
    ("devicemapper", DIRECT, V20, None),
    ("devicemapper", {**POOL, **DIRECT}, V20, "dm.thinpooldev names one that is there"),
    ("devicemapper", {"dm.thinp_percent": "95"}, V20, "which is not given"),
    ("devicemapper", {**DIRECT, "dm.thinp_percent": "95"}, V20, "only one of them is given"),
    (
        "devicemapper",
        {**DIRECT, "dm.thinp_percent": "95%", "dm.thinp_metapercent": "6"},
        V20,
        "together they are 101 %",
    ),
    ("devicemapper", {**DIRECT, "dm.thinp_percent": "95", "dm.thinp_metapercent": "5"}, V20, None),
    (
        "devicemapper",
        {**DIRECT, "dm.directlvm_device_force": True},
        V20,
        "it lets the engine wipe /dev/sdb without looking",
    ),
    ("fuse-overlayfs", {}, V20, None),
]


@pytest.mark.parametrize(("driver", "options", "version", "wrong"), OPTIONS)
def test_options(driver, options, version, wrong):
    given_options = values.flatten(options)
    if wrong is None:
        require_options(driver, given_options, version)
        return
    with pytest.raises(StorageError) as error:
        require_options(driver, given_options, version)
    assert wrong in str(error.value)
    assert str(error.value).startswith("Storage option")


def test_every_option_belongs_to_one_driver():
    names = [name for driver in DRIVERS.values() for name in driver.options]
    assert len(names) == len(set(names))


KERNELS = [
    ("overlay2", "6.1.0-49-amd64", True),
    ("overlay2", "4.0.0", True),
    ("overlay2", "3.19.8", False),
    ("overlay2", "3.10.0-1160.el7.x86_64", True),
    ("fuse-overlayfs", "4.17.19", False),
    ("fuse-overlayfs", "3.10.0-1160.el7.x86_64", False),
    ("vfs", "2.6.32", True),
]


@pytest.mark.parametrize(("driver", "release", "good"), KERNELS)
def test_kernels(driver, release, good):
    if good:
        require_kernel(driver, release)
        return
    with pytest.raises(StorageError, match=f"^Kernel {release}: the {driver} driver needs"):
        require_kernel(driver, release)


SIZE = {"overlay2.size": ["10G"]}

# driver, options, filesystem, its options, file types, engine, what the error says
BACKINGS = [
    ("overlay2", {}, "ext4", "rw", None, V20, None),
    ("overlay2", {}, "ext4", "rw", True, V20, None),
    ("overlay2", {}, "ext4", "rw", False, V26, "it was made with the feature filetype off"),
    ("overlay2", {}, "ext4", "rw", False, V26, "`tune2fs -O filetype`"),
    ("overlay2", {}, "xfs", "rw", True, V20, None),
    ("overlay2", {}, "xfs", "rw", None, V20, None),
    ("overlay2", {}, "xfs", "rw", False, V20, "it was made with ftype=0"),
    ("overlay2", {}, "xfs", "rw", False, V20, "`mkfs.xfs -n ftype=1`"),
    ("overlay", {}, "xfs", "rw", False, V20, "it was made with ftype=0"),
    ("overlay", {}, "ext4", "rw", True, V20, None),
    ("vfs", {}, "xfs", "rw", False, V20, None),
    ("overlay2", {}, "tmpfs", "rw", None, V26, None),
    ("overlay2", {}, "nfs4", "rw", None, V26, "the overlay2 driver does not work on it"),
    ("overlay2", {}, "overlay", "rw", None, V26, "does not work on it"),
    ("overlay2", {}, "ecryptfs", "rw", None, V26, "does not work on it"),
    ("overlay2", {}, "fuse", "rw", None, V26, "does not work on it"),
    ("overlay2", {}, "fuse.sshfs", "rw", None, V26, "does not work on it"),
    ("overlay2", {}, "fuseblk", "rw", None, V26, "does not work on it"),
    ("overlay2", {}, "9p", "rw", None, V26, "Mount a filesystem of type xfs or ext4"),
    ("overlay2", {}, "btrfs", "rw", None, V20, None),
    ("overlay2", {}, "btrfs", "rw", None, (17, 3, 2), "17.06 and later do"),
    ("overlay", {}, "btrfs", "rw", None, (18, 9, 9), "Docker 18.09.9 does not take the overlay"),
    ("overlay", {}, "btrfs", "rw", None, V20, None),
    ("overlay2", {}, "zfs", "rw", None, (18, 9, 9), "19.03.7 and later do"),
    ("overlay2", SIZE, "xfs", "rw prjquota", True, V20, None),
    ("overlay2", SIZE, "xfs", "rw noquota", True, V20, "mounted without them"),
    ("overlay2", SIZE, "ext4", "rw prjquota", None, V20, "overlay2.size works only on xfs"),
    ("overlay2", SIZE, "btrfs", "rw", None, V20, "overlay2.size works only on xfs"),
    ("vfs", {"size": ["1G"]}, "ext4", "rw prjquota", None, V26, None),
    ("vfs", {"size": ["1G"]}, "xfs", "rw prjquota", None, V26, None),
    ("vfs", {"size": ["0"]}, "ext4", "rw", None, V26, None),
    ("vfs", {"size": ["1G"]}, "ext4", "rw", None, V26, "size needs project quotas"),
    ("vfs", {"size": ["1G"]}, "ext4", "rw", None, V26, "`tune2fs -O quota,project`"),
    ("vfs", {"size": ["1G"]}, "btrfs", "rw", None, V26, "size works only on xfs and ext4"),
    ("btrfs", {}, "btrfs", "rw", None, V20, None),
    ("btrfs", {}, "ext4", "rw", None, V20, "Mount a filesystem of type btrfs"),
    ("zfs", {}, "zfs", "rw", None, V20, None),
    ("zfs", {}, "ext4", "rw", None, V20, "Mount a filesystem of type zfs"),
    ("zfs", {"zfs.fsname": ["tank"]}, "ext4", "rw", None, V20, None),
    ("aufs", {}, "btrfs", "rw", None, V20, "does not work on it"),
    ("devicemapper", {}, "ext4", "rw", None, V20, None),
]


@pytest.mark.parametrize(
    ("driver", "options", "fstype", "features", "file_types", "version", "wrong"), BACKINGS
)
def test_backing_filesystems(driver, options, fstype, features, file_types, version, wrong):
    backing = Backing("/srv", fstype, tuple(features.split()))
    if wrong is None:
        require_backing(driver, options, backing, version, file_types)
        return
    with pytest.raises(StorageError) as error:
        require_backing(driver, options, backing, version, file_types)
    assert wrong in str(error.value)
    assert str(error.value).startswith(f"The filesystem at /srv ({fstype}): ")


ON_ZFS = [
    ("overlay2", (2, 1, 11), "ZFS 2.1.11 cannot carry the overlay2 driver"),
    ("overlay", (2, 1, 11), "Use the zfs driver"),
    ("overlay2", (2, 2, 0), None),
    ("overlay2", (), None),  # unknown: the engine is the judge
    ("zfs", (2, 1, 11), None),
    ("vfs", (2, 1, 11), None),
]


@pytest.mark.parametrize(("driver", "zfs_module", "wrong"), ON_ZFS)
def test_overlay_on_zfs(driver, zfs_module, wrong):
    backing = Backing("/srv", "zfs", ("rw",))
    if wrong is None:
        require_backing(driver, {}, backing, V20, None, zfs_module)
        return
    with pytest.raises(StorageError) as error:
        require_backing(driver, {}, backing, V20, None, zfs_module)
    assert wrong in str(error.value)


# engine, whether the image store is to be on, whether it takes that
SWITCHES = [
    ((18, 6, 3), False, False),
    (V20, False, True),
    (V20, True, False),
    (V23, True, False),
    (V24, True, True),
    (V26, True, True),
    (V29, False, True),
]


@pytest.mark.parametrize(("version", "wanted", "taken"), SWITCHES)
def test_the_switch_of_the_image_store(version, wanted, taken):
    if taken:
        require_image_store(version, wanted)
        return
    with pytest.raises(StorageError, match=r"it has no containerd image store.* with 24\.0"):
        require_image_store(version, wanted)


LOOPS = [
    ("devicemapper", {}, True),
    ("devicemapper", {"dm.basesize": ["20G"]}, True),
    ("devicemapper", {"dm.thinpooldev": ["d-p"]}, False),
    ("devicemapper", {"dm.directlvm_device": ["/dev/sdb"]}, False),
    ("devicemapper", {"dm.datadev": ["/dev/sdb"], "dm.metadatadev": ["/dev/sdc"]}, False),
    ("overlay2", {}, False),
]


@pytest.mark.parametrize(("driver", "options", "loops"), LOOPS)
def test_devicemapper_without_a_pool_makes_loops(driver, options, loops):
    assert uses_loops(driver, options) is loops


@pytest.mark.parametrize("option", ["dm.loopdatasize", "dm.loopmetadatasize"])
def test_loops_are_had_by_asking_for_them(option):
    require_loops_asked_for({option: ["100G"]})
    with pytest.raises(StorageError, match=r"sparse files.*not meant for production.*dm\.thin"):
        require_loops_asked_for({"dm.fs": ["xfs"]})


# Docker 29.0.0 alone took these names for snapshotters (moby#51516).
STORE_OFF = [
    ("zfs", (29, 0, 0), True),
    ("fuse-overlayfs", (29, 0, 0), True),
    ("overlay2", (29, 0, 0), False),
    ("btrfs", (29, 0, 0), False),
    ("vfs", (29, 0, 0), False),
    ("zfs", (29, 0, 1), False),
    ("zfs", (28, 5, 2), False),
]


@pytest.mark.parametrize(("driver", "version", "wanted"), STORE_OFF)
def test_where_naming_a_driver_is_not_enough(driver, version, wanted):
    assert needs_store_off(driver, version) is wanted


# Those that are no drivers may be snapshotters of containerd.
SNAPSHOTTERS = [
    *[(name, True) for name in ("overlay2", "overlay", "devicemapper", "vfs", "aufs")],
    *[(name, False) for name in ("btrfs", "zfs", "fuse-overlayfs", "overlayfs", "stargz", "")],
]


@pytest.mark.parametrize(("name", "lacks"), SNAPSHOTTERS)
def test_drivers_that_containerd_has_no_snapshotter_for(name, lacks):
    assert lacks_snapshotter(name) is lacks


SAME_SIZES = [
    ("10g", "10240m"),
    ("10G", "10GiB"),
    ("1.5g", "1536mb"),
    ("512", "512b"),
    ("1 k", "1K"),
]


@pytest.mark.parametrize(("one", "other"), SAME_SIZES)
def test_sizes_of_one_meaning(one, other):
    assert values.SIZE.same(one, other)
    assert not values.SIZE.same(one, other + "1")


@given(st.integers(0, 2**50), st.sampled_from("kmgtp"))
def test_a_size_in_any_unit_is_its_number_of_bytes(number, unit):
    assert values.size(f"{number}{unit}") == number * 1024 ** (" kmgtp".index(unit))
    assert values.size(f"{number}{unit.upper()}iB") == values.size(f"{number}{unit}")


@pytest.mark.parametrize("text", ["", "g", "1z", "1gg", "1,5g", " 1g", "1e3", "0x10", "²g"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match=r".*"):
        values.size(text)


def test_options_are_flattened_and_split_alike():
    given_options = {"dm.mkfsarg": ["-K", "-f"], "DM.use_deferred_removal": True, "dm.fs": "xfs"}
    entries = ["dm.mkfsarg=-K", "dm.mkfsarg=-f", "dm.use_deferred_removal=true", "dm.fs=xfs"]
    assert values.flatten(given_options) == values.split(entries)


VERSIONS = [
    ("Docker version 20.10.24+dfsg1, build 297e128", (20, 10, 24)),
    ("29.0.0-rc.1", (29, 0, 0)),
    ("6.12.117-1~deb12u1", (6, 12, 117)),
    ("6.1-custom", (6, 1)),
    ("none", ()),
]


@pytest.mark.parametrize(("text", "wanted"), VERSIONS)
def test_versions(text, wanted):
    assert values.version(text) == wanted
