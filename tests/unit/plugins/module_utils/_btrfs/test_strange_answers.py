# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are cut, longer than they should be, or nonsense: read, or refused in words."""

from __future__ import annotations

import contextlib
import random
import struct

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import kernel, tree
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import (
    Profiles,
    parse_chunks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.superblock import (
    Superblock,
    parse_superblock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.usage import parse_usage
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from support.fuzz import share

pytestmark = pytest.mark.fuzz

INPUTS = share(0.2)

CHUNKS = (
    "\titem 2 key (FIRST_CHUNK_TREE CHUNK_ITEM 13631488) itemoff 16105 itemsize 80\n"
    "\t\tlength 8388608 owner 2 stripe_len 65536 type DATA|single\n"
    "\t\tlength 8388608 owner 2 stripe_len 65536 type METADATA|DUP\n"
)
USAGE = "Overall:\n    Device size:\t\t 314572800\n    Device allocated:\t\t 92274688\n"


def items(*found):
    """The answer to a search: ``(objectid, offset, type, data)``."""
    body = b"".join(
        tree._HEADER.pack(1, objectid, offset, kind, len(data)) + data
        for objectid, offset, kind, data in found
    )
    return (tree._KEY.pack(*[0] * 9, len(found), *[0] * 5) + body).ljust(4096, b"\0")


def root_item(generation, own=bytes(range(16))):
    return (bytes(160) + struct.pack("<Q", generation)).ljust(247, b"\0") + own + bytes(176)


def backref(folder, name):
    return struct.pack("<QQH", folder, 1, len(name)) + name


def answers(*kinds):
    """What the kernel answers to searches, one after the other; then nothing."""
    queue = list(kinds)
    return lambda path, request, argument: queue.pop(0) if queue else items()


@pytest.fixture
def said(monkeypatch):
    def say(*kinds):
        monkeypatch.setattr(tree, "ask", answers(*kinds))

    return say


def test_the_subvolumes(said):
    said(
        items((256, 0, 132, root_item(7)), (256, 5, 144, b"x"), (257, 0, 132, root_item(8))),
        items(),
        items((256, 5, 144, backref(256, b"a\nb")), (257, 256, 144, backref(300, b"\xff"))),
    )
    own = "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert tree.subvolumes("/srv") == {
        256: tree.Listed(256, own, 7, 5, 256, "a\nb"),
        257: tree.Listed(257, own, 8, 256, 300, "\udcff"),
    }


def test_the_default_subvolume(said):
    entry = struct.pack("<QBQQHHB", 257, 132, 2**64 - 1, 0, 0, 7, 2)
    said(items((6, 0x8DBFC2D2, 84, entry + b"default")))
    assert tree.default_subvolume("/srv") == 257
    said(items((6, 1, 84, entry + b"another")))
    assert tree.default_subvolume("/srv") == 5


def test_an_answer_that_goes_on_for_ever_is_refused(said):
    said(*[items((256, 0, 132, root_item(7)))] * 3)
    with pytest.raises(StorageError, match="BTRFS_IOC_TREE_SEARCH"):
        tree.subvolumes("/srv")


def spoilt(data, rng):
    """Some bytes of it changed, cut off, doubled or added."""
    data = bytearray(data)
    for _number in range(rng.randrange(1, 5)):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(4)
        if what == 0:
            data[at : at + 1] = bytes([rng.choice((0, 0xFF, 10, 92, rng.randrange(256)))])
        elif what == 1:
            del data[at:]
        elif what == 2:
            data[at:at] = rng.randbytes(rng.randrange(9))
        else:
            data[at:at] = data[at : at + rng.randrange(64)]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_no_answer_of_the_kernel_is_met_by_a_traceback(monkeypatch, seed):
    rng = random.Random(seed)
    good = items((256, 0, 132, root_item(7)), (256, 5, 144, backref(256, b"name")))
    for _number in range(INPUTS // 4):
        said = [spoilt(good, rng).ljust(4096, b"\0")[:4096] for _answer in range(4)]
        monkeypatch.setattr(tree, "ask", answers(*said))
        with contextlib.suppress(StorageError):
            tree.subvolumes("/srv")
        monkeypatch.setattr(tree, "ask", answers(*said))
        with contextlib.suppress(StorageError):
            tree.default_subvolume("/srv")
        monkeypatch.setattr(kernel, "ask", lambda *_words, said=said: said[0][:504])
        kernel.subvolume_info("/srv")


@pytest.mark.parametrize("seed", range(4))
def test_no_text_of_a_program_is_met_by_a_traceback(seed):
    rng = random.Random(seed)
    for _number in range(INPUTS // 4):
        chunks = spoilt(CHUNKS.encode(), rng).decode("utf-8", "surrogateescape")
        assert isinstance(parse_chunks(chunks), Profiles)
        numbers = parse_usage(spoilt(USAGE.encode(), rng).decode("utf-8", "surrogateescape"))
        assert all(value is None or 0 <= value < 10**20 for value in numbers.values())


@pytest.mark.parametrize("digits", ["9" * 5000, "٣" * 4, "", "-1", "1e3"])
def test_numbers_that_are_none(digits):
    assert parse_usage(f"    Device size: {digits}\n")["size"] is None


@pytest.mark.parametrize("seed", range(4))
def test_no_superblock_is_met_by_a_traceback(seed):
    rng = random.Random(seed)
    good = bytearray(4096)
    struct.pack_into("<QQ8s", good, 48, 65536, 1, b"_BHRfS_M")
    good[299:303] = b"\xff\xfe\n\x01"
    for _number in range(INPUTS // 4):
        assert isinstance(parse_superblock(spoilt(good, rng)), (Superblock, type(None)))
    for length in (0, 47, 71, 554):
        assert parse_superblock(bytes(good[:length])) is None
    assert parse_superblock(bytes(good)).label == "\udcff\udcfe\n\x01"
