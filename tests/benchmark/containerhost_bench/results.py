# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, its medians, and the figures to reach. Pure."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import NamedTuple

# Kind of measurement -> contender -> every value, in the order in which they were measured.
Samples = dict[str, dict[str, list[float]]]


class Verdict(NamedTuple):
    """A figure to reach, and what was reached; None where it was not measured."""

    title: str
    limit: float
    value: float | None

    @property
    def met(self) -> bool:
        """Tell whether the figure is reached; what was not measured is not."""
        return self.value is not None and self.value <= self.limit


class Figure(NamedTuple):
    """A figure to reach: what, at most how much, and how it comes from the samples."""

    title: str
    limit: float
    value: Callable[[Samples], float | None]


def middle(samples: Samples, kind: str, contender: str) -> float | None:
    """Return the median of a measurement, or None where there is none."""
    values = samples.get(kind, {}).get(contender)
    return median(values) if values else None


def ratio(samples: Samples, kind: str, contender: str, to: str) -> float | None:
    """Return one median over another, or None where one is missing or zero."""
    over, under = middle(samples, kind, contender), middle(samples, kind, to)
    return over / under if over is not None and under else None


FIGURES = (
    Figure("nothing to do, ours / peer", 0.33, lambda it: ratio(it, "noop", "ours", "peer")),
    Figure("blank to ready, ours / peer", 0.6, lambda it: ratio(it, "apply", "ours", "peer")),
    Figure("blank to ready, ours / by hand", 1.6, lambda it: ratio(it, "apply", "ours", "raw")),
    Figure("modules, nothing to do", 4, lambda it: middle(it, "modules", "ours")),
    Figure("LVM commands, nothing to do", 2, lambda it: middle(it, "lvm", "ours")),
    Figure("lab host restored, seconds", 10, lambda it: middle(it, "restore", "lab")),
)


def verdicts(samples: Samples) -> list[Verdict]:
    """Return what was reached of each figure."""
    return [Verdict(it.title, it.limit, it.value(samples)) for it in FIGURES]


def as_json(samples: Samples, machine: dict, versions: dict) -> dict:
    """Return the content of latest.json: medians under the names of the kinds, then all samples."""

    def medians(kind: str, digits: int | None = 2) -> dict:
        found = samples.get(kind, {})
        return {name: round(median(values), digits) for name, values in found.items() if values}

    restore = middle(samples, "restore", "lab")
    return {
        "apply": medians("apply"),
        "noop": medians("noop"),
        "check": medians("check"),
        "check_blank": medians("check_blank"),
        "modules": medians("modules", None),
        "execs": {**medians("execs", None), "lvm": medians("lvm", None)},
        "bytes": medians("bytes", None),
        "lab_restore": None if restore is None else round(restore, 2),
        "figures": [
            {
                "title": it.title,
                "limit": it.limit,
                "value": None if it.value is None else round(it.value, 3),
                "met": it.met,
            }
            for it in verdicts(samples)
        ],
        "machine": machine,
        "versions": versions,
        "samples": samples,
    }
