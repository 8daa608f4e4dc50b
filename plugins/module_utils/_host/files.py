# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Reading small files: of /proc, /sys and /etc, where a strange byte must not end a run."""

from __future__ import annotations

import contextlib
import os
import stat

# There on a host with SELinux, whether that is enforced or only warns: its files have labels.
SELINUX = "/sys/fs/selinux/enforce"


def read_text(path: str) -> str | None:
    """The content of a file; None where there is none.

    For files that a plan may write: one that is there and cannot be read is not one to make. What
    is no plain file is '', and never replaced. A byte that is no text becomes a surrogate, which is
    written as the same byte again (PEP 383).

    :raises OSError: it is there, and cannot be read.
    """
    try:
        with open(
            path, encoding="utf-8", errors="surrogateescape", newline="", opener=_at_once
        ) as stream:
            plain = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            return stream.read() if plain else ""
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        return ""


def _at_once(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to holds nobody up."""
    return os.open(path, flags | os.O_NONBLOCK)


def try_text(path: str) -> str | None:
    r"""The content of a file; None where there is none, or it cannot be read.

    The kernel's files can go, or answer with an error, while they are read. For parsers: each line
    ends with ``\n``.
    """
    with contextlib.suppress(OSError):
        text = read_text(path)
        return text and text.replace("\r\n", "\n").replace("\r", "\n")
    return None


def text_of(path: str) -> str:
    """The content of a file; '' where there is none, or it cannot be read."""
    return try_text(path) or ""


def number_of(path: str) -> int | None:
    """The number in a file of the kernel's; None where there is none, or it is no number."""
    text = text_of(path).strip()
    # Python reads 4300 digits at most, and the kernel writes 20.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
