# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of a layer of overlay2, and where each driver keeps a layer."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers import overlay2
from ansible_collections.containerhost.storage.plugins.module_utils._layers.convert import sync
from ansible_collections.containerhost.storage.plugins.module_utils._layers.drivers import DRIVERS

LOW, HIGH = "a" * 64, "b" * 64


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize(
    ("version", "folder", "committed"),
    [((18, 9), 0o700, False), ((19, 3, 15), 0o701, True), ((20, 10), 0o710, True),
     ((28, 0), 0o710, True)],
)  # fmt: skip
def test_a_stack_of_two(tmp_path, version, folder, committed):
    home = tmp_path / "overlay2"
    overlay2.make_home(str(home), version)
    for name, parent in ((LOW, ""), (HIGH, LOW)):
        files = overlay2.begin(str(home), "new", parent, version)
        assert os.listdir(files) == []
        assert files == str(home / "new" / "diff")
        overlay2.put_in_place(str(home), "new", name, parent, version)
        overlay2.put_in_place(str(home), "new", name, parent, version)  # again, after a crash
    assert sorted(os.listdir(home / LOW)) == sorted(["diff", "link", *["committed"] * committed])
    assert sorted(os.listdir(home / HIGH)) == ["diff", "link", "lower", "work"]
    link, lower = (home / LOW / "link").read_text(), (home / HIGH / "lower").read_text()
    assert len(link) == 26
    assert lower == f"l/{link}"
    assert os.readlink(home / "l" / link) == f"../{LOW}/diff"
    assert overlay2.below(str(home), HIGH) == [str(home / LOW / "diff")]
    assert [mode(home / it) for it in ("", "l", LOW, f"{HIGH}/work", f"{HIGH}/diff")] == [
        folder, 0o700, folder, 0o700, 0o755
    ]  # fmt: skip
    sync(str(home))


def test_a_name_that_is_taken(tmp_path):
    overlay2.make_home(str(tmp_path), (20, 10))
    overlay2.begin(str(tmp_path), "new", "", (20, 10))
    with pytest.raises(StorageError) as caught:
        overlay2.begin(str(tmp_path), "new", "", (20, 10))
    assert caught.value.details["refusal"] == "layer_exists"
    (tmp_path / LOW).mkdir()
    with pytest.raises(StorageError) as caught:
        overlay2.put_in_place(str(tmp_path), "new", LOW, "", (20, 10))
    assert caught.value.details["refusal"] == "layer_exists"


def test_a_stack_that_is_too_deep(tmp_path):
    overlay2.make_home(str(tmp_path), (20, 10))
    parent = ""
    for number in range(overlay2.DEEPEST + 1):
        overlay2.begin(str(tmp_path), "new", parent, (20, 10))
        overlay2.put_in_place(str(tmp_path), "new", f"{number}", parent, (20, 10))
        parent = f"{number}"
    with pytest.raises(StorageError) as caught:
        overlay2.begin(str(tmp_path), "new", parent, (20, 10))
    assert caught.value.details["refusal"] == "layers_too_deep"


@pytest.mark.parametrize("link", [None, "", "short", "../../../../etc/passwd/aaa"])
def test_a_parent_without_a_frame(tmp_path, link):
    overlay2.make_home(str(tmp_path), (20, 10))
    (tmp_path / LOW).mkdir()
    if link is not None:
        (tmp_path / LOW / "link").write_text(link)
    with pytest.raises(StorageError) as caught:
        overlay2.begin(str(tmp_path), "new", LOW, (20, 10))
    assert caught.value.details["refusal"] == "layer_unproven"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("driver", "files"),
    [
        ("vfs", "/x/dir/ID"),
        ("overlay2", "/x/ID/diff"),
        ("btrfs", "/x/subvolumes/ID"),
        ("zfs", "/x/"),
        ("overlay", "/x/ID/root"),
        ("aufs", "/x/diff/ID"),
        ("devicemapper", "/x/rootfs"),
    ],
)
def test_where_a_layer_lies(driver, files):
    assert DRIVERS[driver].files("/x", "ID") == files


@pytest.mark.parametrize("name", ["", "..", "a/b", ".", "-rf", "a\n", "x" * 200])
def test_no_name_of_a_layer(name):
    with pytest.raises(StorageError):
        DRIVERS["vfs"].files("/x", name)
