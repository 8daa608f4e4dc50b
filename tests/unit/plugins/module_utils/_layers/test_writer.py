# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A layer is written for overlay2 and as a whole tree, entry by entry; traps are refused."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers import traps, whole
from ansible_collections.containerhost.storage.plugins.module_utils._layers.convert import (
    convert_layer,
)
from support.layer_tars import Item, diff_id, lay, snapshot, split_of, tar_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="devices and owners take root")

# cap_net_raw of version 2 and of version 3 (with a namespace's root), as linux/capability.h has it.
CAPABILITY = "\x01\x00\x00\x02\x00 " + "\x00" * 14


class Place:
    """A layer with its source, on which others may lie."""

    def __init__(self, path):
        self.path, self.number, self.below = path, 0, []
        self.source = path / "source"
        self.source.mkdir()

    def convert(self, items, laid=True, whole=False, change=None, **more):
        """Convert one more layer; return its folder and what was said of it."""
        self.number += 1
        tar = tar_of(items)
        if laid:
            lay(items if laid is True else laid, self.source)
        if change:
            change(self.source)
        target = self.path / f"target{self.number}"
        if not target.exists():
            target.mkdir()
        split = split_of(self.path / f"{self.number}.gz", tar)
        done = convert_layer(
            str(self.source), split, diff_id(tar), str(target), whole=whole, **more
        )
        return target, done

    def refused(self, items, **more):
        """The name of the refusal of one more layer, and its entry."""
        with pytest.raises(StorageError) as caught:
            self.convert(items, **more)
        return caught.value.details["refusal"]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_what_is_deleted_and_hidden_is_marked(place):
    place.convert([Item("a/b"), Item("a/c/d"), Item("z")])
    target, done = place.convert(
        [Item("a/.wh.b", mode=0o600, uid=5, gid=6), Item("a/c/.wh..wh..opq"), Item("a/c/new")]
    )
    assert done.differences == []
    mark = os.lstat(target / "a/b")
    assert stat.S_ISCHR(mark.st_mode)
    assert (mark.st_rdev, mark.st_uid, mark.st_gid) == (0, 5, 6)
    assert os.getxattr(target / "a/c", "trusted.overlay.opaque") == b"y"
    assert os.listxattr(target / "a") == []
    assert sorted(os.listdir(target / "a/c")) == ["new"]


def test_a_folder_that_was_deleted_and_made_anew_hides_what_was_in_it(place):
    place.convert([Item("a/old")])
    target, done = place.convert([Item(".wh.a"), Item("a/b", "folder", mode=0o711)])
    assert done.differences == []
    assert os.getxattr(target / "a", "trusted.overlay.opaque") == b"y"


def test_marks_for_an_engine_without_root(place):
    place.convert([Item("a/old")])
    target, done = place.convert([Item("a/.wh..wh..opq")], marks="user.overlay.")
    assert done.differences == []
    assert os.getxattr(target / "a", "user.overlay.opaque") == b"y"


def test_folders_without_an_entry_are_as_at_the_source(place):
    folders = [
        Item("a", "folder", mode=0o2710, uid=7, gid=8, mtime=11),
        Item("a/b", "folder", mode=0o1777, mtime=22.5, xattrs=(("user.x", "1"),)),
    ]
    place.convert(folders)
    target, done = place.convert([Item("a/b/c")], change=lambda root: lay(folders, root))
    assert done.differences == []
    assert stat.S_IMODE(os.stat(target / "a").st_mode) == 0o2710
    assert os.stat(target / "a").st_gid == 8
    assert os.stat(target / "a/b").st_mtime_ns == 22_500_000_000
    assert os.getxattr(target / "a/b", "user.x") == b"1"
    # What lies in a folder that gives its group away has its own.
    assert os.stat(target / "a/b/c").st_gid == 0


def test_capabilities_and_the_rights_of_a_changed_owner(place):
    item = Item("ping", data=b"x", mode=0o4755, uid=9, gid=9,
                xattrs=(("security.capability", CAPABILITY),))  # fmt: skip
    target, done = place.convert([item])
    assert done.differences == []
    assert os.getxattr(target / "ping", "security.capability") == CAPABILITY.encode("latin-1")
    assert stat.S_IMODE(os.stat(target / "ping").st_mode) == 0o4755


def test_attributes_that_the_source_has_lost_come_back(place):
    item = Item("a", data=b"x", xattrs=(("user.note", "kept"),))
    target, done = place.convert([item], change=lambda it: os.removexattr(it / "a", "user.note"))
    assert done.differences == []
    assert os.getxattr(target / "a", "user.note") == b"kept"


def test_hard_links_have_what_the_last_of_them_says(place):
    items = [
        Item("a", data=b"x"),
        Item("b", "link", target="a", uid=3, mtime=77, mode=0o600),
        Item("s", "symlink", target="x"),
        Item("t", "link", target="s", mode=0o777),
    ]
    target, done = place.convert(items)
    assert done.differences == []
    it = os.stat(target / "a")
    assert (it.st_nlink, it.st_uid, it.st_mtime_ns) == (2, 3, 77 * 10**9)
    assert os.lstat(target / "s").st_nlink == 2


def test_a_hard_link_into_a_layer_below_becomes_a_file(place):
    first, _done = place.convert([Item("low", data=b"content", xattrs=(("user.x", "1"),))])
    links = [Item("up", "link", target="low", mode=0o640), Item("up2", "link", target="low")]
    target, done = place.convert(links, below=[str(first)])
    assert done.differences == []
    assert done.linked_below == [b"up"]
    assert (target / "up").read_bytes() == b"content"
    assert (target / "up").samefile(target / "up2")
    assert os.getxattr(target / "up", "user.x") == b"1"


def test_a_hard_link_into_a_layer_below_that_is_not_its_file(place):
    first, _done = place.convert([Item("low", data=b"content")])
    (first / "low").write_bytes(b"CONTENT")
    assert place.refused([Item("up", "link", target="low")], below=[str(first)]) == "layer_unproven"


def test_a_hard_link_to_nothing(place):
    assert place.refused([Item("up", "link", target="no")], laid=False) == "layer_unproven"


def test_holes_stay_holes(place):
    data = bytes(1 << 20) + b"x" + bytes(3 << 20)

    def dig(root):
        (root / "s").unlink()
        with open(root / "s", "wb") as stream:
            stream.seek(1 << 20)
            stream.write(b"x")
            stream.truncate(len(data))
        lay([Item("q", mtime=5)], root)
        os.utime(root / "s", (5, 5))

    target, done = place.convert([Item("s", data=data, mtime=5), Item("q", mtime=5)], change=dig)
    assert done.differences == []
    assert (target / "s").read_bytes() == data
    assert os.stat(target / "s").st_blocks * 512 < 1 << 20


@pytest.mark.parametrize("share", ["clone", "link"])
def test_sharing_with_the_source(place, share):
    items = [Item("a", data=b"same"), Item("b", data=b"other"), Item("c", "link", target="a")]
    target, done = place.convert(
        items, share=share, change=lambda root: os.chmod(root / "b", 0o600)
    )
    assert done.differences == []
    assert (target / "a").samefile(place.source / "a") == (share == "link")
    assert not (target / "b").samefile(place.source / "b")
    assert stat.S_IMODE(os.stat(place.source / "b").st_mode) == 0o600


def test_names_of_aufs_itself_are_left_out(place):
    items = [Item(".wh..wh.plnk/7.8", data=b"x"), Item("a/.wh..wh.orph", "folder"), Item("b")]
    laid = [Item(".wh..wh.plnk", "folder")]

    def aufs(root):
        (root / ".wh..wh.plnk").mkdir()
        (root / ".wh..wh.plnk/7.8").write_bytes(b"x")
        (root / "b").touch()
        os.utime(root / "b", (1_600_000_000, 1_600_000_000))

    target, done = place.convert(items, laid=False, change=aufs)
    assert laid
    assert done.differences == []
    assert os.listdir(target) == ["b"]


@pytest.mark.parametrize(
    ("items", "refusal"),
    [
        ([Item("zero", "char")], "nested_overlay"),
        ([Item("d", "folder", xattrs=(("trusted.overlay.opaque", "y"),))], "nested_overlay"),
        ([Item("f", xattrs=(("user.overlay.redirect", "/x"),))], "nested_overlay"),
        ([Item("../out")], "entry_outside"),
        ([Item("a/../../out")], "entry_outside"),
        ([Item("l", "link", target="../../etc/passwd")], "entry_outside"),
        ([Item("a"), Item(".wh.a")], "entry_unsupported"),
        ([Item(".wh.a"), Item("./.wh.a")], "entry_unsupported"),
        ([Item("a"), Item("/a")], "entry_unsupported"),
        ([Item("a"), Item("a/b")], "entry_unsupported"),
        ([Item("a", "symlink", target="/etc"), Item("a/b")], "entry_behind_link"),
        ([Item("s", "symlink")], "entry_unsupported"),
        ([Item("a", "folder"), Item("b", "link", target="a")], "layer_unproven"),
        ([Item("not/there/x")], "layer_unproven"),
        ([Item(".wh.")], "entry_unsupported"),
    ],
)
def test_what_may_not_be_taken_along(place, tmp_path, items, refusal):
    assert place.refused(items, laid=False) == refusal
    assert not (tmp_path / "out").exists()


def test_an_absolute_name_stays_below_the_root(place):
    target, done = place.convert([Item("/absolute", data=b"x")])
    assert done.differences == []
    assert (target / "absolute").read_bytes() == b"x"
    assert not os.path.exists("/absolute")


def test_a_folder_that_is_a_link_at_the_source(place):
    (place.source / "lib").symlink_to("usr")
    assert place.refused([Item("lib/x")], laid=False) == "entry_behind_link"


@pytest.mark.parametrize(
    "second",
    [
        [Item("a/.wh.b"), Item("a/c", data=b"new")],
        [Item(".wh.a"), Item("a", data=b"a file now")],
        [Item(".wh.a"), Item("a", "folder", mode=0o700)],
        [Item("a/.wh..wh..opq"), Item("a/x")],
        [Item(".wh.gone-already")],
        [Item("a", "symlink", target="/etc")],
        [Item("link", "link", target="a/b")],
        [Item("d", "folder", mode=0o700, uid=1)],
    ],
)
def test_a_whole_tree(place, second):
    first = [Item("a/b", data=b"1"), Item("a/c/d", data=b"2"), Item("d/e")]
    lay(first, place.source)
    (place.path / "target1").mkdir()
    whole.copy_tree(str(place.source), str(place.path / "target1"))
    target, done = place.convert(second, whole=True)
    assert done.differences == []
    assert snapshot(target) == snapshot(place.source)


def test_a_tree_is_copied_whole(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    lay([Item("d", "folder", mode=0o2755, uid=3, mtime=1.5, xattrs=(("user.d", "1"),)),
         Item("d/a", data=b"x" * 5000, mode=0o4711, xattrs=(("user.f", "2"),)),
         Item("d/b", "link", target="d/a", mode=0o4711, xattrs=(("user.f", "2"),)),
         Item("s", "symlink", target="d"), Item("n", "char", device=(1, 3)), Item("p", "fifo")],
        old)  # fmt: skip
    with open(old / "holes", "wb") as stream:
        stream.truncate(10 << 20)
    whole.copy_tree(str(old), str(new), clones=False)
    assert snapshot(new) == snapshot(old)
    assert os.stat(new / "holes").st_blocks == 0


@pytest.mark.parametrize(
    ("layered", "found"),
    [
        (False, [(b"", "nested_overlay"), (b"d", "nested_overlay"), (b"f", "layer_redirected"),
                 (b"zero", "nested_overlay")]),
        (True, [(b"f", "layer_redirected")]),
    ],
)  # fmt: skip
def test_traps_of_a_tree(tmp_path, layered, found):
    lay([Item("d", "folder"), Item("f"), Item("zero", "char"), Item("null", "char", device=(1, 3))],
        tmp_path)  # fmt: skip
    os.setxattr(tmp_path, "trusted.overlay.origin", b"x")
    os.setxattr(tmp_path / "d", "trusted.overlay.opaque", b"y")
    os.setxattr(tmp_path / "f", "trusted.overlay.metacopy", b"")
    seen = sorted((it.path, it.refusal) for it in traps.traps(str(tmp_path), layered))
    assert seen == found
