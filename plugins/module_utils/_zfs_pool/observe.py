# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Reading a pool, its disks and its filesystem: two commands where nothing is to be done."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from types import MappingProxyType

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import Reader
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    Disk,
    examine,
    identify,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import (
    number_of,
    text_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.observe import (
    observe_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import MountState
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.answers import (
    lines,
    strange,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.datasets import (
    read_datasets,
    read_pool,
    require_answers,
    require_zfs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import with_disk
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import (
    STATUS,
    PoolMember,
    parse_health,
    parse_status,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool import arc
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    Boot,
    Importable,
    Imported,
    State,
    Wanted,
)

_UNITS = "/etc/systemd/system"
_WANTS = (f"{_UNITS}/*.wants/", "/usr/lib/systemd/system/*.wants/", "/lib/systemd/system/*.wants/")
_AT_BOOT = ("zfs-import-cache.service", "zfs-import.target", "zfs-mount.service", "zfs.target")
_INSTEAD = {"zfs-import-cache.service": "zfs-import-scan.service"}

# ZFS gives a whole disk a partition table: partition 1 is the member, partition 9 the 8 MiB behind.
# zpool_label_disk() and zpool_label_name() of libzfs_pool_os.c.
_WHOLE_DISK = {"1", "9"}
_NAMED_BY_ZFS = re.compile(r"(?m)^PARTNAME=zfs-[0-9a-f]{16}$")
_TABLE = {"gpt", "PMBR"}


def observe(run: Reader, wanted: Wanted) -> State:
    """Read the pool and all that it depends on.

    :raises StorageError: ZFS is not there to be asked, or the pool does not answer.
    """
    memory = arc.observe(wanted.arc_max)
    require_zfs()
    require_answers(wanted.name)
    pools = parse_pools(run.read(STATUS))
    state = State(pools, mount=_mount(run, wanted), boot=_boot(), arc=memory)
    pool = state.pool(wanted.name)
    if pool is None:
        listing = _read_importable(run)
        return state._replace(
            importable=parse_importable(listing), disks=_disks(run, wanted.devices, state, None)
        )
    _require_works(pool)
    asked = [wanted.name]
    if wanted.filesystem:
        asked = [wanted.filesystem, *names.ancestors(wanted.filesystem)]
    state = state._replace(
        disks=_disks(run, wanted.devices, state, pool),
        room=MappingProxyType(dict(filter(None, map(_room, pool.members)))),
        datasets=MappingProxyType(read_datasets(run, asked)),
        elsewhere=_elsewhere(wanted),
    )
    return state if _settled(state, pool) else _look_closer(run, state, pool)


def parse_pools(text: str) -> tuple[Imported, ...]:
    """:class:`Imported` of each pool that `zpool status -p -P` shows."""
    health = parse_health(text)
    return tuple(
        Imported(name, health[name], tuple(map(with_disk, members)))
        for name, members in parse_status(text).items()
    )


def _require_works(pool: Imported) -> None:
    if pool.health not in ("ONLINE", "DEGRADED"):
        lost = ", ".join(f"{it.path} is {it.state}" for it in pool.members if it.state != "ONLINE")
        raise StorageError(
            f"Pool {pool.name}",
            f"it is {pool.health}" + (f": {lost}" if lost else ""),
            f"Bring its disks back, then `zpool clear {pool.name}`; `zpool status {pool.name}` "
            "says more",
            refusal="pool_faulted",
        )


_IMPORT = ("zpool", "import")


def _read_importable(run: Reader) -> str:
    """What `zpool import` prints; it reads disks, and imports nothing unless told to."""
    rc, out, err = run(_IMPORT)
    if rc and "no pools available" not in out + err:
        raise StorageError(
            "`zpool import`",
            f"it failed with exit status {rc}: {(err or out).strip()}",
            "Run it by hand on the host to see more",
            refusal="command_failed",
        )
    return out


def parse_importable(text: str) -> tuple[Importable, ...]:
    """:class:`Importable` of each pool that `zpool import` lists.

    :raises StorageError: a line cannot be read with certainty.
    """
    rows = lines(text)
    heads = [place for place, line in enumerate(rows) if re.match(" *pool: ", line)]
    if not heads and text.strip() and "no pools available" not in text:
        raise strange(_IMPORT, 1, rows[0])
    found = []
    for head, end in zip(heads, [*heads[1:], len(rows)]):
        block = rows[head:end]
        guid, health = (_after(key, block) for key in ("id", "state"))
        if number_in(guid) is None or not health:
            raise strange(_IMPORT, head + 1, rows[head])
        told = "\n".join(block)
        found.append(
            Importable(
                name=rows[head].partition("pool: ")[2].strip(),
                guid=guid,
                health=health,
                foreign="another system" in told or "'-f' flag" in told,
            )
        )
    return tuple(found)


def _after(key: str, block: Iterable[str]) -> str:
    """The word behind a key of a pool that could be imported; '' where there is none."""
    found = (re.fullmatch(rf" *{key}: (\S+)(?: .*)?", line) for line in block)
    return next((match[1] for match in found if match), "")


def _disks(
    run: Reader, devices: Iterable[str], state: State, pool: Imported | None
) -> tuple[Disk, ...]:
    """The named disks; what is on them is looked at only where they are not the pool's."""
    found = []
    for path in devices:
        disk = identify(path)
        ours = pool is not None and state.owner(disk) == pool
        found.append(disk if ours else _without_empty_table(run, examine(run, path)))
    return tuple(found)


def _without_empty_table(run: Reader, disk: Disk) -> Disk:
    """The disk as it is behind a partition table that `zpool create` has left on it.

    It is written first, and the pool in it next: where a run was killed between the two, both of
    its partitions are blank. `zpool create` takes such a disk as it takes a blank one.
    """
    if not disk.partitions or set(disk.signatures) - _TABLE or disk.pools:
        return disk
    folder = os.path.realpath(f"/sys/dev/block/{disk.devno}")
    numbers = {name: str(number_of(f"{folder}/{name}/partition")) for name in disk.partitions}
    if set(numbers.values()) != _WHOLE_DISK:
        return disk
    for name, number in numbers.items():
        part = examine(run, f"/dev/{name}")
        by_zfs = number != "1" or re.search(_NAMED_BY_ZFS, text_of(f"{folder}/{name}/uevent"))
        if not by_zfs or not part.exists or part.signatures or part.content is not None:
            return disk
    return disk._replace(partitions=(), signatures=(), content=None)


def _room(member: PoolMember) -> tuple[str, int] | None:
    """``(devno, bytes)`` of a disk behind the partitions that ZFS made on it; None of others.

    From sysfs: ZFS itself looks for more room only when it opens the disk again.
    """
    if member.disk is None or member.role != "data":
        return None
    sys = os.path.realpath(f"/sys/dev/block/{member.disk.devno}")
    ends: dict[str, int] = {}
    for path in glob.glob(sys + "/*/partition"):
        folder = os.path.dirname(path)
        start, sectors = (number_of(f"{folder}/{name}") for name in ("start", "size"))
        if start is None or sectors is None:  # the partition is gone meanwhile
            return None
        ends[str(number_of(path))] = (start + sectors) * 512
    if set(ends) != _WHOLE_DISK:
        return None
    return member.disk.devno, member.disk.size - max(ends.values())


def _mount(run: Reader, wanted: Wanted) -> MountState | None:
    if wanted.place is None:
        return None
    return observe_mount(run, wanted.place, lambda found: _is_of(found, wanted))


def _is_of(mount: Mount, wanted: Wanted) -> bool:
    return mount.fstype == "zfs" and mount.source == wanted.filesystem


def _elsewhere(wanted: Wanted) -> tuple[str, ...]:
    if wanted.place is None:
        return ()
    where = os.path.realpath(wanted.place.where)
    return tuple(it.path for it in mounts() if _is_of(it, wanted) and it.path != where)


def _boot() -> Boot:
    masked = tuple(unit for unit in _AT_BOOT if _is_masked(unit))
    missing = (unit for unit in _AT_BOOT if not _is_enabled(unit) and unit not in masked)
    return Boot(tuple(unit for unit in missing if not _is_enabled(_INSTEAD.get(unit))), masked)


def _is_enabled(unit: str | None) -> bool:
    return unit is not None and any(glob.glob(wants + unit) for wants in _WANTS)


def _is_masked(unit: str) -> bool:
    return os.path.realpath(f"{_UNITS}/{unit}") == os.devnull


def _settled(state: State, pool: Imported) -> bool:
    """Whether pool and mount are as they should be, as far as a look from outside can tell."""
    ours = all(state.owner(disk) == pool for disk in state.disks)
    return ours and (state.mount is None or state.mount.ours)


def _look_closer(run: Reader, state: State, pool: Imported) -> State:
    found = read_pool(run, pool.name)
    return state._replace(values=found.values) if found else state
