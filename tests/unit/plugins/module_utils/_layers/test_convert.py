# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of several layers on vfs become overlay2 and whole trees, and look the same."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._layers import convert, whole
from ansible_collections.containerhost.storage.plugins.module_utils._layers.proof import prove
from hypothesis import given, settings
from hypothesis import strategies as st
from support.layer_tars import Item, diff_id, lay, merged, snapshot, split_of, tar_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="devices and owners take root")

NAMES = ("a", "b", "dir", "lib", "ä ö", "\udcff\udcfe", "x" * 120)
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
ITEMS = st.tuples(
    st.sampled_from(
        ("file", "file", "file", "folder", "folder", "symlink", "link", "char", "fifo", "delete",
         "delete", "hide", "replace")
    ),
    PATHS,
    PATHS,
    st.sampled_from((b"", b"x", b"content", b"0123456789" * 200)),
    st.sampled_from((0o644, 0o755, 0o4755, 0o2770, 0o1777, 0o600)),
    st.sampled_from((0, 0, 1000, 2_100_000)),
    st.sampled_from((0, 1, 1_600_000_000, 1_600_000_000.5, 4_000_000_000)),
    st.sampled_from(((), (), (("user.note", "text"),), (("trusted.note", "\udcff\udc80"),))),
)  # fmt: skip


def sound(ops, tree):
    """Items of one layer that an engine lays out alike on each driver; changes ``tree``."""
    mine, items = set(), []

    def children(path):
        return [it for it in tree if it.startswith(path + "/")]

    def forget(path):
        for it in [path, *children(path)]:
            tree.pop(it, None)

    for kind, path, other, data, mode, uid, mtime, xattrs in ops:
        parts = path.split("/")
        above = ["/".join(parts[:at]) for at in range(1, len(parts))]
        if any(tree.get(it, "folder") != "folder" for it in above):
            continue
        folder, _slash, base = path.rpartition("/")
        own = [it for it in mine if it == path or it.startswith(path + "/")]
        if kind == "delete":
            if path not in tree or own:
                continue
            forget(path)
            items.append(Item(f"{folder}/.wh.{base}".strip("/"), mode=0o600, mtime=mtime))
        elif kind == "hide":
            if tree.get(path) != "folder" or [it for it in own if it != path]:
                continue
            for it in children(path):
                tree.pop(it)
            items.append(Item(f"{path}/.wh..wh..opq", mode=0o600))
            mine.add(path)  # the layer has the folder, so it does not delete it as well
        else:
            if own or (kind == "link" and (other not in mine or tree.get(other) == "folder")):
                continue
            if kind == "replace":
                if path not in tree:
                    continue
                items.append(Item(f"{folder}/.wh.{base}".strip("/"), mode=0o600))
                forget(path)
                kind = "folder"
            if kind != "folder" or tree.get(path, "folder") != "folder":
                forget(path)
            if kind == "folder":
                # One that stays keeps the attributes it has on a driver of whole trees, and has
                # those of its layer alone on one of layers: a path has the same ones in all.
                xattrs = (("user.note", "text"),) if base in ("b", "lib") else ()
            if kind in ("symlink", "link", "fifo", "char"):
                # User attributes are for files and folders alone.
                xattrs = tuple(it for it in xattrs if it[0] != "user.note")
            items.append(
                Item(path, kind, data if kind == "file" else b"", mode, uid, uid, mtime,
                     other if kind in ("symlink", "link") else "",
                     (1, 3) if kind == "char" else (0, 0), xattrs)
            )  # fmt: skip
            tree[path] = kind
            mine.add(path)
        for it in above:
            tree.setdefault(it, "folder")
        mine.update(above)
    return items


@given(st.lists(st.lists(ITEMS, max_size=14), min_size=1, max_size=4))
@settings(max_examples=40)
def test_what_was_laid_out_whole_looks_the_same_in_layers_and_whole_again(layers):
    place = tempfile.mkdtemp()
    try:
        tree, below, parent, copy = {}, [], f"{place}/none", f"{place}/none2"
        os.mkdir(parent)
        os.mkdir(copy)
        for number, ops in enumerate(layers):
            items = sound(ops, tree)
            tar = tar_of(items)
            source, target, again = (f"{place}/{it}{number}" for it in ("v", "o", "w"))
            os.mkdir(source)
            whole.copy_tree(parent, source)
            assert snapshot(source) == snapshot(parent)
            lay(items, source)
            os.mkdir(target)
            split = split_of(f"{place}/{number}.gz", tar)
            done = convert.convert_layer(source, split, diff_id(tar), target, below=below)
            assert done.differences == []
            assert done.proof.bytes == len(tar)
            prove(target, split, diff_id(tar))
            below.insert(0, target)
            with merged(below, f"{place}/m{number}") as mount:
                if mount:
                    assert snapshot(mount) == snapshot(source)
            # And from layers to a whole tree.
            os.mkdir(again)
            whole.copy_tree(copy, again)
            done = convert.convert_layer(target, split, diff_id(tar), again, whole=True)
            assert done.differences == []
            assert snapshot(again) == snapshot(source)
            parent, copy = source, again
    finally:
        shutil.rmtree(place)
