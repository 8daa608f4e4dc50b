# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of bbolt: read whole, or refused with what is wrong; never read for ever."""

from __future__ import annotations

import os
import struct

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import bolt
from support.bolt_files import bolt_file, branch, first, leaf
from support.fuzz import inputs

TREES = [
    {},
    {b"one": {}},
    {b"one": {b"a": b"1"}},  # within its parent's page
    {b"one": {b"%03d" % number: b"x" * number for number in range(200)}},  # several pages
    {b"one": {b"large": b"x" * 20_000, b"next": b"y"}, b"two": {b"a": b"1"}},  # one over several
    {b"v1": {b"moby": {b"images": {b"a": {b"target": {b"digest": b"d"}}}, b"x": b"1"}}},
    {b"v1": {b"%02d" % number: {b"in": {b"k": b"v"}, b"b": b"c"} for number in range(45)}},
]


def whole(bucket):
    return {key: whole(it) if isinstance(it, bolt.Bucket) else it for key, it in bucket}


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("size", [4096, 16384, 65536])
def test_what_was_written_is_read(tree, size):
    assert whole(bolt.tables(bolt_file(tree, size))) == tree


def test_values_and_buckets_of_one_are_told_apart():
    table = bolt_file({b"one": {b"value": b"1", b"bucket": {b"a": b"2"}}})
    ((_name, first_read),) = bolt.tables(table).buckets()
    assert list(first_read.values()) == [(b"value", b"1")]
    ((_name, second_read),) = bolt.tables(table).buckets()
    assert [(name, whole(it)) for name, it in second_read.buckets()] == [(b"bucket", {b"a": b"2"})]


BASE = first(0, 4096, 2, 2) + first(1, 4096, 2, 1)


def overlapping():
    """A page on which each element is all of the page."""
    heads = b"".join(struct.pack("<IIII", 0, 0, 0, 4000 - 16 * at) for at in range(60))
    return struct.pack("<QHHI", 2, 2, 60, 0) + heads.ljust(4080, b"\0")


DAMAGED = [
    (b"\0" * 20_000, "no first page"),
    (b"no store", "no first page"),
    (BASE, "cut off"),
    ((BASE + leaf(2, [(b"a", b"x" * 100)], 4096))[: 8192 + 40], "cut off"),
    (BASE + overlapping(), "over each other"),
    (BASE + leaf(3, [(b"a", b"1")], 4096), "number of another"),
    (BASE + branch(2, [(b"a", 2)], 4096), "in a circle"),
    (BASE + branch(2, [(b"a", 3), (b"b", 3)], 4096) + leaf(3, [], 4096), "in a circle"),
    (BASE + branch(2, [(b"a", 2**63)], 4096), "cut off"),
    (BASE + leaf(2, [(b"a", b"short")], 4096, flags=1), "cut off"),
    (BASE + b"\2" + b"\0" * 4095, "unknown kind"),
]


@pytest.mark.parametrize(("data", "wrong"), DAMAGED)
def test_what_is_damaged_is_told(data, wrong):
    with pytest.raises(bolt.BoltError, match=wrong):
        whole(bolt.tables(data))


def test_an_empty_file_has_no_tables():
    assert whole(bolt.tables(b"")) == {}


def test_the_newest_whole_first_page_counts():
    old, new = leaf(2, [(b"k", b"old")], 4096), leaf(3, [(b"k", b"new")], 4096)
    data = first(0, 4096, 2, 6) + first(1, 4096, 3, 7) + old + new
    assert whole(bolt.tables(data)) == {b"k": b"new"}
    torn = data[: 4096 + 20] + b"\xff" + data[4096 + 21 :]
    assert whole(bolt.tables(torn)) == {b"k": b"old"}


def test_a_first_page_counts_when_all_of_it_is_there():
    data = first(0, 4096, 2, 6) + first(1, 4096, 3, 7)
    transactions = [bolt._newest(data[: 4096 + count]).transaction for count in (79, 80)]
    assert transactions == [6, 7]


def test_a_file_is_read_whole(tmp_path):
    data = bolt_file(TREES[3])
    (tmp_path / "x.db").write_bytes(data)
    with open(tmp_path / "x.db", "rb") as stream:
        assert bolt.read(stream.fileno()) == data


def test_a_file_that_is_too_large_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(bolt, "LARGEST", 8192)
    (tmp_path / "x.db").write_bytes(bolt_file(TREES[3]))
    with open(tmp_path / "x.db", "rb") as stream:  # noqa: SIM117
        with pytest.raises(bolt.BoltError, match="larger than 8192"):
            bolt.read(stream.fileno())


def test_a_file_as_large_as_is_read_at_most(tmp_path, monkeypatch):
    data = bolt_file(TREES[3])
    monkeypatch.setattr(bolt, "LARGEST", len(data))
    (tmp_path / "x.db").write_bytes(data)
    with open(tmp_path / "x.db", "rb") as stream:
        assert bolt.read(stream.fileno()) == data


@pytest.mark.parametrize(("size", "taken"), [(64 << 20, True), ((64 << 20) + 1, False)])
def test_files_of_64_mebibytes_are_read(tmp_path, size, taken):
    (tmp_path / "x.db").touch()
    os.truncate(tmp_path / "x.db", size)
    with open(tmp_path / "x.db", "rb") as stream:
        if taken:
            assert len(bolt.read(stream.fileno())) == size
            return
        with pytest.raises(bolt.BoltError, match="larger than 67108864 bytes"):
            bolt.read(stream.fileno())


def test_a_file_that_changes_meanwhile_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "x.db"
    path.write_bytes(first(0, 4096, 2, 2) + first(1, 4096, 2, 1) + leaf(2, [], 4096))
    pread, writes = os.pread, []

    def written_to(descriptor, count, at):
        found = pread(descriptor, count, at)
        if len(writes) < limit and count < 1 << 20:  # as it looks at the first pages once more
            writes.append(at)
            path.write_bytes(first(0, 4096, 2, 10 + len(writes)) + path.read_bytes()[4096:])
            return pread(descriptor, count, at)
        return found

    monkeypatch.setattr(os, "pread", written_to)
    with open(path, "rb") as stream:
        limit = 1
        assert bolt.read(stream.fileno()) == path.read_bytes()
        limit = 99
        with pytest.raises(bolt.BoltError, match="written to each time"):
            bolt.read(stream.fileno())
        assert len(writes) == 1 + 3  # times it was read


@pytest.mark.fuzz
def test_damaged_files_end_in_a_refusal_or_in_tables():
    """Bytes overturned anywhere: it ends, and nothing but a BoltError is raised."""
    files = [bolt_file(tree) for tree in TREES]
    for chance in inputs("bolt", 0.1):
        data = bytearray(chance.choice(files))
        for _each in range(chance.randint(1, 6)):
            at = chance.randrange(8192, len(data)) if chance.random() < 0.8 else 0
            data[at : at + 1] = bytes([chance.randrange(256)])
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        try:
            whole(bolt.tables(bytes(data)))
        except bolt.BoltError:
            continue
