# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A superblock, as bytes. tests/loop/test_btrfs_filesystem.py has those of mkfs.btrfs."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.superblock import (
    Superblock,
    parse_superblock,
    read_superblock,
)

UUID = bytes(range(1, 17))
FOUND = Superblock("01020304-0506-0708-090a-0b0c0d0e0f10", "däta", 2, 5 << 30, 3, 4096)


def block(magic=b"_BHRfS_M", place=65536, flags=1):
    data = bytearray(4096)
    data[32:48] = UUID
    struct.pack_into("<QQ8s", data, 48, place, flags, magic)
    struct.pack_into("<QI", data, 136, 3, 4096)
    struct.pack_into("<QQ", data, 201, 2, 5 << 30)
    data[299:304] = "däta".encode()
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (block(), FOUND),
        (block(flags=1 << 32), FOUND._replace(seed=True)),
        (block(magic=b"!BHRfS_M"), FOUND._replace(finished=False)),
        (block(magic=b"_BHRfS_X"), None),
        (block(magic=bytes(8)), None),  # as `wipefs` leaves it
        (block(place=64 << 20), None),  # the second copy, at another place than its own
        (bytes(4096), None),
    ],
)
def test_parse(data, found):
    assert parse_superblock(data) == found


def test_what_cannot_be_read_is_none(tmp_path):
    (tmp_path / "small").write_bytes(b"x")
    assert read_superblock(tmp_path / "small") is None
    assert read_superblock(tmp_path / "none") is None
