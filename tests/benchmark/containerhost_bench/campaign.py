# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the benchmark has measured so far."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import NamedTuple

from . import contenders
from .contenders import Run
from .samples import Samples
from .usage import Usage


class Counts(NamedTuple):
    """How often to do what."""

    applies: int = 3  # from a blank host
    checks: int = 3  # in check mode
    runs: int = 5  # with nothing to do


class Campaign:
    """Collects samples; every measurement is said as it is made."""

    def __init__(
        self, counts: Counts, layouts: list[str] | None = None, fleets: list[int] | None = None
    ):
        """Start without any samples.

        :param layouts: the names of those in layouts.py that are measured; None for all
        :param fleets: how many hosts the simulated fleets have; None for those in fleet.py
        """
        self.counts = counts
        self.layouts = layouts
        self.fleets = fleets
        self.samples: Samples = defaultdict(lambda: defaultdict(list))
        self.accelerator = ""  # known as soon as there is a host

    def add(self, kind: str, name: str, value: float) -> None:
        """Keep a measurement."""
        self.samples[kind][name].append(value)

    def note(self, kind: str, name: str, run: Run) -> None:
        """Keep the time of a run, and say it."""
        self.add(kind, name, round(run.seconds, 2))
        print(f"  {kind:12} {name:12} {run.seconds:7.1f} s", file=sys.stderr, flush=True)
        for module in run.modules:
            contenders.keep_log(name, "{seconds:8.3f} s  {module}  ({task})".format(**module))

    def add_fleet(self, size: int, name: str, taken: Usage, modules: float) -> None:
        """Keep what a playbook took for a fleet, CPU in ms for each host, and say it.

        :param modules: how many of them each host was sent
        """
        cpu = 1000 * taken.cpu / size
        values = {"cpu": cpu, "memory": taken.memory, "wall": taken.seconds, "modules": modules}
        for what, value in values.items():
            self.add(f"fleet_{what}_{size}", name, round(value, 2))
        line = f"  {name:12} {size:4} hosts {taken.seconds:7.1f} s {cpu:8.1f} ms of CPU for each"
        print(line, file=sys.stderr, flush=True)
