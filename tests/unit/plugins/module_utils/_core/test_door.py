# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes between a module and who calls it."""

from __future__ import annotations

import json
import os
import unicodedata

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import door
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from hypothesis import example, given
from hypothesis import strategies as st
from support.texts import is_plain, strings

TEXTS = st.one_of(
    st.text(st.characters()),  # surrogates too
    st.binary().map(os.fsdecode),  # a file's name
    st.text("\x00\x1b[]\n\r\t\x7f\x9b\u202e\udcff\\", max_size=8),
)
RESULTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(TEXTS, inner)
    ),
    max_leaves=10,
)


@given(RESULTS)
@example({"\udcff": ["\x1b]0;title\x07", ("\u202e",)]})
def test_nothing_leaves_that_a_terminal_acts_on_or_that_is_no_text(result):
    left = door.leaving(result)
    json.dumps(left, ensure_ascii=False).encode()  # as the controller gets it
    assert all(map(is_plain, strings(left)))


@given(st.text(st.characters(categories=("L", "N", "Zs")) | st.sampled_from("\n\t-_./")))
def test_what_is_text_leaves_as_it_is(text):
    assert door.leaving(text) == text


@given(RESULTS)
def test_it_leaves_once_as_it_leaves_twice(result):
    once = door.leaving(result)
    assert door.leaving(once) == once


TOLD = [
    ("caf\udcc3", "caf\\xc3"),
    ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ("a\u202eb", "a\\u202eb"),
    ("\ud800", "\\ud800"),
    ("two\nlines\tand\r", "two\nlines\tand\\x0d"),
    ("http://user:pass@proxy:80/a", "http://***@proxy:80/a"),
    ("https://token@host and ftp://a:b/c@d", "https://***@host and ftp://***@d"),
    ("unix:///run/docker.sock", "unix:///run/docker.sock"),
    ("http://host:80/path", "http://host:80/path"),
    ("pool/data@snap", "pool/data@snap"),
    ("--log-opt splunk-token=abc, next", "--log-opt splunk-token=***, next"),
    ('{"splunk-token": "a b", "x": 1}', '{"splunk-token": ***, "x": 1}'),
    ("HTTP_PASSWORD='a b' x", "HTTP_PASSWORD=*** x"),
    ("AWS_SECRET_ACCESS_KEY=abc", "AWS_SECRET_ACCESS_KEY=***"),
    ("mount -o user=a,pass=b,vers=3 bypass=c", "mount -o user=a,pass=***,vers=3 bypass=c"),
    ("keyformat=passphrase", "keyformat=passphrase"),
    ("the passphrase: it is asked for", "the passphrase: it is asked for"),
]


@pytest.mark.parametrize(("text", "told"), TOLD)
def test_how_it_is_told(text, told):
    assert door.leaving(text) == told


class EndedError(Exception):
    pass


class Module:
    def __init__(self, **params):
        self.params = params

    def fail_json(self, **result):
        raise EndedError(result)


CONTROL = [
    {"path": "/srv/a\0b"},
    {"path": "/srv/a\nExecStartPre=/bin/x"},
    {"devices": ["/dev/vda", "/dev/vdb\n"]},
    {"options": {"dm.basesize": "10G\r"}},
    {"options": {"a\x1bb": "1"}},
    {"label": "\x9b31m"},
]


@pytest.mark.parametrize("params", CONTROL)
def test_what_has_a_control_character_in_it_is_refused_before_anything_is_looked_at(params):
    with pytest.raises(EndedError) as ended:
        door.wish(Module(**params), lambda _params: pytest.fail("it was looked at"))
    (result,) = ended.value.args
    assert result["refusal"] == "control_character"
    (option,) = params
    assert result["msg"].startswith(option)
    assert door.leaving(result) == result
    assert not any(unicodedata.category(it) == "Cc" for it in result["msg"])


def test_what_a_wish_refuses_ends_the_module_as_well():
    def refuse(_params):
        raise StorageError("It", "no \x1b", "Do", refusal="odd", more=1)

    with pytest.raises(EndedError) as ended:
        door.wish(Module(name="a"), refuse)
    assert ended.value.args[0] == {"refusal": "odd", "more": 1, "msg": "It: no \\x1b. Do."}


def test_what_nobody_foresaw_in_a_wish_is_no_traceback():
    def broken(_params):
        raise LookupError("a\x1b")

    with pytest.raises(EndedError) as ended:
        door.wish(Module(name="a"), broken)
    (result,) = ended.value.args
    assert result["refusal"] == "unforeseen"
    assert "LookupError: a\\x1b); nothing has been changed" in result["msg"]


def test_a_wish_that_can_be_is_returned():
    params = {
        "name": "a",
        "number": 1,
        "nothing": None,
        "on": True,
        "many": ["b"],
        "some": {"c": 1},
    }
    assert door.wish(Module(**params), dict) == params


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", r"a\x0ab\x09c"),
        ("\udc80", r"\x80"),
        ("\udcff", r"\xff"),
        ("\udc7f", r"\udc7f"),
        ("\udd00", r"\udd00"),
    ],
)
def test_a_name_has_one_line_and_each_byte_of_it_is_told(text, shown):
    assert door.one_line(text) == shown
