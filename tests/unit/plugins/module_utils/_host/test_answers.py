# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of programs that cannot be read: what is shown of them; how a row's fields are read."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.answers import (
    Row,
    refuse,
    shown,
    unreadable,
)

SHOWN = [
    ("a", "'a'"),
    ("\x1b[31m", r"'\x1b[31m'"),
    ("x" * 78, repr("x" * 78)),  # 80 characters
    ("x" * 79, "'" + "x" * 79 + "..."),
    (12, "12"),
    ([1], "[1]"),
]


@pytest.mark.parametrize(("value", "words"), SHOWN)
def test_what_is_shown_of_a_value(value, words):
    assert shown(value) == words


def test_a_command_is_named_by_its_first_two_words_and_given_whole():
    with pytest.raises(StorageError) as error:
        refuse(("lvs", "--reportformat", "json", "a b"), "it is empty")
    told = str(error.value)
    assert told.startswith("`lvs --reportformat`: its answer cannot be read: it is empty")
    assert "`lvs --reportformat json 'a b'`" in told
    assert error.value.details["refusal"] == "answer_unreadable"


RAISED = [
    (lambda: {}["pv"], "there is no 'pv' in it"),
    (lambda: int("x"), "invalid literal"),
    (lambda: None + 1, "unsupported operand"),
    (lambda: [].pv, "no attribute"),
    ([].pop, "pop from empty list"),
]


@pytest.mark.parametrize(("read", "words"), RAISED)
def test_what_reading_raises_is_a_refusal(read, words):
    with pytest.raises(StorageError, match="`lvs`: its answer cannot be read") as error:  # noqa: SIM117
        with unreadable(("lvs",)):
            read()
    assert words in str(error.value)


FIELDS = {"n": " 12 ", "m": 3, "none": "", "share": "12.50", "b": True, "x": "1x", "rows": [{}]}
READ = [
    (lambda row: row.text("n"), " 12 "),
    (lambda row: row.text("m"), "3"),
    (lambda row: row.number("n"), 12),
    (lambda row: row.number("m"), 3),
    (lambda row: row.number("none"), 0),
    (lambda row: row.percent("share"), 12.5),
    (lambda row: row.percent("none"), None),
    (lambda row: len(row.rows("rows")), 1),
    (lambda row: row.rows("other"), []),
    (lambda row: ("n" in row, "other" in row), (True, False)),
]


@pytest.mark.parametrize(("read", "value"), READ)
def test_fields_of_a_row(read, value):
    assert read(Row(("lvs",), "row 1", FIELDS)) == value


LONGEST = {"n": "9" * 30, "share": "." + "9" * 29}
WRONG = [
    (FIELDS, lambda row: row.text("other"), "row 1 has no other"),
    (FIELDS, lambda row: row.text("b"), "row 1 has b=True"),
    (FIELDS, lambda row: row.text("rows"), "row 1 has rows=[{}]"),
    (FIELDS, lambda row: row.number("x"), "row 1 has x='1x'"),
    (FIELDS, lambda row: row.number("share"), "row 1 has share='12.50'"),
    (FIELDS, lambda row: row.percent("x"), "row 1 has x='1x'"),
    ({"p": "1.2.3"}, lambda row: row.percent("p"), "row 1 has p='1.2.3'"),
    ({"n": "٣"}, lambda row: row.number("n"), r"row 1 has n='\u0663'"),
    ({"n": "٣"}, lambda row: row.percent("n"), r"row 1 has n='\u0663'"),
    ({"n": "9" * 31}, lambda row: row.number("n"), "row 1 has n='999"),
    ({"n": "9" * 31}, lambda row: row.percent("n"), "row 1 has n='999"),
    (FIELDS, lambda row: row.rows("n"), "row 1 has n=' 12 '"),
    ({"rows": [{}, 7]}, lambda row: row.rows("rows"), "row 1, rows 2 is 7"),
]


@pytest.mark.parametrize(("fields", "read", "words"), WRONG)
def test_a_field_that_cannot_be_read_is_named(fields, read, words):
    with pytest.raises(StorageError) as error:
        read(Row(("lvs",), "row 1", fields))
    assert words in str(error.value)


def test_the_longest_numbers():
    row = Row(("lvs",), "row 1", LONGEST)
    assert row.number("n") == int("9" * 30)
    assert row.percent("share") == 1.0


def test_a_row_that_is_none():
    with pytest.raises(StorageError, match="row 1 is 7"):
        Row(("lvs",), "row 1", 7)
