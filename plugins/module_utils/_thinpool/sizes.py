# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""How large a thin pool's parts are to be: data, metadata, and the spare. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    GIB,
    KIB,
    MIB,
    Amount,
    ceil_div,
    human,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
        LogicalVolume,
        VolumeGroup,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
        Wanted,
    )

# With metadata and its spare at 1 % each this leaves room for one step of 20 %, spare included:
# 80 + 1 + 1 + 16 + 0.2 + 0.2 = 98.4 % of the group.
DEFAULT_SIZE = Amount(share=Fraction(80, 100))
# LVM's own "performance" policy (lvm.conf, allocation/thin_pool_chunk_size_policy).
DEFAULT_CHUNK = 512 * KIB

# lvm2 lib/metadata/thin_manip.c: 64 bytes a chunk, and these bounds; the chunk size that it picks
# by itself doubles until the metadata is at most 128 MiB.
_BYTES_PER_CHUNK = 64
_LEAST_METADATA = 2 * MIB
_MOST_METADATA = 16188 * MIB
_COMFORTABLE_METADATA = 128 * MIB


def estimate_metadata(data_size: int, chunk_size: int) -> int:
    """Bytes of metadata that LVM would give a pool of so many bytes by itself."""
    needed = data_size // chunk_size * _BYTES_PER_CHUNK
    return min(max(needed, _LEAST_METADATA), _MOST_METADATA)


def grow(
    wanted: Wanted, group: VolumeGroup, pool: LogicalVolume
) -> tuple[list[Command], LogicalVolume, int, int]:
    """Grow metadata and data; returns ``(steps, pool, extents taken, growth of the spare)``."""
    extents = pool.extents
    if wanted.size is not None:
        extents = max(extents, wanted.size.extents(group.extent_size, group.extents))
    metadata = pool.metadata_extents
    if wanted.metadata_size is not None:
        metadata = max(metadata, metadata_extents(wanted, group, 0, pool.chunk_size))
    elif wanted.size is not None:
        # Enough for the size that is asked for. What dmeventd has added to that is dmeventd's to
        # provide for: else every step of its would be a change on the next run.
        data_size = wanted.size.extents(group.extent_size, group.extents) * group.extent_size
        metadata = max(metadata, metadata_extents(wanted, group, data_size, pool.chunk_size))
    spare = max(0, metadata - group.spare) if metadata > pool.metadata_extents else 0
    steps = []
    if metadata > pool.metadata_extents:
        size = metadata * group.extent_size
        reason = f"Grow the metadata of thin pool {wanted.target} to {human(size)}"
        argv = ("lvextend", "--poolmetadatasize", kib(size), wanted.target)
        steps.append(Command(reason, argv))
    if extents > pool.extents:
        reason = f"Grow thin pool {wanted.target} to {human(extents * group.extent_size)}"
        steps.append(Command(reason, ("lvextend", "--extents", str(extents), wanted.target)))
    data, meta = extents - pool.extents, metadata - pool.metadata_extents
    require_room(wanted, group, data, meta, spare)
    pool = pool._replace(extents=extents, metadata_extents=metadata)
    return steps, pool, data + meta + spare, spare


def metadata_extents(wanted: Wanted, group: VolumeGroup, data_size: int, chunk: int) -> int:
    if wanted.metadata_size is None:
        size = estimate_metadata(data_size, chunk)
        return ceil_div(size, group.extent_size)
    # A share of a small group may be less than an extent; LVM needs one, and 2 MiB at least.
    extents = wanted.metadata_size.extents(group.extent_size, group.extents)
    return min(
        max(extents, ceil_div(_LEAST_METADATA, group.extent_size)),
        _MOST_METADATA // group.extent_size,
    )


def default_chunk(data_size: int) -> int:
    chunk = DEFAULT_CHUNK
    while data_size // chunk * _BYTES_PER_CHUNK > _COMFORTABLE_METADATA and chunk < GIB:
        chunk *= 2
    return chunk


def require_room(wanted: Wanted, group: VolumeGroup, data: int, metadata: int, spare: int) -> None:
    needed = data + metadata + spare
    if needed <= group.free:
        return
    most = max(0, group.free - metadata - spare)
    raise StorageError(
        f"Thin pool {wanted.target}",
        "it needs {} more (data {}, metadata {}, spare {}), and volume group {} has {} "
        "free of {}".format(
            *(human(n * group.extent_size) for n in (needed, data, metadata, spare)),
            group.name,
            human(group.free * group.extent_size),
            human(group.extents * group.extent_size),
        ),
        f"Ask for {human(most * group.extent_size)} of data at most, or add a disk",
        refusal="no_space",
    )


def kib(size: int) -> str:
    return f"{size // KIB}k"
