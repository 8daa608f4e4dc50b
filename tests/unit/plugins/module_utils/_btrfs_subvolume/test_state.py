# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools of btrfs print, and what the user writes, read into subvolumes and wishes."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import kernel
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume import (
    observe,
    removal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume import (
    state as subvolume,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    wanted_from,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

# subvolume -> those that lie in it, as the kernel tells: (number, path)
HELD = {
    "/srv/a": [(257, "/srv/a/b"), (262, "/srv/a/a/b"), (270, "/srv/a/x\nID 5 path y")],
    "/srv/a/b": [(263, "/srv/a/b/c")],
    "/srv/a/b/c": [],
    "/srv/a/a/b": [],
    "/srv/a/x\nID 5 path y": [],
}


@pytest.fixture
def host(monkeypatch):
    """Numbers of subvolumes, as they are seen at their paths."""
    seen = {path: number for inner in HELD.values() for number, path in inner}

    def info(path):
        if path not in seen:
            raise OSError(25, "Inappropriate ioctl for device")
        return kernel.Info(seen[path], f"uuid {seen[path]}", None, None, False)

    monkeypatch.setattr(kernel, "held_in", HELD.__getitem__)
    monkeypatch.setattr(kernel, "subvolume_info", info)
    return seen


def test_what_a_subvolume_holds_innermost_first(host):
    assert removal.observe_held("/srv/a", 256) == [
        subvolume.Held(263, "uuid 263", 257, "/srv/a/b/c"),
        subvolume.Held(262, "uuid 262", 256, "/srv/a/a/b"),
        subvolume.Held(257, "uuid 257", 256, "/srv/a/b"),
        subvolume.Held(270, "uuid 270", 256, "/srv/a/x\nID 5 path y"),
    ]


@pytest.mark.parametrize("over", [None, 5])
def test_what_is_mounted_over_one_is_not_taken_for_it(host, over):
    host.update({"/srv/a/b": over}) if over else host.pop("/srv/a/b")
    found = removal.observe_held("/srv/a", 256)
    assert subvolume.Held(257, "unknown", 256, "/srv/a/b") in found
    assert 263 not in [it.id for it in found]


def test_one_that_cannot_be_looked_into(monkeypatch):
    def refused(_path):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(kernel, "held_in", refused)
    with pytest.raises(StorageError, match="Operation not permitted") as error:
        removal.observe_held("/srv/a", 256)
    assert error.value.details == {"refusal": "subvolume_unreadable"}


def params(**more):
    names = ["snapshot_of", "readonly", "quota", "compression", "nodatacow"]
    return {
        **dict.fromkeys(names), "path": "/srv/a", "state": "present", "recursive": False, **more
    }  # fmt: skip


@pytest.mark.parametrize(
    ("quota", "limits"),
    [
        (None, ()),
        ({}, ()),
        ({"referenced": None, "exclusive": None}, ()),
        ({"referenced": "10g", "exclusive": None}, (("referenced", 10 * 1024**3),)),
        ({"referenced": "None", "exclusive": "1k"}, (("exclusive", 1024), ("referenced", None))),
    ],
)
def test_limits(quota, limits):
    assert wanted_from(params(quota=quota)).limits == limits


@pytest.mark.parametrize(
    ("options", "refusal", "words"),
    [
        ({"path": "srv"}, "path_invalid", "path='srv': it is not a plain absolute path"),
        ({"path": "/srv/../a"}, "path_invalid", "it is not a plain absolute path"),
        ({"path": "/srv/a/"}, "path_invalid", "it is not a plain absolute path"),
        ({"path": "//srv/a"}, "path_invalid", "it is not a plain absolute path"),
        ({"path": "/srv/a\nb"}, "path_invalid", r"path='/srv/a\nb': it is not a plain absolute"),
        ({"snapshot_of": "a"}, "path_invalid", "snapshot_of='a': it is not a plain absolute path"),
        ({"compression": "gzip"}, "option_value_invalid", "compression=gzip: btrfs has no such"),
        ({"compression": "zstd:16"}, "option_value_invalid", "btrfs has no such compression"),
        ({"compression": "zlib:0"}, "option_value_invalid", "btrfs has no such compression"),
        ({"compression": "lzo:1"}, "option_value_invalid", "btrfs has no such compression"),
        ({"compression": ""}, "option_value_invalid", "btrfs has no such compression"),
        (
            {"compression": "zstd", "nodatacow": True},
            "compression_without_cow",
            "compresses nothing that it does not copy",
        ),
    ],
)
def test_wishes_that_no_host_could_fulfil(options, refusal, words):
    with pytest.raises(StorageError) as refused:
        wanted_from(params(**options))
    assert words in str(refused.value)
    assert refused.value.details == {"refusal": refusal}


@pytest.mark.parametrize(
    ("quota", "words"),
    [
        ({"referenced": "10"}, "quota.referenced=10: it has no unit"),
        ({"referenced": "10gb"}, "it may mean powers of 1000 or of 1024"),
        ({"exclusive": "0b"}, "quota.exclusive=0b: the size is zero"),
        ({"exclusive": "-1g"}, "a size cannot be negative"),
        ({"exclusive": "some"}, "it is no size"),
    ],
)
def test_a_limit_that_is_no_size(quota, words):
    with pytest.raises(StorageError) as refused:
        wanted_from(params(quota=quota))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "means"),
    [("zstd:3", "zstd"), ("zlib:3", "zlib"), ("zstd:9", "zstd:9"), ("none", "none"), (None, None)],
)
def test_the_level_by_default_is_no_other_compression(text, means):
    assert subvolume.effective(text) == means


def test_a_subvolume_that_cannot_be_looked_at(monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(observe.kernel, "subvolume_info", refuse)
    with pytest.raises(StorageError, match=r"cannot be looked at: Permission denied\. Run as root"):
        observe._observe_subvolume("/srv/a", None, [])
