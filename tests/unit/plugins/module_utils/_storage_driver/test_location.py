# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drivers that keep their data in a place of their own: filesystem, pool, files, dataset."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Pool
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
)
from support.engine_hosts import (
    BTRFS,
    DM,
    FSNAME,
    INVARIANTS,
    LOOPS,
    NEW_POOL,
    NOTE,
    ON_DM,
    ON_LOOPS,
    RESET,
    RESTART,
    START,
    TANK_A,
    TECHNOLOGY,
    WITH_LOOPS,
    WRITE,
    ZFS,
    good,
    host,
    outcome,
    refuses,
    want,
)

CASES = [
    # the filesystem that a driver is made for
    (host(backing=BTRFS), want("btrfs"), [NOTE, WRITE, RESET, RESTART]),
    (host(backing=BTRFS), want("btrfs", {"btrfs.min_space": "1G"}), [NOTE, WRITE, RESET, RESTART]),
    (host(backing=BTRFS), want("overlay2"), [WRITE]),
    (host("vfs", backing=BTRFS), want("overlay2"), [NOTE, WRITE, RESET, RESTART]),
    (host(backing=ZFS), want("zfs"), [NOTE, WRITE, RESET, RESTART]),
    (host(prerequisites=Prerequisites(dataset=True)), FSNAME, [NOTE, WRITE, RESET, RESTART]),
    (host(prerequisites=Prerequisites(dataset=None)), FSNAME, [NOTE, WRITE, RESET, RESTART]),
    (host(), want("overlay"), [NOTE, WRITE, RESET, RESTART]),
    # the engine's dataset is another one, and holds nothing
    (
        host(
            "zfs",
            text='{"storage-driver": "zfs"}',
            status=TANK_A,
            prerequisites=Prerequisites(dataset=True),
        ),
        FSNAME,
        [NOTE, WRITE, RESET, RESTART],
    ),
    (
        host(
            "zfs",
            text='{"storage-driver": "zfs", "storage-opts": ["zfs.fsname=tank/b"]}',
            status=TANK_A,
            prerequisites=Prerequisites(dataset=True),
        ),
        FSNAME,
        [RESET, RESTART],
    ),
    # loop-lvm: by name, or because it is there
    (host(), LOOPS, [NOTE, WRITE, RESET, RESTART]),
    (host("devicemapper", WITH_LOOPS, status=ON_LOOPS), LOOPS, []),
    (host("devicemapper", WITH_LOOPS, status=ON_LOOPS), want("devicemapper"), []),
    (
        host("devicemapper", status=ON_LOOPS, prerequisites=Prerequisites(loop_file="/x/data")),
        want("devicemapper"),
        [WRITE],
    ),
    (
        host(
            active="inactive", prerequisites=Prerequisites(loop_file="/x/data", remembers_pool=True)
        ),
        want("devicemapper"),
        [WRITE, START],
    ),
    # refusals: the pool
    (
        host(prerequisites=Prerequisites(pool=Pool("d-p", False))),
        DM,
        refuses("no /dev/mapper/d-p on this host"),
    ),
    (
        host(prerequisites=Prerequisites(pool=Pool("d-p", False), remembers_pool=True)),
        DM,
        refuses("no /dev/mapper/d-p on this host"),
    ),
    (host(prerequisites=Prerequisites(pool=Pool("d-p", True))), DM, refuses("it is no thin pool")),
    (
        host(prerequisites=Prerequisites(pool=Pool("d-p", True, True, True))),
        DM,
        refuses("used already"),
    ),
    (
        host(prerequisites=Prerequisites(pool=Pool("d-p", True, True), remembers_pool=True)),
        DM,
        refuses("holds the notes of another pool"),
    ),
    # refusals: loop-lvm
    (host(), want("devicemapper"), refuses("no pool is given, so it would keep everything in")),
    (host(), want("devicemapper"), refuses("dm.loopdatasize: 100G")),
    (host(), want("devicemapper", {"dm.fs": "xfs"}), refuses("(loop-lvm)")),
    (
        host("devicemapper", ON_DM, prerequisites=Prerequisites(remembers_pool=True)),
        LOOPS,
        refuses("/var/lib/docker/devicemapper holds the notes of one"),
    ),
    (
        host(
            "devicemapper",
            status=ON_LOOPS,
            prerequisites=NEW_POOL._replace(loop_file="/x/data", remembers_pool=True),
        ),
        DM,
        refuses("all that this engine has on devicemapper is in /x/data (loop-lvm)"),
    ),
    # refusals: the dataset
    (
        host(prerequisites=Prerequisites(dataset=False)),
        FSNAME,
        refuses("there is no ZFS filesystem of that name"),
    ),
    (
        host(
            "zfs",
            status=TANK_A,
            held={"images": {"zfs": 2}},
            prerequisites=Prerequisites(dataset=True),
        ),
        FSNAME._replace(keep_existing=True),
        refuses("zfs.fsname tank/b: the layers of the images and containers in /var/lib/docker"),
    ),
    (
        host(
            text='{"storage-driver": "zfs", "storage-opts": ["zfs.fsname=tank/a"]}',
            active="inactive",
            held={"containers": {"zfs": 2}},
        ),
        FSNAME,
        refuses("are in tank/a. Give tank/a"),
    ),
]


@pytest.mark.parametrize(("state", "wish", "wanted"), CASES)
def test_plan(state, wish, wanted):
    if isinstance(wanted, list):
        assert outcome(state, wish) == wanted
        return
    with pytest.raises(StorageError) as error:
        plan(state, wish)
    assert wanted in str(error.value)


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda it: it.__name__)
@pytest.mark.parametrize(("state", "wish", "_wanted"), good(CASES))
def test_invariant(holds, state, wish, _wanted):
    holds(TECHNOLOGY, state, wish)


WHY = [
    (
        host("zfs", status=TANK_A, prerequisites=Prerequisites(dataset=True)),
        FSNAME,
        "its dataset is tank/a, not tank/b",
    ),
]


@pytest.mark.parametrize(("state", "wish", "why"), WHY)
def test_a_restart_says_why(state, wish, why):
    assert why in plan(state, wish).steps[-1].reason
