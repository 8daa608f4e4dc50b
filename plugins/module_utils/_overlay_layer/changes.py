# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a layer changes against the layers below it, read from the folders on disk.

Nothing is mounted, no link is followed and no mount is crossed. The layer is read as a stream: in
memory are the names of the subfolders on the way down, and no more entries than are asked for.
"""

from __future__ import annotations

import heapq
import os
import resource
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.below import (
    Below,
    Lowers,
    close,
    entry_of,
    open_folder,
    read_all_marks,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
        Config,
    )

LARGE = 16 * 1024**2  # bytes; a file that was copied up whole, for a change of maybe one byte
_MOST_LARGE = 10

COUNTS = (
    "entries", "added", "modified", "deleted", "opaque", "redirected", "metacopy",
    "device_whiteouts", "attribute_whiteouts", "orphan_whiteouts", "foreign_marks", "unread",
)  # fmt: skip


def read_changes(config: Config, limit: int = 0) -> dict[str, Any]:
    """What the upper layer of a :class:`Config` changes.

    :param limit: list so many of the changes, in the order in which they are found.
    :raises StorageError: it cannot be read.
    :returns: ``{"upper": str, "bytes": int, "allocated": int, "large_copy_ups": [...], "listed":
        [...], "truncated": bool}`` and an int for each of ``COUNTS``. Sizes are in bytes.
    """
    reader = _Reader(config, limit)
    if config.upper is not None and os.path.isdir(config.upper):
        _let_open_many()
        try:
            reader.read(config.upper, [path for path in config.lower if os.path.isdir(path)])
        except OSError as error:
            raise StorageError(
                f"Layer {config.upper}",
                f"it cannot be read: {error.strerror}",
                "Mend what is named there, or leave out `report_changes`",
                refusal="layer_unreadable",
            ) from error
    return reader.report()


def _let_open_many() -> None:
    """Let this process keep open as many folders as it may: one for each layer at each depth."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class _Open(NamedTuple):
    """A folder on the way down."""

    fd: int
    path: str  # from the root of the layer, "/" at the front; "" for the root itself
    source: str  # where the lower layers have it: another path below what was renamed
    below: Sequence[Below]  # what it is merged with
    subfolders: Iterator[str]  # those still to be read


class _Reader:
    lowers: Lowers  # opened by read()

    def __init__(self, config: Config, limit: int) -> None:
        self.upper, self.marks, self.limit = config.upper, config.marks, limit
        self.counts = dict.fromkeys(COUNTS, 0)
        self.bytes = self.allocated = 0
        self.listed: list[dict[str, Any]] = []
        self.large: list[tuple[int, str]] = []  # a heap of (size, path)
        self.linked: set[int] = set()  # inodes that have been counted
        self.truncated = False
        # Names are compared with paths from the layer's root, "/" at the front.
        real = os.path.realpath(config.upper or "")
        self.mounted = {
            mount.path[len(real) :] for mount in mounts() if mount.path.startswith(real + "/")
        }

    def report(self) -> dict[str, Any]:
        return dict(
            self.counts,
            upper=self.upper,
            bytes=self.bytes,
            allocated=self.allocated,
            large_copy_ups=[
                {"path": path, "size": size} for size, path in sorted(self.large, reverse=True)
            ],
            listed=self.listed,
            truncated=self.truncated,
        )

    def read(self, upper: str, lowers: Iterable[str]) -> None:
        self.lowers = Lowers(lowers, self.marks)
        root = os.open(upper, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # Depth first, without recursion.
        roots = self.lowers.roots
        stack = [_Open(root, "", "", roots, iter(self._entries(root, "", "", roots)))]
        try:
            while stack:
                name = next(stack[-1].subfolders, None)
                if name is not None:
                    entered = self._enter(stack[-1], name)
                    if entered:
                        stack.append(entered)
                    continue
                folder = stack.pop()
                os.close(folder.fd)
                if stack:
                    close(folder.below)
        finally:
            for number, folder in enumerate(stack):
                os.close(folder.fd)
                if number:
                    close(folder.below)
            self.lowers.close()

    def _entries(self, fd: int, path: str, source: str, below: Sequence[Below]) -> list[str]:
        """Take account of all that is in a folder; return the names of its subfolders.

        :param source: where the lower layers have the folder.
        """
        subfolders, count, find = [], 0, self.lowers.find
        with os.scandir(fd) as entries:
            for entry in entries:
                count += 1
                if entry.is_dir(follow_symlinks=False):
                    subfolders.append(entry.name)
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except OSError:  # gone meanwhile
                    continue
                name = entry.name
                lower = find(below, name) if below else None
                self._file(fd, (path, source), name, found, lower)
        self.counts["entries"] += count
        return subfolders

    def _file(
        self,
        fd: int,
        folder: tuple[str, str],
        name: str,
        found: os.stat_result,
        lower: os.stat_result | None,
    ) -> None:
        path, source = folder
        mode, size = found.st_mode, found.st_size
        regular = stat.S_ISREG(mode)
        if stat.S_ISCHR(mode) and found.st_rdev == 0:
            self._whiteout(path + "/" + name, "device_whiteouts", lower)
            return
        marks: dict[str, bytes] = {}
        if regular and (size == 0 or found.st_blocks * 512 < size):
            # Only what is empty can be a whiteout, only what lacks data a copy of metadata.
            marks, foreign = read_all_marks(entry_of(fd, name), self.marks)
            if "whiteout" in marks and size == 0:
                self._whiteout(path + "/" + name, "attribute_whiteouts", lower)
                return
            if foreign & {"whiteout", "metacopy"}:
                self.counts["foreign_marks"] += 1
        change = "added" if lower is None else "modified"
        self.counts[change] += 1
        if "metacopy" in marks:
            self.counts["metacopy"] += 1
            size = 0
        if regular:
            if found.st_nlink > 1 and found.st_ino in self.linked:
                size = 0
            else:
                self.allocated += found.st_blocks * 512
                if found.st_nlink > 1:
                    self.linked.add(found.st_ino)
            self.bytes += size
            if lower is not None and size >= LARGE and stat.S_ISREG(lower.st_mode):
                heapq.heappush(self.large, (size, _text(path + "/" + name)))
                if len(self.large) > _MOST_LARGE:
                    heapq.heappop(self.large)
        more: dict[str, Any] = {"metacopy": True} if "metacopy" in marks else {}
        if "redirect" in marks:
            self.counts["redirected"] += 1
            more["from"] = _text(_source(source, name, marks))
        self._list(change, path + "/" + name, size=size if regular else None, **more)

    def _whiteout(self, path: str, kind: str, lower: os.stat_result | None) -> None:
        self.counts[kind] += 1
        if lower is None:
            self.counts["orphan_whiteouts"] += 1
            self._list("orphan_whiteout", path)
        else:
            self.counts["deleted"] += 1
            self._list("deleted", path)

    def _enter(self, parent: _Open, name: str) -> _Open | None:
        """Take account of a folder, and open it; None if it is not read."""
        path, below = parent.path + "/" + name, parent.below
        if path in self.mounted:
            self._unread(path)
            return None
        try:
            fd = open_folder(name, parent.fd)
        except FileNotFoundError:  # gone meanwhile
            return None
        except NotADirectoryError:  # replaced meanwhile
            return None
        except PermissionError:
            self._unread(path)
            return None
        merged: list[Below] = []
        try:
            marks, foreign = read_all_marks(fd, self.marks)
            if foreign & {"opaque", "redirect"}:
                self.counts["foreign_marks"] += 1
            if marks.get("opaque") == b"y":
                marks.pop("redirect", None)  # the kernel does not look for one
            redirect = os.fsdecode(marks["redirect"]) if "redirect" in marks else None
            if below or redirect:
                merged = self.lowers.merged(below, name, redirect)
            there = bool(merged) or self.lowers.find(below, name) is not None
            source = _source(parent.source, name, marks)
            self._folder(fd, path, source, marks, merged, there)
            if marks.get("opaque") == b"y":
                close(merged)
                merged = []
            return _Open(fd, path, source, merged, iter(self._entries(fd, path, source, merged)))
        except OSError:
            close(merged)
            os.close(fd)
            raise

    def _folder(
        self,
        fd: int,
        path: str,
        source: str,
        marks: Mapping[str, bytes],
        merged: Sequence[Below],
        there: bool,
    ) -> None:
        """Take account of a folder; ``there``: the lowers have something of its name."""
        opaque = marks.get("opaque") == b"y"
        if "redirect" in marks:
            self.counts["redirected"] += 1
            self._list("redirected", path, **{"from": _text(source)})
            return
        if not merged:
            change = "modified" if there else "added"
        elif opaque:
            change = "opaque"
        elif _access(fd) != _access(merged[0].fd):
            change = "modified"
        else:
            return
        self.counts[change] += 1
        self._list(change, path)

    def _unread(self, path: str) -> None:
        self.counts["unread"] += 1
        self._list("unread", path)

    def _list(self, change: str, path: str, **more: Any) -> None:
        if len(self.listed) < self.limit:
            more = {key: value for key, value in more.items() if value is not None}
            self.listed.append(dict(more, path=_text(path), change=change))
        else:
            self.truncated = True


def _access(fd: int) -> tuple[int, int, int]:
    found = os.fstat(fd)
    return found.st_mode, found.st_uid, found.st_gid


def _source(folder: str, name: str, marks: Mapping[str, bytes]) -> str:
    """Where the lower layers have an entry, as a path from their root.

    :param folder: where they have the folder that it is in.
    """
    redirect = os.fsdecode(marks.get("redirect", b"")) or name
    return redirect if redirect.startswith("/") else folder + "/" + redirect


def _text(path: str) -> str:
    """A path that JSON can carry: bytes that are no UTF-8 are shown as such."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
