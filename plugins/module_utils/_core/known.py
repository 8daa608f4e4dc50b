# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What may be missing by its type, and is there because something before has seen to that."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def known(it: T | None) -> T:
    """``it``, which is there.

    :raises LookupError: it is not, which is a fault of this collection's.
    """
    if it is None:
        raise LookupError("something that was taken for known is not there")
    return it
