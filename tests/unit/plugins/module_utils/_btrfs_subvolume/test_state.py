# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools of btrfs print, and what the user writes, read into subvolumes and wishes."""

from __future__ import annotations

import pytest
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
from support.btrfs_hosts import place
from support.btrfs_hosts import subvolume as a_subvolume

# All of the filesystem, as seen from /srv/a: the subvolume /a/a/b comes as "a/b", /b/a as "b/a".
LIST = """ID 256 gen 8 top level 5 uuid aaaa path a
ID 257 gen 7 top level 256 uuid bbbb path b
ID 258 gen 7 top level 5 uuid cccc path foo
ID 259 gen 7 top level 5 uuid dddd path b2
ID 262 gen 11 top level 256 uuid eeee path a/b
ID 263 gen 11 top level 257 uuid ffff path b/c
ID 264 gen 11 top level 258 uuid 9999 path foo/a b  c
"""


def test_what_a_subvolume_holds_innermost_first():
    found = removal.parse_list(LIST, place(a_subvolume()))
    assert [(one.id, one.uuid, one.holder, one.path) for one in found] == [
        (263, "ffff", 257, "/srv/a/b/c"),
        (262, "eeee", 256, "/srv/a/a/b"),
        (257, "bbbb", 256, "/srv/a/b"),
    ]


def test_names_with_spaces():
    (found,) = removal.parse_list(LIST, place(a_subvolume("foo", id=258), name="foo"))
    assert found.path == "/srv/foo/foo/a b  c"


def test_nothing_held():
    assert removal.parse_list(LIST, place(a_subvolume(id=263))) == []
    assert removal.parse_list("", place(a_subvolume())) == []


def test_a_ring_of_holders_ends():
    ring = "ID 300 gen 1 top level 301 uuid a path x\nID 301 gen 1 top level 300 uuid b path y\n"
    assert removal.parse_list(LIST + ring, place(a_subvolume(id=263))) == []


@pytest.mark.parametrize(
    "name", ["x\nID 258 gen 1 top level 256 uuid - path y", "x\ny", "x\n", "\nx"]
)
def test_a_line_break_in_a_name_is_refused(name):
    line = f"ID 300 gen 1 top level 5 uuid aaaa path {name}\n"
    if name == "x\n":
        line = line.rstrip("\n") + "\n\n"
    with pytest.raises(StorageError, match="line break") as refused:
        removal.parse_list(LIST + line, place(a_subvolume()))
    assert refused.value.details == {"refusal": "subvolume_list_ambiguous"}


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
