# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever LVM, wipefs, udev and the kernel answer: it is read or refused, and no traceback."""

from __future__ import annotations

import json
import pathlib
import random
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import disk, udev
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import (
    parse_lvmconfig,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import (
    parse_host_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import parse_report
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.autoextend import (
    parse_profile,
    sets_only_the_policy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.content import (
    parse_content,
)
from support.fuzz import share
from support.mangled import mangled_json, mangled_text

REPORT = (pathlib.Path(__file__).parents[1] / "fixtures" / "lvm_fullreport.json").read_text()
CONFIG = """\
profile_dir="/etc/lvm/profile"
thin_pool_autoextend_threshold=80
thin_pool_autoextend_percent=20
monitoring=1
"""
ALL_SETTINGS = """\
devices {
\tfilter=["r|/dev/vd[b-z]|","a|.*|"]
\tuse_devicesfile=0
}
allocation {
\tphysical_extent_size=8192
}
activation {
\tvolume_list=["vg1","@tag"]
}
"""
PROFILE = (
    "activation {\n\tthin_pool_autoextend_threshold=80\n\tthin_pool_autoextend_percent=20\n}\n"
)
STATUS = "v-p-tpool: 0 6692864 thin-pool 1 1136/11264 145/6536 - rw discard_passdown - 1024\n"
WIPEFS = json.dumps({"signatures": [{"device": "x", "offset": "0x1fe", "type": "dos"}]})
RECORD = "S:disk/by-id/virtio-1\nS:disk/by-path/p\nE:ID_SERIAL=1\nE:ID_FS_TYPE=xfs\nE:ID_WWN=0x5\n"


def read_profile(text):
    return parse_profile(text), sets_only_the_policy(text)


pytestmark = pytest.mark.fuzz

READERS = [
    (parse_report, REPORT, mangled_text),
    (parse_report, REPORT, mangled_json),
    (parse_lvmconfig, CONFIG, mangled_text),
    (parse_host_rules, ALL_SETTINGS, mangled_text),
    (read_profile, PROFILE, mangled_text),
    (lambda text: parse_content(text, "v-p"), STATUS, mangled_text),
]


@pytest.mark.parametrize(("read", "recorded", "mangle"), READERS)
@pytest.mark.parametrize("seed", range(4))
def test_an_answer_is_read_or_refused(read, recorded, mangle, seed):
    chance = random.Random(seed)
    refused = []
    for _each in range(share(0.03)):
        try:
            read(mangle(chance, recorded))
        except StorageError as error:
            refused.append(error)
    assert refused or read in (read_profile, READERS[-1][0])
    for error in refused:
        assert error.details["refusal"] == "answer_unreadable"
        assert "its answer cannot be read" in str(error)
        assert "\x1b" not in str(error)
        assert len(str(error)) < 2500


@pytest.mark.parametrize("seed", range(4))
def test_a_disk_is_read_or_refused(tmp_path, monkeypatch, seed):
    for module in (disk, udev):
        monkeypatch.setattr(module, "DEVICES", str(tmp_path / "sys") + "/")
    monkeypatch.setattr(udev, "RECORDS", str(tmp_path / "udev"))
    monkeypatch.setattr(stat, "S_ISBLK", lambda mode: True)
    (tmp_path / "vdb").write_bytes(bytes(4096))
    (tmp_path / "sys" / "0:0" / "queue").mkdir(parents=True)
    chance = random.Random(seed)

    class Run:
        def read(self, argv):
            return mangled_json(chance, WIPEFS) if chance.random() < 0.5 else WIPEFS

    refused = set()
    for _each in range(40):
        record = mangled_text(chance, RECORD).encode(errors="surrogateescape")
        (tmp_path / "udev0:0").write_bytes(record + chance.choice([b"", b"\xff\xfe\0"]))
        for name, text in (("size", "8"), ("ro", "0"), ("queue/optimal_io_size", "512")):
            mangled = mangled_text(chance, text + "\n").encode(errors="surrogateescape")
            (tmp_path / "sys" / "0:0" / name).write_bytes(mangled)
        try:
            disk.examine(Run(), str(tmp_path / "vdb"))
        except StorageError as error:
            refused.add(error.details["refusal"])
    assert refused == {"answer_unreadable"}


def test_what_was_recorded_is_read():
    assert {found.name for found in parse_report(REPORT).groups} == {"data", "docker"}
    assert parse_report("  WARNING: {x} is bad\n" + REPORT) == parse_report(REPORT)
    assert parse_report(REPORT + "\n  more") == parse_report(REPORT)


NAMED = [
    ("", "there is no JSON in it, but ''"),
    ("no JSON", "there is no JSON in it, but 'no JSON'"),
    (REPORT[:900], "its answer cannot be read"),
    ('{"log": []}', "it has no report"),
    ('{"report": 5}', "the answer has report=5"),
    ('{"report": [5]}', "the answer, report 1 is 5"),
    ('{"report": [{"vg": [{}]}]}', "the answer, report 1, vg 1 has no vg_extent_size"),
    (REPORT.replace('"4194304"', '"0"', 1), "vg 1 has vg_extent_size=0"),
    (REPORT.replace('"255"', '"' + "9" * 5000 + '"', 1), "pv 1 has pv_pe_count='999"),
    (REPORT.replace('"2.23"', '"nan"'), "lv 2 has data_percent='nan'"),
    (REPORT.replace('"pv_name"', '"pv"', 1), "report 1, pv 1 has no pv_name"),
    (REPORT.replace('"segtype"', '"s"', 1), "report 1, seg 1 has no segtype"),
]


@pytest.mark.parametrize(("text", "words"), NAMED)
def test_what_cannot_be_read_is_named(text, words):
    with pytest.raises(StorageError, match="`lvm fullreport`: its answer cannot be") as refused:
        parse_report(text)
    assert words in str(refused.value)
