# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures to reach, and what was reached of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from .samples import Samples, largest, layout_ratio, middle, ratio

# What can be measured by itself, in the order in which it is: see cli.py.
GROUPS = ("pool", "layouts", "zfs", "btrfs", "overlay", "fleet")

# The layout that the role makes by default, by its name in layouts.py.
DEFAULT_LAYOUT = "overlay2"


class Figure(NamedTuple):
    """A figure to reach: what, the limit, and how it comes from the samples."""

    group: str  # with what it is measured
    title: str
    limit: float
    value: Callable[[Samples], float | None]
    least: bool = False  # whether more is better


class Verdict(NamedTuple):
    """A figure to reach, and what was reached; None where it was not measured."""

    title: str
    limit: float
    value: float | None
    least: bool = False

    @property
    def met(self) -> bool:
        """Tell whether the figure is reached; what was not measured is not."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.least else self.value <= self.limit


def default(samples: Samples, kind: str, to: str) -> float | None:
    """Return a ratio of the default layout, as samples.layout_ratio does."""
    return layout_ratio(samples, DEFAULT_LAYOUT, kind, to)


FIGURES = (
    Figure("pool", "nothing to do, ours / peer", 0.33, lambda it: ratio(it, "noop", "peer")),
    Figure("pool", "blank to ready, ours / peer", 0.6, lambda it: ratio(it, "apply", "peer")),
    Figure("pool", "blank to ready, ours / by hand", 1.6, lambda it: ratio(it, "apply", "raw")),
    Figure("pool", "modules, nothing to do", 4, lambda it: middle(it, "modules", "ours")),
    Figure("pool", "LVM commands, nothing to do", 2, lambda it: middle(it, "lvm", "ours")),
    Figure("pool", "lab host restored, seconds", 10, lambda it: middle(it, "restore", "lab")),
    Figure("layouts", "modules, any layout", 1, lambda it: largest(it, "layout_modules")),
    Figure("layouts", "default, nothing to do / ping", 1.8, lambda it: default(it, "noop", "ping")),
    Figure("layouts", "default, blank / by hand", 1.4, lambda it: default(it, "apply", "by_hand")),
    Figure(
        "layouts",
        "default, programs, nothing to do",
        15,
        lambda it: middle(it, "layout_execs", DEFAULT_LAYOUT),
    ),
    Figure("zfs", "zfs_dataset, commands of ZFS", 2, lambda it: middle(it, "zfs", "ours")),
    Figure("btrfs", "btrfs_subvolume, ours / peer", 0.5, lambda it: ratio(it, "btrfs", "peer")),
    Figure("overlay", "layer, entries/s", 1e5, lambda it: middle(it, "overlay", "rate"), True),
    Figure("overlay", "layer, MiB of memory", 100, lambda it: middle(it, "overlay", "memory")),
    Figure(
        "fleet", "100 hosts, CPU, ours / ping", 2, lambda it: ratio(it, "fleet_cpu_100", "ping")
    ),
)


def verdicts(samples: Samples, groups: Collection[str] = GROUPS) -> list[Verdict]:
    """Return what was reached of each figure of some groups."""
    return [
        Verdict(it.title, it.limit, it.value(samples), it.least)
        for it in FIGURES
        if it.group in groups
    ]
