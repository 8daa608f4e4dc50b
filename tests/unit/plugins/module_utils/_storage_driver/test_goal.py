# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an engine is to end up with, as a table: what is there, what is wanted, what is the goal."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import (
    Goal,
    goal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
)
from support.engine_hosts import (
    CONTAINERD,
    DM,
    OFF_STORE,
    ON_DM,
    ON_STORE,
    PINNED,
    ROOT,
    SIZED,
    STORE_ON,
    STORE_ON_BTRFS,
    STORE_ON_OVERLAY2,
    USED,
    engine_26,
    engine_29,
    host,
    want,
)

AS_IT_IS = Goal(store=False, driver="overlay2", root=ROOT, options={}, stale=False, switch=None)
ON_OVERLAYFS = AS_IT_IS._replace(store=True, driver="overlayfs")
POOL = {"dm.thinpooldev": ["/dev/mapper/d-p"]}
LIMIT = {"overlay2.size": ["10G"]}
OWN_OPTION = '{"storage-opts": ["overlay2.size=10G", "size=1g"]}'
ON_BTRFS_WITH_OTHERS = STORE_ON_BTRFS[:-1] + ', "storage-opts": ["zfs.fsname=tank/b"]}'
ON_NATIVE = STORE_ON[:-1] + ', "storage-driver": "native"}'
VERSION_29_0_0 = Prerequisites(version=(29, 0, 0))

CASES = [
    # what is not wanted otherwise stays as it is
    (host(), want(), AS_IT_IS),
    (host(text=SIZED), want(), AS_IT_IS._replace(options=LIMIT)),
    (host(active="inactive"), want(), AS_IT_IS._replace(driver="")),
    (host(active="inactive", text=PINNED), want(), AS_IT_IS),
    (
        host(text='{"data-root": "/srv"}', active="inactive"),
        want(),
        AS_IT_IS._replace(driver="", root="/srv"),
    ),
    (engine_29(), want(), ON_OVERLAYFS),
    # the data root
    (host(), want(data_root="/srv"), AS_IT_IS._replace(root="/srv")),
    # options go with the driver that they are for; those of any driver stay
    (host(text=SIZED), want("vfs"), AS_IT_IS._replace(driver="vfs")),
    (host(text=OWN_OPTION), want("vfs"), AS_IT_IS._replace(driver="vfs", options={"size": ["1g"]})),
    (host(text=SIZED), want(options={}), AS_IT_IS),
    (host("devicemapper", ON_DM), DM, AS_IT_IS._replace(driver="devicemapper", options=POOL)),
    # the image store
    (engine_26(), ON_STORE, ON_OVERLAYFS._replace(switch=True)),
    (engine_26("overlayfs", STORE_ON, status=CONTAINERD), ON_STORE, ON_OVERLAYFS),
    (engine_26(text=PINNED), ON_STORE, ON_OVERLAYFS._replace(switch=True, stale=True)),
    (
        engine_26("overlay2", STORE_ON_OVERLAY2, status=CONTAINERD),
        ON_STORE,
        ON_OVERLAYFS._replace(stale=True),
    ),
    (
        engine_26("btrfs", STORE_ON_BTRFS, status=CONTAINERD),
        ON_STORE,
        ON_OVERLAYFS._replace(driver="btrfs"),
    ),
    (engine_29(), OFF_STORE, AS_IT_IS._replace(driver="", switch=False)),
    (
        engine_26("btrfs", STORE_ON_BTRFS, status=CONTAINERD),
        OFF_STORE,
        AS_IT_IS._replace(driver="btrfs", switch=False),
    ),
    (  # options of another driver, which the image store ignored
        engine_26("btrfs", ON_BTRFS_WITH_OTHERS, status=CONTAINERD),
        OFF_STORE,
        AS_IT_IS._replace(driver="btrfs", switch=False),
    ),
    (  # the name is none of a driver's, so that the engine looks for one
        engine_26("native", ON_NATIVE, status=CONTAINERD),
        OFF_STORE,
        AS_IT_IS._replace(driver="", switch=False, stale=True),
    ),
    (engine_29(active="inactive", held=USED), want(), AS_IT_IS._replace(driver="")),
    # a name is enough to leave the image store, except for the first release that has it on
    (engine_29(), want("overlay2"), AS_IT_IS),
    (
        engine_29(version=(29, 0, 0), prerequisites=VERSION_29_0_0),
        want("zfs"),
        AS_IT_IS._replace(driver="zfs", switch=False),
    ),
    # it is the next start's version that counts, not that of the engine which runs
    (
        engine_26(prerequisites=VERSION_29_0_0),
        want("zfs"),
        AS_IT_IS._replace(driver="zfs", switch=False),
    ),
    (engine_26(), want("zfs"), AS_IT_IS._replace(driver="zfs")),
]


@pytest.mark.parametrize(("state", "wish", "wanted"), CASES)
def test_goal(state, wish, wanted):
    assert goal(state, wish) == wanted
