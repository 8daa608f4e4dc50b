# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutation testing: the code is broken in one place at a time, and a unit test has to notice.

With ``--all`` every mutant of the rooms in mutants.toml is run: each that is killed has passed, and
each survivor has failed, unless mutants-explained.yml says why no test has to notice it.

Without, it is a sample: as many as fit into the seconds that mutants.toml gives, in an order that
depends on the commit, whose name is printed as the seed. A sample has its luck, and no run is to
turn red by that: the part has passed when as many percent are killed as mutants.toml says with
``least``, less two standard deviations of a sample of that size (4 points for 100 mutants, 2 for
400), and survivors are only shown; with fewer killed, each survivor has failed.
"""

from __future__ import annotations

import json
import math
import os
import sys

import tomllib

from . import CACHE, ROOT, run, seed

TESTS = ROOT / "tests"


def run_part(new_row, options):
    """Run mutants, and count them; a line for each room says how many of how many were killed."""
    report = CACHE / "mutants" / "results.json"
    report.unlink(missing_ok=True)
    sample = tomllib.loads((TESTS / "mutants.toml").read_text())["sample"]
    argv = [sys.executable, "-m", "mutation", "--jobs", min(2, os.cpu_count() or 1)]
    argv += ["--results", report]
    argv += [word for room in options.room or () for word in ("--room", room)]
    if not options.all:
        argv += ["--seconds", sample["seconds"], "--seed", seed()]
    with new_row("mutants") as row:
        print("--", *argv[1:], flush=True)
        status = run(argv, cwd=TESTS)
        if status:
            row.check(f"mutation testing ended with status {status}", False)
        else:
            count(row, json.loads(report.read_text()), 100 if options.all else sample["least"])


def count(row, results, least):
    """Show the rate of each room, and count what was run.

    :param least: percent of all mutants; with fewer killed, each survivor has failed.
    """
    rooms = results["rooms"]
    for name, room in rooms.items():
        print(f"{name:20} {rate(room['killed'], len(room['survived']))}")
    killed = sum(room["killed"] for room in rooms.values())
    survived = [each for room in rooms.values() for each in room["survived"]]
    print(f"{'all':20} {rate(killed, len(survived))}", flush=True)
    row.passed += killed
    if not killed:
        row.check("no mutant was killed", False)
    if killed < enough(killed + len(survived), least / 100):
        for each in survived:
            row.check(f"no test notices {each}", False)
    for each in results["stale"]:
        row.check(f"mutants-explained.yml has what is no mutant: {each}", False)


def enough(total, share):
    """Return how many of ``total`` have to be killed for ``share`` to be believed."""
    return total * share - 2 * math.sqrt(total * share * (1 - share))


def rate(killed, survived):
    """Return ``killed / all`` in words."""
    total = killed + survived
    return f"{killed} of {total} killed ({100 * killed / total:.1f} %)" if total else "none run"
