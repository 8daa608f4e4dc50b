# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""How the kernel is asked about a btrfs: the numbers of ioctls, and the call."""

from __future__ import annotations

import fcntl
import os
import platform


def number(kind: str, index: int, size: int, both: bool = False) -> int:
    """The number of an ioctl that reads: _IOR() of include/uapi/asm-generic/ioctl.h.

    Four architectures have the direction in another place: arch/*/include/uapi/asm/ioctl.h.

    :param both: whether it takes an argument as well: _IOWR().
    """
    shift, writes = (29, 4) if _is_other() else (30, 1)
    return (2 | writes * both) << shift | size << 16 | ord(kind) << 8 | index


def plain_number(kind: str, index: int) -> int:
    """The number of an ioctl without an argument: _IO()."""
    return _is_other() << 29 | ord(kind) << 8 | index


def _is_other() -> bool:
    return platform.machine().startswith(("ppc", "mips", "sparc", "alpha"))


def ask(path: str, request: int, argument: bytes) -> bytes:
    """What the kernel answers to ``request`` about the folder ``path``, as bytes."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    answer = bytearray(argument)  # bytes are taken up to 1024 only
    try:
        fcntl.ioctl(folder, request, answer)
    finally:
        os.close(folder)
    return bytes(answer)


def tell(path: str, request: int) -> None:
    """Call an ioctl without an argument on the folder ``path``."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.ioctl(folder, request)
    finally:
        os.close(folder)
