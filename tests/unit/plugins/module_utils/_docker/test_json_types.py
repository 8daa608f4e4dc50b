# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrong types in daemon.json and in the engine's answers: each is named, and no traceback."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    daemon_json,
    engine,
)

VALUES = {
    "null": None,
    "string": "x",
    "path": "/x",
    "number": 5,
    "negative": -1,
    "float": 1.5,
    "true": True,
    "strings": ["x"],
    "numbers": [5],
    "empty list": [],
    "rows": [["a", "b"]],
    "short rows": [["a"]],
    "object": {"a": "b"},
    "switches": {"a": True},
    "empty object": {},
    "address": {"Address": 5},
}
TEXT = {"null", "string", "path"}
LIST = {"null", "strings", "empty list"}
IN_FILE = {
    "data-root": TEXT,
    "graph": TEXT,
    "storage-driver": TEXT,
    "userns-remap": TEXT,
    "hosts": LIST,
    "storage-opts": LIST,
    "features": {"null", "switches", "empty object"},
}
IN_ANSWER = {
    "Driver": {"string", "path"},
    "ServerVersion": {"string", "path"},
    "DockerRootDir": {"path"},
    "DriverStatus": {"null", "rows", "empty list"},
    "SecurityOptions": LIST,
    "Containerd": {"null", "object", "switches", "empty object"},
    "Images": {"number"},
}
INFO = {"Driver": "overlay2", "ServerVersion": "26.1.5", "DockerRootDir": "/var/lib/docker"}


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("key", IN_FILE)
def test_a_key_of_the_file(tmp_path, key, kind):
    path = tmp_path / "daemon.json"
    path.write_text(json.dumps({key: VALUES[kind], "dns": 5}))
    if kind in IN_FILE[key]:
        assert daemon_json.read(str(path)).content[key] == VALUES[kind]
        return
    with pytest.raises(StorageError) as error:
        daemon_json.read(str(path))
    assert error.value.details == {"refusal": "config_malformed"}
    shown = json.dumps(VALUES[kind])
    assert str(error.value).startswith(f"{path}: {key} is {shown}, and has to be ")


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("key", IN_ANSWER)
def test_a_key_of_the_answer(key, kind):
    info = {**INFO, key: VALUES[kind]}
    if kind in IN_ANSWER[key]:
        assert engine.checked("/run/docker.sock", info)[key] == VALUES[kind]
        return
    with pytest.raises(StorageError) as error:
        engine.checked("/run/docker.sock", info)
    assert error.value.details == {"refusal": "engine_answer_malformed"}
    assert f"at /run/docker.sock to GET /info: {key} is " in str(error.value)


@pytest.mark.parametrize("answer", [None, [], "x", 5, {}, {"Driver": "vfs"}])
def test_an_answer_that_is_none(answer):
    with pytest.raises(StorageError, match="has to be"):
        engine.checked("/run/docker.sock", answer)


def test_a_long_value_is_cut():
    with pytest.raises(StorageError) as error:
        engine.checked("/run/docker.sock", {**INFO, "Driver": ["x" * 1000]})
    assert len(str(error.value)) < 300
