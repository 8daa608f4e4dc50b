# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A layer is written from the entries of its tar, as an engine lays them out.

Nothing that has a name in the folder's tree is followed or left by it. Folders get their owner,
rights and times last, by :meth:`Writer.finish`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._layers.attributes import (
    clone,
    differs,
    dress,
    dress_name,
    taken,
    write_all,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    Mark,
    mark_of,
    shown,
    unsupported,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.from_below import (
    same_file,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.proof import (
    Source,
    unproven,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.traps import (
    refuse_entry,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tree import (
    Closing,
    Tree,
    behind_link,
)

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Writer(Closing):
    """Writes a layer for overlay2: what is deleted becomes a device 0:0, what is hidden a mark.

    :param root: an empty folder, under a temporary name.
    :param source: the folder of the layer's own files at the source. Folders that have no entry of
        their own in the tar are made as they are there.
    :param below: the layers below on the target, nearest first, where hard links may lead.
    :param share: ``copy``; ``clone`` to share blocks where the filesystem can; ``link`` to share
        also files that are no different. Only for a source that nobody writes to any more.
    :param marks: the attributes' prefix: ``user.overlay.`` where the engine is rootless.
    """

    def __init__(
        self,
        root: str,
        source: str,
        *,
        below: Iterable[str] = (),
        share: str = "copy",
        marks: str = "trusted.overlay.",
    ) -> None:
        self.linked_below: list[bytes] = []  # hard links into layers below, which became files
        self._below = tuple(below)
        self._share = share
        self._clones = share != "copy"
        self._marks = marks
        self._folders: dict[bytes, Entry | None] = {b"": None}
        self._written: set[bytes] = set()
        self._hidden: set[bytes] = set()
        self._opaque: set[bytes] = set()
        self._copied: dict[bytes, bytes] = {}  # files of layers below, by their names there
        self._shared: set[bytes] = set()
        with contextlib.ExitStack() as opened:
            self._tree = opened.enter_context(Tree(root))
            self._second = opened.enter_context(Tree(root))
            self._source = opened.enter_context(Tree(source))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """As above."""
        self._opened.close()

    def take(self, entry: Entry, content: Source | None) -> None:
        """Write one entry: for :func:`prove`.

        :raises StorageError: it may not be taken, or not be laid out.
        :raises OSError: the target cannot be written (no space, attributes not supported).
        """
        refuse_entry(entry)
        if not entry.path:  # the root, or records for all; engines leave both out
            return
        mark = mark_of(entry.path)
        if mark:
            self._mark(mark, entry)
        elif entry.kind == "folder":
            self._folder(entry.path, entry)
        elif entry.path in self._folders or entry.path in self._written:
            raise unsupported(entry.name, "is there twice")
        else:
            fd, name = self._room(entry.path)
            if entry.kind == "file":
                self._file(fd, name, entry, content)
            elif entry.kind == "link":
                self._link(name, entry)
            else:
                self._other(fd, name, entry)
            self._written.add(entry.path)

    def finish(self) -> None:
        """Give folders their owner, rights, attributes and times.

        :raises StorageError: one that the tar does not have is none at the source.
        """
        for path in sorted(self._folders):
            entry = self._folders[path]
            fd = self._tree.folder(path)
            if entry:
                dress(fd, entry)
            else:
                self._as_at_source(fd, path)
            if path in self._opaque:
                os.setxattr(fd, self._marks + "opaque", b"y")

    # The three in which a whole tree differs.

    def _mark(self, mark: Mark, entry: Entry) -> None:
        if mark.kind == "opaque":
            self._folder(mark.path, None)
            self._opaque.add(mark.path)
        elif mark.kind == "whiteout":
            if mark.path in self._folders or mark.path in self._written:
                raise unsupported(entry.name, "deletes what the same layer brings")
            if mark.path in self._hidden:
                raise unsupported(entry.name, "is there twice")
            fd, name = self._room(mark.path)
            os.mknod(name, stat.S_IFCHR, 0, dir_fd=fd)
            dress_name(fd, name, entry, mode=None)
            self._hidden.add(mark.path)

    def _make_folder(self, fd: int, name: bytes, path: bytes) -> None:
        if path in self._hidden:  # all below it was hidden before: as an opaque folder does
            os.unlink(name, dir_fd=fd)
            self._hidden.remove(path)
            self._opaque.add(path)
        os.mkdir(name, 0o700, dir_fd=fd)

    def _make_room(self, fd: int, name: bytes, path: bytes) -> None:
        if path in self._hidden:
            os.unlink(name, dir_fd=fd)
            self._hidden.remove(path)

    def _link_target(self, entry: Entry) -> bytes | None:
        """The path in this layer that a hard link leads to; None where it leads below."""
        target = self._copied.get(entry.target, entry.target)
        return target if target in self._written else None

    # What both have.

    def _folder(self, path: bytes, entry: Entry | None) -> None:
        """Make a folder and those above it; an entry of its own counts, whenever it comes."""
        if path in self._folders:
            self._folders[path] = entry or self._folders[path]
            return
        if path in self._written:
            if self._is_link(path):
                raise behind_link(self._tree.root, path)
            raise unsupported(path, "is a file and a folder")
        above, _slash, name = path.rpartition(b"/")
        self._folder(above, None)
        self._make_folder(self._tree.folder(above), name, path)
        self._folders[path] = entry

    def _room(self, path: bytes) -> tuple[int, bytes]:
        above, _slash, name = path.rpartition(b"/")
        if above not in self._folders:
            self._folder(above, None)
        fd = self._tree.folder(above)
        self._make_room(fd, name, path)
        return fd, name

    def _file(self, fd: int, name: bytes, entry: Entry, content: Source | None) -> None:
        if content and self._share == "link" and self._linked(fd, name, entry, content):
            content.drain()
            return
        new = os.open(name, NEW, 0o600, dir_fd=fd)
        try:
            if content:
                self._fill(new, content)
            dress(new, entry)
        finally:
            os.close(new)

    def _fill(self, new: int, content: Source) -> None:
        if self._clones and clone(content.fd, new):
            content.drain()
            return
        self._clones = False
        end = 0
        for offset, data in content.pieces():
            if offset != end:
                os.lseek(new, offset, os.SEEK_SET)
            end = offset + write_all(new, data)
        if end != content.size:
            os.ftruncate(new, content.size)

    def _linked(self, fd: int, name: bytes, entry: Entry, content: Source) -> bool:
        """Share a file that is no different at the source; tell whether that was possible."""
        found = os.fstat(content.fd)
        xattrs = {os.fsencode(it): os.getxattr(content.fd, it) for it in os.listxattr(content.fd)}
        if differs(found, entry) or xattrs != dict(entry.xattrs):
            return False
        source, there = self._source.split(entry.path)
        try:
            os.link(there, name, src_dir_fd=source, dst_dir_fd=fd, follow_symlinks=False)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
                raise
            return False
        self._shared.add(entry.path)
        return True

    def _link(self, name: bytes, entry: Entry) -> None:
        target = self._link_target(entry)
        if target is None:
            self._copy_from_below(name, entry)
            return
        there, old = self._second.split(target)
        fd = self._tree.split(entry.path)[0]
        os.link(old, name, src_dir_fd=there, dst_dir_fd=fd, follow_symlinks=False)
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            raise unsupported(entry.name, "is a hard link to a folder")
        # An engine gives the file what the last of its names has.
        if target not in self._shared and (differs(found, entry) or entry.xattrs):
            dress_name(fd, name, entry, None if stat.S_ISLNK(found.st_mode) else entry.mode)

    def _copy_from_below(self, name: bytes, entry: Entry) -> None:
        """A hard link to a file of a layer below: overlay has none, so the file is copied."""
        found = self._source.status(entry.path)
        there = self._source.status(entry.target)
        plain = found and stat.S_ISREG(found.st_mode)
        if not found or not (plain or stat.S_ISLNK(found.st_mode)):
            raise unproven(shown(self._source.root), "a hard link is no file there", entry)
        # At the source it is the very file that it links to, or the layer below has its like.
        if not (there and (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino)) or (
            self._below
        ):
            same_file(self._source, entry, self._below)
        fd = self._tree.split(entry.path)[0]
        if plain:
            old, _status = self._source.open(entry.path)
            try:
                content = Source(
                    old, entry._replace(size=found.st_size), found.st_blocks * 512 < found.st_size,
                    shown(self._source.root), lambda _data: None,
                )  # fmt: skip
                new = os.open(name, NEW, 0o600, dir_fd=fd)
                try:
                    self._fill(new, content)
                finally:
                    os.close(new)
            finally:
                os.close(old)
        else:
            above, last = self._source.split(entry.path)
            os.symlink(os.readlink(last, dir_fd=above), name, dir_fd=fd)
        xattrs = {**taken(self._source.xattrs(entry.path)), **dict(entry.xattrs)}
        entry = entry._replace(xattrs=tuple(xattrs.items()))
        dress_name(fd, name, entry, entry.mode if plain else None)
        self._copied[entry.target] = entry.path
        self.linked_below.append(entry.path)

    def _other(self, fd: int, name: bytes, entry: Entry) -> None:
        if entry.kind == "symlink":
            if not entry.target:
                raise unsupported(entry.name, "is a link to nothing")
            os.symlink(entry.target, name, dir_fd=fd)
            dress_name(fd, name, entry, mode=None)
            return
        kind = {"char": stat.S_IFCHR, "block": stat.S_IFBLK, "fifo": stat.S_IFIFO}[entry.kind]
        device = os.makedev(*entry.device) if kind != stat.S_IFIFO else 0
        os.mknod(name, kind | 0o600, device, dir_fd=fd)
        dress_name(fd, name, entry, entry.mode)

    def _as_at_source(self, fd: int, path: bytes) -> None:
        found = self._source.status(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            if found and stat.S_ISLNK(found.st_mode):
                raise behind_link(self._source.root, path)
            raise unproven(shown(self._source.root), f"the folder {shown(path)!r} is missing", None)
        os.fchown(fd, found.st_uid, found.st_gid)
        os.fchmod(fd, stat.S_IMODE(found.st_mode))
        for name, value in taken(self._source.xattrs(path)).items():
            os.setxattr(fd, name, value)
        os.utime(fd, ns=(found.st_mtime_ns, found.st_mtime_ns))

    def _is_link(self, path: bytes) -> bool:
        found = self._tree.status(path)
        return bool(found and stat.S_ISLNK(found.st_mode))
