# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The subvolumes of a btrfs, by the kernel's own tree of them: no command.

``btrfs subvolume list`` prints the same as text, where a name with a line break in it passes for
two; everybody may make a subvolume of such a name.

The layout is that of include/uapi/linux/btrfs.h and btrfs_tree.h. Numbers of the ioctl itself are
in the host's byte order, those of the items are little-endian.
"""

from __future__ import annotations

import os
import struct
import uuid
from collections.abc import Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.ioctl import (
    ask,
    number,
    plain_number,
    tell,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

TOP = 5  # BTRFS_FS_TREE_OBJECTID: the subvolume that every btrfs has

_ROOT_TREE, _ROOT_TREE_DIR, _FIRST, _LAST = 1, 6, 256, 2**64 - 256
_DIR_ITEM, _ROOT_ITEM, _ROOT_BACKREF = 84, 132, 144
_MOST = 2**64 - 1
_SIZE = 4096  # of struct btrfs_ioctl_search_args and of struct btrfs_ioctl_ino_lookup_args
_KEY = struct.Struct("=7Q4I4Q")  # struct btrfs_ioctl_search_key
_HEADER = struct.Struct("=3Q2I")  # struct btrfs_ioctl_search_header
_REF = struct.Struct("<QQH")  # struct btrfs_root_ref: folder, sequence, length of the name
_GENERATION, _UUID = 160, 247  # offsets in struct btrfs_root_item
_WRITTEN_OUT = 8  # BTRFS_IOC_SYNC


class Listed(NamedTuple):
    """A subvolume, and where it lies."""

    id: int
    uuid: str
    generation: int  # of the last transaction that changed anything in it
    holder: int  # the subvolume that it lies in
    folder: int  # the inode of the folder that it lies in, in its holder
    name: str


def write_out(path: str) -> None:
    """Have the kernel write what is still in memory to the filesystem that ``path`` lies on.

    Nothing that anybody could see changes but that generations are up to date.
    """
    tell(path, plain_number("\x94", _WRITTEN_OUT))


def subvolumes(path: str) -> dict[int, Listed]:
    """Every subvolume of the filesystem that the folder ``path`` lies on but its top, by number."""
    items = {}
    for objectid, _offset, data in _search(path, _ROOT_ITEM, _FIRST, _LAST):
        if len(data) < _UUID + 16:  # an old one: Linux 3.6 has added the UUIDs
            data = data.ljust(_UUID + 16, b"\0")
        (generation,) = struct.unpack_from("<Q", data, _GENERATION)
        items[objectid] = generation, str(uuid.UUID(bytes=data[_UUID : _UUID + 16]))
    found = {}
    for objectid, holder, data in _search(path, _ROOT_BACKREF, _FIRST, _LAST):
        if objectid not in items or len(data) < _REF.size:
            raise _strange(path)
        folder, _sequence, length = _REF.unpack_from(data)
        name = data[_REF.size :]
        if len(name) != length:
            raise _strange(path)
        generation, own = items[objectid]
        found[objectid] = Listed(objectid, own, generation, holder, folder, os.fsdecode(name))
    return found


def default_subvolume(path: str) -> int:
    """The number of the subvolume that is mounted where none is named."""
    for _objectid, _offset, data in _search(path, _DIR_ITEM, _ROOT_TREE_DIR, _ROOT_TREE_DIR):
        # struct btrfs_dir_item: location (number, type, offset), transaction, lengths, type, name
        if len(data) < 30:
            raise _strange(path)
        (target,) = struct.unpack_from("<Q", data)
        (length,) = struct.unpack_from("<H", data, 27)
        if data[30 : 30 + length] == b"default":
            return int(target)
    return TOP


def path_in(path: str, listed: Listed) -> str:
    """Where a subvolume lies, as a path from the root folder of its holder."""
    question = struct.pack("=QQ", listed.holder, listed.folder).ljust(_SIZE, b"\0")
    answer = ask(path, number("\x94", 18, _SIZE, both=True), question)
    folder = answer[16:].partition(b"\0")[0]
    return os.fsdecode(folder) + listed.name


def _search(path: str, kind: int, first: int, last: int) -> Iterator[tuple[int, int, bytes]]:
    """The items of a kind in the tree of all trees: ``(objectid, offset, data)``."""
    request = number("\x94", 17, _SIZE, both=True)
    least = first, kind, 0
    while least[0] <= last:
        # All keys between the two are found: those of other kinds as well.
        key = (_ROOT_TREE, least[0], last, least[2], _MOST, 0, _MOST, least[1], kind, _MOST >> 32)
        answer = ask(path, request, _KEY.pack(*key, 0, 0, 0, 0, 0).ljust(_SIZE, b"\0"))
        items = list(parse_items(path, answer))
        if not items:
            return
        before = least
        for objectid, offset, found, data in items:
            if (objectid, found, offset) < before:  # else this could go on for ever
                raise _strange(path)
            before = objectid, found, offset
            if found == kind and objectid <= last:
                yield objectid, offset, data
        least = _next(*before, kind)


def _next(objectid: int, found: int, offset: int, kind: int) -> tuple[int, int, int]:
    """The least key that is of interest after one."""
    if found < kind:
        return objectid, kind, 0
    if found > kind or offset == _MOST:
        return objectid + 1, kind, 0
    return objectid, kind, offset + 1


def parse_items(path: str, answer: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """The items in the answer to a search: ``(objectid, offset, type, data)``.

    :raises StorageError: the answer is not what the kernel gives.
    """
    if len(answer) < _KEY.size:
        raise _strange(path)
    count, position = _KEY.unpack_from(answer)[9], _KEY.size
    for _number in range(count):
        if position + _HEADER.size > len(answer):
            raise _strange(path)
        _transaction, objectid, offset, kind, length = _HEADER.unpack_from(answer, position)
        position += _HEADER.size
        if position + length > len(answer):
            raise _strange(path)
        yield objectid, offset, kind, answer[position : position + length]
        position += length


def _strange(path: str) -> StorageError:
    return StorageError(
        f"The btrfs that {path} lies on",
        "the kernel's list of its subvolumes (BTRFS_IOC_TREE_SEARCH) is not as it should be",
        "Look at `btrfs subvolume list` and at the kernel's log (`dmesg`)",
        refusal="subvolume_unreadable",
    )
