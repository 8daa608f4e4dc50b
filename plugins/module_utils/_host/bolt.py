# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Files of bbolt, which Docker, BuildKit and containerd keep small tables in. Read only.

The layout is that of page.go, bucket.go and meta.go of go.etcd.io/bbolt: a tree of pages, of which
only those count that the newest of two first pages leads to. A bucket is a tree of pages of its
own; a small one stands within its parent's page. Numbers are in the byte order of the writer, which
is little-endian on all machines that Docker is built for but one (s390x).

The file is read in one go and without its writer's lock, which an engine holds as long as it runs.
Pages of a state are written over from the second change after it on, so that what was read is one
state if the first pages are the same afterwards.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

LARGEST = 64 << 20  # bytes; a larger file is not read

_MAGIC = 0xED0CDAED
_BRANCH, _LEAF = 1, 2
_BUCKET = 1  # the flag of an element whose value is a bucket
_HEAD, _ELEMENT = 16, 16  # bytes: of a page's head, of an element's
_FIRST = 80  # bytes of a first page that mean anything
_PAGE_SIZES = (4096, 16384, 65536)  # of kernels: where the second of the two is
_TRIES = 3


class BoltError(ValueError):
    """A file is none of bbolt's, or it is damaged."""


class _First(NamedTuple):
    """One of the two first pages."""

    transaction: int
    size: int  # bytes of a page
    top: int  # the page that the tree begins with


class _File:
    """What all buckets of a file share."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = data, size
        self.seen: set[int] = set()  # pages: each has one place in one tree
        self.left = 2 * len(data)  # bytes of elements; those of small buckets are met twice


class Bucket:
    """A table: keys in their order, each with a value or another bucket."""

    def __init__(self, file: _File, top: int, value: bytes | None = None) -> None:
        self._file, self._top, self._value = file, top, value

    def __iter__(self) -> Iterator[tuple[bytes, bytes | Bucket]]:
        """``(key, value)`` of each element; a bucket can be gone through once.

        :raises BoltError: it is damaged.
        """
        try:
            if self._value is not None:
                yield from self._elements(self._value, _HEAD)
            else:
                yield from self._leaves(self._top)
        except (struct.error, IndexError, OverflowError):
            raise BoltError("it is cut off") from None

    def values(self) -> Iterator[tuple[bytes, bytes]]:
        """``(key, value)`` of each element that is no bucket."""
        return ((key, it) for key, it in self if not isinstance(it, Bucket))

    def buckets(self) -> Iterator[tuple[bytes, Bucket]]:
        """``(key, bucket)`` of each bucket in it."""
        return ((key, it) for key, it in self if isinstance(it, Bucket))

    def _leaves(self, page: int) -> Iterator[tuple[bytes, bytes | Bucket]]:
        file, waiting = self._file, [page]
        while waiting:
            page = waiting.pop()
            if page in file.seen:
                raise BoltError("its pages go round in a circle")
            file.seen.add(page)
            at = page * file.size
            number, flags, count = struct.unpack_from("<QHH", file.data, at)
            if number != page:
                raise BoltError("a page has the number of another one")
            if flags & _LEAF:
                yield from self._elements(file.data, at)
            elif flags & _BRANCH:
                heads = range(at + _HEAD, at + _HEAD + count * _ELEMENT, _ELEMENT)
                below = [struct.unpack_from("<IIQ", file.data, it)[2] for it in heads]
                waiting += reversed(below)
            else:
                raise BoltError("a page is of an unknown kind")

    def _elements(self, data: bytes, at: int) -> Iterator[tuple[bytes, bytes | Bucket]]:
        """The elements of a leaf page that begins at ``at``."""
        (count,) = struct.unpack_from("<H", data, at + 10)
        for here in range(at + _HEAD, at + _HEAD + count * _ELEMENT, _ELEMENT):
            flags, offset, keys, values = struct.unpack_from("<IIII", data, here)
            start = here + offset
            if start + keys + values > len(data):
                raise BoltError("it is cut off")
            self._file.left -= keys + values
            if self._file.left < 0:
                raise BoltError("its elements lie over each other")
            value = data[start + keys : start + keys + values]
            yield data[start : start + keys], self._bucket(value) if flags & _BUCKET else value

    def _bucket(self, value: bytes) -> Bucket:
        (top,) = struct.unpack_from("<Q", value, 0)
        return Bucket(self._file, top, None if top else value)


def tables(data: bytes) -> Bucket:
    """The uppermost bucket of a file. An empty one has none: it is made before it is written.

    :raises BoltError: it is none of bbolt's.
    """
    newest = _newest(data)
    if not newest:
        if not data:
            return Bucket(_File(b"", 0), 0, b"\0" * 2 * _HEAD)
        raise BoltError("it has no first page of bbolt's")
    return Bucket(_File(data, newest.size), newest.top)


def read(descriptor: int) -> bytes:
    """The bytes of an open file, all of one state.

    :raises BoltError: it is too large, or its writer was faster each time.
    :raises OSError: it cannot be read.
    """
    for _try in range(_TRIES):
        parts, at = [], 0
        while at <= LARGEST:
            part = os.pread(descriptor, 1 << 20, at)
            if not part:
                break
            parts.append(part)
            at += len(part)
        if at > LARGEST:
            raise BoltError(f"it is larger than {LARGEST} bytes, which is what is read at most")
        data = b"".join(parts)
        if _newest(data) == _newest(os.pread(descriptor, _PAGE_SIZES[-1] + _FIRST, 0)):
            return data
    raise BoltError("it was written to each time while it was read")


def _newest(data: bytes) -> _First | None:
    found = [it for at in (0, *_PAGE_SIZES) for it in [_first(data, at)] if it]
    return max(found) if found else None


def _first(data: bytes, at: int) -> _First | None:
    """One of the two first pages; None for none, or one that was half written."""
    if len(data) < at + _FIRST:
        return None
    magic, _version, size, _flags, top = struct.unpack_from("<IIIIQ", data, at + _HEAD)
    transaction, checksum = struct.unpack_from("<QQ", data, at + 64)
    if magic != _MAGIC or not size or at not in (0, size):
        return None
    if checksum and checksum != _fnv(data[at + _HEAD : at + 72]):
        return None
    return _First(transaction, size, top)


def _fnv(text: bytes) -> int:
    """The checksum of a first page: FNV-1a of 64 bits."""
    found = 0xCBF29CE484222325
    for byte in text:
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return found
