# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Headers of a tar, read as the engine reads them (Go's ``archive/tar``, in tar-split's copy).

Not by Python's tarfile: it takes names for text of one encoding, adds ``./`` and ``/`` of its own,
has times as floating numbers (which lose nanoseconds), and gives no raw value of an extended
attribute. Known and not read, as an engine lays none of it out: the old sparse format of GNU (type
``S``), volumes, multi-volume files.
"""

from __future__ import annotations

import functools

from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    bounded,
    cleaned,
    unsupported,
)

BLOCK = 512

_KINDS = {
    b"0": "file", b"1": "link", b"2": "symlink", b"3": "char", b"4": "block", b"5": "folder",
    b"6": "fifo", b"g": "global",
}  # fmt: skip
_XATTR = b"SCHILY.xattr."
_SPARSE = b"GNU.sparse."


class HeaderError(ValueError):
    """No header that an engine could have read."""


def read_header(raw: bytes) -> Entry:
    """The entry of one header with all that belongs to it: records of PAX, long names of GNU.

    A header's own sum is not looked at: the digest of the layer says more.

    :param raw: whole blocks, of which the last is the entry's own.
    :raises HeaderError: it is none, or more than one.
    :raises StorageError: an engine would not lay it out.
    """
    records: dict[bytes, bytes] = {}
    long_name = long_target = None
    at = 0
    while True:
        block = raw[at : at + BLOCK]
        at += BLOCK
        if len(block) < BLOCK:
            raise HeaderError("it ends within a header")
        kind = block[156:157]
        if kind not in b"xgLK" or kind == b"":
            break
        size = _number(block[124:136])
        data = raw[at : at + size]
        if size < 0 or len(data) < size:
            raise HeaderError("an extended header is cut")
        at += -(-size // BLOCK) * BLOCK
        if kind == b"L":
            long_name = _text(data)
        elif kind == b"K":
            long_target = _text(data)
        else:
            records = _records(data)
            if kind == b"g":
                break
    if at != len(raw):
        raise HeaderError("there is more than one entry")
    return _entry(block, records, long_name, long_target)


def _entry(
    block: bytes, records: dict[bytes, bytes], long_name: bytes | None, long_target: bytes | None
) -> Entry:
    name = _text(block[:100])
    target = _text(block[157:257])
    magic = block[257:265]
    devices = magic.startswith((b"ustar\x00", b"ustar  \x00"))
    if magic.startswith(b"ustar\x00"):
        ends = 476 if block[508:512] == b"tar\x00" else 500
        prefix = _text(block[345:ends])
        name = prefix + b"/" + name if prefix else name
    elif magic == b"ustar  \x00":
        prefix = _prefix_of_old_go(block)
        name = prefix + b"/" + name if prefix else name
    size = _number(block[124:136])
    mtime = _repeated(block[136:148]) * 10**9
    uid, gid = _repeated(block[108:116]), _repeated(block[116:124])
    xattrs: tuple[tuple[bytes, bytes], ...] = ()
    if records:
        get = records.get
        name = get(b"path") or name
        target = get(b"linkpath") or target
        size = _decimal(get(b"size"), size)
        mtime = _time(get(b"mtime")) if get(b"mtime") else mtime
        uid, gid = _decimal(get(b"uid"), uid), _decimal(get(b"gid"), gid)
        xattrs = tuple(
            (key[len(_XATTR) :], value)
            for key, value in records.items()
            if key.startswith(_XATTR) and value
        )
    name = long_name or name
    target = long_target or target
    flag = block[156:157]
    if flag == b"\x00":
        flag = b"5" if name.endswith(b"/") else b"0"
    kind = _KINDS.get(flag)
    if kind is None:
        raise unsupported(name, f"is of a type that no engine lays out ({flag!r})")
    if kind == "global":
        return Entry(name, b"", kind, 0, 0, 0, 0, 0)
    mode = _repeated(block[100:108]) & 0o7777
    device, extents = (0, 0), None
    if kind == "file":
        if records:
            name, size, extents = _sparse(records, name, size)
        if size < 0:
            raise HeaderError("a size is negative")
    else:
        size = 0
        target = cleaned(target) if kind == "link" else target
        if devices:
            device = (_number(block[329:337]), _number(block[337:345]))
    return Entry(
        name, cleaned(name), kind, mode, uid, gid, bounded(mtime), size, target, device, xattrs,
        extents,
    )  # fmt: skip


def _text(field: bytes) -> bytes:
    end = field.find(b"\x00")
    return field if end < 0 else field[:end]


def _number(field: bytes) -> int:
    """A number in octal digits, or in binary where the first bit is set (GNU, star)."""
    if field[:1] >= b"\x80":
        number = int.from_bytes(field, "big", signed=False) & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40:
            number -= 1 << (8 * len(field) - 1)
        if not -(1 << 63) <= number < 1 << 63:
            raise HeaderError("a number is too large")
        return number
    digits = _text(field.strip(b" \x00"))
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise HeaderError("a number is none")
    return int(digits, 8)


# The same owners, rights and times stand in most headers.
_repeated = functools.lru_cache(maxsize=4096)(_number)


def _decimal(value: bytes | None, otherwise: int) -> int:
    if not value:
        return otherwise
    digits = value[1:] if value[:1] in b"+-" else value
    if not digits.isdigit() or len(digits) > 19:
        raise HeaderError("a number of PAX is none")
    return int(value)


def _time(value: bytes | None) -> int:
    """A time of PAX in ns: further digits are cut."""
    seconds, _point, part = (value or b"").partition(b".")
    if part.strip(b"0123456789"):
        raise HeaderError("a time of PAX is none")
    whole = _decimal(seconds or b"x", 0)
    fraction = int(part[:9].ljust(9, b"0"))
    return whole * 10**9 + (-fraction if seconds.startswith(b"-") else fraction)


def _records(data: bytes) -> dict[bytes, bytes]:
    """The records of PAX: the last of a name counts; an empty value is none."""
    found: dict[bytes, bytes] = {}
    pairs: list[bytes] = []
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 20)
        digits = data[at:space] if space > at else b""
        length = int(digits) if digits.isdigit() else 0
        record = data[space + 1 : at + length]
        key, equals, value = record[:-1].partition(b"=")
        if length < 5 or record[-1:] != b"\n" or at + length > len(data) or not equals or not key:
            raise HeaderError("a record of PAX is none")
        if b"\x00" in (value if key in (b"path", b"linkpath", b"uname", b"gname") else key):
            raise HeaderError("a record of PAX has a zero byte")
        if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes"):
            if (key == b"GNU.sparse.offset") == bool(len(pairs) % 2) or b"," in value:
                raise HeaderError("a map of a sparse file is none")
            pairs.append(value)
        else:
            found[key] = value
        at += length
    if pairs:
        found[b"GNU.sparse.map"] = b",".join(pairs)
    return found


def _sparse(
    records: dict[bytes, bytes], name: bytes, size: int
) -> tuple[bytes, int, tuple[tuple[int, int], ...] | None]:
    """Name, size and extents (offset, length) of a file that the tar has without its holes.

    The formats 0.0 and 0.1 have the map in the records. 1.0 has it before the content, where
    tar-split keeps nothing of it: nobody can put that tar together again.
    """
    version = (records.get(b"GNU.sparse.major", b""), records.get(b"GNU.sparse.minor", b""))
    table = records.get(b"GNU.sparse.map", b"")
    if version == (b"1", b"0"):
        raise unsupported(name, "is a sparse file whose map tar-split has not kept")
    if version not in ((b"", b""), (b"0", b"0"), (b"0", b"1")) or (version[0] == b"" and not table):
        return name, size, None
    numbers = [_decimal(it, -1) for it in table.split(b",")] if table else []
    whole = records.get(b"GNU.sparse.size") or records.get(b"GNU.sparse.realsize")
    real = _decimal(whole, size)
    extents = tuple(zip(numbers[::2], numbers[1::2]))
    end = 0
    for offset, length in extents:
        if offset < end or length < 0 or offset + length > real:
            raise HeaderError("a map of a sparse file is none")
        end = offset + length
    if len(numbers) % 2 or sum(length for _offset, length in extents) != size:
        raise HeaderError("a map of a sparse file is none")
    return records.get(b"GNU.sparse.name") or name, real, extents


def _prefix_of_old_go(block: bytes) -> bytes:
    """What Go before 1.8 wrongly wrote over two times of a GNU header: the front of the name."""
    try:
        for field in (block[345:357], block[357:369]):
            if field[:1] != b"\x00":
                _number(field)
    except HeaderError:
        prefix = _text(block[345:500])
        return prefix if prefix.isascii() else b""
    return b""
