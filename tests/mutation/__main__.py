# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run mutants and write down which of them no test has noticed.

Called by tests/parts/mutants.py, or by hand for one room: ``python -m mutation --room _core`` with
tests/ on the path.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import time
from pathlib import Path

import tomllib
import yaml

from . import find, kill

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
UTILS = ROOT / "plugins" / "module_utils"


def main():
    """Run what was asked for; the results go to a file as JSON."""
    options = parse_arguments()
    settings = tomllib.loads((TESTS / "mutants.toml").read_text())
    explained = read_explained()
    rooms = options.room or sorted(settings["rooms"])
    tests = {
        room: [
            f"tests/unit/plugins/{name}"
            for name in settings["rooms"].get(room, [f"module_utils/{room}"])
        ]
        for room in rooms
    }
    kill.warm(ROOT)
    limits = {room: measure(room, tests[room], settings["limits"]) for room in rooms}
    work = [
        (room, mutant)
        for room in rooms
        for path in sorted((UTILS / room).rglob("*.py"))
        for mutant in find.mutants(path, settings["mutants"])
    ]
    random.Random(options.seed).shuffle(work)
    ends = time.monotonic() + options.seconds if options.seconds else None
    print(f"{len(work)} mutants in {', '.join(rooms)}", flush=True)

    results = {room: {"killed": 0, "explained": 0, "survived": []} for room in rooms}
    jobs = [(room, mutant, tests[room], limits[room], explained, ends) for room, mutant in work]
    context = multiprocessing.get_context("fork")
    stale = set() if options.room or options.seconds else set(explained)
    with context.Pool(options.jobs) as pool:
        for room, outcome, change in pool.imap_unordered(judge, jobs):
            stale.discard(change)
            if outcome == "survived":
                results[room]["survived"].append(str(change))
                print(f"survived  {change}", flush=True)
            elif outcome in ("killed", "explained"):
                results[room][outcome] += 1
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(
        json.dumps({"rooms": results, "stale": sorted(map(str, stale))}, indent=1)
    )


def parse_arguments():
    """Return the options: room, seconds, seed, jobs, results."""
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__.splitlines()[0])
    parser.add_argument("--room", action="append", help="default: those of mutants.toml")
    parser.add_argument("--seconds", type=float, help="start no more mutants after so long")
    parser.add_argument("--seed", default="", help="what the order depends on")
    parser.add_argument("--jobs", type=int, default=1)
    results = ROOT / ".cache" / "mutants" / "results.json"
    parser.add_argument("--results", type=Path, default=results)
    return parser.parse_args()


def read_explained():
    """Return the ``Change`` of each mutant that is explained."""
    entries = yaml.safe_load((TESTS / "mutants-explained.yml").read_text()) or []
    unsaid = [entry for entry in entries if not entry.get("why")]
    if unsaid:
        raise SystemExit(f"mutants-explained.yml does not say why: {unsaid}")
    return {find.Change(entry["file"], entry["was"], entry["becomes"]) for entry in entries}


def measure(room, tests, limits):
    """Run a room's tests on the code as it is; return the limits for its mutants."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    if kill.notices(None, None, None, tests, {**limits, "cpu_seconds": 3600}):
        raise SystemExit(f"The tests of {room} fail on the code as it is")
    taken = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return {**limits, "cpu_seconds": limits["cpu_seconds"] + int(taken * limits["cpu_times"])}


def judge(job):
    """Return ``(room, outcome, Change)`` of one mutant; of no change where it was left out."""
    room, mutant, tests, limits, explained, ends = job
    if ends is not None and time.monotonic() > ends:
        return room, "left out", None
    source = mutant.source()
    if source is None:
        return room, "left out", None
    change = find.change(mutant, source, UTILS)
    if change in explained:
        return room, "explained", change
    name = mutant.path.relative_to(ROOT).with_suffix("")
    module = ".".join((kill.COLLECTION, *name.parts))
    noticed = kill.notices(module, mutant.path, source, tests, limits)
    return room, "killed" if noticed else "survived", change


if __name__ == "__main__":
    main()
