# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is of value in a data root besides images, containers and volumes."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
    observe_others,
)

# What an engine makes at its first start.
SKELETON = (
    "buildkit/cache.db", "containers/", "image/overlay2/repositories.json", "engine-id",
    "network/files/", "overlay2/l/", "plugins/storage/blobs/sha256/", "plugins/tmp/", "runtimes/",
    "swarm/", "tmp/", "trust/", "volumes/metadata.db", "volumes/backingFsBlockDev",
    "containerd/daemon/io.containerd.content.v1.content/ingest/",
)  # fmt: skip
BLOBS = "containerd/daemon/io.containerd.content.v1.content/blobs/sha256/"

OTHERS = [
    ((), {}),
    (SKELETON, {}),
    ((*SKELETON, "plugins/0a/config.json", "plugins/0b/config.json"), {"plugin": 2}),
    ((*SKELETON, "trust/private/a.key", "trust/b"), {"trust key": 2}),
    ((*SKELETON, "swarm/docker-state.json", "swarm/raft/x"), {"swarm membership": 1}),
    ((*SKELETON, BLOBS + "a"), {"blob of its own containerd": 1}),
    ((*SKELETON, "network/files/local-kv.db"), {"network": 1}),  # it cannot be read
]


@pytest.mark.parametrize(("paths", "others"), OTHERS)
def test_what_else_is_of_value(tmp_path, paths, others):
    for name in paths:
        path = tmp_path / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
    assert observe_others(str(tmp_path)) == others


def test_what_may_not_be_read_is_not_taken_for_empty(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", denied)
    with pytest.raises(StorageError) as error:
        observe_others(str(tmp_path))
    assert error.value.details == {"refusal": "root_required"}


def test_two_roots_hold_what_both_hold():
    one = Holdings("/a", {"vfs": 1}, {"vfs": 2}, 3, {"network": 1})
    other = Holdings("/a/1.1", {"vfs": 1, "btrfs": 4}, {}, 1, {"network": 2, "plugin": 1})
    assert one + other == Holdings(
        "/a", {"vfs": 2, "btrfs": 4}, {"vfs": 2}, 4, {"network": 3, "plugin": 1}
    )


@pytest.mark.parametrize(
    ("holds", "some"),
    [
        (Holdings("/a"), False),
        (Holdings("/a", images={"vfs": 1}), True),
        (Holdings("/a", containers={"vfs": 1}), True),
        (Holdings("/a", volumes=1), True),
        (Holdings("/a", others={"network": 1}), True),
    ],
)
def test_whether_there_is_anything(holds, some):
    assert holds.any is some
