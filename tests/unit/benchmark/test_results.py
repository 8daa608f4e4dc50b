# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from containerhost_bench import figures, results, table

SAMPLES = {
    "apply": {"raw": [19.0, 20.0, 19.5], "peer": [60.0, 58.0, 59.0], "ours": [30.0, 29.0, 31.0]},
    "noop": {"peer": [40.0, 39.0, 41.0], "ours": [14.0, 13.0, 15.0], "ping": [3.0, 2.9, 3.1]},
    "check": {"peer": [41.0], "ours": [13.0]},
    "check_blank": {"peer": [20.0], "ours": [10.0]},
    "modules": {"peer": [17, 17, 17], "ours": [3, 3, 3]},
    "execs": {"peer": [81, 80, 82], "ours": [21, 21, 21]},
    "lvm": {"peer": [9, 9, 9], "ours": [1, 1, 1]},
    "bytes": {"peer": [2_000_000, 2_000_100, 2_000_200], "ours": [400_000, 400_000, 400_000]},
    "restore": {"lab": [3.1, 2.9, 3.0]},
    "layout_modules": {"devicemapper": [1], "overlay2": [3]},
    "layout_execs": {"devicemapper": [14], "overlay2": [15, 15]},
    "layout_ping": {"devicemapper": [3.2], "overlay2": [3.0, 3.0]},
    "layout_noop": {"devicemapper": [8.0], "overlay2": [10.0, 14.0]},
    "layout_apply": {"devicemapper": [26.0], "overlay2": [27.0, 31.0, 28.0]},
    "layout_by_hand": {"overlay2": [20.0, 19.0, 21.0]},
    "zfs": {"peer": [20, 20], "ours": [2, 2]},
    "zfs_seconds": {"peer": [6.0, 6.0], "ours": [3.0, 3.0]},
    "btrfs": {"peer": [6.0, 5.0, 7.0], "ours": [3.0, 2.5, 3.5], "ping": [2.0, 2.0, 2.0]},
    "overlay": {"rate": [120_000], "median": [110_000], "memory": [17.8]},
    "fleet_cpu_100": {"ping": [68.0, 67.0, 70.0], "ours": [454.0, 450.0, 460.0]},
    "fleet_wall_100": {"ping": [8.0, 8.0, 8.0], "ours": [32.0, 30.0, 31.0]},
    "fleet_memory_100": {"ping": [90.0, 90.0, 90.0], "ours": [110.0, 112.0, 111.0]},
    "fleet_modules_100": {"ping": [1, 1, 1], "ours": [3, 3, 3]},
}

VERDICTS = [
    # title                            value             met
    ("nothing to do, ours / peer", 14 / 40, False),
    ("blank to ready, ours / peer", 30 / 59, True),
    ("blank to ready, ours / by hand", 30 / 19.5, True),
    ("modules, nothing to do", 3, True),
    ("LVM commands, nothing to do", 1, True),
    ("lab host restored, seconds", 3.0, True),
    ("modules, any layout", 3, False),
    ("default, nothing to do / ping", 12 / 3, False),
    ("default, blank / by hand", 28 / 20, True),
    ("default, programs, nothing to do", 15, True),
    ("zfs_dataset, commands of ZFS", 2, True),
    ("btrfs_subvolume, ours / peer", 3 / 6, True),
    ("layer, entries/s", 120_000, True),
    ("layer, MiB of memory", 17.8, True),
    ("100 hosts, CPU, ours / ping", 454 / 68, False),
]


@pytest.mark.parametrize(("title", "value", "met"), VERDICTS)
def test_a_figure_is_met_or_not(title, value, met):
    (verdict,) = (it for it in figures.verdicts(SAMPLES) if it.title == title)
    assert verdict.value == pytest.approx(value)
    assert verdict.met is met


@pytest.mark.parametrize(
    ("value", "least", "met"),
    [(4, False, True), (4.1, False, False), (4, True, True), (3.9, True, False)],
)
def test_the_limit_itself_is_met(value, least, met):
    assert figures.Verdict("", 4, value, least).met is met


def test_what_was_not_measured_is_not_met():
    assert [it.value for it in figures.verdicts({})] == [None] * len(figures.FIGURES)
    assert not any(it.met for it in figures.verdicts({}))


def test_every_figure_is_of_a_group_and_every_group_has_one():
    assert {it.group for it in figures.FIGURES} == set(figures.GROUPS)


def test_json_has_medians_by_kind_and_is_json():
    written = json.loads(json.dumps(results.as_json(SAMPLES, {"cores": 2}, {"ansible-core": "2"})))
    assert written["apply"] == {"raw": 19.5, "peer": 59.0, "ours": 30.0}
    assert written["noop"]["ours"] == 14.0
    assert written["modules"] == {"peer": 17, "ours": 3}
    assert written["execs"] == {"peer": 81, "ours": 21, "lvm": {"peer": 9, "ours": 1}}
    assert written["lab_restore"] == 3.0
    assert written["layouts"]["modules"] == {"devicemapper": 1, "overlay2": 3}
    assert written["layouts"]["noop_to_ping"] == {"devicemapper": 2.5, "overlay2": 4.0}
    assert written["layouts"]["apply_to_ping"] == {"devicemapper": 8.125, "overlay2": 9.333}
    assert written["layouts"]["apply_to_by_hand"] == {"overlay2": 1.4}
    assert written["zfs"] == {
        "commands": {"peer": 20, "ours": 2},
        "seconds": {"peer": 6.0, "ours": 3.0},
    }
    assert written["btrfs"] == {
        "seconds": {"peer": 6.0, "ours": 3.0, "ping": 2.0},
        "own": {"peer": 4.0, "ours": 1.0},
        "ratio": 0.5,
        "ratio_own": 0.25,
    }
    assert written["overlay"] == {"rate": 120_000, "median": 110_000, "memory": 17.8}
    assert written["fleet"] == {
        "100": {
            "cpu": {"ping": 68.0, "ours": 454.0},
            "memory": {"ping": 90.0, "ours": 111.0},
            "wall": {"ping": 8.0, "ours": 31.0},
            "modules": {"ping": 1, "ours": 3},
        }
    }
    assert written["machine"] == {"cores": 2}
    assert [it["met"] for it in written["figures"]] == [met for _, _, met in VERDICTS]


def test_the_table_says_medians_ratios_and_what_falls_short():
    text = table.render(SAMPLES)
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "blank to ready, s 19.5 59.0 30.0 0.51 1.54" in rows
    assert "least to most 19.0..20.0 58.0..60.0 29.0..31.0" in rows
    assert "nothing to do, s - 40.0 14.0 0.35 -" in rows
    assert "bytes sent, nothing to do - 2,000,100 400,000 0.20 -" in rows
    assert "btrfs_subvolume, s - 6.00 3.00 0.50 -" in rows
    assert "more than an empty module - 4.00 1.00 0.25" in rows
    assert "layer, entries/s, best 120,000" in rows
    assert "layout modules programs ping, s no-op, s / ping blank, s / ping" in rows
    assert "overlay2 3 15 3.0 12.0 4.00 28.0 9.33" in rows
    assert "overlay2 from blank by hand: 20.0 s; ours / by hand: 1.40" in rows
    assert "100 hosts, ours 454 31.0 111 6.68" in rows
    assert "least to most 450..460 30.0..32.0 110..112" in rows
    assert "nothing to do, ours / peer <= 0.33 0.35 SHORT" in rows
    assert "layer, entries/s >= 100,000 120,000.00 OK" in rows
    assert max(map(len, text.splitlines())) <= 80


def test_some_figures_by_themselves():
    some = {kind: SAMPLES[kind] for kind in ("zfs", "zfs_seconds")}
    text = table.render(some, ["zfs"])
    assert "zfs_dataset, commands of ZFS" in text
    assert not any(word in text for word in ("not measured", "layout", "btrfs", "layer"))
    written = results.as_json(some, {}, {}, ["zfs"])
    assert [it["title"] for it in written["figures"]] == ["zfs_dataset, commands of ZFS"]
    assert written["btrfs"]["ratio"] is None


def test_the_table_of_nothing_measured_says_so():
    text = table.render({})
    assert text.count("not measured") == len(figures.FIGURES)
