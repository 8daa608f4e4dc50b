# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""CRC-64 (ISO 3309), which tar-split keeps of each file: it tells which file is not as it was.

It is no proof, and is made only where a layer's digest is wrong.
"""

from __future__ import annotations

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_MASK = (1 << 64) - 1


def crc64(data: bytes, crc: int = 0) -> int:
    """The CRC of data that follows on what has ``crc``.

    Go's ``crc64.ISO``: bits from the lowest, inverted before and after. The polynomial is
    x^64 + x^4 + x^3 + x + 1, so x^(64 n) is x^(4 n) + x^(3 n) + x^n + 1 where n is a power of two:
    a long number is folded by that into half of it, and none of it is looked at byte by byte.
    """
    if not data:
        return crc
    length = 8 * len(data)
    before = int.from_bytes((crc ^ _MASK).to_bytes(8, "little").translate(_REVERSED), "big")
    number = (int.from_bytes(data.translate(_REVERSED), "big") << 64) ^ (before << length)
    step = 1 << max(length.bit_length() - 6, 0)
    while step:
        high = number >> (64 * step)
        if high:
            number &= (1 << (64 * step)) - 1
            number ^= high ^ (high << step) ^ (high << (3 * step)) ^ (high << (4 * step))
        else:
            step >>= 1
    after = number.to_bytes(8, "big").translate(_REVERSED)
    return int.from_bytes(after, "little") ^ _MASK


def as_kept(crc: int) -> bytes:
    """As tar-split writes it: eight bytes, the highest first."""
    return crc.to_bytes(8, "big")
