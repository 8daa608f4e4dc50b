# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Reading small files: of /proc, /sys and /etc, where a strange byte must not end a run."""

from __future__ import annotations

import contextlib

# There on a host with SELinux, whether that is enforced or only warns: its files have labels.
SELINUX = "/sys/fs/selinux/enforce"


def read_text(path: str) -> str | None:
    """The content of a file; None where there is none.

    For files that a plan may write: one that is there and cannot be read is not one to make.

    :raises OSError: it is there, and cannot be read.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def try_text(path: str) -> str | None:
    """The content of a file; None where there is none, or it cannot be read.

    The kernel's files can go, or answer with an error, while they are read.
    """
    with contextlib.suppress(OSError):
        return read_text(path)
    return None


def text_of(path: str) -> str:
    """The content of a file; '' where there is none, or it cannot be read."""
    return try_text(path) or ""


def number_of(path: str) -> int | None:
    """The number in a file of the kernel's; None where there is none, or it is no number."""
    text = text_of(path).strip()
    return int(text) if text.isdecimal() else None
