# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which paths and names of units are taken, by all modules."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
    state as _btrfs_filesystem,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume import (
    state as _btrfs_subvolume,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import (
    plain_path,
    unit_names,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
    state as _mounted_volume,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer import (
    state as _overlay_layer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    state as _storage_driver,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool import (
    state as _zfs_pool,
)
from hypothesis import given
from hypothesis import strategies as st

MOUNT = {"mount_options": [], "required_by": ["docker.service"], "existing_data": "refuse"}
VOLUME = {"vg": "d", "name": "v", "pool": None, "size": None, "devices": []}
BTRFS = {"label": "d", "devices": [], "data_profile": None, "metadata_profile": None}
ZFS = {
    "name": "d", "layout": None, "ashift": None, "arc_max": None, "dataset": None, "devices": [],
}  # fmt: skip
SUBVOLUME = {
    "snapshot_of": "/srv", "compression": None, "nodatacow": None, "state": "present",
    "readonly": None, "quota": None, "recursive": False,
}  # fmt: skip
OVERLAY = {
    "lower": ["/l"], "upper": None, "work": None, "redirect_dir": None, "index": None,
    "metacopy": None, "xino": None, "volatile": None, "userxattr": None, "limit": 1,
    "report_changes": False, "persistent": None, "state": "mounted",
}  # fmt: skip
DRIVER = {
    "driver": None, "containerd_image_store": None, "options": None, "data_root": None,
    "config_file": "/etc/docker/daemon.json", "existing_data": "refuse", "restart": True,
    "service": "docker.service",
}  # fmt: skip

# Every option of every module that is a path which gets into a command, a unit or a file.
PATHS = {
    "mounted_volume.path": (_mounted_volume, {**MOUNT, **VOLUME}, "path"),
    "btrfs_filesystem.path": (_btrfs_filesystem, {**MOUNT, **BTRFS}, "path"),
    "zfs_pool.path": (_zfs_pool, {**MOUNT, **ZFS}, "path"),
    "btrfs_subvolume.path": (_btrfs_subvolume, SUBVOLUME, "path"),
    "btrfs_subvolume.snapshot_of": (_btrfs_subvolume, {**SUBVOLUME, "path": "/a"}, "snapshot_of"),
    "overlay_layer.path": (_overlay_layer, OVERLAY, "path"),
    "overlay_layer.upper": (_overlay_layer, {**OVERLAY, "path": "/a"}, "upper"),
    "overlay_layer.work": (_overlay_layer, {**OVERLAY, "path": "/a"}, "work"),
    "storage_driver.data_root": (_storage_driver, DRIVER, "data_root"),
    "storage_driver.config_file": (_storage_driver, DRIVER, "config_file"),
}
UNITS = {
    "mounted_volume": (_mounted_volume, {**MOUNT, **VOLUME, "path": "/a"}),
    "btrfs_filesystem": (_btrfs_filesystem, {**MOUNT, **BTRFS, "path": "/a"}),
    "zfs_pool": (_zfs_pool, {**MOUNT, **ZFS, "path": "/a"}),
}

BAD_PATHS = ["srv", "-x", "--help", "/srv/../../tmp/x", "/..", "/a\nWhat=/dev/sda", "/a\0b"]


@pytest.mark.parametrize("path", BAD_PATHS)
@pytest.mark.parametrize("option", PATHS)
def test_no_module_takes_a_path_that_leads_elsewhere_than_it_says(option, path):
    room, params, name = PATHS[option]
    with pytest.raises(StorageError) as error:
        room.wanted_from({**params, name: path})
    assert error.value.details["refusal"] == "path_invalid"


@pytest.mark.parametrize("path", ["/srv/docker", "/srv/a b", "/srv/100%", "/srv/ü", "/srv/-x"])
@pytest.mark.parametrize("option", PATHS)
def test_every_module_takes_a_plain_one(option, path):
    room, params, name = PATHS[option]
    room.wanted_from({**params, name: path})


BAD_UNITS = [
    "", "-H", "--now", "../../tmp/x", "a/b.service", ".service", "a b.service", "a\nb.service",
    "docker%.service", "docker\x00.service", "d" * 256, "dock\u00e9r.service", "*.service",
]  # fmt: skip


@pytest.mark.parametrize("unit", BAD_UNITS)
@pytest.mark.parametrize("module", UNITS)
def test_no_module_takes_a_unit_that_leads_out_of_its_folder(module, unit):
    room, params = UNITS[module]
    with pytest.raises(StorageError) as error:
        room.wanted_from({**params, "required_by": ["docker.service", unit]})
    assert error.value.details["refusal"] == "service_name_invalid"


@pytest.mark.parametrize("unit", [*BAD_UNITS, "docker", "docker.socket"])
def test_an_engine_is_a_service(unit):
    with pytest.raises(StorageError) as error:
        _storage_driver.wanted_from({**DRIVER, "service": unit})
    assert error.value.details["refusal"] == "service_name_invalid"


@pytest.mark.parametrize(
    "unit", ["docker.service", "docker", "a@b.service", r"dev-\x2da.device", "A_1:2.socket"]
)
def test_a_unit_is_taken(unit):
    assert unit_names("required_by", [unit]) == (unit,)


@pytest.mark.parametrize(
    ("path", "plain"), [("/srv//a/", "/srv/a"), ("//srv", "/srv"), ("/srv", "/srv")]
)
def test_slashes_that_mean_nothing_are_left_out_where_that_is_wanted(path, plain):
    assert plain_path("data_root", path, tidy=True) == plain
    if path != plain:
        with pytest.raises(StorageError, match="doubled or trailing slashes"):
            plain_path("data_root", path)


@given(st.text(st.sampled_from('/.-a% "\\\n\x00\udcff~$'), max_size=12))
def test_what_is_taken_is_what_it_says(path):
    try:
        plain = plain_path("path", path, tidy=True)
    except StorageError:
        return
    assert plain.startswith("/")
    assert plain != "/"
    assert plain == os.path.normpath(plain)
    assert plain.isprintable()
    assert os.path.normpath(path).lstrip("/") == plain.lstrip("/")
