# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a disk is looked at, and that what is there is found: on sparse files."""

from __future__ import annotations

import os
import random

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import disk_content

MIB = 1024**2
GIB = 1024**3


def look(path, size, *writes, seconds=0.0, start=0):
    """What is found on a blank disk of a size, after something was written to it."""
    with open(path, "wb") as stream:
        stream.truncate(size)
        for offset, content in writes:
            stream.seek(offset)
            stream.write(content)
    return disk_content.first_content(str(path), size, start, seconds)


@pytest.fixture
def disk(tmp_path):
    return tmp_path / "disk"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [MIB, 3 * MIB - 512, 200 * MIB, 512 * MIB])
def test_a_byte_anywhere_on_a_small_disk_is_found(disk, size, seed):
    offset = random.Random(seed).randrange(size)
    assert look(disk, size, (offset, b"x"))[0] == offset


@pytest.mark.parametrize("size", [MIB, 3 * MIB - 512, 512 * MIB])
def test_a_small_disk_is_read_whole(disk, size):
    assert look(disk, size) == (None, size)
    assert look(disk, size, (size - 1, b"x"))[0] == size - 1


def test_of_a_large_disk_its_ends_and_samples_are_read_in_any_case(disk):
    size = 10 * GIB
    assert look(disk, size) == (None, 32 * MIB + 127 * 64 * 1024)
    for offset in (0, 16 * MIB - 1, size // 2, size - 16 * MIB, size - 1):
        assert look(disk, size, (offset, b"x"))[0] == offset
    # all that a hundredth of it can hide behind is a sample
    assert look(disk, size, (3 * GIB, b"x" * (size // 100)))[0] is not None


def test_a_large_disk_is_read_on_as_far_as_the_time_goes(disk, monkeypatch):
    size, blocks = 2 * GIB, iter(range(10**6))
    monkeypatch.setattr(disk_content.time, "monotonic", lambda: next(blocks))
    # the first tick is the start: 100 blocks of 1 MiB are 100 ticks
    assert look(disk, size, (99 * MIB + 5, b"x"), seconds=101)[0] == 99 * MIB + 5
    blocks = iter(range(10**6))
    found, read = look(disk, size, (100 * MIB + 5, b"x"), seconds=101)
    assert found is None
    # what was read on counts once
    beyond = [at for at in range(16 * MIB, 2 * GIB - 16 * MIB, 16 * MIB) if at >= 100 * MIB]
    assert read == 100 * MIB + len(beyond) * 64 * 1024 + 16 * MIB


def test_a_large_disk_that_reads_as_zeros_at_once_is_read_whole(disk, monkeypatch):
    monkeypatch.setattr(disk_content.time, "monotonic", lambda: 0)
    assert look(disk, GIB, seconds=1) == (None, GIB)
    assert look(disk, 3 * GIB, (GIB, b"x"), seconds=1)[0] == GIB


def test_what_lies_before_the_start_does_not_count(disk):
    assert look(disk, 64 * MIB, (512, b"x"), start=MIB) == (None, 63 * MIB)
    assert look(disk, GIB, (512, b"x"), start=MIB)[0] is None
    assert look(disk, GIB, (512, b"x"), (MIB, b"x"), start=MIB)[0] == MIB


@pytest.mark.parametrize(("size", "whole"), [(513, True), (514, False)])
def test_what_is_left_of_a_disk_decides_whether_it_is_small(disk, monkeypatch, size, whole):
    ticks = iter(range(10**6))
    monkeypatch.setattr(disk_content.time, "monotonic", lambda: next(ticks))
    read = look(disk, size * MIB, start=MIB, seconds=0)[1]
    assert (read == (size - 1) * MIB) is whole


def test_nothing_is_looked_at_twice_to_begin_with(disk, monkeypatch):
    seen, real = [], os.pread
    monkeypatch.setattr(
        os, "pread", lambda fd, length, at: seen.append((at, length)) or real(fd, length, at)
    )
    look(disk, 513 * MIB)
    for (at, length), (following, _length) in zip(seen, seen[1:]):
        assert at + length <= following


def test_a_disk_that_cannot_be_read(tmp_path):
    with pytest.raises(StorageError, match="cannot be read"):
        disk_content.first_content(str(tmp_path / "none"), MIB)
