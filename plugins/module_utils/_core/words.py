# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Numbers of things, and lists of them, for people."""

from __future__ import annotations

from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """``1 image``, ``3 images``, ``3 entries``."""
    if count != 1 and noun.endswith("y") and noun[-2:-1] not in "aeou":
        return f"{count} {noun[:-1]}ies"
    return f"{count} {noun}" + plural(count)


def listed(names: Sequence[str], most: int, between: str = ", ", last: str = ", and ") -> str:
    """The first few of many: ``a, b, and 3 more``."""
    more = len(names) - most
    return between.join(names[:most]) + (f"{last}{more} more" if more > 0 else "")


def plural(count: int) -> str:
    """What a noun has behind it where there are so many: '' for one, else ``s``."""
    return "" if count == 1 else "s"


def are(count: int) -> str:
    """The verb of so many: ``is`` or ``are``."""
    return "is" if count == 1 else "are"
