# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""tar-split: what an engine keeps of a layer's tar beside the files, to put it together again.

``tar-split.json.gz`` has a JSON object on each line (vbatts/tar-split, ``tar/storage/entry.go``).
``type`` 2 is a segment of the tar as it was (headers, padding), in ``payload``. ``type`` 1 says
that the content of the file ``name`` stands here, ``size`` bytes; ``payload`` is its CRC. A name
that is no UTF-8 is in ``name_raw``.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import IO, Any, NamedTuple, Union

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    shown,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tar_header import (
    BLOCK,
    HeaderError,
    read_header,
)

# A line has one header with its records, or 1 MiB of padding, and that in base64.
LONGEST_LINE = 16 << 20
# The header of one entry with all its records. What is longer is padding after the last.
LONGEST_HEADER = 8 << 20


_SEGMENT = b'{"type":2,"payload":"'
_DECODE = json.JSONDecoder().decode


class Content(NamedTuple):
    """The place of a file's content in the tar."""

    entry: Entry
    crc: bytes  # of the whole file, as tar-split has it


# Bytes of the tar, an entry without content, or an entry whose content stands here.
Piece = Union[bytes, Entry, Content]


def read(path: str) -> Iterator[Piece]:
    """The pieces of a layer's tar in their order, in bounded memory.

    An :class:`Entry` comes behind the bytes of its header.

    :param path: a ``tar-split.json.gz``.
    :raises StorageError: the file is missing or damaged (``tar_split_damaged``), or has an entry
        that no engine lays out.
    """
    try:
        with gzip.open(path, "rb") as unpacked, io.BufferedReader(unpacked, 1 << 17) as stream:
            yield from _pieces(path, stream)
    except (OSError, EOFError, zlib.error) as error:  # gzip's own errors are of OSError as well
        raise damaged(path, f"it cannot be read ({error})") from error


def _pieces(path: str, stream: IO[bytes]) -> Iterator[Piece]:
    header: list[bytes] = []
    gathered = padding = 0
    for line in _lines(path, stream):
        kind, payload, name, size = _record(path, line)
        if kind == 2:
            gathered += len(payload)
            if gathered <= LONGEST_HEADER:
                header.append(payload)
            elif header:
                header = []
            yield payload
            continue
        if gathered > LONGEST_HEADER:
            raise damaged(path, f"the header of {shown(name)!r} is too long")
        entry = _entry(path, b"".join(header)[padding:], name, size)
        header, gathered = [], 0
        physical = entry.size
        if entry.extents is not None:
            physical = sum(length for _offset, length in entry.extents)
        padding = -physical % BLOCK
        yield Content(entry, payload) if entry.size else entry


def _lines(path: str, stream: IO[bytes]) -> Iterator[bytes]:
    while True:
        line = stream.readline(LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > LONGEST_LINE:
            raise damaged(path, f"a line is longer than {LONGEST_LINE} bytes")
        yield line


def _record(path: str, line: bytes) -> tuple[int, bytes, bytes, int]:
    """Type, payload, name and size of a line."""
    try:
        if line.startswith(_SEGMENT):  # as Go writes it
            payload, _quote, rest = line[len(_SEGMENT) :].partition(b'"')
            if rest.startswith(b',"position":') and rest.endswith((b"}\n", b"}")):
                return 2, base64.b64decode(payload, validate=True), b"", 0
        it: Any = _DECODE(line.decode("utf-8"))
        kind, size = it["type"], it.get("size", 0)
        payload = base64.b64decode(it["payload"] or "", validate=True)
        if kind == 2:
            return 2, payload, b"", 0
        raw = it.get("name_raw")
        # A lone half of a surrogate pair is no character, and Go writes none.
        name = base64.b64decode(raw, validate=True) if raw else it.get("name", "").encode("utf-8")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(path, f"a line is no record ({type(error).__name__})") from error
    if isinstance(kind, bool) or isinstance(size, bool):
        raise damaged(path, "a line is no record (type or size)")
    if kind != 1 or not isinstance(size, int) or size < 0:
        raise damaged(path, "a line is no record (type or size)")
    return 1, payload, name, size


def _entry(path: str, header: bytes, name: bytes, size: int) -> Entry:
    try:
        entry = read_header(header)
    except HeaderError as error:
        raise damaged(path, f"before {shown(name)!r}: {error}") from error
    # Before there was `name_raw`, bytes that are no UTF-8 were lost in a name. The header has them.
    if entry.name != name and "\ufffd".encode() not in name:
        raise damaged(path, f"the header of {shown(entry.name)!r} stands before {shown(name)!r}")
    if entry.kind == "file" and entry.size != size:
        raise damaged(path, f"{shown(name)!r} has {size} bytes, and {entry.size} in its header")
    return entry


def damaged(path: str, wrong: str) -> StorageError:
    """The refusal of a tar-split file."""
    return StorageError(
        path,
        f"this record of a layer's tar is damaged: {wrong}",
        "Its layer cannot be proven. Pull the image again, or copy the layer without a proof",
        refusal="tar_split_damaged",
    )
