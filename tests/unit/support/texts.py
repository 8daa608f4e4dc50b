# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a terminal would act on, told by the categories of Unicode."""

from __future__ import annotations

import unicodedata

TURNS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def strings(it):
    """All texts in plain JSON, names of keys too."""
    if isinstance(it, dict):
        for name, value in it.items():
            yield name
            yield from strings(value)
    elif isinstance(it, (list, tuple)):
        for value in it:
            yield from strings(value)
    elif isinstance(it, str):
        yield it


def is_plain(text):
    """Whether a text is one, and a terminal only prints it."""
    kinds = {unicodedata.category(it) for it in text if it not in "\n\t"}
    return not kinds & {"Cc", "Cs", "Zl", "Zp"} and not TURNS & set(text)
