# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Numbers of things, and lists of them, for people."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """``1 image``, ``3 images``."""
    return f"{count} {noun}" + plural(count)


def plural(count: int) -> str:
    """What a noun has behind it where there are so many: '' for one, else ``s``."""
    return "" if count == 1 else "s"


def are(count: int) -> str:
    """The verb of so many: ``is`` or ``are``."""
    return "is" if count == 1 else "are"
