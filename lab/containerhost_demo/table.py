# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A box of headings and rows, 80 columns wide. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from .terminal import BOLD, DIM, GREEN, YELLOW, Look

WIDTH = 80
LABEL = 13
INNER = WIDTH - 4  # without the frame and its margins


class Row(NamedTuple):
    """A label and what there is to say; ``mark`` colours it: good, bad or nothing."""

    label: str
    text: str
    mark: str = ""


class Section(NamedTuple):
    """Rows under a heading."""

    heading: str
    rows: list[Row]


def render(title: str, sections: list[Section], view: Look) -> str:
    """Return the box."""
    across, down, corners = ("\u2500", "\u2502", "\u250c\u2510\u2514\u2518\u251c\u2524")
    if not view.unicode:
        across, down, corners = "-", "|", "++++++"

    def rule(left: str, right: str, words: str = "") -> str:
        filled = f"{across} {words} " if words else ""
        text = left + filled + across * (WIDTH - 2 - len(filled)) + right
        return text.replace(words, view.paint(words, BOLD), 1) if words else text

    lines = [rule(corners[0], corners[1], title)]
    for number, section in enumerate(sections):
        if number:
            lines.append(rule(corners[4], corners[5]))
        for plain, painted in body(section, view):
            lines.append(f"{down} {painted}{' ' * (INNER - len(plain))} {down}")
    lines.append(rule(corners[2], corners[3]))
    return "\n".join(lines)


def body(section: Section, view: Look) -> Iterator[tuple[str, str]]:
    """Yield each line twice: as it is, to be measured, and painted."""
    heading = section.heading
    yield heading, view.paint(heading, BOLD)
    for label, text, mark in section.rows:
        wrapped = textwrap.wrap(text, INNER - LABEL - 2) or [""]
        for number, part in enumerate(wrapped):
            first = f"  {label if number == 0 else '':{LABEL}}"
            colour = {"good": GREEN, "bad": YELLOW}.get(mark, "")
            yield first + part, view.paint(first, DIM) + (view.paint(part, colour or "0"))


def bar(percent: float, at: float | None, view: Look, cells: int = 30) -> str:
    """Return how much is used as a bar, with a mark where something happens.

    What is used at all is seen: it has a cell.
    """
    full, empty = ("\u2588", "\u00b7") if view.unicode else ("#", ".")
    used = min(cells, max(round(percent * cells / 100), 1 if percent > 0 else 0))
    drawn = list(full * used + empty * (cells - used))
    if at is not None and at < 100:
        drawn[min(cells - 1, round(at * cells / 100))] = mark_of(view)
    return "".join(drawn)


def mark_of(view: Look) -> str:
    """Return the mark in a bar where something happens."""
    return "\u2502" if view.unicode else "|"


def size(count: float) -> str:
    """Return bytes for people, in binary units."""
    units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while count >= 1024 and len(units) > 1:
        count, units = count / 1024, units[1:]
    return f"{count:.0f} {units[0]}" if count == int(count) else f"{count:.1f} {units[0]}"
