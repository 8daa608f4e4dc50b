# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stable name of each refusal that has to do with the engine: what a fleet can count."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    daemon_json,
    data_root,
    driver_folders,
    driver_rules,
    engine,
    option_values,
    unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing

V20, V26 = (20, 10, 24), (26, 1, 5)
DIRECT = {"dm.directlvm_device": ["/dev/sdb"]}


def refusal_of(function, *arguments):
    with pytest.raises(StorageError) as error:
        function(*arguments)
    return error.value.details["refusal"]


DRIVERS = [
    ("driver_removed", driver_rules.require_driver, "devicemapper", V26),
    ("engine_too_old", driver_rules.require_driver, "fuse-overlayfs", (19, 3, 7)),
    ("engine_too_old", driver_rules.require_image_store, V20, True),
    ("driver_not_built_in", driver_rules.require_built_in, "zfs", V26, ("zfs",)),
    ("pool_not_given", driver_rules.require_loops_asked_for, {}),
    ("kernel_too_old", driver_rules.require_kernel, "overlay2", "3.19.8"),
]


@pytest.mark.parametrize("case", DRIVERS, ids=lambda case: case[0])
def test_refusals_of_drivers(case):
    wanted, function, *arguments = case
    assert refusal_of(function, *arguments) == wanted


# driver, its options, engine, and the name
OPTIONS = [
    ("overlay2", {"overlay2.sizes": ["1g"]}, V20, "option_unknown"),
    ("overlay2", {"dm.basesize": ["1g"]}, V20, "option_of_other_driver"),
    ("overlay2", {"overlay2.size": ["1g"]}, (17, 6), "engine_too_old"),
    ("overlay2", {"overlay2.override_kernel_check": ["true"]}, V26, "option_removed"),
    ("overlay2", {"overlay2.size": ["1g", "2g"]}, V20, "option_repeated"),
    ("overlay2", {"overlay2.size": ["1z"]}, V20, "option_value_invalid"),
    ("devicemapper", {"dm.directlvm_device_force": ["true"]}, V20, "option_unsafe"),
    ("devicemapper", {**DIRECT, "dm.thinpooldev": ["d-p"]}, V20, "options_conflict"),
    ("devicemapper", {"dm.thinp_percent": ["95"]}, V20, "options_incomplete"),
    ("devicemapper", {**DIRECT, "dm.thinp_percent": ["95"]}, V20, "options_incomplete"),
    (
        "devicemapper",
        {**DIRECT, "dm.thinp_percent": ["95"], "dm.thinp_metapercent": ["6"]},
        V20,
        "options_conflict",
    ),
]


@pytest.mark.parametrize(("driver", "options", "version", "wanted"), OPTIONS)
def test_refusals_of_options(driver, options, version, wanted):
    assert refusal_of(driver_rules.require_options, driver, options, version) == wanted


def test_an_option_without_a_value_is_refused_before_the_host_is_looked_at():
    wish = {"dm.fs": "xfs", "DM.mkfsarg": []}
    assert refusal_of(option_values.flatten, wish) == "option_value_missing"
    with pytest.raises(StorageError, match=r"^Storage option dm\.mkfsarg: it has no value\."):
        option_values.flatten(wish)


SIZE = {"overlay2.size": ["10G"]}

# options of overlay2, filesystem, engine, file types, version of zfs, and the name
BACKINGS = [
    ({}, "nfs4", V26, None, (), "filesystem_unsupported"),
    ({}, "btrfs", (17, 3, 2), None, (), "engine_too_old"),
    ({}, "xfs", V26, False, (), "file_types_missing"),
    ({}, "zfs", V26, None, (2, 1, 11), "zfs_too_old"),
    (SIZE, "ext4", V26, None, (), "quota_unsupported"),
    (SIZE, "xfs", V26, None, (), "quota_off"),
]


@pytest.mark.parametrize(
    ("options", "fstype", "version", "file_types", "zfs_module", "wanted"), BACKINGS
)
def test_refusals_of_filesystems(options, fstype, version, file_types, zfs_module, wanted):
    backing = Backing("/srv", fstype, ("rw",))
    arguments = ("overlay2", options, backing, version, file_types, zfs_module)
    assert refusal_of(driver_rules.require_backing, *arguments) == wanted


CONFIGS = [
    (b"", "config_empty"),
    (b'\xef\xbb\xbf{"a": 1}', "config_malformed"),
    (b'{"a": "\xff"}', "config_malformed"),
    (b"{", "config_malformed"),
    (b'{"a": 1, "a": 2}', "config_malformed"),
    (b"[]", "config_malformed"),
]


@pytest.mark.parametrize(("content", "wanted"), CONFIGS)
def test_refusals_of_daemon_json(tmp_path, content, wanted):
    path = tmp_path / "daemon.json"
    path.write_bytes(content)
    assert refusal_of(daemon_json.read, str(path)) == wanted


def test_refusals_of_what_is_no_plain_daemon_json(tmp_path):
    (tmp_path / "link").symlink_to("daemon.json")
    assert refusal_of(daemon_json.read, str(tmp_path)) == "config_not_plain_file"
    assert refusal_of(daemon_json.read, str(tmp_path / "link")) == "config_not_plain_file"


def _denied(path, *_arguments, **_more):
    raise PermissionError(13, "Permission denied", path)


def test_refusals_of_what_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "daemon.json"
    path.write_text("{}")
    monkeypatch.setattr("builtins.open", _denied)
    assert refusal_of(daemon_json.read, str(path)) == "config_unreadable"
    monkeypatch.setattr(os, "listdir", _denied)
    assert refusal_of(data_root.observe_holdings, "/srv") == "root_required"
    assert refusal_of(driver_folders.remapped_roots, "/srv") == "root_required"


class Run:
    """A host on which every command prints the same."""

    def read(self, _argv):
        return "Docker version unknown"


def test_refusals_of_the_engine(tmp_path, monkeypatch):
    assert refusal_of(engine.installed_version, Run(), "/dockerd") == "engine_version_unknown"
    monkeypatch.setattr(Run, "read", lambda _self, _argv: "GNU bash, version 5.2.15")
    assert refusal_of(engine.installed_version, Run(), "/dockerd") == "engine_version_unknown"
    assert refusal_of(engine.ask, str(tmp_path / "none"), "/info") == "engine_unresponsive"
    monkeypatch.setattr(os.path, "isdir", lambda _path: False)
    assert refusal_of(unit.observe_unit, Run(), "docker.service") == "systemd_missing"
