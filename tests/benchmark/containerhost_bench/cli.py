# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Collection, Sequence

from containerhost_lab.errors import LabError

from . import (
    CACHE,
    LATEST,
    btrfs,
    environment,
    figures,
    fleet,
    layouts,
    machine,
    overlay,
    pool,
    results,
    table,
    zfs,
)
from .campaign import Campaign, Counts
from .errors import BenchError
from .samples import Samples

# How each group of figures is measured, and in how many minutes on two emulated cores.
MEASURE = {
    "pool": (pool.measure, 15),
    "layouts": (layouts.measure, 2 * len(layouts.LAYOUTS) + 3),
    "zfs": (zfs.measure, 3),
    "btrfs": (btrfs.measure, 3),
    "overlay": (overlay.measure, 1),
    "fleet": (fleet.measure, 12),
}


def main(words: Sequence[str]) -> int:
    """Measure, print the table, write latest.json; 1 where that did not work.

    A figure that was not reached is said, and is no failure of the benchmark.
    """
    arguments = parser().parse_args(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clears away as for Ctrl-C
    groups = [name for name in figures.GROUPS if name in (arguments.figures or figures.GROUPS)]
    CACHE.mkdir(parents=True, exist_ok=True)
    for log in CACHE.glob("*.log"):
        log.unlink()
    started = time.monotonic()
    try:
        environment.ensure()
        environment.install_collection()
        minutes = sum(MEASURE[name][1] for name in groups)
        print(f"Measuring, some {minutes} minutes on two emulated cores. Leave the machine alone.")
        campaign = Campaign(counts(arguments), arguments.layouts, arguments.fleets)
        about = machine.describe()
        if about["load"] > 1:
            print(f"Load is {about['load']}: something else runs; times will be too long.")
        failed = measure(campaign, groups)
        about["accel"] = campaign.accelerator
    except (BenchError, LabError) as error:
        print(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        print("bench: stopped; its hosts are thrown away.")
        return 130
    report(campaign.samples, groups, about, environment.versions(), time.monotonic() - started)
    return int(failed)


def measure(campaign: Campaign, groups: Collection[str]) -> bool:
    """Measure each group; tell whether any failed. The others are measured all the same."""
    failed = False
    for name in groups:
        try:
            MEASURE[name][0](campaign)
        except (BenchError, LabError) as error:
            print(f"bench: {name} could not be measured: {error}")
            failed = True
    return failed


def counts(arguments: argparse.Namespace) -> Counts:
    """Return how often to do what."""
    if arguments.quick:
        return Counts(1, 1, 1)
    return Counts(arguments.applies, arguments.checks, arguments.runs)


def report(
    samples: Samples, groups: Collection[str], about: dict, versions: dict, seconds: float
) -> None:
    """Print the results and write them to latest.json."""
    written = results.as_json(samples, about, versions, groups)
    LATEST.write_text(json.dumps(written, indent=2) + "\n")
    guests = f", guests on {about['accel']}" if about["accel"] else ""
    print(f"\n{about['cpu']}, {about['cores']} cores{guests}, {about['date']}")
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    print(f"\n{table.render(samples, groups)}\n")
    print(f"Took {seconds / 60:.0f} min. Written to .cache/bench/latest.json; logs beside it.")


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    top = argparse.ArgumentParser(
        prog="tests/benchmark/run",
        description="This collection against the commands by hand and the usual modules.",
    )
    top.add_argument(
        "figures", nargs="*", type=one_of(figures.GROUPS), metavar="FIGURES",
        help=f"what to measure, of: {', '.join(figures.GROUPS)} (all)",
    )  # fmt: skip
    top.add_argument(
        "--layout", dest="layouts", action="append", type=one_of(layouts.NAMES), metavar="NAME",
        help=f"of the layouts, only: {', '.join(layouts.NAMES)}; may be given again (all)",
    )  # fmt: skip
    top.add_argument(
        "--hosts", dest="fleets", action="append", type=positive, metavar="N",
        help="of the fleets, only one of so many hosts; may be given again (1, 100, 400)",
    )  # fmt: skip
    top.add_argument("--runs", type=positive, default=5, metavar="N", help="of the no-op (5)")
    top.add_argument("--applies", type=positive, default=3, metavar="N", help="from blank (3)")
    top.add_argument("--checks", type=positive, default=3, metavar="N", help="of check mode (3)")
    top.add_argument("--quick", action="store_true", help="everything once")
    return top


def one_of(names: Collection[str]):
    """Return a function that takes one of these names."""

    def parse(text: str) -> str:
        if text not in names:
            raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(names)}.")
        return text

    return parse


def positive(text: str) -> int:
    """Return a number of runs, or of hosts."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on.")
    return int(text)
