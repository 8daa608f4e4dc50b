# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as people write them, in bytes."""

from __future__ import annotations

import re

from .errors import LabError

UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
SECTOR = 512


def parse_size(text: str) -> int:
    """Return the bytes that ``10G``, ``512m`` or ``1.5G`` stand for; units are powers of 1024.

    Raises LabError where the text is no size, is not positive, or is no whole number of sectors.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT])(?:iB)?", text.strip(), re.IGNORECASE)
    if not match:
        raise LabError(f"{text!r} is no size: write a number and K, M, G or T, such as 10G.")
    size = int(float(match[1]) * UNITS[match[2].upper()])
    if size <= 0 or size % SECTOR:
        raise LabError(f"{text!r} is no size for a disk: it must be whole sectors of 512 bytes.")
    return size


def format_size(size: int) -> str:
    """Return bytes in the largest unit that divides them: 10G, 1536M."""
    for unit in "TGMK":
        if size >= UNITS[unit] and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit}"
    return f"{size}B"


def parse_disks(text: str) -> list[int]:
    """Return the sizes in a list such as ``10G,10G``; an empty text is no disks."""
    return [parse_size(part) for part in text.split(",")] if text.strip() else []
