# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Sizes as people write them, as exact integers.

Bytes and extents are ints everywhere. Nothing here is a float: a size that is off by one extent
makes a second run that changes something.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

KIB = 1024
MIB = 1024**2
GIB = 1024**3

# As LVM reads them: a letter is a binary unit, whatever its case (lvcreate(8), "Size").
_UNITS = {"b": 1, "s": 512, "k": KIB, "m": MIB, "g": GIB, "t": 1024**4, "p": 1024**5}
# No more digits than any size has: Python refuses to read numbers of some thousand.
_NUMBER = r"(?P<number>\d{1,30}(?:\.\d{1,30})?)"
_SIZE = re.compile(_NUMBER + r"\s*(?P<unit>[bskmgtp])(?P<binary>ib)?", re.I | re.A)
_SHARE = re.compile(_NUMBER + r"\s*%\s*(?P<of>VG)", re.I | re.A)


class Amount(NamedTuple):
    """How much of something: so many bytes, or a share of the volume group."""

    bytes: int | None = None
    share: Fraction | None = None  # 0 < share <= 1

    def extents(self, extent_size: int, group_extents: int) -> int:
        """The amount in extents of a group: bytes round up, shares round down, as in lvcreate."""
        if self.share is not None:
            return int(self.share * group_extents)
        return ceil_div(known(self.bytes), extent_size)


def parse_size(text: str, name: str) -> int:
    """Bytes meant by ``text``, such as ``512k``, ``10G``, ``1.5GiB``.

    :param name: the option the text was given for, for the error.
    :raises StorageError: it is no size, has no unit, or is not above zero.
    """
    text = str(text).strip()
    match = _SIZE.fullmatch(text)
    if not match:
        raise StorageError(
            f"{name}={text}",
            _what_is_wrong(text),
            "Write a whole or decimal number and a binary unit: 512k, 100m, 10g, 1.5t",
            refusal="size_unreadable",
        )
    size = Fraction(match["number"]) * _UNITS[match["unit"].lower()]
    if size <= 0:
        raise StorageError(
            f"{name}={text}",
            "the size is zero",
            "Give a size above zero",
            refusal="option_value_invalid",
        )
    return ceil_div(size.numerator, size.denominator)


def parse_amount(text: str, name: str) -> Amount:
    """The :class:`Amount` meant by ``text``: a size, or a share such as ``80%VG``.

    :raises StorageError: it is neither, or the share is not above 0 and at most 100.
    """
    text = str(text).strip()
    if "%" not in text:
        return Amount(bytes=parse_size(text, name))
    match = _SHARE.fullmatch(text)
    if not match:
        raise StorageError(
            f"{name}={text}",
            "only a share of the whole volume group is the same on every run",
            "Write it as 80%VG, or give a size such as 100g",
            refusal="share_not_of_group",
        )
    share = Fraction(match["number"]) / 100
    if not 0 < share <= 1:
        raise StorageError(
            f"{name}={text}",
            "a share is above 0 and at most 100 percent",
            "Write it as 80%VG",
            refusal="option_value_invalid",
        )
    return Amount(share=share)


def ceil_div(amount: int, unit: int) -> int:
    """How many units hold an amount: whole, and rounded up."""
    return (amount + unit - 1) // unit


def _what_is_wrong(text: str) -> str:
    if text.startswith("-"):
        return "a size cannot be negative"
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return "it has no unit, and tools disagree about what that means (LVM: MiB, ZFS: bytes)"
    if re.fullmatch(r"\d+(\.\d+)?\s*[kmgtp]b", text, re.I):
        return "it may mean powers of 1000 or of 1024"
    return "it is no size"


def human(size: int) -> str:
    """A size in bytes for people: ``1.9 GiB``, ``312 MiB``; exact where one decimal can say it."""
    size = int(size)
    for unit, factor in (
        ("PiB", 1024**5),
        ("TiB", 1024**4),
        ("GiB", GIB),
        ("MiB", MIB),
        ("KiB", KIB),
    ):
        if size >= factor:
            return f"{size / factor:.1f} {unit}".replace(".0 ", " ")
    return f"{size} B"
