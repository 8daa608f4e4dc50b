# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results as a person reads them, in 80 columns. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from statistics import median

from .figures import GROUPS, Verdict, verdicts
from .samples import Samples, fleets, layout_ratio, middle, own, quotient, ratio

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
    ("zfs_dataset, ZFS commands", "zfs", 0),
    ("zfs_dataset, s", "zfs_seconds", 2),
    ("btrfs_subvolume, s", "btrfs", 2),
)
SINGLE = (
    ("one ping, s", "noop", "ping", 1),
    ("lab host, s", "restore", "lab", 1),
    ("layer, entries/s, best", "overlay", "rate", 0),
    ("layer, entries/s, median", "overlay", "median", 0),
)
# The name of each measurement, and what it is divided by; None for the median itself.
LAYOUT_COLUMNS = (
    ("modules", "modules", None, 0),
    ("programs", "execs", None, 0),
    ("ping, s", "ping", None, 1),
    ("no-op, s", "noop", None, 1),
    ("/ ping", "noop", "ping", 2),
    ("blank, s", "apply", None, 1),
    ("/ ping", "apply", "ping", 2),
)
LAYOUT_WIDTHS = (18, 8, 9, 9, 10, 8, 10, 7)
FLEET_COLUMNS = (("CPU/host, ms", "cpu", 0), ("time, s", "wall", 1), ("MiB", "memory", 0))
WIDTHS = (26, 12, 13, 12, 8, 8)


def render(samples: Samples, groups: Collection[str] = GROUPS) -> str:
    """Return the whole report."""
    parts = (
        measured(samples),
        layouts(samples),
        fleet(samples),
        reached(verdicts(samples, groups)),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def measured(samples: Samples) -> Iterator[str]:
    """Yield the table of medians; below each the least and the most, where they differ."""
    if not any(samples.get(kind) for _, kind, *_ in (*ROWS, *SINGLE)):
        return
    yield line("", *(title for _, title in COLUMNS), "/ peer", "/ hand")
    yield "-" * sum(WIDTHS)
    for title, kind, digits in ROWS:
        values = [samples.get(kind, {}).get(name, []) for name, _ in COLUMNS]
        if not any(values):
            continue
        yield line(
            title,
            *(number(median(it), digits) if it else "-" for it in values),
            number(ratio(samples, kind, "peer"), 2),
            number(ratio(samples, kind, "raw"), 2),
        )
        if any(differ(it) for it in values):
            yield line("  least to most", *(spread(it, digits) for it in values))
    peer, ours = own(samples, "peer"), own(samples, "ours")
    if peer is not None:
        cells = (number(value, 2) for value in (peer, ours, quotient(ours, peer)))
        yield line("  more than an empty module", "-", *cells)
    for title, kind, name, digits in SINGLE:
        if (value := middle(samples, kind, name)) is not None:
            yield line(title, number(value, digits))


def layouts(samples: Samples) -> Iterator[str]:
    """Yield the table of the role's layouts, where any was measured."""
    names = list(samples.get("layout_modules", {}))
    if not names:
        return
    yield line("layout", *(title for title, *_ in LAYOUT_COLUMNS), widths=LAYOUT_WIDTHS)
    yield "-" * sum(WIDTHS)
    for name in names:
        cells = (
            number(
                layout_ratio(samples, name, kind, to)
                if to
                else middle(samples, f"layout_{kind}", name),
                digits,
            )
            for _, kind, to, digits in LAYOUT_COLUMNS
        )
        yield line(name, *cells, widths=LAYOUT_WIDTHS)
    for name, values in samples.get("layout_by_hand", {}).items():
        more = number(layout_ratio(samples, name, "apply", "by_hand"), 2)
        yield f"{name} from blank by hand: {number(median(values), 1)} s; ours / by hand: {more}"


def fleet(samples: Samples) -> Iterator[str]:
    """Yield the table of the simulated fleets, where any was measured."""
    sizes = fleets(samples)
    if not sizes:
        return
    yield line("hosts that need nothing", *(title for title, _, _ in FLEET_COLUMNS), "/ ping")
    yield "-" * sum(WIDTHS)
    for size in sizes:
        for name in samples[f"fleet_cpu_{size}"]:
            cells = [
                (samples[f"fleet_{kind}_{size}"][name], digits) for _, kind, digits in FLEET_COLUMNS
            ]
            more = quotient(*(middle(samples, f"fleet_cpu_{size}", it) for it in (name, "ping")))
            medians = (number(median(values), digits) for values, digits in cells)
            yield line(
                f"{size} {'hosts' if size > 1 else 'host'}, {name}", *medians, number(more, 2)
            )
            if any(differ(values) for values, _ in cells):
                yield line("  least to most", *(spread(*it) for it in cells))


def reached(found: list[Verdict]) -> Iterator[str]:
    """Yield the figures to reach, and whether they are."""
    yield f"{'figures to reach':36}{'target':>12}{'is':>12}"
    yield "-" * sum(WIDTHS)
    for it in found:
        word = "not measured" if it.value is None else "OK" if it.met else "SHORT"
        target = f"{'>=' if it.least else '<='} {it.limit:,.10g}"
        yield f"{it.title:36}{target:>12}{number(it.value, 2):>12}   {word}"


def line(*cells: str, widths: tuple[int, ...] = WIDTHS) -> str:
    """Return one line: the first cell to the left, the others to the right."""
    first, *others = cells
    return (
        first.ljust(widths[0])
        + "".join(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=False))
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
