# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which drivers a host can have, and every reason against each of the others."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
    KNOWN,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._docker.possible import (
    standings,
    starts,
)
from support.driver_hosts import (
    BOOKWORM,
    DISK,
    OWN_BTRFS,
    OWN_XFS,
    OWN_ZFS,
    TRIXIE,
    ZFS,
    in_containerd,
    on,
)

NO_DISK = ", and no disk is free to change that"
ON_EXT4 = "/var/lib/docker is on ext4, not on {}"
SPARSE = "without a thin pool it would use sparse files"

# host, driver, the reasons against it, what it needs
STANDINGS = [
    (BOOKWORM, "overlay2", [], ""),
    (BOOKWORM, "overlay", [], ""),
    (BOOKWORM, "vfs", [], ""),
    (BOOKWORM, "btrfs", [ON_EXT4.format("btrfs") + NO_DISK], ""),
    (
        BOOKWORM,
        "zfs",
        [
            "this kernel has no zfs",
            "the program zfs is not installed",
            ON_EXT4.format("zfs") + NO_DISK,
        ],
        "",
    ),
    (BOOKWORM, "devicemapper", [SPARSE + NO_DISK], ""),
    (BOOKWORM, "aufs", ["this kernel has no aufs"], ""),
    (BOOKWORM, "fuse-overlayfs", ["the program fuse-overlayfs is not installed"], ""),
    (BOOKWORM, CONTAINERD, ["it came with Docker 24.0"], ""),
    (TRIXIE, CONTAINERD, [], ""),
    (TRIXIE, "overlay", ["Docker 24.0 removed it"], ""),
    (TRIXIE, "devicemapper", ["Docker 25.0 removed it", SPARSE + NO_DISK], ""),
    (TRIXIE, "aufs", ["Docker 24.0 removed it", "this kernel has no aufs"], ""),
    # a free disk takes away what is wrong with the place, and nothing else
    (BOOKWORM._replace(disks=DISK), "btrfs", [], "a disk: " + ON_EXT4.format("btrfs")),
    (BOOKWORM._replace(disks=DISK, **ZFS), "zfs", [], "a disk: " + ON_EXT4.format("zfs")),
    (BOOKWORM._replace(disks=DISK), "devicemapper", [], "a disk: " + SPARSE),
    (TRIXIE._replace(disks=DISK), "devicemapper", ["Docker 25.0 removed it"], ""),
    (BOOKWORM._replace(disks=DISK), "overlay2", [], ""),
    # options that give a driver its place
    (BOOKWORM._replace(options={"zfs.fsname": ["tank/docker"]}, **ZFS), "zfs", [], ""),
    (BOOKWORM._replace(options={"dm.thinpooldev": ["/dev/mapper/a-b"]}), "devicemapper", [], ""),
    # other filesystems
    (BOOKWORM._replace(backing=OWN_BTRFS), "btrfs", [], ""),
    (BOOKWORM._replace(running="btrfs", backing=OWN_BTRFS), "overlay2", [], ""),
    (
        BOOKWORM._replace(backing=OWN_BTRFS, missing_modules=()),
        "aufs",
        ["/var/lib/docker is on btrfs, which cannot carry it" + NO_DISK],
        "",
    ),
    (
        BOOKWORM._replace(running="zfs", backing=OWN_ZFS, zfs_module=(2, 2, 0), **ZFS),
        "overlay2",
        [],
        "",
    ),
    (
        BOOKWORM._replace(running="zfs", backing=OWN_ZFS, zfs_module=(2, 1, 11), **ZFS),
        "overlay2",
        ["/var/lib/docker is on zfs 2.1.11, which cannot carry it before 2.2" + NO_DISK],
        "",
    ),
    (BOOKWORM._replace(running="vfs", backing=OWN_XFS, file_types=True), "overlay2", [], ""),
    # what runs can run, whatever the table says
    (BOOKWORM._replace(backing=OWN_XFS, file_types=False), "overlay2", [], ""),
    (on("devicemapper"), "devicemapper", [], ""),
    (
        BOOKWORM._replace(running="vfs", backing=OWN_XFS, file_types=False),
        "overlay2",
        ["/var/lib/docker is on xfs, made without file types in directories" + NO_DISK],
        "",
    ),
    (
        BOOKWORM._replace(running="vfs", backing=Backing("/", "nfs4", ()), disks=DISK),
        "overlay2",
        [],
        "a disk: /var/lib/docker is on nfs4, which cannot carry it",
    ),
    # the driver's own folder is a mount
    (BOOKWORM._replace(own_backing={"btrfs": OWN_BTRFS}), "btrfs", [], ""),
    # old kernels
    (
        BOOKWORM._replace(kernel="3.16.0-4-amd64", running="aufs"),
        "overlay2",
        ["it needs kernel 4.0, and this is 3.16.0-4-amd64"],
        "",
    ),
    (BOOKWORM._replace(kernel="3.10.0-1160.el7.x86_64", running="vfs"), "overlay2", [], ""),
    (
        TRIXIE._replace(user_namespaces=True),
        CONTAINERD,
        ["it does not go with user namespaces"],
        "",
    ),
    (in_containerd(), "vfs", [], ""),
    # old engines
    (
        BOOKWORM._replace(version=(18, 9, 1), running="zfs", backing=OWN_ZFS, **ZFS),
        "overlay2",
        ["/var/lib/docker is on zfs, which Docker 19.03.7 takes for it at first" + NO_DISK],
        "",
    ),
    (
        TRIXIE._replace(left_out=("zfs",), backing=OWN_ZFS, **ZFS),
        "zfs",
        ["this build of the engine is without it"],
        "",
    ),
    (
        BOOKWORM._replace(unloaded_modules=("zfs",), backing=OWN_ZFS, **ZFS),
        "zfs",
        ["the module zfs is not loaded"],
        "",
    ),
]


@pytest.mark.parametrize(("facts", "driver", "reasons", "needs"), STANDINGS)
def test_standing(facts, driver, reasons, needs):
    found = {it.driver: it for it in standings(facts)}[driver]
    assert list(found.reasons) == reasons
    assert found.needs == needs
    assert found.possible == (not found.reasons)


HOSTS = [row[0] for row in STANDINGS] + [on("btrfs", backing=OWN_BTRFS)]


@pytest.mark.parametrize("facts", HOSTS)
def test_every_driver_stands_somewhere_and_the_one_in_use_is_possible(facts):
    found = {it.driver: it for it in standings(facts)}
    assert list(found) == [*DRIVERS, CONTAINERD]
    assert [name for name, it in found.items() if it.in_use] == [facts.in_use]
    assert found[facts.in_use].possible


@pytest.mark.parametrize("facts", HOSTS)
@pytest.mark.parametrize("driver", DRIVERS)
def test_what_storage_driver_refuses_is_no_candidate(facts, driver):
    """Both look at one table; this holds them to the same answer."""
    given = {name: it for name, it in facts.options.items() if name in DRIVERS[driver].options}
    try:
        driver_rules.require_driver(driver, facts.version)
        driver_rules.require_kernel(driver, facts.kernel)
        driver_rules.require_backing(
            *(driver, given, facts.backing_of(driver), facts.version),
            *(facts.file_types, facts.zfs_module),
        )
        refused = set(DRIVERS[driver].modules) & set(facts.missing_modules)
    except StorageError:
        refused = True
    if refused:
        assert not starts(driver, facts, facts.version)


def test_the_image_store_is_known_beside_the_drivers():
    assert list(KNOWN) == [*DRIVERS, CONTAINERD]
