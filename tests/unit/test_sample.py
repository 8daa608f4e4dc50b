# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scenarios `make test` runs: some always, of each group another one with each commit."""

from __future__ import annotations

import pathlib
import sys

TOP = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "tests"))

from parts.molecule import ALWAYS, GROUPS, sample  # noqa: E402

SCENARIOS = {path.parent.name for path in TOP.glob("molecule/*/molecule.yml")}
COMMITS = [f"{number:07x}" for number in range(200)]


def test_all_of_them_are_there():
    assert {*ALWAYS, *(name for group in GROUPS.values() for name in group)} <= SCENARIOS


def test_a_commit_always_has_the_same_ones():
    assert sample("4a4d488") == sample("4a4d488")


def test_a_run_has_those_that_always_run_and_one_of_each_group():
    for commit in COMMITS:
        taken = sample(commit)
        assert taken[: len(ALWAYS)] == list(ALWAYS)
        assert [
            taken_of in group for taken_of, group in zip(taken[len(ALWAYS) :], GROUPS.values())
        ] == [True] * len(GROUPS)


def test_each_comes_up_sooner_or_later():
    taken = {name for commit in COMMITS for name in sample(commit)}
    assert taken == {*ALWAYS, *(name for group in GROUPS.values() for name in group)}
