# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel tells of btrfs, and what the user writes, read into subvolumes and wishes."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.tree import Listed
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


def listed(*rows):
    """The subvolumes of a filesystem: ``(number, holder, name)``."""
    return {one: Listed(one, f"{one}-uuid", 7, holder, 256, name) for one, holder, name in rows}


ALL = listed(
    (256, 5, "a"), (257, 256, "b"), (258, 5, "foo"), (259, 5, "b2"), (262, 256, "b"),
    (263, 257, "c"), (264, 258, "a b  c"), (265, 262, "x\ny"),
)  # fmt: skip


def test_what_a_subvolume_holds_innermost_first():
    found = removal.held_in(256, ALL)
    assert [one.id for one in found] == [263, 265, 257, 262]
    below = {263: "c", 265: "in/x\ny", 257: "b", 262: "d/b"}
    paths = removal.paths_of("/srv/a", 256, [(one, below[one.id]) for one in found])
    assert paths == ["/srv/a/b/c", "/srv/a/d/b/in/x\ny", "/srv/a/b", "/srv/a/d/b"]


def test_nothing_held():
    assert removal.held_in(263, ALL) == []
    assert removal.held_in(256, {}) == []


def test_a_ring_of_holders_ends():
    assert removal.held_in(263, {**ALL, **listed((300, 301, "x"), (301, 300, "y"))}) == []


def test_swap_that_lies_in_it_or_cannot_be_found(tmp_path):
    (tmp_path / "my swap").touch()
    text = (
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        f"{tmp_path}/my\\040swap                        file\t\t8\t\t0\t\t-2\n"
        "/nowhere/at/all                        file\t\t8\t\t0\t\t-2\n"
        "/dev/sda2                               partition\t8\t\t0\t\t-2\n"
        "short\n\n"
    )
    assert removal._swap(text, [str(tmp_path)]) == (f"{tmp_path}/my swap", "/nowhere/at/all")
    assert removal._swap(text, ["/proc"]) == ("/nowhere/at/all",)
    assert removal._swap("", [str(tmp_path)]) == ()


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
        ({"exclusive": f"{2**64 - 1}b"}, "btrfs keeps limits in 64 bits"),
        ({"referenced": "16384p"}, "btrfs keeps limits in 64 bits"),
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
