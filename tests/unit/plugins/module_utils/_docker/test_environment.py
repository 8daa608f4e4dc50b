# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment files and the words of ExecStart=: each row is what systemd 252 makes of it."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.environment import (
    assignments,
    expand,
    parse_file,
    split,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import Word

FILES = [
    ("", {}),
    ("A=b", {"A": "b"}),
    ("A=b\nA=c\n", {"A": "c"}),
    ("  A = b c  \r\n", {"A": "b c"}),
    ("# A=b\n;A=c\n\n", {}),
    ("A", {}),
    ("export A=b\n1A=b\n=b\nA-B=c\n", {}),
    # over several lines
    ('A="--one \\\n--two"\n', {"A": "--one --two"}),
    ('A="--one\n--two"\nB=c\n', {"A": "--one\n--two", "B": "c"}),
    ("A=--one \\\n--two\n", {"A": "--one --two"}),
    ("A='--one\\\n--two'\n", {"A": "--one\\\n--two"}),
    ("# a comment \\\nA=b\n", {"A": "b"}),
    # quotes: pieces join, within a bare word they are characters
    ("A='b c' d", {"A": "b cd"}),
    ("A='b'\"c\"", {"A": "bc"}),
    ('A=b"c"', {"A": 'b"c"'}),
    ("A='b \" c'", {"A": 'b " c'}),
    ('A="b # c" # d', {"A": "b # c# d"}),
    ('A="b \\" \\$c \\x"', {"A": 'b " $c \\x'}),
    ("A=b\\ \\'c", {"A": "b 'c"}),
    ("A=b\\ ", {"A": "b "}),
    ('A="b', {"A": "b"}),
    ('A="b\\', {"A": "b"}),
    ("A=\nB=c", {"A": "", "B": "c"}),
    ("=\\\nA=b", {"A": "b"}),
    ("A=\x01\nB=c", {"B": "c"}),
]


@pytest.mark.parametrize(("text", "wanted"), FILES)
def test_an_environment_file(text, wanted):
    assert parse_file(text) == wanted


WORDS = [
    ("", []),
    (" a  b\tc\n", ["a", "b", "c"]),
    ("'a b' \"c d\" e'f'", ["a b", "c d", "ef"]),
    ("''", [""]),
    ("a\\ b 'c\\'d'", ["a b", "c'd"]),
    ("'a b", ["a b"]),
]


@pytest.mark.parametrize(("text", "wanted"), WORDS)
def test_words(text, wanted):
    assert split(text) == wanted


SHOWN = [
    ("", {}),
    ("A=b C=", {"A": "b", "C": ""}),
    ('"A=b c" D=e', {"A": "b c", "D": "e"}),
    ('"A=b \\" \\$c"', {"A": 'b " $c'}),
    ("A=b c --d=e F=g", {"A": "b c --d=e", "F": "g"}),  # as before systemd 240
]


@pytest.mark.parametrize(("shown", "wanted"), SHOWN)
def test_variables_that_systemctl_shows(shown, wanted):
    assert assignments(shown) == wanted


SET = {"A": Word("one 'two three'", "file"), "EMPTY": Word("", "file")}
EXPANDED = [
    ("$A", [("one", "file"), ("two three", "file")]),
    ("${A}", [("one 'two three'", "file")]),
    ("x${A}y", [("xone 'two three'y", "file")]),
    ("x$A", [("x$A", "unit")]),
    ("$A.", []),
    ("$EMPTY", []),
    ("${EMPTY}", [("", "file")]),
    ("$UNSET", []),
    ("x${UNSET}", [("x", "unit")]),
    ("$$A", [("$A", "unit")]),
    ("a$$b", [("a$b", "unit")]),
    ("${A:-b}", [("", "unit")]),
    ("a${A$$", [("a${A$$", "unit")]),
    ("$", []),
]


@pytest.mark.parametrize(("text", "wanted"), EXPANDED)
def test_variables_in_a_word(text, wanted):
    assert expand([Word(text, "unit")], SET) == [Word(*it) for it in wanted]
