# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Whether a disk holds unknown data: read from the disk itself, as much of it as costs little.

A disk of up to 512 MiB is read whole. Of a larger one the first and last 16 MiB are read, where
partition tables, superblocks, LUKS and RAID headers lie, and 64 KiB at 127 places between: many
small samples find what is scattered sooner than few large ones do. Then it is read on from its
start for two seconds: gigabytes of an SSD, and of whatever was discarded or never written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

MIB = 1024**2
WHOLE = 512 * MIB
SECONDS = 2.0

_EDGE = 16 * MIB
_SAMPLE = 64 * 1024
_PLACES = 128
_BLOCK = MIB
_ZEROS = bytes(_BLOCK)


def first_content(
    device: str, size: int, start: int = 0, seconds: float | None = None
) -> tuple[int | None, int]:
    """Look for a byte that is not zero.

    :param size: of the device, in bytes
    :param start: what lies before this offset (bytes) does not count, and is not read
    :param seconds: how long to read on where there is more than the least to look at
    :returns: ``(offset of the first such byte that was seen or None, bytes that were read)``
    :raises StorageError: the device cannot be read
    """
    try:
        with open(device, "rb", buffering=0) as stream:
            found = _look(stream.fileno(), size, start, SECONDS if seconds is None else seconds)
            # The blank blocks of a disk are not worth the memory of the host.
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return found
    except OSError as error:
        raise StorageError(
            device,
            f"it cannot be read: {error.strerror}",
            "Look at the kernel's messages (`dmesg`); the disk may be failing",
            refusal="disk_unreadable",
        ) from error


def _look(descriptor: int, size: int, start: int, seconds: float) -> tuple[int | None, int]:
    seen = 0
    samples = {} if size - start <= WHOLE else _samples(size)
    for offset, length in sorted(samples.items()):
        if offset >= start:
            found = _not_zero(descriptor, offset, length)
            seen += length
            if found is not None:
                return found, seen
    end, position = time.monotonic() + seconds, start
    for offset, length in _blocks(start, size):
        if samples and time.monotonic() >= end:
            break
        found = _not_zero(descriptor, offset, length)
        position = offset + length
        if found is not None:
            return found, max(seen, position - start)
    beyond = sum(length for offset, length in samples.items() if offset >= position)
    return None, position - start + beyond


def _samples(size: int) -> dict[int, int]:
    """Where to look in a disk that is not read whole: offset -> length, none upon another."""
    step = max(size // _PLACES // _SAMPLE, 1) * _SAMPLE
    places = {
        offset: _SAMPLE
        for offset in range(step, min(step * _PLACES, size), step)
        if _EDGE <= offset < size - _EDGE - _SAMPLE
    }
    places.update(_blocks(0, _EDGE))
    places.update(_blocks(size - _EDGE, size))
    return places


def _blocks(start: int, end: int) -> Iterator[tuple[int, int]]:
    return ((at, min(_BLOCK, end - at)) for at in range(start, end, _BLOCK))


def _not_zero(descriptor: int, offset: int, length: int) -> int | None:
    block = os.pread(descriptor, length, offset)
    if block == _ZEROS[: len(block)]:
        return None
    return offset + len(block) - len(block.lstrip(b"\0"))
