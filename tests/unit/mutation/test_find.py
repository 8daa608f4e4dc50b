# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which mutants a file has, and what is left out."""

from __future__ import annotations

import pytest
from mutation.find import change, mutants

SETTINGS = {
    "operators": ["RemoveStatement", "RemoveArgument", "AddNot", "NumberReplacer"],
    "arguments": ["encoding"],
    "names": ["OPTIONS", "reason"],
    "messages": {"StorageError": "all", "Command": 0},
}

CASES = [
    ("x = 1\n", ["x = 2", "x = 0"]),
    ("steps.append(x)\n", ["pass"]),
    ("if a:\n    b.c()\n", ["if not a:", "pass"]),
    ("total += x\n", ["pass"]),
    ("x = f(a, b=c)\n", ["x = f(a,)"]),
    ("x = f(b=c, d=e)\n", ["x = f( d=e)", "x = f(b=c,)"]),
    ("x = f(b=c)\n", ["x = f()"]),
    ("x = f(a, *b, **c)\n", []),
    # not a matter of tests: documentation, types, words for people
    ('"""One of 2."""\n', []),
    ("x: int | None = f(a)\n", []),
    ("def f(a: g(b=1)) -> h(b=1): ...\n", []),
    ("raise StorageError(f(a=b), names[0])\n", []),
    ("Command(words[0], argv[1])\n", ["Command(words[0], argv[ 2])", "Command(words[0], argv[ 0])",
                                      "pass"]),
    ("reason = names[0]\n", []),
    ("OPTIONS = {1: f(a=b)}\n", []),
    ("x = open(a, encoding=b, errors=c)\n", ["x = open(a, encoding=b,)"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), CASES)
def test_the_mutants_of_a_text(tmp_path, text, lines):
    path = tmp_path / "a.py"
    path.write_text(text)
    found = [change(each, each.source(), tmp_path) for each in mutants(path, SETTINGS)]
    assert sorted(each.becomes for each in found) == sorted(lines)
    assert {each.file for each in found} <= {"a.py"}


def test_a_change_is_told_in_one_line(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("def f():\n    return 1\n")
    told = str(change(*(one := mutants(path, SETTINGS)[:1]), one[0].source(), tmp_path))
    assert told == "a.py: `return 1` -> `return 2`"
