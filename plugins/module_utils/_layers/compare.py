# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A written layer is held against the entries of its tar, one by one.

What is on disk is read anew, and by other code than that which wrote it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    mark_of,
    shown,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tree import Tree

_TYPES = {
    stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink", stat.S_IFCHR: "char",
    stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
}  # fmt: skip
_WORDS = {"char": "character device", "block": "block device", "symlink": "symbolic link"}
# The host's own: by its policy, whoever writes the file.
_OF_THE_HOST = b"security.selinux"


class Difference(NamedTuple):
    """What is not as it has to be."""

    path: bytes  # below the layer's root; b"" is the root itself
    wrong: str


class _Node:
    """What has to be on disk, under one name or, as hard links, under several."""

    __slots__ = ("entry", "names", "xattrs")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.names = 1
        self.xattrs: Mapping[bytes, bytes] = dict(entry.xattrs) if entry.xattrs else _NONE

    def also(self, link: Entry) -> None:
        """Be a hard link as well: the file has then what that entry says."""
        mine = self.entry
        mode = mine.mode if mine.kind == "symlink" else link.mode
        self.entry = mine._replace(mode=mode, uid=link.uid, gid=link.gid, mtime=link.mtime)
        if link.xattrs:
            self.xattrs = {**self.xattrs, **dict(link.xattrs)}
        self.names += 1


_NONE: Mapping[bytes, bytes] = {}


class _Expected(NamedTuple):
    nodes: dict[bytes, _Node]
    below: set[bytes]  # hard links to files of layers below
    implied: set[bytes]  # folders that have no entry
    hidden: dict[bytes, Entry]  # whiteouts, of which nothing of the same name came after
    opaque: set[bytes]


def compare(
    root: str,
    entries: Iterable[Entry],
    source: str,
    *,
    whole: bool = False,
    shared: bool = False,
    marks: str = "trusted.overlay.",
) -> list[Difference]:
    """What of a written layer is not as its tar says; nothing, and it is proven but for content.

    That the content is right, :func:`prove` tells of the written layer as it does of its source.

    :param root: the folder of the layer's own files, or of the whole tree.
    :param entries: all of them, in their order.
    :param source: the layer's folder at the source, for folders that have no entry, and for the
        content of hard links to layers below.
    :param whole: whether it is a whole tree: what the layer does not name is not looked at then.
    :param shared: whether files may have names in other layers too.
    :param marks: the prefix of overlay's attributes.
    """
    wanted = _expected(entries, whole)
    with Tree(root) as tree, Tree(source) as there:
        found = list(_nodes(tree, wanted, whole, shared, os.fsencode(marks)))
        found += _implied(tree, there, wanted, os.fsencode(marks), whole)
        found += _from_below(tree, there, wanted)
        found += _whole(tree, wanted) if whole else _layered(tree, wanted, os.fsencode(marks))
    return found


def _expected(entries: Iterable[Entry], whole: bool) -> _Expected:
    it = _Expected({}, set(), {b""}, {}, set())
    copied: dict[bytes, bytes] = {}  # files of layers below, by the name that they have here
    for entry in entries:
        if entry.kind == "global" or not entry.path:
            continue
        mark = mark_of(entry.path)
        if mark and mark.kind == "own":
            continue
        path = mark.path if mark else entry.path
        _above(it, path)
        if mark and mark.kind == "opaque":
            it.opaque.add(path)
            if path not in it.nodes:
                it.implied.add(path)
        elif mark:
            it.hidden[path] = entry
        elif entry.kind == "link":
            first = it.nodes.get(copied.get(entry.target, entry.target))
            if first:
                first.also(entry)
            elif not whole:
                copied[entry.target] = path
            if first is None or entry.target in copied:
                it.below.add(path)
            it.hidden.pop(path, None)
            it.nodes[path] = first or _Node(entry)
        else:
            if it.hidden.pop(path, None) and entry.kind == "folder":
                it.opaque.add(path)
            it.implied.discard(path)
            it.nodes[path] = _Node(entry)
    return it


def _above(it: _Expected, path: bytes) -> None:
    """The folders above a path, if nothing says that they are there."""
    while path:
        path = path.rpartition(b"/")[0]
        if path in it.nodes or path in it.implied:
            return
        if it.hidden.pop(path, None):
            it.opaque.add(path)
        it.implied.add(path)


def _nodes(
    tree: Tree, wanted: _Expected, whole: bool, shared: bool, marks: bytes
) -> Iterator[Difference]:
    inodes: dict[int, int] = {}  # of each node with several names
    for path, node in wanted.nodes.items():
        found = tree.status(path)
        if found is None:
            yield Difference(path, "is missing")
            continue
        for wrong in _wrong(found, node.entry, path in wanted.below):
            yield Difference(path, wrong)
        if node.entry.kind == "symlink" and stat.S_ISLNK(found.st_mode):
            fd, name = tree.split(path)
            target = os.readlink(name, dir_fd=fd)
            if target != node.entry.target:
                yield Difference(
                    path, f"leads to {shown(target)!r}, not {shown(node.entry.target)!r}"
                )
        if not stat.S_ISDIR(found.st_mode):
            if node.names > 1 and inodes.setdefault(id(node), found.st_ino) != found.st_ino:
                yield Difference(path, "is a file of its own, and was a hard link")
            elif not (whole or shared) and found.st_nlink != node.names:
                yield Difference(path, f"has {found.st_nlink} names, not {node.names}")
        xattrs = tree.xattrs(path)
        opaque = xattrs.pop(marks + b"opaque", None) if not whole else None
        if (opaque == b"y") != (path in wanted.opaque and not whole):
            yield Difference(path, "is opaque" if opaque else "is not opaque")
        more = path in wanted.below or whole  # what a file of a layer below had stays
        for wrong in _attributes(xattrs, node.xattrs, more):
            yield Difference(path, wrong)


def _wrong(found: os.stat_result, entry: Entry, below: bool) -> Iterator[str]:
    kind = _TYPES[stat.S_IFMT(found.st_mode)]
    if kind != entry.kind and not (below and kind in ("file", "symlink")):
        yield f"is a {_WORDS.get(kind, kind)}, not a {_WORDS.get(entry.kind, entry.kind)}"
        return
    if kind != "symlink" and stat.S_IMODE(found.st_mode) != entry.mode:
        yield f"has the mode {stat.S_IMODE(found.st_mode):04o}, not {entry.mode:04o}"
    if (found.st_uid, found.st_gid) != (entry.uid, entry.gid):
        yield f"belongs to {found.st_uid}:{found.st_gid}, not {entry.uid}:{entry.gid}"
    if found.st_mtime_ns != entry.mtime:
        yield f"has the time {found.st_mtime_ns} ns, not {entry.mtime} ns"
    if kind == "file" and not below and found.st_size != entry.size:
        yield f"has {found.st_size} bytes, not {entry.size}"
    if kind in ("char", "block") and found.st_rdev != os.makedev(*entry.device):
        major, minor = os.major(found.st_rdev), os.minor(found.st_rdev)
        yield "is the device {}:{}, not {}:{}".format(major, minor, *entry.device)


def _attributes(
    found: Mapping[bytes, bytes], wanted: Mapping[bytes, bytes], more: bool
) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in found:
            yield f"lacks the attribute {shown(name)}"
        elif found[name] != value:
            yield f"has another value of the attribute {shown(name)}"
    for name in found:
        if name not in wanted and name != _OF_THE_HOST and not more:
            yield f"has the attribute {shown(name)} besides"


def _implied(
    tree: Tree, source: Tree, wanted: _Expected, marks: bytes, whole: bool
) -> Iterator[Difference]:
    """Folders without an entry are as they are at the source."""
    for path in sorted(wanted.implied):
        found, there = tree.status(path), source.status(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            yield Difference(path, "is no folder")
            continue
        if there is None or not stat.S_ISDIR(there.st_mode):
            yield Difference(path, "is no folder at the source")
            continue
        entry = Entry(
            path, path, "folder", stat.S_IMODE(there.st_mode), there.st_uid, there.st_gid,
            there.st_mtime_ns, 0,
        )  # fmt: skip
        for wrong in _wrong(found, entry, False):
            yield Difference(path, wrong)
        opaque = tree.xattrs(path).get(marks + b"opaque") == b"y"
        if opaque != (path in wanted.opaque) and not whole:
            yield Difference(path, "is opaque" if opaque else "is not opaque")


def _from_below(tree: Tree, source: Tree, wanted: _Expected) -> Iterator[Difference]:
    """The tar has no content of these: it is held against the source."""
    for path in sorted(wanted.below):
        try:
            mine, status = tree.open(path)
        except OSError:  # a link, or what was told before
            continue
        try:
            other, there = source.open(path)
            try:
                same = status.st_size == there.st_size and all(
                    os.pread(mine, 1 << 20, at) == os.pread(other, 1 << 20, at)
                    for at in range(0, status.st_size, 1 << 20)
                )
            finally:
                os.close(other)
        except OSError:
            same = False
        finally:
            os.close(mine)
        if not same:
            yield Difference(path, "has other content than at the source")


def _layered(tree: Tree, wanted: _Expected, marks: bytes) -> Iterator[Difference]:
    """What is deleted is a device 0:0, and nothing is there besides."""
    for path, name, fd in _walk(tree, b""):
        if path in wanted.nodes or path in wanted.implied:
            continue
        if path not in wanted.hidden:
            yield Difference(path, "is there besides")
            continue
        found, entry = os.stat(name, dir_fd=fd, follow_symlinks=False), wanted.hidden[path]
        if not stat.S_ISCHR(found.st_mode) or found.st_rdev:
            yield Difference(path, "is no mark of a deleted file")
        elif (found.st_uid, found.st_gid) != (entry.uid, entry.gid):
            yield Difference(
                path, f"belongs to {found.st_uid}:{found.st_gid}, not {entry.uid}:{entry.gid}"
            )
    for path in wanted.hidden:
        if tree.status(path) is None:
            yield Difference(path, "is not marked as deleted")


def _whole(tree: Tree, wanted: _Expected) -> Iterator[Difference]:
    """What is deleted or hidden is not there."""
    for path in wanted.hidden:
        if tree.status(path) is not None:
            yield Difference(path, "is there, and was deleted")
    for folder in sorted(wanted.opaque):
        for path, _name, _fd in _walk(tree, folder):
            if path not in wanted.nodes and path not in wanted.implied:
                yield Difference(path, "is there, and was hidden")


def _walk(tree: Tree, top: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Path, name and folder's descriptor of all below a folder."""
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            fd = os.dup(tree.folder(folder))
        except OSError:  # it is missing, which was told before
            continue
        try:
            for it in os.scandir(fd):
                name = os.fsencode(it.name)
                path = folder + b"/" + name if folder else name
                if it.is_dir(follow_symlinks=False):
                    folders.append(path)
                yield path, name, fd
        finally:
            os.close(fd)
