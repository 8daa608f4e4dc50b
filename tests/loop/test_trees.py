# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing trees in which there are mounts, subvolumes and files that cannot be changed."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import trees
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    RemoveTree,
    StorageError,
)


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def remove(path):
    trees.take(RemoveTree("Remove it", str(path)))


@pytest.fixture
def tree(top):
    """A tree beside a folder of the same filesystem, which is not in it."""
    os.makedirs(f"{top}/tree/a/b")
    os.makedirs(f"{top}/outside")
    for path in ("tree/a/file", "tree/a/b/file", "outside/file"):
        with open(f"{top}/{path}", "w", encoding="ascii") as stream:
            stream.write("x")
    return f"{top}/tree"


def test_a_folder_that_is_mounted_in_it_is_not_entered(top, tree):
    os.mkdir(f"{tree}/a/mounted")
    sh("mount", "--bind", f"{top}/outside", f"{tree}/a/mounted")
    try:
        with pytest.raises(
            StorageError, match=r"a/mounted \(something is mounted there\)"
        ) as error:
            remove(tree)
        assert error.value.details["refusal"] == "tree_not_removed"
        assert os.listdir(f"{top}/outside") == ["file"]
    finally:
        sh("umount", f"{tree}/a/mounted")
    remove(tree)
    assert os.listdir(top) == ["outside"]


def test_a_file_that_is_mounted_on_another_stays(top, tree):
    sh("mount", "--bind", f"{top}/outside/file", f"{tree}/a/file")
    try:
        with pytest.raises(StorageError, match=r"a/file \(device or resource busy\)"):
            remove(tree)
    finally:
        sh("umount", f"{tree}/a/file")
    assert os.listdir(f"{top}/outside") == ["file"]


def test_another_filesystem_in_it_is_not_entered(loops, top, tree):
    other = loops.make("other")
    with open(f"{other}/file", "w", encoding="ascii") as stream:
        stream.write("x")
    sh("btrfs", "subvolume", "create", f"{tree}/a/subvolume")
    sh("mount", "--bind", str(other), f"{tree}/a/subvolume")  # the top of a btrfs on a subvolume
    try:
        with pytest.raises(StorageError, match="something is mounted there"):
            remove(tree)
        assert os.listdir(other) == ["file"]
    finally:
        sh("umount", f"{tree}/a/subvolume")
    assert os.listdir(f"{tree}/a/subvolume") == []


def test_subvolumes_go_with_it(top, tree):
    for path in ("one", "one/inner", "one/inner/innermost", "a/two"):
        sh("btrfs", "subvolume", "create", f"{tree}/{path}")
        sh("touch", f"{tree}/{path}/file")
    sh("btrfs", "subvolume", "snapshot", "-r", f"{tree}/a/two", f"{tree}/a/read-only")
    sh("btrfs", "subvolume", "snapshot", f"{tree}/a/two", f"{top}/outside/snapshot")
    remove(tree)
    assert os.listdir(top) == ["outside"]
    assert sorted(os.listdir(f"{top}/outside")) == ["file", "snapshot"]
    assert os.listdir(f"{top}/outside/snapshot") == ["file"]


def test_a_file_that_nobody_may_change_is_named(tree):
    sh("chattr", "+i", f"{tree}/a/b/file")
    try:
        with pytest.raises(StorageError, match=r"b/file \(operation not permitted\)") as error:
            remove(tree)
        assert "lsattr" in str(error.value)
    finally:
        sh("chattr", "-i", f"{tree}/a/b/file")
    remove(tree)
    assert not os.path.exists(tree)
