# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

from containerhost_lab.errors import LabError

from . import CACHE, LATEST, environment, machine, results, table
from .campaign import Campaign
from .contenders import NAMES
from .errors import BenchError


def main(words: Sequence[str]) -> int:
    """Measure, print the table, write latest.json; 1 where that did not work.

    A figure that was not reached is said, and is no failure of the benchmark.
    """
    arguments = parser().parse_args(words)
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in (*NAMES, "ping"):
        (CACHE / f"{name}.log").unlink(missing_ok=True)
    started = time.monotonic()
    try:
        environment.ensure()
        environment.install_collection()
        print("Measuring, some 15 minutes on two emulated cores. Leave the machine alone.")
        campaign, about = Campaign(), machine.describe()
        if about["load"] > 1:
            print(f"Load is {about['load']}: something else runs; times will be too long.")
        samples = campaign.measure(*counts(arguments))
        about["accel"] = campaign.accelerator
    except (BenchError, LabError) as error:
        print(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        print("bench: stopped; its hosts are thrown away.")
        return 130
    report(samples, about, environment.versions(), time.monotonic() - started)
    return 0


def counts(arguments: argparse.Namespace) -> tuple[int, int, int]:
    """Return how often to apply, to check, and to run with nothing to do."""
    if arguments.quick:
        return 1, 1, 1
    return arguments.applies, arguments.checks, arguments.runs


def report(samples: results.Samples, about: dict, versions: dict, seconds: float) -> None:
    """Print the results and write them to latest.json."""
    LATEST.write_text(json.dumps(results.as_json(samples, about, versions), indent=2) + "\n")
    print(f"\n{about['cpu']}, {about['cores']} cores, guests on {about['accel']}, {about['date']}")
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    print(f"\n{table.render(samples)}\n")
    print(f"Took {seconds / 60:.0f} min. Written to .cache/bench/latest.json; logs beside it.")


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    top = argparse.ArgumentParser(
        prog="tests/benchmark/run",
        description="Blank disk to Docker on a thin pool: by hand, the usual playbook, ours.",
    )
    top.add_argument("--runs", type=positive, default=5, metavar="N", help="of the no-op (5)")
    top.add_argument("--applies", type=positive, default=3, metavar="N", help="from blank (3)")
    top.add_argument("--checks", type=positive, default=3, metavar="N", help="of check mode (3)")
    top.add_argument("--quick", action="store_true", help="everything once")
    return top


def positive(text: str) -> int:
    """Return a number of runs."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs.")
    return int(text)
