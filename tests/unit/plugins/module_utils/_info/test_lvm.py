# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LVM in the report, from a recorded host: see ``test__lvm.py`` for what it had."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._info import lvm as _info_lvm
from ansible_collections.containerhost.storage.plugins.module_utils._lvm import report as _lvm
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    GroupState,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import State

RECORDED = (pathlib.Path(__file__).parents[1] / "fixtures" / "lvm_fullreport.json").read_text()
PROFILE = "thin_pool_autoextend_threshold=80\nthin_pool_autoextend_percent=20\n"
MIB = 1024**2


def topics(findings):
    return [finding.topic for finding in findings]


def no_commands(argv):
    pytest.fail(f"{argv} was run")


def lvm_state(profiles=None, thin_check=True):
    return State(
        groups=GroupState(_lvm.parse_report(RECORDED), (), {}, False),
        config=LvmConfig(),
        profiles={"docker-thinpool": PROFILE} if profiles is None else profiles,
        thin_check=thin_check,
    )


def with_pool(state, **fields):
    """Give the state with fields of the pool, or of its group (``group_free``), replaced."""
    group = state.groups.lvm.named("docker")[0]
    of_group = {key[6:]: fields.pop(key) for key in list(fields) if key.startswith("group_")}
    lvs = tuple(lv._replace(**fields) if lv.name == "thinpool" else lv for lv in group.lvs)
    return state.with_group(group._replace(lvs=lvs, **of_group))


def test_lvm_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(_info_lvm, "find_program", lambda name: None)
    seen = _info_lvm.observe(no_commands)
    assert _info_lvm.describe(seen) == {"groups": [], "orphans": []}
    assert _info_lvm.findings(seen) == []


def test_lvm_is_read_by_one_command(monkeypatch):
    monkeypatch.setattr(_info_lvm, "find_program", lambda name: "/usr/sbin/" + name)
    monkeypatch.setattr(_info_lvm, "observe_lvm_config", lambda run: LvmConfig())
    monkeypatch.setattr(_info_lvm, "read_profile", lambda folder, name: PROFILE)

    class Run:
        def read(self, argv):
            assert argv[:2] == ("lvm", "fullreport")
            return RECORDED

    assert _info_lvm.observe(Run()) == lvm_state()


def test_groups_are_described_in_bytes():
    data, docker = _info_lvm.describe(lvm_state())["groups"]
    assert (data["name"], data["missing"]) == ("data", 1)
    assert [it["device"] for it in data["devices"]] == ["/dev/vdd", None]
    assert docker["size"] == 1022 * 4 * MIB
    assert docker["free"] == 183 * 4 * MIB
    assert docker["devices"][1] == {
        "device": "/dev/vdc",
        "uuid": "WOBhnD-2YTJ-BEvN-wihL-KDOx-0Bqy-4uOlhk",
        "size": 511 * 4 * MIB,
        "free": 183 * 4 * MIB,
        "missing": False,
        "duplicate": False,
    }


def test_parts_of_volumes_are_not_listed_and_pools_are_apart():
    data, docker = _info_lvm.describe(lvm_state())["groups"]
    assert [it["name"] for it in data["volumes"]] == ["plain"]
    assert [(it["name"], it["kind"], it["pool"]) for it in docker["volumes"]] == [
        ("vol", "thin", "thinpool")
    ]
    assert [it["name"] for it in docker["pools"]] == ["thinpool"]


def test_a_pool_has_its_headroom():
    (pool,) = _info_lvm.describe(lvm_state())["groups"][1]["pools"]
    assert pool["size"] == 817 * 4 * MIB
    assert pool["data_percent"] == 2.23
    assert pool["autoextend"] == {
        "threshold": 80,
        "percent": 20,
        "next_step_size": (164 + 3 + 3) * 4 * MIB,
        "free_size": 183 * 4 * MIB,
        "can_extend": True,
    }


def test_orphans():
    assert _info_lvm.describe(lvm_state())["orphans"] == [
        {"device": "/dev/vdf", "size": 1024 * MIB}
    ]


def test_a_missing_disk_is_found_with_its_number_and_its_uuid():
    (finding,) = _info_lvm.findings(lvm_state())
    assert (finding.level, finding.topic) == ("warning", "group_missing_disk")
    assert "data: 1 of its 2 physical volumes" in finding.message
    assert "WKbJmm-PQie-PVw2-oJvT-RTC4-vD0X-Zhx7P2" in finding.message


POOLS = [
    # what is different                     topic                   said in the message
    ({}, None, None),
    ({"monitored": False}, "pool_unmonitored", "lvchange --monitor y docker/thinpool"),
    ({"monitored": False, "active": False}, None, None),
    ({"data_percent": 80.0}, None, None),
    ({"data_percent": 80.5, "group_free": 999}, "pool_over_threshold", "80.5 percent of its data"),
    ({"metadata_percent": 90.0}, "pool_over_threshold", "90 percent of its metadata (44 MiB)"),
    ({"data_percent": None, "active": False}, None, None),
    ({"check_needed": True}, "pool_needs_check", "lvconvert --repair docker/thinpool"),
    ({"health": "out_of_data"}, "pool_full", "docker/thinpool is full"),
    ({"health": "metadata_read_only"}, "pool_unhealthy", "LVM calls it metadata_read_only"),
    ({"group_free": 169}, "autoextend_headroom", "680 MiB"),
    ({"profile": "none"}, "profile_missing", "/etc/lvm/profile/none.profile"),
    ({"profile": ""}, "autoextend_off", "docker/thinpool"),
]


@pytest.mark.parametrize(("different", "topic", "said"), POOLS)
def test_pool_findings(different, topic, said):
    found = _info_lvm.findings(with_pool(lvm_state(), **different))
    messages = {it.topic: it.message for it in found}
    messages.pop("group_missing_disk")
    if topic is None:
        assert messages == {}
    else:
        assert said in messages[topic]


def test_a_pool_without_any_policy_is_nearly_full_where_dmeventd_warns():
    state = with_pool(lvm_state(profiles={}), profile="", data_percent=81.0)
    messages = {it.topic: it.message for it in _info_lvm.findings(state)}
    assert "more than 80" in messages["pool_over_threshold"]
    assert "autoextend_off" in messages


def test_the_policy_of_a_group_counts_for_its_pool():
    state = with_pool(lvm_state(profiles={"site": PROFILE}), profile="", group_profile="site")
    assert topics(_info_lvm.findings(state)) == ["group_missing_disk"]


def test_a_pool_that_cannot_be_checked():
    assert "thin_check_missing" in topics(_info_lvm.findings(lvm_state(thin_check=False)))


def test_a_duplicate_disk():
    state = lvm_state()
    group = state.groups.lvm.named("docker")[0]
    pvs = (group.pvs[0]._replace(duplicate=True), group.pvs[1])
    found = {
        it.topic: it.message for it in _info_lvm.findings(state.with_group(group._replace(pvs=pvs)))
    }
    assert "docker: /dev/vdb is there twice" in found["group_duplicate_disk"]


def test_two_groups_of_one_name():
    state = lvm_state()
    data, docker = state.groups.lvm.groups
    lvm = _lvm.Lvm((data._replace(name="docker"), docker), ())
    found = _info_lvm.findings(state._replace(groups=state.groups._replace(lvm=lvm)))
    assert found[0].topic == "group_name_twice"
    assert data.uuid in found[0].message
    assert docker.uuid in found[0].message


def test_a_volume_that_is_not_well():
    state = lvm_state()
    group = state.groups.lvm.named("data")[0]
    lvs = (group.lvs[0]._replace(health="partial"),)
    found = _info_lvm.findings(state.with_group(group._replace(lvs=lvs)))
    assert "volume_unhealthy" in topics(found)
