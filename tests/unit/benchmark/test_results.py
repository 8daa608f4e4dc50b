# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from containerhost_bench import results, table

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
}

VERDICTS = [
    # title                            value             met
    ("nothing to do, ours / peer", 14 / 40, False),
    ("blank to ready, ours / peer", 30 / 59, True),
    ("blank to ready, ours / by hand", 30 / 19.5, True),
    ("modules, nothing to do", 3, True),
    ("LVM commands, nothing to do", 1, True),
    ("lab host restored, seconds", 3.0, True),
]


@pytest.mark.parametrize(("title", "value", "met"), VERDICTS)
def test_a_figure_is_met_or_not(title, value, met):
    (verdict,) = (it for it in results.verdicts(SAMPLES) if it.title == title)
    assert verdict.value == pytest.approx(value)
    assert verdict.met is met


def test_the_limit_itself_is_met():
    assert results.Verdict("", 4, 4).met


def test_what_was_not_measured_is_not_met():
    assert [it.value for it in results.verdicts({})] == [None] * len(results.FIGURES)
    assert not any(it.met for it in results.verdicts({}))


def test_json_has_medians_by_kind_and_is_json():
    written = json.loads(json.dumps(results.as_json(SAMPLES, {"cores": 2}, {"ansible-core": "2"})))
    assert written["apply"] == {"raw": 19.5, "peer": 59.0, "ours": 30.0}
    assert written["noop"]["ours"] == 14.0
    assert written["modules"] == {"peer": 17, "ours": 3}
    assert written["execs"] == {"peer": 81, "ours": 21, "lvm": {"peer": 9, "ours": 1}}
    assert written["lab_restore"] == 3.0
    assert written["machine"] == {"cores": 2}
    assert [it["met"] for it in written["figures"]] == [met for _, _, met in VERDICTS]


def test_the_table_says_medians_ratios_and_what_falls_short():
    text = table.render(SAMPLES)
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "blank to ready, s 19.5 59.0 30.0 0.51 1.54" in rows
    assert "least to most 19.0..20.0 58.0..60.0 29.0..31.0" in rows
    assert "nothing to do, s - 40.0 14.0 0.35 -" in rows
    assert "bytes sent, nothing to do - 2,000,100 400,000 0.20 -" in rows
    assert "nothing to do, ours / peer 0.33 0.35 SHORT" in rows
    assert max(map(len, text.splitlines())) <= 80


def test_the_table_of_nothing_measured_says_so():
    text = table.render({})
    assert text.count("not measured") == len(results.FIGURES)
