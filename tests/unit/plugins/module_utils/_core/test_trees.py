# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trees that are renamed and removed. Mounts and subvolumes in them: tests/loop/test_trees.py."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import trees
from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import landed
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    RemoveTree,
    Rename,
    StorageError,
)

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def top(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("kept")
    (tmp_path / "top").mkdir()
    return tmp_path / "top"


def remove(path):
    trees.take(RemoveTree("Remove it", str(path)))


def refused(step):
    with pytest.raises(StorageError) as error:
        trees.take(step)
    return error.value.details["refusal"], str(error.value)


def deep(top):
    """Folders in each other, with a path that is longer than any that the kernel takes."""
    way = os.open(top, os.O_RDONLY)
    for _level in range(2000):
        os.mkdir("name", dir_fd=way)
        below = os.open("name", os.O_RDONLY, dir_fd=way)
        os.close(way)
        way = below
    os.close(os.open("file", os.O_CREAT, dir_fd=way))
    os.close(way)


def many(top):
    for number in range(3 * trees._AT_ONCE // 2):
        (top / str(number)).touch()


def kinds(top):
    os.symlink("../outside", top / "folder link")
    os.symlink("../outside/file", top / "file link")
    os.symlink("nowhere", top / "dead link")
    os.link(top.parent / "outside" / "file", top / "hard link")
    os.mkfifo(top / "pipe")
    with open(os.fsencode(top) + b"/\xff\n\x1b[2J", "wb") as stream:
        stream.write(b"x")
    (top / "locked").mkdir()
    (top / "locked" / "file").touch()
    (top / "locked").chmod(stat.S_IRUSR | stat.S_IXUSR if os.geteuid() == 0 else 0o700)


@pytest.mark.parametrize("fill", [lambda top: None, deep, many, kinds])
def test_a_tree_is_removed_and_nothing_outside_of_it(top, fill):
    fill(top)
    opened = os.listdir("/proc/self/fd")
    remove(top)
    assert os.listdir(top.parent) == ["outside"]
    assert (top.parent / "outside" / "file").read_text() == "kept"
    assert os.listdir("/proc/self/fd") == opened


def test_what_is_gone_already_is_removed(top):
    remove(top / "never was")
    assert top.exists()


def test_a_link_is_no_tree(top):
    os.symlink("outside", top.parent / "link")
    refusal, told = refused(RemoveTree("Remove the old layers", str(top.parent / "link")))
    assert refusal == "tree_unchangeable"
    assert "Remove the old layers: " in told
    assert (top.parent / "outside" / "file").exists()


def test_what_stays_is_named_and_the_rest_goes(top, monkeypatch):
    for name in ("a/b/stays", "a/b/goes", "c/goes", "stays"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    unlink = os.unlink

    def failing(name, **where):
        if name == "stays":
            raise PermissionError(1, "Operation not permitted")
        unlink(name, **where)

    monkeypatch.setattr(os, "unlink", failing)
    refusal, told = refused(RemoveTree("Remove it", str(top)))
    assert refusal == "tree_not_removed"
    for path in (top / "stays", top / "a/b/stays"):
        assert f"{path} (operation not permitted)" in told
    left = sorted(str(it.relative_to(top)) for it in top.rglob("*"))
    assert left == ["a", "a/b", "a/b/stays", "stays"]


def test_few_of_many_are_named(top, monkeypatch):
    monkeypatch.setattr(trees, "_ENOUGH", 20)
    many(top)

    def failing(_name, **_where):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "unlink", failing)
    _refusal, told = refused(RemoveTree("Remove it", str(top)))
    assert told.count("(read-only file system)") == 3
    assert "and 17 more" in told


def test_a_folder_that_goes_elsewhere_meanwhile_is_not_followed(top, monkeypatch):
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b" / "file").touch()
    unlink = os.unlink

    def moving(name, **where):
        unlink(name, **where)
        os.rename(top / "a" / "b", top.parent / "outside" / "b")

    monkeypatch.setattr(os, "unlink", moving)
    refusal, told = refused(RemoveTree("Remove it", str(top)))
    assert refusal == "tree_not_removed"
    assert "was moved while it was removed (b)" in told
    assert (top.parent / "outside" / "file").exists()


def test_nothing_is_removed_where_others_could_put_their_own(top):
    top.parent.chmod(0o777)
    for step in (RemoveTree("Remove it", str(top)), Rename("Move it", str(top), f"{top}2")):
        refusal, told = refused(step)
        assert refusal == "folder_foreign"
        assert f"{top.parent}: others than root can write to it" in told
    assert top.exists()


def test_a_tree_is_renamed_once(top):
    (top / "file").touch()
    step = Rename("Move it aside", str(top), str(top.parent / "aside"))
    assert not landed(step)
    for _time in range(2):
        trees.take(step)
        assert landed(step)
        assert (top.parent / "aside" / "file").exists()


def test_nothing_is_replaced(top):
    (top.parent / "aside").mkdir()
    refusal, told = refused(Rename("Move it aside", str(top), str(top.parent / "aside")))
    assert refusal == "name_taken"
    assert "Move it aside" in told
    assert top.exists()


def test_what_cannot_be_renamed_is_told(top):
    refusal, told = refused(Rename("Move it", str(top / "never was"), str(top / "x")))
    assert refusal == "tree_unchangeable"
    assert "Move it: No such file or directory" in told


@pytest.fixture
def removal(top):
    """What is at work in a folder."""
    made = trees._Removal(os.open(top, os.O_RDONLY), str(top))
    yield made
    os.close(made._open)


def inode(number, device):
    return SimpleNamespace(st_ino=number, st_dev=device)


def test_a_subvolume_is_dropped_by_its_name(removal, monkeypatch):
    asked = []
    monkeypatch.setattr(fcntl, "ioctl", lambda *call: asked.append(call))
    assert removal._drop_subvolume("lay\udcffer", inode(256, -1))
    ((descriptor, request, argument),) = asked
    assert (descriptor, request) == (removal._open, 0x5000940F)  # linux/btrfs.h
    assert argument == b"\0" * 8 + b"lay\xffer".ljust(4088, b"\0")


@pytest.mark.parametrize("number", [255, 257])
def test_what_is_no_subvolume_is_not_dropped(removal, monkeypatch, number):
    monkeypatch.setattr(fcntl, "ioctl", lambda *call: pytest.fail("it was asked for"))
    own = os.fstat(removal._open).st_dev
    assert not removal._drop_subvolume("name", inode(number, -1))
    assert not removal._drop_subvolume("name", inode(256, own))


def test_a_subvolume_that_cannot_be_dropped_is_gone_through(top, monkeypatch):
    (top / "subvolume" / "inner").mkdir(parents=True)
    asked = []

    def refusing(*call):
        asked.append(call)
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    monkeypatch.setattr(fcntl, "ioctl", refusing)
    monkeypatch.setattr(trees, "_SUBVOLUME", (top / "subvolume").stat().st_ino)
    real = os.fstat

    def fstat(descriptor):
        found = real(descriptor)
        device = found.st_dev + (found.st_ino == trees._SUBVOLUME)
        fields = {it: getattr(found, it) for it in dir(found) if it.startswith("st_")}
        return SimpleNamespace(**{**fields, "st_dev": device})

    monkeypatch.setattr(os, "fstat", fstat)
    remove(top)
    assert len(asked) == 1
    assert not top.exists()


def test_what_another_mount_leads_to_is_not_entered(top, monkeypatch):
    for name in ("mounted/file", "own/file"):
        (top / name).parent.mkdir()
        (top / name).touch()
    inside = (top / "mounted").stat().st_ino
    real = trees._mount_of

    def mount_of(descriptor):
        return "other" if os.fstat(descriptor).st_ino == inside else real(descriptor)

    monkeypatch.setattr(trees, "_mount_of", mount_of)
    opened = os.listdir("/proc/self/fd")
    refusal, told = refused(RemoveTree("Remove it", str(top)))
    assert refusal == "tree_not_removed"
    assert f"{top}/mounted (something is mounted there)" in told
    assert [str(it.relative_to(top)) for it in top.rglob("*")] == ["mounted", "mounted/file"]
    assert os.listdir("/proc/self/fd") == opened


def test_folders_of_one_mount_are_told_from_those_of_another(top):
    numbers = {}
    for path in (top, top.parent, "/proc"):
        descriptor = os.open(path, os.O_RDONLY)
        numbers[path] = trees._mount_of(descriptor)
        os.close(descriptor)
    assert numbers[top] == numbers[top.parent] != numbers["/proc"]


def test_a_folder_of_a_user_may_give_its_names_and_no_other(top, monkeypatch):
    """With user namespaces a data root is the containers' root's."""
    (top / "layers").mkdir()
    step = Rename("Put it aside", f"{top}/layers", f"{top.parent}/aside")
    belongs = (str(top), "it belongs to the user with the number 165536, who could change it")
    monkeypatch.setattr(trees, "foreign_way", lambda path: belongs if "top/" in path else ("", ""))
    for mode, folder in ((0o777, top), (0o775, top), (0o755, top.parent)):
        top.chmod(mode)
        monkeypatch.setattr(
            trees, "foreign_way", lambda _path, folder=folder: (str(folder), "it is another's")
        )
        assert refused(step)[0] == "folder_foreign"
    monkeypatch.setattr(trees, "foreign_way", lambda path: belongs if "top/" in path else ("", ""))
    assert refused(RemoveTree("Remove it", f"{top}/layers"))[0] == "folder_foreign"
    trees.take(step)
    assert os.listdir(top) == []


def test_an_error_without_words_is_told_all_the_same(top, monkeypatch):
    (top / "file").touch()

    def failing(_name, **_where):
        raise OSError("Nobody knows")

    monkeypatch.setattr(os, "unlink", failing)
    assert "file (nobody knows)" in refused(RemoveTree("Remove it", str(top)))[1]
