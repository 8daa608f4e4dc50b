# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a report says of a host's ZFS: as plain JSON, and what is not as it should be. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.names import parent_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import (
        Imported,
        Listed,
        Room,
        Seen,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import (
        PoolMember,
    )

ALMOST_FULL = 90  # percent: ZFS looks for space block by block from about here on

# What an engine names its layers: random numbers, in base 16 or, if BuildKit made them, in base 36.
_LAYER = re.compile(r"([0-9a-f]{64}|[0-9a-z]{25})(-init)?")

_WELL = ("ONLINE", "AVAIL", "INUSE")


def fullness(capacity: int, used: int, available: int) -> int:
    """How full a pool is, in percent.

    What a pool has allocated does not tell it alone: ZFS keeps a part for itself, in a small pool
    half of it, and what is reserved is gone as well (spa_get_slop_space()).

    :param capacity: percent allocated, as `zpool` shows it
    :param used: bytes, of the pool's own dataset, as `zfs` shows them
    :param available: ditto
    """
    return max(capacity, used * 100 // (used + available) if used + available else 0)


def describe(seen: Seen | None) -> dict[str, Any]:
    """``{"pools": [...], "datasets": [...], "arc": {...} or None}``; sizes in bytes.

    Layers that an engine keeps as datasets, by the thousand, are counted and not listed.
    """
    if seen is None:
        return {"pools": [], "datasets": [], "arc": None}
    layers = Counter(parent_of(it.name) for it in seen.datasets if _is_layer(it))
    return {
        "pools": [
            {**pool._asdict(), "members": [_describe_member(it) for it in pool.members]}
            for pool in seen.pools
        ],
        "datasets": [
            {**it._asdict(), "layers": layers[it.name]} for it in seen.datasets if not _is_layer(it)
        ],
        "arc": seen.arc._asdict() if seen.arc else None,
    }


def _is_layer(dataset: Listed) -> bool:
    """Whether a dataset is mounted by whoever made it, and is one of an engine's layers.

    Below a pool's own dataset only what is named as those are: others lie there as well.
    """
    parent, _slash, name = dataset.name.rpartition("/")
    return dataset.mountpoint == "legacy" and bool("/" in parent or _LAYER.fullmatch(name))


def _describe_member(member: PoolMember) -> dict[str, Any]:
    return {
        **member._asdict(),
        "disk": member.disk.stable or member.disk.device if member.disk else None,
    }


def findings(seen: Seen | None) -> list[Finding]:
    """What a person should know about pools and memory."""
    if seen is None:
        return []
    roots = {it.name: it for it in seen.datasets}
    found = [
        finding for pool in seen.pools for finding in pool_findings(pool, roots.get(pool.name))
    ]
    arc = seen.arc
    if arc and not arc.limit and seen.pools:
        found.append(
            Finding(
                "info",
                "arc_unlimited",
                f"ZFS may take {human(arc.largest)} of {human(arc.memory)} of memory for its "
                "cache, and gives it back to containers slowly. `options zfs zfs_arc_max=BYTES` in "
                "/etc/modprobe.d/zfs.conf sets a limit.",
            )
        )
    return found


def pool_findings(pool: Imported, root: Room | None) -> Iterator[Finding]:
    """What a person should know about one pool.

    :param root: of its own filesystem; None if not known
    """
    if pool.health != "ONLINE":
        lost = [f"{it.path} is {it.state}" for it in pool.members if it.state not in _WELL]
        yield Finding(
            "warning",
            "pool_health",
            f"Pool {pool.name} is {pool.health}"
            + (f" ({'; '.join(lost)})" if lost else "")
            + f". `zpool status {pool.name}` says what to do.",
        )
    full = fullness(pool.capacity, root.used, root.available) if root else pool.capacity
    if full >= ALMOST_FULL:
        yield Finding(
            "warning",
            "pool_almost_full",
            f"Pool {pool.name} is {full} percent full: writes become slow, and fail soon.",
        )
    for member in pool.members:
        if member.errors:
            yield Finding(
                "warning",
                "pool_errors",
                f"{member.path} of pool {pool.name} has had {member.errors} errors. Scrub the pool "
                f"(`zpool scrub {pool.name}`), and replace the disk if they go on.",
            )
        if re.fullmatch(r"/dev/[^/]+", member.path) and member.disk and member.disk.stable:
            yield Finding(
                "info",
                "pool_member_name",
                f"Pool {pool.name} knows {member.disk.stable} as {member.path}, which may be "
                "another disk after a reboot. Export it, and import it once with "
                "`zpool import -d /dev/disk/by-id`.",
            )
