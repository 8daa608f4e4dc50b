# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every refusal has a stable name, by which a fleet's refusals can be counted."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest

ROOMS = pathlib.Path(__file__).parents[5] / "plugins" / "module_utils"
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def is_name(value):
    """Whether it is a constant name, a choice between two, or one that is passed on."""
    if isinstance(value, ast.IfExp):
        return is_name(value.body) and is_name(value.orelse)
    if isinstance(value, ast.Name):
        return value.id == "refusal"
    return isinstance(value, ast.Constant) and bool(SNAKE_CASE.fullmatch(str(value.value)))


def unnamed(source):
    """The lines of a source at which an error is made without a constant name in snake_case."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "StorageError"
        and not any(
            keyword.arg == "refusal" and is_name(keyword.value) for keyword in call.keywords
        )
    ]


FILES = sorted(path.relative_to(ROOMS) for path in ROOMS.glob("_*/*.py"))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_refusal_of_a_room_has_a_name(path):
    assert unnamed((ROOMS / path).read_text()) == []


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ('StorageError("a", "b", "c", refusal="disk_missing")', []),
        ('StorageError("a", "b", "c")', [1]),
        ('StorageError("a", "b", "c", refusal="")', [1]),
        ('StorageError("a", "b", "c", refusal="DiskMissing")', [1]),
        ('StorageError("a", "b", "c", refusal="disk missing")', [1]),
        ('StorageError("a", "b", "c", refusal="disk_" + what)', [1]),
        ('StorageError.of("ready", {})', []),
    ],
)
def test_a_name_is_a_constant_in_snake_case(call, lines):
    assert unnamed(call) == lines
