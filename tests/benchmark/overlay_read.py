#!/usr/bin/env python3
# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast is it read what a layer changes? Entries a second, and memory, for 100,000 entries.

As root, on the kernel at hand::

    PYTHONPATH=.cache/collections python3 tests/benchmark/overlay_read.py [--entries 100000]

The layer is made below a temporary folder, and removed again: files that are new and files that
replace one of a lower layer, and whiteouts. Each reading is done by a process of its
own, whose peak of resident memory is that of the reading alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

FOLDER = 1000  # entries in each
TO_REACH = {"rate": 100_000, "memory": 100 * 1024**2}  # entries a second; bytes


def main():
    """Make the layers, read them in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--lowers", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", help="where to make the layers, instead of in /tmp")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--read", metavar="FOLDER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        print(json.dumps(read(options.read, options.lowers)))
        return 0
    with tempfile.TemporaryDirectory(prefix="overlay-read-", dir=options.folder) as folder:
        make(folder, options.entries, options.lowers)
        argv = [sys.executable, __file__, "--read", folder, "--lowers", str(options.lowers)]
        runs = [
            json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
            for _number in range(options.repeat)
        ]
    # What else the machine has to do makes a reading slower, never faster: the best one counts.
    runs.sort(key=lambda one: one["rate"])
    result = dict(
        runs[-1],
        median=runs[len(runs) // 2]["rate"],
        memory=max(one["memory"] for one in runs),
        load=os.getloadavg()[0],
    )
    result["met"] = result["rate"] >= TO_REACH["rate"] and result["memory"] < TO_REACH["memory"]
    if options.json:
        print(json.dumps(result))
    else:
        show(result, len(runs))
    return 0 if result["met"] else 1


def show(result, runs):
    """Print the figures."""
    print(f"{result['entries']} entries, best of {runs} readings, cache warm")
    print(f"  rate    {result['rate']:>9.0f} entries/s   to reach {TO_REACH['rate']}")
    print(f"  median  {result['median']:>9.0f} entries/s   at a load of {result['load']:.1f}")
    print(f"  by CPU  {result['cpu_rate']:>9.0f} entries/s   were the processor all its own")
    print(f"  memory  {result['memory'] / 1024**2:>9.1f} MiB         below 100")
    counts = ("added", "modified", "deleted", "orphan_whiteouts")
    print("  " + ", ".join(f"{result['changes'][name]} {name}" for name in counts))


def make(folder, entries, lowers):
    """Lay out the layers: one folder in five is new; in the others, half of the names are below."""
    os.makedirs(f"{folder}/upper")
    for number in range(lowers):
        os.makedirs(f"{folder}/lower{number}")
    for number in range(max(1, entries // FOLDER)):
        name = f"folder{number}"
        os.mkdir(f"{folder}/upper/{name}")
        if number % 5 == 4:  # new as a whole
            fill(f"{folder}/upper/{name}", FOLDER - 1, lambda _entry: True)
            continue
        below = f"{folder}/lower{number % lowers}/{name}"
        os.mkdir(below)
        fill(below, FOLDER // 2, lambda _entry: True)
        fill(f"{folder}/upper/{name}", FOLDER - 1, lambda entry: entry % 10 != 9)
        for entry in range(9, FOLDER - 1, 10):
            if entry < FOLDER // 2:
                os.mknod(f"{folder}/upper/{name}/{entry}", 0o020000, 0)
            else:
                fill(f"{folder}/upper/{name}", entry + 1, lambda one, this=entry: one == this)


def fill(folder, count, wanted):
    """Put small files into a folder."""
    for entry in filter(wanted, range(count)):
        with open(f"{folder}/{entry}", "w", encoding="ascii") as stream:
            stream.write("x")


def read(folder, lowers):
    """Read the layer once, in this process, and measure that."""
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
        Config,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer import (
        changes,
    )

    config = Config(
        lower=tuple(f"{folder}/lower{number}" for number in range(lowers)),
        upper=f"{folder}/upper",
    )
    begin, begin_cpu = time.perf_counter(), time.process_time()
    found = changes.read_changes(config, limit=100)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    del found["listed"]
    return {
        "entries": found["entries"],
        "seconds": seconds,
        "rate": found["entries"] / seconds,
        "cpu_rate": found["entries"] / cpu,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "changes": found,
    }


if __name__ == "__main__":
    sys.exit(main())
