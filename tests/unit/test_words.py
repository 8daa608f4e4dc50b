# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No text promises what nobody can know of another machine: how long it takes, that it is safe."""

from __future__ import annotations

import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).parents[2]
PROMISES = re.compile(
    r"safe to run|about half a minute|a few minutes|takes? minutes|under an hour|\(about a minute"
    r"|# (?:seconds|minutes):",
    re.IGNORECASE,
)
# What is measured is told with its numbers, and how it was measured.
TEXTS = sorted(
    path.relative_to(TOP).as_posix()
    for pattern in (
        *("*.md", "Makefile", "docs/*.md", "lab/*.md", "lab/containerhost_*/*.py", "tests/setup"),
        *("roles/**/*.md", "roles/**/*.yml", "playbooks/*.yml", "plugins/modules/*.py"),
        *("plugins/module_utils/_*/*.py", "plugins/action/*.py", "tests/run"),
    )
    for path in TOP.glob(pattern)
)


def promises(text):
    """The promises of a text."""
    return [match[0] for match in PROMISES.finditer(text)]


@pytest.mark.parametrize("path", TEXTS)
def test_no_text_promises_a_time_or_that_it_is_safe(path):
    assert promises((TOP / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [it for it in TEXTS if it.endswith(".md")])
def test_no_page_says_that_it_is_done_in_seconds(path):  # code has seconds as a unit
    assert "in seconds" not in (TOP / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is safe to run again: the next run goes on", ["safe to run"]),
        ("everything that CI runs, in well under an hour", ["under an hour"]),
        ("Installing (about half a minute)", ["about half a minute"]),
        ("make unit  # seconds: planners", ["# seconds:"]),
        ("it had not ended after 60 seconds, and was ended", []),
    ],
)
def test_what_is_a_promise(text, found):
    assert promises(text) == found
