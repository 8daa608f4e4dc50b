# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that says what is left wherever a run ends is what plans and journal make of it."""

from __future__ import annotations

import pathlib

from support import faults

PAGE = pathlib.Path(__file__).parents[5] / "docs" / "faults.md"


def test_the_page_is_what_the_plans_make_of_it():
    text = PAGE.read_text(encoding="utf-8")
    assert text == faults.page(text), "`make faults` writes it anew"


def test_no_way_back_takes_the_engine_away():
    """Where it is left stopped, or kept from starting, the next run starts it at its end."""
    for kind, (_title, modules) in faults.LAYOUTS.items():
        wish, blank, _done = faults.STACKS[kind]
        for row, step in faults.rows(faults.plan(blank, wish), modules):
            if "stopped" in row.engine or "kept from" in row.boot:
                assert "start" in row.killed[-1].lower(), (kind, step)
