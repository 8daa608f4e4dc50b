# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A layer's tar is put together from its files, and its digest held against the layer's own."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from typing import Callable, NamedTuple, Optional

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers.crc64 import (
    as_kept,
    crc64,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    shown,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tar_split import (
    Content,
    read,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tree import Tree

_BUFFER = 1 << 20
_ZEROS = bytes(_BUFFER)
_DIFF_ID = re.compile("sha256:[0-9a-f]{64}")


class Proof(NamedTuple):
    """What was proven of a layer."""

    diff_id: str
    entries: int
    bytes: int  # of the tar


class Source:
    """The content of a file of a layer: what is read of it is hashed on the way."""

    def __init__(
        self, fd: int, entry: Entry, sparse: bool, where: str, update: Callable[[bytes], None]
    ) -> None:
        self.fd = fd
        self.size = entry.size  # in bytes
        self.sparse = sparse  # whether the file has holes, or the tar is without some
        self.taken = False
        self._extents = entry.extents
        self._where = where
        self._entry = entry
        self._update = update

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """``(offset, bytes)`` of all that is no hole, in order, at most 1 MiB each.

        :raises StorageError: the file cannot be read, or is not as it was.
        """
        self.taken = True
        if self.size <= _BUFFER and not self.sparse:
            data = self._read(0, self.size)
            self._update(data)
            yield 0, data
            return
        ranges = self._ranges() if self._extents is None else self._of_the_tar(self._extents)
        for start, end, hole in ranges:
            for at in range(start, end, _BUFFER):
                length = min(_BUFFER, end - at)
                if hole:
                    self._update(_ZEROS if length == _BUFFER else _ZEROS[:length])
                else:
                    data = self._read(at, length)
                    self._update(data)
                    yield at, data

    def drain(self) -> None:
        """Read all that was not yet read, for the digest."""
        if not self.taken:
            for _piece in self.pieces():
                pass

    def _read(self, at: int, length: int) -> bytes:
        try:
            data = os.pread(self.fd, length, at)
            while len(data) < length:
                more = os.pread(self.fd, length - len(data), at + len(data))
                if not more:
                    raise self._changed("it became shorter while it was read")
                data += more
        except OSError as error:
            raise self._changed(f"it cannot be read ({error.strerror})") from error
        return data

    def _ranges(self) -> Iterator[tuple[int, int, bool]]:
        """``(start, end, whether it is a hole)``, by what the filesystem says."""
        at = 0
        while at < self.size:
            data = min(_seek(self.fd, at, os.SEEK_DATA, self.size), self.size)
            if data > at:
                yield at, data, True
            at = min(_seek(self.fd, data, os.SEEK_HOLE, self.size), self.size)
            if at > data:
                yield data, at, False

    def _of_the_tar(self, extents: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int, bool]]:
        """Only what the tar has; the rest has to be zeros."""
        at = 0
        for offset, length in (*extents, (self.size, 0)):
            for start in range(at, offset, _BUFFER):
                if self._read(start, min(_BUFFER, offset - start)).strip(b"\x00"):
                    raise self._changed("it has content where its tar has none")
            yield offset, offset + length, False
            at = offset + length

    def _changed(self, wrong: str) -> StorageError:
        return unproven(self._where, wrong, self._entry)


# What is done with each entry, in the order of the tar, with the content where there is some.
Take = Callable[[Entry, Optional[Source]], None]


def prove(root: str, split: str, diff_id: str, take: Take | None = None) -> Proof:
    """Put a layer's tar together from its files, and hold its digest against the layer's.

    What ``take`` is given before this returns, is not proven yet: what it writes counts only then.

    :param root: the folder of the layer's own files.
    :param split: its ``tar-split.json.gz``.
    :param diff_id: its digest, ``sha256:`` and 64 digits.
    :param take: is called with each entry.
    :raises StorageError: it is not that tar (``layer_unproven``, with the first ``entry`` that
        differs where that can be told), the record of it is damaged, or it has an entry that no
        engine lays out.
    """
    if not _DIFF_ID.fullmatch(diff_id):
        raise StorageError(
            diff_id,
            "this is no digest of a layer",
            "The layer's record (layerdb) is damaged. Pull the image again",
            refusal="layer_unproven",
        )
    entries = total = 0
    digest = hashlib.sha256()
    update = digest.update
    with Tree(root) as tree:
        for piece in read(split):
            if isinstance(piece, bytes):
                total += len(piece)
                update(piece)
            elif isinstance(piece, Content):
                entries += 1
                total += piece.entry.size
                _content(tree, piece.entry, update, take)
            elif isinstance(piece, Entry):
                entries += 1
                if take:
                    take(piece, None)
    if "sha256:" + digest.hexdigest() != diff_id:
        raise _first_that_differs(root, split)
    return Proof(diff_id, entries, total)


def _content(tree: Tree, entry: Entry, update: Callable[[bytes], None], take: Take | None) -> None:
    where = shown(tree.root)
    try:
        fd, found = tree.open(entry.path)
    except OSError as error:
        raise unproven(where, f"it cannot be opened ({error.strerror})", entry) from error
    try:
        if found.st_size != entry.size:
            wrong = f"it has {found.st_size} bytes, and had {entry.size}"
            raise unproven(where, wrong, entry)
        holes = entry.extents is not None or found.st_blocks * 512 < entry.size
        source = Source(fd, entry, holes, where, update)
        if take:
            take(entry, source)
        source.drain()
    finally:
        os.close(fd)


def _first_that_differs(root: str, split: str) -> StorageError:
    """Which file is not as it was, by the CRC that tar-split has of each."""
    with Tree(root) as tree:
        for piece in read(split):
            if not isinstance(piece, Content):
                continue
            fd, _found = tree.open(piece.entry.path)
            try:
                crc = 0
                for at in range(0, piece.entry.size, _BUFFER):
                    crc = crc64(os.pread(fd, _BUFFER, at), crc)
            finally:
                os.close(fd)
            if as_kept(crc) != piece.crc:
                return unproven(root, "its content is not what it was", piece.entry)
    return unproven(
        root, "no file differs from what was kept of it: the record of its headers does"
    )


def unproven(root: str, wrong: str, entry: Entry | None = None) -> StorageError:
    """A layer that is not what its digest says."""
    details = {"entry": shown(entry.path)} if entry else {}
    named = f"its tar cannot be put together: {shown(entry.path)!r}: {wrong}" if entry else wrong
    return StorageError(
        root,
        f"this layer is not what its digest says: {named}",
        "Pull its image again, or say what is to be done with layers that cannot be proven",
        refusal="layer_unproven",
        layer=root,
        **details,
    )


def _seek(fd: int, at: int, whence: int, size: int) -> int:
    try:
        return os.lseek(fd, at, whence)
    except OSError as error:
        if error.errno == errno.ENXIO:  # no data from here on
            return size
        raise
