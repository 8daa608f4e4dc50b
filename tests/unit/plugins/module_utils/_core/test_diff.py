# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What --diff shows of a file."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.diff import file_diff
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import leaving
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import WriteFile

DAEMON = {
    "proxies": {"http-proxy": "http://user:hunter2@proxy:3128"},
    "log-opts": {"splunk-token": "hunter2", "tag": "x"},
    "storage-driver": "vfs",
    "debug": True,
}


def shown(old, new, **more):
    """What --diff prints of daemon.json, as it leaves the host."""
    texts = [it if it is None or isinstance(it, str) else json.dumps(it) for it in (old, new)]
    found = leaving(file_diff(WriteFile("Set it", "/etc/d.json", texts[1], texts[0], **more)))
    assert found["before_header"] == found["after_header"] == "/etc/d.json"
    return found["before"], found["after"]


def test_only_the_keys_that_change_are_shown():
    before, after = shown(DAEMON, {**DAEMON, "storage-driver": "overlay2", "data-root": "/srv"})
    assert json.loads(before) == {"storage-driver": "vfs"}
    assert json.loads(after) == {"storage-driver": "overlay2", "data-root": "/srv"}


def test_each_key_has_a_line():
    assert shown({"a": 1, "b": "ä"}, {"a": 1}) == ('{\n  "b": "ä"\n}\n', "{}\n")


def test_of_a_key_within_only_what_changes():
    before, after = shown(
        {"features": {"a": True, "b": False}}, {"features": {"a": True, "c": True}}
    )
    assert json.loads(before) == {"features": {"b": False}}
    assert json.loads(after) == {"features": {"c": True}}


CHANGED = [
    ({}, DAEMON),
    (DAEMON, {}),
    (DAEMON, None),
    (None, DAEMON),
    ({"log-opts": {"splunk-token": "other"}}, DAEMON),
    (DAEMON, {**DAEMON, "log-opts": "none"}),
    ({"a": 1}, {"auths": [{"registry": {"password": "hunter2"}}]}),
    ({"a": 1}, {"log-opts": {"env": ["API_KEY=hunter2", "x"]}}),
    ({"a": 1}, {"registry-mirrors": ["https://hunter2@mirror/"]}),
    ({"a": 1}, {"client_secret": ["hunter2"]}),
    ("not JSON hunter2", DAEMON),
    (DAEMON, '{"half": "hunter2'),
]


@pytest.mark.parametrize(("old", "new"), CHANGED)
def test_a_secret_is_hidden_also_where_it_changes(old, new):
    assert "hunter2" not in "".join(shown(old, new))


def test_a_new_file_and_one_that_goes_show_what_they_hold():
    assert shown(None, {"a": 1})[0] == ""
    assert shown({"a": 1}, None)[1] == ""
    assert json.loads(shown(None, {"a": 1})[1]) == {"a": 1}


def test_another_text_is_shown_as_it_is():
    assert shown("[Unit]\na\n", "[Unit]\nb\n") == ("[Unit]\na\n", "[Unit]\nb\n")
    assert shown(None, "[1]") == ("", "[1]")
    assert shown("[1]", None) == ("[1]", "")
    assert shown('{"a": 1', '{"a": 2') == ('{"a": 1', '{"a": 2')


def test_of_a_file_that_is_json_on_one_side_only_that_side_is_shown_as_such():
    assert shown({"a": 1}, '{"half": "x') == ("(it is no JSON object)\n", "{}\n")
    assert shown("text", {"a": 1}) == ("(it is no JSON object)\n", '{\n  "a": 1\n}\n')


def test_a_private_file_is_kept_to_itself():
    before, after = shown(DAEMON, {"a": 1}, private=True)
    assert "private" in before
    assert "private" in after
    assert before != after
