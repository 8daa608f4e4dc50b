# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes: what a text means, what is refused, and that nothing is lost by a round trip."""

from __future__ import annotations

from fractions import Fraction

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    GIB,
    KIB,
    MIB,
    Amount,
    human,
    parse_amount,
    parse_size,
)
from hypothesis import given
from hypothesis import strategies as st

SIZES = [
    ("1b", 1),
    ("1s", 512),
    ("1k", 1024),
    ("1m", 1048576),
    ("1g", 1073741824),
    ("1t", 1099511627776),
    ("1p", 1125899906842624),
    ("512k", 512 * KIB),
    ("512K", 512 * KIB),
    ("100m", 100 * MIB),
    ("10g", 10 * GIB),
    ("10 G", 10 * GIB),
    ("10GiB", 10 * GIB),
    ("1.5g", 3 * GIB // 2),
    ("2t", 2048 * GIB),
    ("0.1k", 103),  # 102.4 bytes: rounded up, a part of a byte is a byte
    (" 1g ", GIB),
]

REFUSED_SIZES = [
    ("", "it is no size"),
    ("big", "it is no size"),
    ("10", "it has no unit"),
    ("10.5", "it has no unit"),
    ("10GB", "powers of 1000 or of 1024"),
    ("-10g", "cannot be negative"),
    ("0g", "the size is zero"),
    ("1e3g", "it is no size"),
    ("10g --yes", "it is no size"),
    ("\u0661g", "it is no size"),
]


@pytest.mark.parametrize(("text", "size"), SIZES)
def test_size(text, size):
    assert parse_size(text, "size") == size


@pytest.mark.parametrize(("text", "wrong"), REFUSED_SIZES)
def test_no_size(text, wrong):
    with pytest.raises(StorageError, match=wrong) as error:
        parse_size(text, "chunk_size")
    assert f"chunk_size={text}" in str(error.value)


AMOUNTS = [
    ("10g", Amount(bytes=10 * GIB)),
    ("80%VG", Amount(share=Fraction(4, 5))),
    ("80 % vg", Amount(share=Fraction(4, 5))),
    ("33.3%VG", Amount(share=Fraction(333, 1000))),
    ("100%VG", Amount(share=Fraction(1))),
]

REFUSED_AMOUNTS = [
    ("100%FREE", "the same on every run"),
    ("+20%VG", "the same on every run"),
    ("-1%VG", "the same on every run"),
    ("80%", "the same on every run"),
    ("0%VG", "above 0 and at most 100"),
    ("100.1%VG", "above 0 and at most 100"),
]


@pytest.mark.parametrize(("text", "amount"), AMOUNTS)
def test_amount(text, amount):
    assert parse_amount(text, "size") == amount


@pytest.mark.parametrize(("text", "wrong"), REFUSED_AMOUNTS)
def test_no_amount(text, wrong):
    with pytest.raises(StorageError, match=wrong):
        parse_amount(text, "size")


EXTENTS = [
    # amount       of a group of 1022 extents of 4 MiB
    ("80%VG", 817),  # 817.6: a share rounds down, so that it fits
    ("100%VG", 1022),
    ("0.01%VG", 0),
    ("4m", 1),
    ("5m", 2),  # bytes round up, so that it is no less than what was asked for
    ("1b", 1),
]


@pytest.mark.parametrize(("text", "extents"), EXTENTS)
def test_extents(text, extents):
    assert parse_amount(text, "size").extents(4 * MIB, 1022) == extents


@pytest.mark.parametrize("text", ["9" * 5000 + "g", "1." + "9" * 5000 + "g", "9" * 5000 + "%VG"])
def test_a_number_that_python_does_not_read_is_refused(text):
    with pytest.raises(StorageError):
        parse_amount(text, "size")


HUMAN = [
    (0, "0 B"),
    (1023, "1023 B"),
    (1024, "1 KiB"),
    (1536, "1.5 KiB"),
    (512 * KIB, "512 KiB"),
    (312 * MIB, "312 MiB"),
    (1048575, "1024 KiB"),
    (1048576, "1 MiB"),
    (1073741823, "1024 MiB"),
    (1073741824, "1 GiB"),
    (1099511627775, "1024 GiB"),
    (1099511627776, "1 TiB"),
    (1125899906842623, "1024 TiB"),
    (1125899906842624, "1 PiB"),
    (2040109466, "1.9 GiB"),
    (10 * GIB, "10 GiB"),
]


@pytest.mark.parametrize(("size", "text"), HUMAN)
def test_human(size, text):
    assert human(size) == text


@given(st.integers(1, 2**63))
def test_bytes_come_back(size):
    assert parse_size(f"{size}b", "size") == size


@given(st.integers(1, 1023), st.sampled_from("kmgtp"))
def test_what_is_said_for_people_can_be_given_back(number, unit):
    size = parse_size(f"{number}{unit}", "size")
    assert parse_size(human(size), "size") == size


@given(st.integers(1, 2**50))
def test_a_size_is_never_said_to_be_off_by_more_than_its_last_digit(size):
    said = parse_size(human(size), "size")
    assert abs(said - size) <= max(1, size * 0.05 + 1)


@given(st.integers(1, 2**50), st.sampled_from([MIB, 4 * MIB, 32 * MIB]))
def test_bytes_in_extents_are_enough_and_not_one_too_many(size, extent_size):
    extents = Amount(bytes=size).extents(extent_size, 0)
    assert (extents - 1) * extent_size < size <= extents * extent_size


@given(st.integers(1, 10000), st.integers(0, 2**32))
def test_a_share_never_exceeds_its_group(hundredths, group_extents):
    share = parse_amount(f"{hundredths / 100:.2f}%VG", "size")
    extents = share.extents(4 * MIB, group_extents)
    assert extents <= group_extents
    assert extents * 10000 <= hundredths * group_extents < (extents + 1) * 10000
