# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Numbers as programs and the kernel print them."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)


def number_in(text: str) -> int | None:
    """The whole number that a text is, of up to 64 bits; None if it is none.

    Python's own int() takes digits of other scripts, and raises for thousands of them.
    """
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and number < 2**64 else None
