# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mutant is run in place of its module: whether a test notices, and what happens if it hangs."""

from __future__ import annotations

import sys

import pytest
from mutation import kill

LIMITS = {"cpu_seconds": 1, "seconds": 60}


@pytest.mark.parametrize(
    ("source", "noticed"),
    [("ANSWER = 42", False), ("ANSWER = 41", True), ("ANSWER =", True), ("while True: pass", True)],
)
def test_a_mutant_takes_the_place_of_its_module(tmp_path, monkeypatch, source, noticed):
    module, test = tmp_path / "the_answer.py", tmp_path / "test_answer.py"
    module.write_text("ANSWER = 42")
    test.write_text("from the_answer import ANSWER\ndef test_answer():\n    assert ANSWER == 42\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "cache"))
    name = "the_answer"
    assert kill.notices(name, module, source, [str(test)], LIMITS) is noticed
    assert module.read_text() == "ANSWER = 42"
