# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The host's pools, their datasets, and the memory that ZFS takes. ``report.py`` tells of them.

Members of a pool are known by their disk, whatever name the pool recorded: ``/dev/sda1`` and
``/dev/disk/by-id/ata-X`` are one disk (community.general#10744).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ansible_collections.containerhost.storage.plugins.module_utils._host import disk as disks
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import (
    number_of,
    text_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.datasets import KSTAT

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

ARC_LIMIT = "/sys/module/zfs/parameters/zfs_arc_max"

_SECTIONS = {
    "logs": "log",
    "cache": "cache",
    "spares": "spare",
    "special": "special",
    "dedup": "dedup",
}
_ROW = re.compile(
    r"\t(?P<indent> *)(?P<name>\S+)(?:\s+(?P<state>[A-Z]+)"
    r"(?:\s+(?P<errors>\d+\s+\d+\s+\d+))?(?:\s+(?P<note>\S.*))?)?\s*"
)


class PoolMember(NamedTuple):
    """A disk, or part of one, that a pool is made of."""

    path: str  # as the pool recorded it
    state: str  # ONLINE, DEGRADED, FAULTED, UNAVAIL, REMOVED, OFFLINE; of a spare AVAIL, INUSE
    role: str = "data"  # or log, cache, spare, special, dedup
    group: str = ""  # what it is part of, such as mirror-0
    errors: int = 0  # of reading, writing and checksums
    disk: disks.Disk | None = None  # the whole disk that it lies on; None if it is not there


class PoolStatus(NamedTuple):
    """A pool that is imported. Sizes in bytes, of the raw space."""

    name: str
    guid: str
    health: str
    size: int
    allocated: int
    free: int
    capacity: int  # percent
    fragmentation: int | None  # percent
    members: tuple[PoolMember, ...] = ()


class Imported(Protocol):
    """What is asked of a pool that is imported, by whatever means it was read."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def health(self) -> str:
        """As in :class:`PoolStatus`."""

    @property
    def capacity(self) -> int:
        """Percent of it that is allocated."""

    @property
    def members(self) -> tuple[PoolMember, ...]:
        """The disks that it is made of."""


class Room(Protocol):
    """How full a filesystem is, in bytes."""

    @property
    def used(self) -> int:
        """What it holds, with all below it."""

    @property
    def available(self) -> int:
        """What may come on top of that."""


class Listed(NamedTuple):
    """A filesystem or volume. Sizes in bytes."""

    name: str
    type: str
    used: int
    available: int
    referenced: int
    mountpoint: str
    mounted: bool


class Arc(NamedTuple):
    """The cache of ZFS, in bytes of memory."""

    size: int
    largest: int  # what it may grow to
    limit: int  # the administrator's limit; 0 where none was set
    memory: int  # of the host


class Seen(NamedTuple):
    """All of a host's ZFS."""

    pools: tuple[PoolStatus, ...]
    datasets: tuple[Listed, ...]
    arc: Arc | None


def observe(run: Reader) -> Seen | None:
    """The host's ZFS; None where it is not installed or not loaded. Three commands."""
    # The device is no sign: systemd makes it for a module that may be loaded.
    if not find_program("zpool") or not os.path.exists(KSTAT):
        return None
    columns = "name,guid,health,size,allocated,free,capacity,fragmentation"
    _rc, listing, _err = run(("zpool", "list", "-H", "-p", "-o", columns))
    _rc, status, _err = run(("zpool", "status", "-p", "-P"))
    columns = "name,type,used,available,referenced,mountpoint,mounted"
    _rc, datasets, _err = run(("zfs", "list", "-H", "-p", "-t", "filesystem,volume", "-o", columns))
    members = parse_status(status)
    pools = tuple(
        pool._replace(members=tuple(map(with_disk, members.get(pool.name, ()))))
        for pool in parse_pools(listing)
    )
    return Seen(pools, parse_datasets(datasets), observe_arc())


def parse_pools(text: str) -> tuple[PoolStatus, ...]:
    """:class:`PoolStatus` of each line of `zpool list`, without their members."""
    found = []
    for line in text.splitlines():
        name, guid, health, *numbers = line.split("\t")
        size, allocated, free, capacity, fragmentation = map(_number, numbers)
        found.append(
            PoolStatus(
                name,
                guid,
                health,
                size or 0,
                allocated or 0,
                free or 0,
                capacity or 0,
                fragmentation,
            )
        )
    return tuple(found)


def parse_status(text: str) -> dict[str, tuple[PoolMember, ...]]:
    """Pool -> :class:`PoolMember` of each of its disks, from `zpool status -p -P`."""
    found = {}
    for block in re.split(r"(?m)^\s*pool: ", text)[1:]:
        rows = [match for match in map(_ROW.fullmatch, _config(block)) if match]
        found[block.split("\n", 1)[0].strip()] = tuple(_members(rows))
    return found


def _config(block: str) -> list[str]:
    _before, _colon, after = block.partition("config:")
    return [line for line in after.splitlines() if line.startswith("\t")][1:]


def _members(rows: Sequence[re.Match[str]]) -> Iterator[PoolMember]:
    role = "data"
    groups: list[str] = []
    for row, following in zip(rows, [*rows[1:], None]):
        depth = len(row["indent"]) // 2
        if depth == 0:
            role = _SECTIONS.get(row["name"], "data")
            groups = []
            continue
        groups = groups[: depth - 1]
        if following and len(following["indent"]) // 2 > depth:
            groups.append(row["name"])
            continue
        was = re.match(r"was (\S+)", row["note"] or "")
        yield PoolMember(
            path=was[1] if was else row["name"],
            state=row["state"] or "",
            role=role,
            group=groups[0] if groups else "",
            errors=sum(map(int, (row["errors"] or "0").split())),
        )


def parse_datasets(text: str) -> tuple[Listed, ...]:
    """:class:`Listed` of each line of `zfs list`."""
    found = []
    for line in text.splitlines():
        name, kind, used, available, referenced, mountpoint, mounted = line.split("\t")
        found.append(
            Listed(
                name,
                kind,
                used=_number(used) or 0,
                available=_number(available) or 0,
                referenced=_number(referenced) or 0,
                mountpoint=mountpoint.strip("-"),
                mounted=mounted == "yes",
            )
        )
    return tuple(found)


def _number(text: str) -> int | None:
    text = text.rstrip("%")
    return int(text) if text.isdigit() else None


def with_disk(member: PoolMember) -> PoolMember:
    """The member with the disk that it lies on, where it is there."""
    return member._replace(disk=whole_disk(member.path)) if member.state != "UNAVAIL" else member


def whole_disk(path: str) -> disks.Disk | None:
    """The :class:`Disk` that a disk or partition is, or lies on; None if it is not there."""
    found = disks.identify(path)
    if not found.exists:
        return None
    sys = os.path.realpath(f"/sys/dev/block/{found.devno}")
    if os.path.exists(sys + "/partition"):
        found = disks.identify("/dev/" + os.path.basename(os.path.dirname(sys)))
    return found


def member_on(pool: Imported, disk: disks.Disk) -> PoolMember | None:
    """The member of a pool that lies on a disk, by whatever name either is known; or None."""
    return next((it for it in pool.members if it.disk and it.disk.devno == disk.devno), None)


def observe_arc() -> Arc | None:
    """The :class:`Arc`; None where ZFS is not loaded."""
    rows = (line.split() for line in text_of(KSTAT + "/arcstats").splitlines())
    stats = {row[0]: row[2] for row in rows if len(row) == 3}
    memory = re.search(r"MemTotal:\s+(\d+) kB", text_of("/proc/meminfo"))
    if "size" not in stats or not memory:
        return None
    limit = number_of(ARC_LIMIT) or 0
    return Arc(int(stats["size"]), int(stats["c_max"]), limit, int(memory[1]) * 1024)
