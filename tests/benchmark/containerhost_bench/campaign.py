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


class Counts(NamedTuple):
    """How often to do what."""

    applies: int = 3  # from a blank host
    checks: int = 3  # in check mode
    runs: int = 5  # with nothing to do


class Campaign:
    """Collects samples; every measurement is said as it is made."""

    def __init__(self, counts: Counts, layouts: list[str] | None = None):
        """Start without any samples.

        :param layouts: the names of those in layouts.py that are measured; None for all
        """
        self.counts = counts
        self.layouts = layouts
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
