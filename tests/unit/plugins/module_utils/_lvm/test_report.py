# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading ``lvm fullreport``: recorded on Debian 12 with LVM 2.03.16.

The host had volume group docker (two disks, a thin pool with a volume), volume group data (two
disks, one of them unplugged), and a physical volume in no group.
"""

from __future__ import annotations

import json
import pathlib

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._lvm import report as _lvm

RECORDED = (pathlib.Path(__file__).parents[1] / "fixtures" / "lvm_fullreport.json").read_text()
MIB = 1024**2


@pytest.fixture
def lvm():
    return _lvm.parse_report(RECORDED)


@pytest.fixture
def docker(lvm):
    return lvm.named("docker")[0]


def changed(kind, name, **fields):
    """The recorded report with fields of one row replaced."""
    report = json.loads(RECORDED)
    rows = [row for part in report["report"] for row in part.get(kind, ())]
    row = next(row for row in rows if name in row.values())
    assert set(fields) <= set(row)
    row.update(fields)
    return _lvm.parse_report(json.dumps(report))


def test_groups(lvm):
    assert [(group.name, group.extents, group.free) for group in lvm.groups] == [
        ("data", 510, 410),
        ("docker", 1022, 183),
    ]
    assert {group.extent_size for group in lvm.groups} == {4 * MIB}
    assert not any(group.exported or group.shared for group in lvm.groups)


def test_a_physical_volume_in_no_group_is_an_orphan(lvm):
    (orphan,) = lvm.orphans
    assert (orphan.path, orphan.size, orphan.in_use) == ("/dev/vdf", 1024 * MIB, False)


def test_the_order_of_the_parts_of_the_report_does_not_matter(lvm):
    report = json.loads(RECORDED)
    report["report"].reverse()
    turned = _lvm.parse_report(json.dumps(report))
    assert (turned.groups, turned.orphans) == (lvm.groups[::-1], lvm.orphans)


def test_a_missing_disk_is_missing_and_the_other_is_not(lvm):
    group = lvm.named("data")[0]
    assert group.missing == 1
    assert [(pv.path, pv.missing, pv.size) for pv in group.pvs] == [
        ("/dev/vdd", False, 1024 * MIB),
        ("[unknown]", True, 0),
    ]


def test_pool(docker):
    assert docker.lv("thinpool") == _lvm.LogicalVolume(
        name="thinpool",
        uuid="nHcL0U-wu7S-aEFR-8fTf-BQNS-Wbu7-UQlUH5",
        extents=817,
        kind="thin-pool",
        role="private",
        active=True,
        open=True,  # by its volume, which is active
        profile="docker-thinpool",
        path="/dev/mapper/docker-thinpool",
        metadata_extents=11,
        chunk_size=512 * 1024,
        zero=False,
        discards="passdown",
        when_full="queue",
        monitored=True,
        thin_count=1,
        transaction_id=1,
        data_percent=2.23,
        metadata_percent=10.09,
    )


def test_volume_in_a_pool(docker):
    volume = docker.lv("vol")
    assert (volume.kind, volume.pool, volume.extents, volume.open) == (
        "thin",
        "thinpool",
        2560,
        False,
    )


def test_a_part_of_a_pool_is_hidden_and_is_no_user_of_its_profile(docker):
    assert {lv.name for lv in docker.lvs if lv.hidden} == {
        "lvol0_pmspare",
        "thinpool_tdata",
        "thinpool_tmeta",
    }
    assert [lv.name for lv in docker.lvs if lv.profile] == ["thinpool"]


@pytest.mark.parametrize(
    ("profile", "users"),
    [("docker-thinpool", ["thinpool"]), ("site", ["docker"]), ("of-nobody", [])],
)
def test_who_uses_a_profile(profile, users):
    found = changed("vg", "docker", vg_profile="site").profile_users(profile)
    assert [one.name for one in found] == users


def test_spare(lvm, docker):
    assert docker.spare == 11
    assert lvm.named("data")[0].spare == 0


def test_no_volume_of_that_name(docker):
    assert docker.lv("none") is None


FIELDS = [
    # row                       field of the report                   attribute      value
    (("vg", "docker"), {"vg_exported": "1"}, "exported", True),
    (("vg", "docker"), {"vg_shared": "1"}, "shared", True),
    (("vg", "docker"), {"vg_clustered": "1"}, "shared", True),
    (("vg", "docker"), {"vg_profile": "site"}, "profile", "site"),
    (("lv", "thinpool"), {"lv_active": ""}, "active", False),
    (("lv", "thinpool"), {"lv_device_open": "0"}, "open", False),
    (("lv", "thinpool"), {"lv_when_full": "error"}, "when_full", "error"),
    (("lv", "thinpool"), {"lv_health_status": "out_of_data"}, "health", "out_of_data"),
    (("lv", "thinpool"), {"lv_check_needed": "1"}, "check_needed", True),
    (("lv", "thinpool"), {"lv_check_needed": "-1"}, "check_needed", False),
    (("lv", "thinpool"), {"data_percent": ""}, "data_percent", None),
    (("seg", "thin-pool"), {"seg_monitor": "not monitored"}, "monitored", False),
    (("seg", "thin-pool"), {"zero": "1"}, "zero", True),
    (("seg", "thin-pool"), {"chunk_size": ""}, "chunk_size", 0),
    (("seg", "thin-pool"), {"thin_count": ""}, "thin_count", 0),
    (("seg", "thin-pool"), {"transaction_id": ""}, "transaction_id", 0),
    (("lv", "thinpool"), {"lv_active": "active"}, "active", True),  # the word for `--binary` too
    (("lv", "thinpool"), {"lv_active": "1"}, "active", True),
    (("lv", "thinpool"), {"lv_metadata_size": ""}, "metadata_extents", 0),
    (("vg", "docker"), {"vg_missing_pv_count": ""}, "missing", 0),
]


@pytest.mark.parametrize(("row", "fields", "attribute", "value"), FIELDS)
def test_field(row, fields, attribute, value):
    group = changed(*row, **fields).named("docker")[0]
    assert getattr(group if row[0] == "vg" else group.lv("thinpool"), attribute) == value


DISKS = [
    ({"dev_size": ""}, "size", 0),  # "" is what LVM cannot know
    ({"pv_pe_count": ""}, "extents", 0),
    ({"pv_pe_alloc_count": ""}, "allocated", 0),
    ({"pv_pe_alloc_count": "7"}, "allocated", 7),
    ({"pv_missing": "1"}, "missing", True),
    ({"pv_in_use": "0"}, "in_use", False),
]


@pytest.mark.parametrize(("fields", "attribute", "value"), DISKS)
def test_field_of_a_disk(fields, attribute, value):
    pvs = changed("pv", "/dev/vdb", **fields).named("docker")[0].pvs
    assert getattr(next(pv for pv in pvs if pv.path == "/dev/vdb"), attribute) == value


def test_duplicate_disk():
    (first, second) = changed("pv", "/dev/vdb", pv_duplicate="1").named("docker")[0].pvs
    assert first.duplicate
    assert not second.duplicate


def test_two_groups_of_one_name():
    assert len(changed("vg", "data", vg_name="docker").named("docker")) == 2


def test_warnings_before_the_report_are_skipped():
    assert _lvm.parse_report("  WARNING: Device /dev/vde not found.\n" + RECORDED).groups


def test_a_host_without_any_lvm():
    assert _lvm.parse_report('{"report": []}') == _lvm.Lvm()


def test_observing_is_one_command():
    ran = []

    class Run:
        def read(self, argv):
            ran.append(argv)
            return RECORDED

    assert _lvm.observe_lvm(Run()).groups
    assert len(ran) == 1
    assert ran[0][:4] == ("lvm", "fullreport", "--config", "backup/backup=0")
    assert all(isinstance(word, str) for word in ran[0])


NAMES = [
    ("docker", "volume group", ""),
    ("a" * 127, "volume group", ""),
    ("vg_0+1.2-3", "volume group", ""),
    (".hidden", "volume group", ""),
    ("snapshots", "volume group", ""),
    ("", "volume group", "LVM does not take it"),
    (None, "volume group", "LVM does not take it"),
    ("-y", "volume group", "LVM does not take it"),
    ("--force", "logical volume", "LVM does not take it"),
    (".", "volume group", "LVM does not take it"),
    ("..", "volume group", "LVM does not take it"),
    ("a b", "volume group", "LVM does not take it"),
    ("vg/lv", "volume group", "LVM does not take it"),
    ("ümlaut", "volume group", "LVM does not take it"),
    ("pool\n", "logical volume", "LVM does not take it"),
    ("a" * 128, "volume group", "LVM does not take it"),
    ("snapshot1", "logical volume", "keeps names like this"),
    ("pvmove0", "logical volume", "keeps names like this"),
    ("pool_tmeta", "logical volume", "keeps names like this"),
    ("lvol0_pmspare", "logical volume", "keeps names like this"),
]


@pytest.mark.parametrize(("name", "what", "wrong"), NAMES)
def test_name(name, what, wrong):
    if not wrong:
        _lvm.check_name(name, what)
        return
    with pytest.raises(StorageError, match=wrong) as error:
        _lvm.check_name(name, what)
    assert f"{what} name {name!r}" in str(error.value)


def test_a_mapper_name_doubles_hyphens():
    assert _lvm.mapper_name("a-b", "c--d") == "a--b-c----d"
