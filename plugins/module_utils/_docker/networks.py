# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The networks that somebody has made, read from where the engine remembers them.

``network/files/local-kv.db`` is a file of bbolt, whose pages are described in page.go, bucket.go
and meta.go of go.etcd.io/bbolt: a tree of pages, of which only those count that the newest of two
first pages leads to. Its keys are ``docker/network/v1.0/network/<id>/``, its values an index of
eight bytes and JSON (libnetwork's network.go and datastore, libkv's boltdb.go).
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator

STORE = "network/files/local-kv.db"

# What every engine makes itself, and what it makes for a swarm.
_OWN = ("bridge", "host", "none", "docker_gwbridge", "ingress")

_PREFIX = b"docker/network/v1.0/network/"
_MAGIC = 0xED0CDAED
_BRANCH, _LEAF = 1, 2
_PAGE_SIZES = (4096, 16384, 65536)  # of kernels: where the second of the two is
_LARGEST = 64 << 20  # bytes; a larger store is not read
_DEEPEST = 40


def count_networks(root: str) -> int:
    """How many networks a data root knows that no engine makes by itself.

    What cannot be read counts as one: it may hold any.
    """
    path = os.path.join(root, STORE)
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LARGEST)
        return sum(name not in _OWN for name in _networks(data))
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, struct.error, RecursionError):
        return 1


def _networks(data: bytes) -> Iterator[str]:
    """The name of each network. An empty file has none: the engine makes it before it writes.

    :raises ValueError: it is no such store.
    """
    if not data:
        return
    metas = [meta for at in (0, *_PAGE_SIZES) for meta in [_meta(data, at)] if meta]
    if not metas:
        raise ValueError("it has no first page")
    _newest, size, top = max(metas)
    for _name, bucket in _leaves(data, size, top, 0):
        for key, content in _bucket(data, size, bucket):
            if key.startswith(_PREFIX):
                network = json.loads(content[content.index(b"{") :])
                yield str(network.get("name")) if isinstance(network, dict) else ""


def _meta(data: bytes, at: int) -> tuple[int, int, int] | None:
    """``(transaction, page size, root page)`` of one of the two first pages; None for none."""
    if len(data) < at + 80:
        return None
    magic, _version, size, _flags, top = struct.unpack_from("<IIIIQ", data, at + 16)
    transaction, checksum = struct.unpack_from("<QQ", data, at + 64)
    if magic != _MAGIC or not size or at not in (0, size):
        return None
    return (
        None if checksum and checksum != _fnv(data[at + 16 : at + 72]) else (transaction, size, top)
    )


def _fnv(text: bytes) -> int:
    """The checksum of a first page: FNV-1a of 64 bits."""
    found = 0xCBF29CE484222325
    for byte in text:
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return found


def _bucket(data: bytes, size: int, value: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The leaves of a bucket: of its own page, or, of a small one, within its parent's."""
    (top,) = struct.unpack_from("<Q", value, 0)
    if top:
        yield from _leaves(data, size, top, 0)
    else:
        yield from _elements(value, 16)


def _leaves(data: bytes, size: int, page: int, depth: int) -> Iterator[tuple[bytes, bytes]]:
    """``(key, value)`` of each leaf below a page."""
    if depth > _DEEPEST:
        raise ValueError("its pages go round in a circle")
    at = page * size
    _number, flags, count = struct.unpack_from("<QHH", data, at)
    if flags & _LEAF:
        yield from _elements(data, at)
        return
    if not flags & _BRANCH:
        raise ValueError("a page is of an unknown kind")
    for element in range(count):
        _offset, _keys, below = struct.unpack_from("<IIQ", data, at + 16 + 16 * element)
        yield from _leaves(data, size, below, depth + 1)


def _elements(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """The elements of a leaf page that begins at ``at``."""
    (count,) = struct.unpack_from("<H", data, at + 10)
    for element in range(count):
        here = at + 16 + 16 * element
        _flags, offset, keys, values = struct.unpack_from("<IIII", data, here)
        start = here + offset
        if start + keys + values > len(data):
            raise ValueError("it is cut off")
        key = data[start : start + keys]
        yield key, data[start + keys : start + keys + values]
