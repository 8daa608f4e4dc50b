# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is not as the tar says is told, by its path and in plain words."""

from __future__ import annotations

import os
import re
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._layers.compare import compare
from ansible_collections.containerhost.storage.plugins.module_utils._layers.convert import (
    convert_layer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tar_split import (
    Content,
    read,
)
from support.layer_tars import Item, diff_id, lay, split_of, tar_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="devices and owners take root")

ITEMS = [
    Item("d", "folder", mode=0o750),
    Item("d/file", data=b"12345", xattrs=(("user.note", "1"),)),
    Item("d/hard", "link", target="d/file", xattrs=(("user.note", "1"),)),
    Item("d/link", "symlink", target="file"),
    Item("d/null", "char", device=(1, 3)),
    Item("d/pipe", "fifo"),
    Item("d/.wh.gone"),
    Item("o/.wh..wh..opq"),
    Item("o/new"),
]


@pytest.fixture
def layer(tmp_path):
    """A written layer, and how it is compared."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    lay(ITEMS, source)
    tar = tar_of(ITEMS)
    split = split_of(tmp_path / "split.gz", tar)
    done = convert_layer(str(source), split, diff_id(tar), str(target))
    assert done.differences == []

    def again(**more):
        entries = [
            it.entry if isinstance(it, Content) else it
            for it in read(split)
            if not isinstance(it, bytes)
        ]
        found = compare(str(target), entries, str(source), **more)
        return [f"{os.fsdecode(it.path)} {it.wrong}" for it in found]

    return target, again


def again_as(path, make):
    """Put something else in a file's place."""
    time = os.lstat(path).st_mtime_ns
    above = os.stat(path.parent).st_mtime_ns
    path.unlink()
    make(path)
    os.utime(path, ns=(time, time), follow_symlinks=False)
    os.utime(path.parent, ns=(above, above))


def keep(path, change):
    """Change a file without its time."""
    time = os.lstat(path).st_mtime_ns
    change(path)
    os.utime(path, ns=(time, time), follow_symlinks=False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: os.chmod(it / "d/file", 0o600), "d/file has the mode 0600, not 0644"),
        (lambda it: os.chown(it / "d", 1, 2), "d belongs to 1:2, not 0:0"),
        (lambda it: os.lchown(it / "d/link", 1, 2), "d/link belongs to 1:2, not 0:0"),
        (lambda it: os.utime(it / "d/null", ns=(0, 1)), "d/null has the time 1 ns, not 16.*"),
        (lambda it: os.utime(it / "d", ns=(0, 1)), "d has the time 1 ns, not 16.*"),
        (lambda it: keep(it / "d/file", lambda file: file.write_bytes(b"1234")),
         "d/file has 4 bytes, not 5"),
        (lambda it: os.setxattr(it / "d/file", "user.note", b"2"),
         "d/file has another value of the attribute user.note"),
        (lambda it: os.removexattr(it / "d/file", "user.note"),
         "d/file lacks the attribute user.note"),
        (lambda it: os.setxattr(it / "d/file", "security.capability", bytes.fromhex(
            "0100000200200000000000000000000000000000")),
         "d/file has the attribute security.capability besides"),
        (lambda it: os.setxattr(it / "d", "trusted.overlay.opaque", b"y"), "d is opaque"),
        (lambda it: os.removexattr(it / "o", "trusted.overlay.opaque"), "o is not opaque"),
        (lambda it: again_as(it / "d/link", lambda file: file.symlink_to("other")),
         "d/link leads to 'other', not 'file'"),
        (lambda it: again_as(it / "d/link", lambda file: file.write_bytes(b"file")),
         "d/link is a file, not a symbolic link"),
        (lambda it: again_as(it / "d/null", lambda file: os.mknod(
            file, stat.S_IFCHR | 0o644, os.makedev(1, 5))), "d/null is the device 1:5, not 1:3"),
        (lambda it: again_as(it / "d/pipe", lambda file: os.mknod(
            file, stat.S_IFBLK | 0o644, os.makedev(7, 5))),
         "d/pipe is a block device, not a fifo"),
        (lambda it: again_as(it / "d/gone", lambda file: file.write_bytes(b"")),
         "d/gone is no mark of a deleted file"),
        (lambda it: os.lchown(it / "d/gone", 7, 0), "d/gone belongs to 7:0, not 0:0"),
        (lambda it: keep(it / "d", lambda file: (file / "gone").unlink()),
         "d/gone is not marked as deleted"),
        (lambda it: keep(it / "d", lambda file: (file / "more").touch()),
         "d/more is there besides"),
        (lambda it: keep(it / "d", lambda file: (file / "pipe").unlink()), "d/pipe is missing"),
        (lambda it: os.chmod(it / "o", 0o700), "o has the mode 0700, not 0755"),
        (lambda it: os.chmod(it, 0o700), " has the mode 0700, not 0755"),
        (lambda it: os.link(it / "o/new", it.parent / "elsewhere"), "o/new has 2 names, not 1"),
    ],
)  # fmt: skip
def test_one_difference(layer, change, told):
    target, again = layer
    change(target)
    found = again()
    assert found
    assert all(re.fullmatch(told, it) or it.replace("hard", "file") in found for it in found), found
    assert any(re.fullmatch(told, it) for it in found), found


def test_a_hard_link_that_is_a_file_of_its_own(layer):
    target, again = layer

    def other(path):
        path.write_bytes(b"12345")
        path.chmod(0o644)
        os.setxattr(path, "user.note", b"1")

    again_as(target / "d/hard", other)
    assert again() == [
        "d/file has 1 names, not 2",
        "d/hard is a file of its own, and was a hard link",
    ]


def test_names_in_other_layers_are_no_difference_where_files_are_shared(layer):
    target, again = layer
    os.link(target / "o/new", target.parent / "elsewhere")
    assert again(shared=True) == []


def test_a_whole_tree_has_what_was_deleted(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    for root in (source, target):
        root.mkdir()
        lay([Item("a/b"), Item("c/d"), Item("c/e", "folder")], root)
        os.utime(root, (1, 1))
        for folder in ("a", "c", "c/e"):
            os.utime(root / folder, (1, 1))
    split = split_of(tmp_path / "s.gz", tar_of([Item("a/.wh.b"), Item("c/.wh..wh..opq")]))
    entries = [it for it in read(split) if not isinstance(it, bytes)]
    found = compare(str(target), entries, str(source), whole=True)
    assert sorted(found) == [
        (b"a/b", "is there, and was deleted"),
        (b"c/d", "is there, and was hidden"),
        (b"c/e", "is there, and was hidden"),
    ]
