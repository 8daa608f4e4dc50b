# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from containerhost_lab.errors import LabError
from containerhost_lab.sizes import format_size, parse_disks, parse_size

SIZES = [
    ("10G", 10 * 2**30, "10G"),
    ("10g", 10 * 2**30, "10G"),
    ("1.5GiB", 1536 * 2**20, "1536M"),
    ("1024m", 2**30, "1G"),
    ("1T", 2**40, "1T"),
    ("512K", 512 * 2**10, "512K"),
    ("0.5K", 512, "512B"),
]

NO_SIZES = ["", "10", "G", "-1G", "0G", "10X", "1e3G", "10 000M", "0.1K", "1,5G"]


@pytest.mark.parametrize(("text", "size", "written"), SIZES)
def test_a_size_is_read_and_written(text, size, written):
    assert parse_size(text) == size
    assert format_size(size) == written


@pytest.mark.parametrize("text", NO_SIZES)
def test_what_is_no_size_is_named(text):
    with pytest.raises(LabError, match="is no size"):
        parse_size(text)


def test_disks_are_a_list_and_may_be_none():
    assert parse_disks("10G,512M") == [10 * 2**30, 512 * 2**20]
    assert parse_disks("") == []
