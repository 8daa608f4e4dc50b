# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thin pool as it is wanted, observed and described: parameters, files, return values."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    GIB,
    KIB,
    MIB,
    parse_amount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    observe as _observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import state as _state
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.autoextend import (
    Policy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.describe import (
    describe,
)
from support.lvm_hosts import group, groups, pool

GIVEN = {
    "vg": "docker",
    "name": "thinpool",
    "state": "present",
    "size": None,
    "metadata_size": None,
    "chunk_size": None,
    "zero": None,
    "discards": None,
    "error_when_full": None,
    "autoextend": None,
    "monitor": True,
    "require_headroom": False,
    "devices": [],
}

# a parameter, and what is wanted then beside the names
WISHES = [
    ({}, {}),
    ({"state": "absent"}, {"present": False}),
    ({"size": "80%VG"}, {"size": parse_amount("80%VG", "size")}),
    ({"metadata_size": "100m"}, {"metadata_size": parse_amount("100m", "size")}),
    ({"chunk_size": "64k"}, {"chunk_size": 64 * KIB}),
    ({"chunk_size": "192k"}, {"chunk_size": 192 * KIB}),
    ({"chunk_size": "1g"}, {"chunk_size": GIB}),
    ({"zero": False}, {"zero": False}),
    ({"discards": "passdown"}, {"discards": "passdown"}),
    ({"error_when_full": True}, {"when_full": "error"}),
    ({"error_when_full": False}, {"when_full": "queue"}),
    ({"autoextend": {"threshold": 50, "percent": 1}}, {"policy": Policy(50, 1)}),
    ({"autoextend": {"threshold": 100, "percent": 100}}, {"policy": Policy(100, 100)}),
    ({"monitor": False}, {"monitor": False}),
    ({"require_headroom": True}, {"require_headroom": True}),
]

NO_WISHES = [
    ({"vg": "a b"}, "The volume group name 'a b'"),
    ({"name": "x_tmeta"}, "The logical volume name 'x_tmeta'"),
    ({"size": "10"}, "size=10: it has no unit"),
    ({"metadata_size": "10"}, "metadata_size=10: it has no unit"),
    ({"chunk_size": "10"}, "chunk_size=10: it has no unit"),
    ({"chunk_size": "32k"}, "multiples of 64 KiB"),
    ({"chunk_size": "100k"}, "multiples of 64 KiB"),
    ({"chunk_size": "1048640k"}, "multiples of 64 KiB"),
    ({"autoextend": {"threshold": 49}}, "autoextend.threshold=49"),
    ({"autoextend": {"threshold": 101}}, "autoextend.threshold=101"),
    ({"autoextend": {"percent": 0}}, "autoextend.percent=0"),
    ({"autoextend": {"percent": 101}}, "autoextend.percent=101"),
]


@pytest.mark.parametrize(("given", "wanted"), WISHES)
def test_what_is_wanted(given, wanted):
    assert _state.wanted_from({**GIVEN, **given}) == _state.Wanted("docker", "thinpool", **wanted)


@pytest.mark.parametrize(("given", "refusal"), NO_WISHES)
def test_what_no_host_could_have(given, refusal):
    with pytest.raises(StorageError) as refused:
        _state.wanted_from({**GIVEN, **given})
    assert refusal in str(refused.value)


# What is on the host, and which of its profiles matter: all of these are there but "gone".
PROFILES = [
    (group(), {"docker-thinpool"}),
    (group(pool(profile="by-hand")), {"docker-thinpool", "by-hand"}),
    (group(pool(profile=""), profile="all"), {"docker-thinpool", "all"}),
    (group(pool(profile="gone")), {"docker-thinpool"}),
    (group(name="other", profile="all"), {"docker-thinpool"}),
]


@pytest.mark.parametrize(("found", "names"), PROFILES)
@pytest.mark.parametrize("thin_check", [True, False])
def test_what_is_read(tmp_path, monkeypatch, found, names, thin_check):
    for name in ("docker-thinpool", "by-hand", "all", "of-nobody"):
        pathlib.Path(tmp_path / f"{name}.profile").write_text(f"text of {name}")
    config = LvmConfig(profile_dir=str(tmp_path))
    monkeypatch.setattr(_observe, "observe_group", lambda run, name, devices: groups(found))
    monkeypatch.setattr(_observe, "observe_lvm_config", lambda run: config)
    monkeypatch.setenv("PATH", str(tmp_path))
    if thin_check:
        (tmp_path / "thin_check").write_text("")
        (tmp_path / "thin_check").chmod(0o755)
    else:
        monkeypatch.setattr(_observe, "find_program", lambda name: None)
    seen = _observe.observe(None, _state.Wanted("docker", "thinpool"))
    assert seen.profiles == {name: f"text of {name}" for name in names}
    assert (seen.groups, seen.config, seen.thin_check) == (groups(found), config, thin_check)


def described(*found, **profiles):
    state = _state.State(groups(*found), LvmConfig(threshold=70, percent=20), profiles, True)
    return describe(state, _state.Wanted("docker", "thinpool"))


def test_nothing_is_described_as_nothing():
    assert described() == {"vg": None, "pool": None}
    assert described(group())["pool"] is None


def test_a_group_and_its_pool_are_described_in_bytes():
    told = described(group(pool(2000, 3, data_percent=1.5)))
    assert told["vg"] == {
        "name": "docker",
        "size": 2559 * 4 * MIB,
        "free": (2559 - 2000 - 2 * 3) * 4 * MIB,
        "extent_size": 4 * MIB,
        "devices": ["/dev/vdb"],
    }
    assert told["pool"] == {
        "name": "thinpool",
        "device": "/dev/mapper/docker-thinpool",
        "size": 8000 * MIB,
        "size_human": "7.8 GiB",
        "metadata_size": 12 * MIB,
        "chunk_size": 512 * KIB,
        "zero": False,
        "discards": "passdown",
        "error_when_full": False,
        "profile": "docker-thinpool",
        "autoextend": {"threshold": 70, "percent": 20},
        "active": True,
        "monitored": True,
        "data_percent": 1.5,
        "metadata_percent": 10.0,
        "health": "ok",
    }


def test_a_pool_that_fails_when_full_or_is_ill_is_described_so():
    told = described(group(pool(when_full="error", health="failed")))["pool"]
    assert (told["error_when_full"], told["health"]) == (True, "failed")
