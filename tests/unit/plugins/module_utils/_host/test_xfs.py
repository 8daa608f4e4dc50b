# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XFS superblocks, made by hand from the fields of struct xfs_dsb."""

from __future__ import annotations

import os
import random
import struct
import uuid
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import (
    Xfs,
    mounted_size,
    parse_superblock,
    read_superblock,
)

UUID = "6b8f3c5e-0f5e-4f43-9d3a-0d2f7a2b8d11"


def superblock(version=5, log_start=1, features2=0, incompat=0):
    data = bytearray(4096)
    data[:4] = b"XFSB"
    struct.pack_into(">IQ", data, 4, 4096, 1000)
    data[32:48] = uuid.UUID(UUID).bytes
    struct.pack_into(">Q", data, 48, log_start)
    struct.pack_into(">I", data, 96, 64)
    struct.pack_into(">H", data, 100, 0xB4A0 | version)
    struct.pack_into(">I", data, 200, features2)
    struct.pack_into(">I", data, 216, incompat)
    return bytes(data)


@pytest.mark.parametrize("log_start", [1, 2**56])
def test_a_log_is_internal_wherever_it_begins(log_start):
    assert parse_superblock(superblock(log_start=log_start)).log_blocks == 64


def test_size_and_identity():
    found = parse_superblock(superblock())
    assert (found.uuid, found.size, found.log_blocks) == (UUID, 4096 * 1000, 64)


def test_an_external_log_takes_nothing_from_the_filesystem():
    assert parse_superblock(superblock(log_start=0)).log_blocks == 0


@pytest.mark.parametrize(
    ("fields", "ftype"),
    [
        ({"incompat": 0x1}, True),
        ({"incompat": 0xB}, True),
        ({"incompat": 0x2}, False),
        ({"incompat": 0x2, "features2": 0x200}, False),
        ({"version": 4, "features2": 0x200}, True),
        ({"version": 4, "features2": 0x8, "incompat": 1}, False),
        ({"version": 4, "features2": 0x1}, False),
    ],
)
def test_ftype_is_where_each_version_keeps_it(fields, ftype):
    assert parse_superblock(superblock(**fields)).ftype is ftype


@pytest.mark.parametrize("byte", [0, 1, 255])
def test_it_says_whether_it_is_whole(byte):
    data = bytearray(superblock())
    data[126] = byte
    assert parse_superblock(bytes(data)).unfinished is bool(byte)


def test_anything_else_is_no_xfs():
    assert parse_superblock(bytes(4096)) is None


@pytest.mark.parametrize(
    ("block_size", "blocks"), [(0, 1000), (4096, 0), (4097, 1000), (256, 9), (2**17, 9), (2**31, 9)]
)
def test_what_no_xfs_can_say_is_none(block_size, blocks):
    data = bytearray(superblock())
    struct.pack_into(">IQ", data, 4, block_size, blocks)
    assert parse_superblock(bytes(data)) is None


def test_noise_after_the_magic_number_is_read_without_an_error():
    random_ = random.Random(1)
    for _round in range(2000):
        found = parse_superblock(b"XFSB" + random_.randbytes(4092))
        assert found is None or found.size > 0


def test_a_superblock_is_read_from_the_device(tmp_path, monkeypatch):
    """Past the page cache: what this process cached earlier may be older than the disk."""
    opened, read, real, preadv = [], [], os.open, os.preadv

    def note(path, flags):
        opened.append(flags)
        return real(path, flags & ~os.O_DIRECT)  # not every filesystem below a test can do it

    def note_size(descriptor, pages, offset):
        read.append((list(map(len, pages)), offset))
        return preadv(descriptor, pages, offset)

    monkeypatch.setattr(os, "open", note)
    monkeypatch.setattr(os, "preadv", note_size)
    device = tmp_path / "device"
    device.write_bytes(superblock(incompat=1) + b"XFSB" * 1024)
    before = os.listdir("/proc/self/fd")
    assert read_superblock(str(device)) == Xfs(UUID, 4096, 1000, 64, True)
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert read == [([4096], 0)]  # all that O_DIRECT takes on a disk with sectors of 4 KiB
    assert opened == [os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC]


def test_a_device_that_is_not_there_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_superblock(str(tmp_path / "none"))


def test_the_log_is_a_part_of_a_mounted_filesystem(monkeypatch):
    status = SimpleNamespace(f_blocks=900, f_frsize=4096, f_bsize=1)
    monkeypatch.setattr(os, "statvfs", {"/srv": status}.__getitem__)
    assert mounted_size("/srv", Xfs(UUID, 4096, 1000, 64, True)) == 964 * 4096
