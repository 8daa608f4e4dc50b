# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results as a person reads them, in 80 columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from .results import Samples, Verdict, middle, ratio, verdicts

COLUMNS = (("raw", "by hand"), ("peer", "peer"), ("ours", "ours"))
# Title, kind of measurement, digits.
ROWS = (
    ("blank to ready, s", "apply", 1),
    ("nothing to do, s", "noop", 1),
    ("check mode, ready host, s", "check", 1),
    ("check mode, blank host, s", "check_blank", 1),
    ("modules, nothing to do", "modules", 0),
    ("commands, nothing to do", "execs", 0),
    ("  of them LVM's", "lvm", 0),
    ("bytes sent, nothing to do", "bytes", 0),
)
WIDTHS = (26, 12, 13, 12, 8, 8)


def render(samples: Samples) -> str:
    """Return the whole report."""
    return "\n".join([*measured(samples), "", *reached(verdicts(samples))])


def measured(samples: Samples) -> Iterator[str]:
    """Yield the table of medians; below each the least and the most, where they differ."""
    yield line("", *(title for _, title in COLUMNS), "/ peer", "/ hand")
    yield "-" * sum(WIDTHS)
    for title, kind, digits in ROWS:
        values = [samples.get(kind, {}).get(name, []) for name, _ in COLUMNS]
        if not any(values):
            continue
        yield line(
            title,
            *(number(median(it), digits) if it else "-" for it in values),
            number(ratio(samples, kind, "ours", "peer"), 2),
            number(ratio(samples, kind, "ours", "raw"), 2),
        )
        if any(differ(it) for it in values):
            yield line("  least to most", *(spread(it, digits) for it in values))
    for title, kind, name in (("one ping, s", "noop", "ping"), ("lab host, s", "restore", "lab")):
        if (value := middle(samples, kind, name)) is not None:
            yield line(title, number(value, 1))


def reached(found: list[Verdict]) -> Iterator[str]:
    """Yield the figures to reach, and whether they are."""
    yield f"{'figures to reach':36}{'at most':>10}{'is':>10}   "
    yield "-" * sum(WIDTHS)
    for it in found:
        word = "not measured" if it.value is None else "met" if it.met else "SHORT"
        yield f"{it.title:36}{it.limit:>10g}{number(it.value, 2):>10}   {word}"


def line(*cells: str) -> str:
    """Return one line: the first cell to the left, the others to the right."""
    first, *others = cells
    return (
        first.ljust(WIDTHS[0])
        + "".join(cell.rjust(width) for cell, width in zip(others, WIDTHS[1:], strict=False))
    ).rstrip()


def number(value: float | None, digits: int) -> str:
    """Return a number with that many digits behind the point; a dash for none."""
    return "-" if value is None else f"{value:,.{digits}f}"


def differ(values: list[float]) -> bool:
    """Tell whether values differ by more than a percent: less is no news."""
    return bool(values) and max(values) > 1.01 * min(values)


def spread(values: list[float], digits: int) -> str:
    """Return the least and the most of several values, if they differ at all."""
    if not differ(values):
        return ""
    return f"{min(values):.{digits}f}..{max(values):.{digits}f}"
