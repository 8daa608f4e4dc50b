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
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ansible_collections.containerhost.storage.plugins.module_utils._host import disk as disks
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.answers import (
    lines,
    strange,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.datasets import KSTAT
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import (
    STATUS,
    PoolMember,
    parse_status,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

ARC_LIMIT = "/sys/module/zfs/parameters/zfs_arc_max"

_POOLS = (
    *("zpool", "list", "-H", "-p", "-o"),
    "name,guid,health,size,allocated,free,capacity,fragmentation",
)
# A mountpoint may hold anything: so each line ends with the name that it begins with.
_DATASETS = (
    *("zfs", "list", "-H", "-p", "-t", "filesystem,volume", "-o"),
    "name,type,used,available,referenced,mounted,mountpoint,name",
)


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
    listing, status = run.read(_POOLS), run.read(STATUS)
    _rc, datasets, _err = run(_DATASETS)  # of a pool that does not answer it says so, and goes on
    members = parse_status(status)
    pools = tuple(
        pool._replace(members=tuple(map(with_disk, members.get(pool.name, ()))))
        for pool in parse_pools(listing)
    )
    return Seen(pools, parse_datasets(datasets), observe_arc())


def parse_pools(text: str) -> tuple[PoolStatus, ...]:
    """:class:`PoolStatus` of each line of `zpool list`, without their members.

    :raises StorageError: a line cannot be read with certainty.
    """
    found = []
    for number, line in enumerate(lines(text), 1):
        name, *cells = line.split("\t")
        if len(cells) != 7:
            raise strange(_POOLS, number, line)
        guid, health, *numbers = cells
        if not all(map(_is_number, numbers)):
            raise strange(_POOLS, number, line)
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


def parse_datasets(text: str) -> tuple[Listed, ...]:
    """:class:`Listed` of each dataset that `zfs list` shows, one a line.

    A mountpoint with line ends goes over several. It cannot be taken for another dataset: its last
    line would have to begin and to end with a name that was there before.

    :raises StorageError: a line cannot be read with certainty.
    """
    found: dict[str, Listed] = {}
    open_line = ""
    for number, line in enumerate(lines(text), 1):
        open_line = f"{open_line}\n{line}" if open_line else line
        name, *cells = open_line.split("\t")
        if name in found or (len(cells) < 6 and "\n" not in open_line):
            raise strange(_DATASETS, number, line)
        if len(cells) < 7 or cells[-1] != name:
            continue
        kind, used, available, referenced, mounted, *mountpoint, _name = cells
        possible = kind in ("filesystem", "volume") and mounted in ("yes", "no", "-")
        if not possible or not all(map(_is_number, (used, available, referenced))):
            raise strange(_DATASETS, number, line)
        found[name] = Listed(
            name,
            kind,
            used=_number(used) or 0,
            available=_number(available) or 0,
            referenced=_number(referenced) or 0,
            mountpoint="\t".join(mountpoint).strip("-"),
            mounted=mounted == "yes",
        )
        open_line = ""
    if open_line:
        raise strange(_DATASETS, text.count("\n"), open_line)
    return tuple(found.values())


def _is_number(text: str) -> bool:
    return text == "-" or _number(text) is not None  # of a pool that does not work there are dashes


def _number(text: str) -> int | None:
    return number_in(text.rstrip("%"))


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
    stats = {row[0]: number_in(row[2]) for row in rows if len(row) == 3}
    memory = re.search(r"MemTotal:\s+(\d+) kB", text_of("/proc/meminfo"), re.ASCII)
    size, largest = stats.get("size"), stats.get("c_max")
    total = number_in(memory[1]) if memory else None
    if size is None or largest is None or total is None:
        return None
    return Arc(size, largest, number_in(text_of(ARC_LIMIT).strip()) or 0, total * 1024)
