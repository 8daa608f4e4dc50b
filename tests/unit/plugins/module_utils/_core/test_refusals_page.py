# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of all refusals has the names that are in the code, and no others."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).parents[5]
ROW = re.compile(r"\| `([a-z_]+)` \| \S[^|]* \| \S[^|]* \|")


def texts(value):
    """The constants that a value can be."""
    if isinstance(value, ast.IfExp):
        return texts(value.body) | texts(value.orelse)
    return {value.value} if isinstance(value, ast.Constant) and value.value else set()


def assigned(target, value):
    """Those that are assigned to a variable ``refusal``, alone or as one of several."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return set().union(*map(assigned, target.elts, value.elts))
    return texts(value) if isinstance(target, ast.Name) and target.id == "refusal" else set()


def names(source):
    """The names of refusals in a source, however they come to be one."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "refusal":
            found |= texts(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "own_folder":
            found |= texts(node.args[2])
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                found |= texts(value) if key and texts(key) == {"refusal"} else set()
        elif isinstance(node, ast.Assign):
            found |= set().union(*(assigned(target, node.value) for target in node.targets))
    return found


def in_code():
    files = (TOP / "plugins/module_utils").glob("_*/*.py")
    return set().union(*(names(path.read_text(encoding="utf-8")) for path in files))


def rows():
    lines = (TOP / "docs/refusals.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| `")]


def test_the_page_has_every_name_once_and_in_order():
    listed = [match[1] for match in map(ROW.fullmatch, rows()) if match]
    assert len(listed) == len(rows())
    assert listed == sorted(in_code())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('StorageError("a", "b", "c", refusal="one")', {"one"}),
        ('StorageError("a", "b", "c", refusal="one" if it else "two")', {"one", "two"}),
        ('StorageError.of("ready", {"refusal": "one", "changed": True, **more})', {"one"}),
        ('wrong, refusal = "it is so", "one"', {"one"}),
        ('wrong = refusal = ""', set()),
        ('own_folder(path, 0o700, "one")', {"one"}),
        ('StorageError("a", "b", "c", refusal=refusal)', set()),
    ],
)
def test_names_are_found(source, found):
    assert names(source) == found
