# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Editing daemon.json: what changes, what stays, and what is refused."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.daemon_json import (
    REMOVE,
    File,
    Keys,
    edit,
    parse,
    read,
)
from hypothesis import given
from hypothesis import strategies as st

# text before, changes, text after
EDITS = [
    (None, {"a": "x"}, '{\n  "a": "x"\n}\n'),
    ("{}", {"a": "x"}, '{\n  "a": "x"\n}\n'),
    (None, {}, None),
    (None, {"a": REMOVE}, None),
    ('{"b":1}', {"a": "x"}, '{"b":1, "a": "x"}'),
    ('{\n\t"b": [ 1,2 ]\n}\n', {"a": "x"}, '{\n\t"b": [ 1,2 ],\n\t"a": "x"\n}\n'),
    ('{\n    "a": "y",\n    "b": 1\n}', {"a": "x"}, '{\n    "a": "x",\n    "b": 1\n}'),
    ('{"a": "x",  "b": 1}', {"a": "x"}, '{"a": "x",  "b": 1}'),
    ('{"a": [ "x" ]}', {"a": ["x"]}, '{"a": [ "x" ]}'),
    ('{"a": "x", "b": 1}', {"a": REMOVE}, '{"b": 1}'),
    ('{"b": 1, "a": "x"}', {"a": REMOVE}, '{"b": 1}'),
    ('{ "a": "x" }\n', {"a": REMOVE}, "{}\n"),
    ('{"b": {"a": 1}}', {"a": "x"}, '{"b": {"a": 1}, "a": "x"}'),
    ('{\n  "b": 1\n}', {"a": ["x", "y"]}, '{\n  "b": 1,\n  "a": [\n    "x",\n    "y"\n  ]\n}'),
    ('{"b": "é\\u00e9"}', {"a": "x"}, '{"b": "é\\u00e9", "a": "x"}'),
    # single keys of an object in it
    (None, {"a": Keys({"x": True})}, '{\n  "a": {"x": true}\n}\n'),
    ('{"a": {}}', {"a": Keys({"x": True})}, '{"a": {"x": true}}'),
    ('{"a":{"y":1}, "b":2}', {"a": Keys({"x": True})}, '{"a":{"y":1, "x": true}, "b":2}'),
    ('{"a":{"y":1,"x":false}}', {"a": Keys({"x": True})}, '{"a":{"y":1,"x":true}}'),
    ('{"a":{ "x" : true }}', {"a": Keys({"x": True})}, '{"a":{ "x" : true }}'),
    ('{"a":{"x":1,"y":2}}', {"a": Keys({"x": REMOVE})}, '{"a":{"y":2}}'),
    (
        '{\n  "a": {\n    "y": 1\n  },\n  "b": 2\n}\n',
        {"a": Keys({"x": True})},
        '{\n  "a": {\n    "y": 1,\n    "x": true\n  },\n  "b": 2\n}\n',
    ),
]


@pytest.mark.parametrize(("text", "changes", "wanted"), EDITS)
def test_edit(text, changes, wanted):
    assert edit(text, changes) == wanted


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=3), SCALARS)
CONFIGS = st.dictionaries(st.sampled_from(["a", "b", "c", "storage-driver", '"', "{"]), JSON)
CHANGES = st.dictionaries(
    st.sampled_from(["a", "b", "storage-driver", "storage-opts"]), JSON | st.just(REMOVE)
)
INDENTS = st.sampled_from([None, 0, 1, 4, "\t"])


@given(CONFIGS, CHANGES, INDENTS)
def test_an_edit_means_what_it_says_and_leaves_the_rest_in_its_order(config, changes, indent):
    text = json.dumps(config, indent=indent)
    wanted = {name: value for name, value in {**config, **changes}.items() if value is not REMOVE}
    found = parse("daemon.json", edit(text, changes))
    assert found == wanted
    assert list(found) == list(wanted)


@given(CONFIGS, CHANGES, INDENTS)
def test_an_edit_done_twice_changes_nothing_more(config, changes, indent):
    once = edit(json.dumps(config, indent=indent), changes)
    assert edit(once, changes) == once


@given(CONFIGS, CONFIGS, CHANGES, INDENTS)
def test_an_edit_of_an_object_in_it_is_an_edit_of_that_object(config, inner, changes, indent):
    text = json.dumps({**config, "a": inner}, indent=indent)
    found = parse("daemon.json", edit(text, {"a": Keys(changes)}))
    wanted = {name: value for name, value in {**inner, **changes}.items() if value is not REMOVE}
    assert found == {**config, "a": wanted}
    assert list(found["a"]) == list(wanted)


BAD = [
    ("", "it is empty: a crash may have cut it off"),
    (" \n\t\n", "it is empty"),
    ('{\n  "a": 1,\n  "b" 2\n}', "line 3, column 7"),
    ('{"a": 1} x', "line 1, column 10"),
    ("[]", "it holds a JSON list, not an object"),
    ('{"a": 1, "a": 2}', "the key 'a' stands in it twice"),
    ('{"a": NaN}', "NaN is no JSON number"),
    ("\ufeff{}", "byte order mark"),
    ('{"a":' * 100000, "not valid JSON"),
]


@pytest.mark.parametrize(("text", "wrong"), BAD)
def test_what_is_refused(text, wrong):
    with pytest.raises(StorageError, match=r"^/etc/docker/daemon\.json: ") as error:
        parse("/etc/docker/daemon.json", text)
    assert wrong in str(error.value)


def test_no_file_is_no_configuration(tmp_path):
    assert read(str(tmp_path / "daemon.json")) == File(None, {})
    assert read(str(tmp_path / "no" / "daemon.json")) == File(None, {})


def test_a_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_bytes(b'{"a": "\xc3\xa9"}\r\n')
    assert read(str(path)) == File('{"a": "é"}\r\n', {"a": "é"})


@pytest.mark.parametrize(("mode", "private"), [(0o644, False), (0o600, True), (0o640, True)])
def test_a_file_that_not_everybody_may_read_is_private(tmp_path, mode, private):
    path = tmp_path / "daemon.json"
    path.write_text("{}")
    path.chmod(mode)
    assert read(str(path)).private == private


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(StorageError, match="it is a folder"):
        read(str(tmp_path))


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_refused_wherever_it_leads(tmp_path, there):
    target = tmp_path / "other.json"
    if there:
        target.write_text("{}")
    link = tmp_path / "daemon.json"
    link.symlink_to(target)
    with pytest.raises(StorageError, match=r"it is a symbolic link to .*/other\.json"):
        read(str(link))


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(StorageError, match="not UTF-8 from byte 7 on"):
        read(str(path))
