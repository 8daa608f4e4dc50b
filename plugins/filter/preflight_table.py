# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drivers of a fleet as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from typing import Any

DOCUMENTATION = r"""
name: preflight_table
short_description: Show the storage drivers of a fleet as a table, and what to know of each host
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - A table with a line for each host, then what there is to know of each; hosts of which the same
    is to be said share it.
options:
  _input:
    description:
      - What P(containerhost.storage.preflight_rows#filter) made.
    type: list
    elements: dict
    required: true
  width:
    description:
      - How many columns the text may have. A name of a host that is longer is not broken.
    type: int
    default: 88
seealso:
  - plugin: containerhost.storage.preflight_rows
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the table
  ansible.builtin.debug:
    msg: "{{ rows | containerhost.storage.preflight_table }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The text, in several lines, without one at the end.
  type: str
"""

Row = dict[str, Any]  # as preflight_rows makes it

_LONGEST_NAME = 24
_LABEL = 13
_DRIVER = 16


def preflight_table(rows: list[Row], width: int = 88) -> str:
    """The whole text; see DOCUMENTATION."""
    return "\n".join([*_table(rows), *_sections(rows, width)])


def _table(rows: list[Row]) -> Iterator[str]:
    """A line for each host; a name that is too long for its column has one of its own."""
    versions = _versions(rows)
    cells = [["HOST", "ENGINE", "DRIVER", *(f"TO {it}" for it in versions), "WARNINGS"]]
    cells += [_cells(row, versions) for row in rows]
    names = [len(line[0]) for line in cells if len(line[0]) <= _LONGEST_NAME]
    widths = [max(names)] + [
        max(len(line[column]) for line in cells if len(line) > 2)
        for column in range(1, len(cells[0]))
    ]
    for line in cells:
        if len(line[0]) > widths[0]:
            yield line[0]
            line = ["", *line[1:]]
        yield "  ".join(map(str.ljust, line, widths)).rstrip()


def _versions(rows: list[Row]) -> list[str]:
    """The versions that verdicts are given for, in their order."""
    return list(dict.fromkeys(it["version"] for row in rows for it in row["outlook"]))


def _cells(row: Row, versions: list[str]) -> list[str]:
    if row["status"] != "ok":
        return [row["host"], row["status"].replace("_", " ")]
    verdicts = {it["version"]: it["verdict"].replace("_", " ") for it in row["outlook"]}
    warnings = [it for it in row["findings"] if it["level"] != "info"]
    return [
        row["host"],
        row["engine"]["version"],
        row["engine"]["driver"] or "stopped",
        *(verdicts.get(version, "") for version in versions),
        str(len(warnings) or ""),
    ]


def _sections(rows: list[Row], width: int) -> Iterator[str]:
    """What there is to know of each host; where it is the same of several, once."""
    shared: dict[str, list[str]] = {}
    for row in rows:
        shared.setdefault("\n".join(_section(row, width)), []).append(row["host"])
    for text, hosts in shared.items():
        yield ""
        yield from textwrap.wrap(", ".join(hosts) + ":", width, break_long_words=False)
        yield text


def _section(row: Row, width: int) -> Iterator[str]:
    if row["status"] == "ok":
        yield from _labelled("engine", _engine(row["engine"]), width)
        yield from _candidates(row["candidates"], width)
        yield from _labelled("auto", "{driver}: {why}".format(**row["choice"]).lstrip(": "), width)
        yield from _outlook(row["outlook"], width)
    else:
        label = "engine" if row["status"] == "no_engine" else row["status"]
        yield from _labelled(label, row["message"], width)
    for it in row["findings"]:
        yield from _labelled(it["level"], it["message"], width)


def _outlook(outlook: list[dict[str, str]], width: int) -> Iterator[str]:
    """What each version would do; those that would do the same share it."""
    shared: dict[tuple[str, str], list[str]] = {}
    for it in outlook:
        said = (f"{it['verdict'].replace('_', ' ')}. {it['why']}", it["before"])
        shared.setdefault(said, []).append(it["version"])
    for (text, before), versions in shared.items():
        yield from _labelled("to " + ", ".join(versions), text, width)
        yield from _labelled("", before and "Before: " + before, width)


def _engine(engine: dict[str, Any]) -> str:
    """``Docker 26.1.5 on vfs, /var/lib/docker on ext4, 3 images of vfs``."""
    backing, held = engine["backing_filesystem"], []
    for noun in ("image", "container"):
        for place in engine["holds"]:
            for driver, count in place[noun + "s"].items():
                held.append(f"{count} {noun}{'s' * (count > 1)} of {driver}")
    return "Docker {} {}, {} on {}, {}".format(
        engine["version"],
        f"on {engine['driver']}" if engine["driver"] else "(stopped)",
        engine["data_root"],
        backing["type"],
        ", ".join(held) or "no images",
    )


def _candidates(candidates: list[dict[str, Any]], width: int) -> Iterator[str]:
    """The drivers that are possible as it is, those with one more disk, and why not the others."""
    for label, needs in (("possible", False), ("with a disk", True)):
        names = [it["driver"] for it in candidates if it["possible"] and bool(it["needs"]) == needs]
        yield from _labelled(label, ", ".join(names), width)
    label = "not"
    for it in candidates:
        if not it["possible"]:
            text = it["driver"].ljust(_DRIVER) + "; ".join(it["reasons"])
            yield from _labelled(label, text, width, hang=_DRIVER)
            label = ""


def _labelled(label: str, text: str, width: int, hang: int = 0) -> list[str]:
    """A paragraph behind its label; nothing for no text."""
    return textwrap.wrap(
        text,
        width,
        initial_indent="  " + label.ljust(_LABEL),
        subsequent_indent=" " * (2 + _LABEL + hang),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


class FilterModule:
    """The filter, as Ansible finds it."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"preflight_table": preflight_table}
