# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What each mounted btrfs has allocated, against what it uses: a topic of the host's report.

Btrfs hands out its devices in chunks, each for data or for metadata. Once all is handed out,
a filesystem can fail to write while its data chunks are mostly empty, and ``df`` counts that
emptiness as free. A balance of the emptiest chunks gives them back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    SYSFS,
    find_uuid,
    read_number,
    sysfs_text,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount

_DEVICE_LINE = re.compile(
    r"^ +Device (size|allocated|unallocated|slack):[ \t]+([0-9]{1,20})$", re.M
)


class Allocation(NamedTuple):
    """The chunks of one kind, in bytes. Both copies of DUP or RAID1 count once."""

    size: int
    used: int
    on_disk: int  # the chunks with all their copies
    chunk_size: int | None = None  # of the next one; None before Linux 6.0


class Usage(NamedTuple):
    """One mounted btrfs, in bytes."""

    uuid: str
    label: str
    devices: tuple[str, ...]  # names of the kernel, such as "vdb"
    mount: str  # one of the places where it is mounted; the top of it, where there is one
    data: Allocation
    metadata: Allocation
    available: int  # what `df` shows
    global_reserve: int  # the part of metadata that btrfs keeps for itself
    mixed: bool = False  # whether data and metadata are the same chunks: mkfs.btrfs --mixed
    size: int | None = None  # of all devices; None without btrfs-progs, like the two below
    allocated: int | None = None
    unallocated: int | None = None

    @property
    def next_chunk(self) -> int | None:
        """What a chunk of metadata takes of the devices; None where their size is not known.

        At most a tenth of the filesystem: init_alloc_chunk_ctl_policy_regular() in
        fs/btrfs/volumes.c.
        """
        if self.size is None:
            return None
        copies = max(1, self.metadata.on_disk // max(1, self.metadata.size))
        return copies * min(self.metadata.chunk_size or self.size // 10, self.size // 10)

    @property
    def slack(self) -> int:
        """Bytes in data chunks that hold no data."""
        return self.data.size - self.data.used


def observe_btrfs(run: Reader) -> list[Usage]:
    """A :class:`Usage` of each mounted btrfs. One command each, none where there is no btrfs."""
    table = [mount for mount in mounts.mounts() if mount.fstype == "btrfs"]
    chosen: dict[str, Mount] = {}
    for mount in sorted(table, key=lambda mount: (mount.root != "/", mount.path)):
        chosen.setdefault(mount.devno, mount)
    seen = (_observe(run, mount) for mount in chosen.values())
    return [usage for usage in seen if usage]


def _observe(run: Reader, mount: Mount) -> Usage | None:
    usage = read_usage(mount)
    if usage is None or find_program("btrfs") is None:
        return usage
    rc, out, _err = run(("btrfs", "filesystem", "usage", "--raw", mount.path))
    if rc:
        return usage
    found = parse_usage(out)
    return usage._replace(
        size=found["size"], allocated=found["allocated"], unallocated=found["unallocated"]
    )


def read_usage(mount: Mount) -> Usage | None:
    """The :class:`Usage` of a Mount, without what is known of the devices. No command."""
    uuid = find_uuid(mount.source)
    try:
        found = os.statvfs(mount.path)
    except OSError:  # unmounted meanwhile, or hidden by another mount
        return None
    if uuid is None:
        return None
    mixed = _allocation(uuid, "mixed")
    data, metadata = _allocation(uuid, "data") or mixed, _allocation(uuid, "metadata") or mixed
    if data is None or metadata is None:  # unmounted meanwhile, and gone from sysfs
        return None
    return Usage(
        uuid=uuid,
        label=sysfs_text(uuid, "label") or "",
        devices=tuple(sorted(os.listdir(os.path.join(SYSFS, uuid, "devices")))),
        mount=mount.path,
        data=data,
        metadata=metadata,
        available=found.f_bavail * found.f_frsize,
        global_reserve=read_number(uuid, "allocation", "global_rsv_size") or 0,
        mixed=mixed is not None,
    )


def _allocation(uuid: str, kind: str) -> Allocation | None:
    def number(name: str) -> int | None:
        return read_number(uuid, "allocation", kind, name)

    size = number("total_bytes")
    if size is None:
        return None
    used, on_disk = number("bytes_used") or 0, number("disk_total") or 0
    return Allocation(size, used, on_disk, number("chunk_size"))


def parse_usage(text: str) -> dict[str, int | None]:
    """Size, allocated and unallocated in what ``btrfs filesystem usage --raw`` prints.

    The slack, which lies behind the end of the filesystem on a device that has grown, is no part
    of its size.
    """
    values = {name: int(number) for name, number in _DEVICE_LINE.findall(text)}
    return {name: values.get(name) for name in ("size", "allocated", "unallocated")}


def describe(seen: Iterable[Usage]) -> list[dict[str, Any]]:
    """Each filesystem as plain JSON; sizes in bytes, ``None`` for what could not be read."""
    return [
        {
            "uuid": usage.uuid,
            "label": usage.label,
            "devices": list(usage.devices),
            "mount": usage.mount,
            "size": usage.size,
            "allocated": usage.allocated,
            "unallocated": usage.unallocated,
            "available": usage.available,
            "data_size": usage.data.size,
            "data_used": usage.data.used,
            "metadata_size": usage.metadata.size,
            "metadata_used": usage.metadata.used,
            "global_reserve": usage.global_reserve,
        }
        for usage in seen
    ]


def findings(seen: Iterable[Usage]) -> list[Finding]:
    """What a person should know about the filesystems."""
    return [found for usage in seen for found in _finding(usage)]


def _finding(usage: Usage) -> Iterator[Finding]:
    chunk = usage.next_chunk
    if chunk is None or usage.size is None or usage.allocated is None or usage.unallocated is None:
        return
    if usage.unallocated >= chunk:
        return
    if usage.mixed and usage.slack >= chunk:
        return  # metadata goes where data was
    where = f"btrfs at {usage.mount} ({', '.join(usage.devices)})"
    left = max(0, usage.metadata.size - usage.metadata.used - usage.global_reserve)
    state = (
        f"{where} has handed out {human(usage.allocated)} of its {human(usage.size)} to chunks: no "
        f"new chunk of metadata fits"
    )
    if usage.slack < chunk:
        yield Finding(
            "warning",
            "btrfs_full",
            f"{state}, and its data chunks are full as well ({human(usage.data.used)} of "
            f"{human(usage.data.size)}). Remove data, or add a device with `btrfs device add`.",
        )
        return
    yield Finding(
        "warning",
        "btrfs_chunks_allocated",
        f"{state}. Its data chunks hold {human(usage.data.used)} of {human(usage.data.size)}, so "
        f"`df` shows {human(usage.available)} available, but writes fail once the {human(left)} "
        "left for metadata are used. Give the emptiest chunks back: `btrfs balance start "
        f"-dusage={balance_threshold(usage)} {usage.mount}`.",
    )


def balance_threshold(usage: Usage) -> int:
    """The percentage for ``btrfs balance start -dusage=N`` that moves the least and still helps.

    N selects the chunks that are used to less than N percent. Not every chunk can be fuller than
    all of them are together, so this selects at least one; an empty one costs nothing to move.
    """
    return min(100, usage.data.used * 100 // usage.data.size + 1)
