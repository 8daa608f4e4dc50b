# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stable names of the refusals, by which a fleet counts them."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Pool
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
    wanted_from,
)
from support.engine_hosts import (
    CONTAINERD,
    DM,
    FLAG,
    FSNAME,
    LOOPS,
    ON_DM,
    ON_STORE,
    STORE_ON,
    TANK_A,
    USED,
    ZFS,
    engine_26,
    engine_29,
    host,
    want,
)

OTHER_FILE = Flag("config-file", "/etc/d.json", "--config-file", "/etc/x.conf")
NOTES_OF_A_POOL = Prerequisites(remembers_pool=True)


def of_pool(*pool, **more):
    """A host where the pool that is wanted is as told."""
    return host(prerequisites=Prerequisites(pool=Pool("d-p", *pool), **more))


REFUSALS = [
    (State(None, daemon_json.File(None, {})), want(), "engine_missing"),
    (host(load="masked"), want(), "engine_masked"),
    (host(flags=[OTHER_FILE]), want("vfs"), "config_not_read"),
    (host(flags=[FLAG]), want("overlay2"), "flag_conflict"),
    (host(active="inactive"), want(options={"size": "1g"}), "driver_not_given"),
    (
        host("vfs", prerequisites=Prerequisites(missing_modules=("overlay",))),
        want("overlay2"),
        "kernel_module_missing",
    ),
    (
        host(prerequisites=Prerequisites(unloaded_modules=("zfs",)), backing=ZFS),
        want("zfs"),
        "kernel_module_not_loaded",
    ),
    (
        host(prerequisites=Prerequisites(missing_programs=("fuse-overlayfs",))),
        want("fuse-overlayfs"),
        "program_missing",
    ),
    # the data
    (host(held=USED), want("vfs"), "data_hidden"),
    (host("devicemapper", ON_DM, prerequisites=NOTES_OF_A_POOL), LOOPS, "data_in_other_pool"),
    (of_pool(True, True, remembers_pool=True), DM, "data_in_other_pool"),
    (of_pool(True, True, loop_file="/x/data"), DM, "data_in_other_pool"),
    (
        host("zfs", status=TANK_A, held={"images": {"zfs": 2}}),
        FSNAME._replace(keep_existing=True),
        "data_in_other_dataset",
    ),
    # where the data is to be
    (of_pool(False), DM, "pool_missing"),
    (of_pool(True), DM, "pool_not_thin"),
    (of_pool(True, True, True), DM, "pool_used"),
    (host(prerequisites=Prerequisites(dataset=False)), FSNAME, "dataset_missing"),
    # the containerd image store
    (engine_26(text='{"features": []}'), ON_STORE, "config_malformed"),
    (engine_26(), want("overlay2", containerd_store=True), "driver_and_image_store"),
    (
        engine_26("overlayfs", STORE_ON, status=CONTAINERD),
        want("overlay2"),
        "image_store_on",
    ),
    (engine_29(), want(options={"size": "1g"}), "image_store_on"),
    (
        engine_26(text='{"userns-remap": "default"}'),
        ON_STORE,
        "user_namespaces_unsupported",
    ),
]


@pytest.mark.parametrize(("state", "wish", "name"), REFUSALS)
def test_a_refusal_has_its_name(state, wish, name):
    with pytest.raises(StorageError) as error:
        plan(state, wish)
    assert error.value.details == {"refusal": name}


PARAMS = {
    "driver": None,
    "containerd_image_store": None,
    "options": None,
    "data_root": None,
    "config_file": "/etc/docker/daemon.json",
    "existing_data": "refuse",
    "service": "docker.service",
    "restart": True,
}


@pytest.mark.parametrize(
    ("param", "value", "name"),
    [
        ("data_root", "srv", "path_invalid"),
        ("config_file", "/", "path_invalid"),
        ("service", "--now.service", "service_name_invalid"),
    ],
)
def test_a_wish_that_no_host_could_grant_is_refused_by_name(param, value, name):
    assert wanted_from(PARAMS) == want()
    with pytest.raises(StorageError) as error:
        wanted_from({**PARAMS, param: value})
    assert error.value.details == {"refusal": name}
