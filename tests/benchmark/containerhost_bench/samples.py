# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, and its medians. Pure."""

from __future__ import annotations

from statistics import median

# Kind of measurement -> contender -> every value, in the order in which they were measured.
Samples = dict[str, dict[str, list[float]]]


def middle(samples: Samples, kind: str, contender: str) -> float | None:
    """Return the median of a measurement, or None where there is none."""
    values = samples.get(kind, {}).get(contender)
    return median(values) if values else None


def largest(samples: Samples, kind: str) -> float | None:
    """Return the largest median of a kind, or None where there is none."""
    return max(
        (median(values) for values in samples.get(kind, {}).values() if values), default=None
    )


def ratio(samples: Samples, kind: str, to: str) -> float | None:
    """Return our median over another one, or None where one is missing or zero."""
    return quotient(middle(samples, kind, "ours"), middle(samples, kind, to))


def quotient(over: float | None, under: float | None) -> float | None:
    """Return one over the other, or None where one is missing or zero."""
    return over / under if over is not None and under else None


def layout_ratio(samples: Samples, layout: str, kind: str, to: str) -> float | None:
    """Return one median of a layout over another: noop, apply, ping or by_hand."""
    return quotient(*(middle(samples, f"layout_{it}", layout) for it in (kind, to)))


def own(samples: Samples, contender: str) -> float | None:
    """Return what a btrfs module takes more than an empty module does, in seconds."""
    whole, empty = middle(samples, "btrfs", contender), middle(samples, "btrfs", "ping")
    return None if whole is None or empty is None else whole - empty


def fleets(samples: Samples) -> list[int]:
    """Return the sizes of the fleets that were measured."""
    prefix = "fleet_cpu_"
    return [int(kind.removeprefix(prefix)) for kind in samples if kind.startswith(prefix)]
