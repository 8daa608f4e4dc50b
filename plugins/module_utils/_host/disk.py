# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A disk's identity, and what is on it: everything that ``disk_rules.py`` decides from.

Read from sysfs, from udev's database and from the disk itself. The only command is ``wipefs``
without action. Nothing here writes.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host.answers import unreadable
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_content import (
    first_content,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import (
    number_of,
    text_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    devices_in_tables,
    mounted_devices,
    swap_devices,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.udev import (
    DEVICES,
    listed,
    record_of,
    stable,
    told_apart,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_MIB = 1024**2


class Disk(NamedTuple):
    """A block device, as it is now."""

    path: str  # the name the user gave
    exists: bool = False  # as a block device
    device: str = ""  # the kernel's name, /dev/vdb
    devno: str = ""  # "major:minor"
    size: int = 0  # bytes
    serial: str = ""
    wwn: str = ""
    links: tuple[str, ...] = ()  # stable names, best first: under /dev/disk/by-id, by-path
    names: tuple[str, ...] = ()  # all links that udev has on record of it
    alignment: int = (
        0  # bytes that its I/O should start at a multiple of, where not a part of 1 MiB
    )
    readonly: bool = False
    partitions: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()  # made of it: device-mapper (by its name there), md, bcache
    pools: tuple[str, ...] = ()  # ZFS pools that it, or a partition of it, is a member of
    mounts: tuple[str, ...] = ()  # where it is mounted, in any mount namespace
    swap: bool = False
    tables: tuple[str, ...] = ()  # the files among fstab and crypttab that name it
    signatures: tuple[str, ...] = ()  # what udev, wipefs and blkid see on it, by name
    stale: tuple[str, ...] = ()  # what udev has on record, and is not on it any more, by name
    busy: str = ""  # why the kernel does not hand it out exclusively; "" if it does
    content: int | None = None  # offset of the first byte found that is not zero
    read: int = 0  # how many bytes were looked at for that
    twins: tuple[str, ...] = ()  # other disks of the same serial number or WWN
    shared: bool = False  # ``path`` is a link that one of them asks for as well
    block_size: int = 0  # logical, in bytes; 0 where it was not looked for

    @property
    def stable(self) -> str:
        """The name that still means this disk after a reboot, or ''."""
        return self.links[0] if self.links else ""

    @property
    def claim(self) -> Claim:
        """What a step has to find unchanged before it writes to this disk."""
        return Claim(self.stable or self.path, self.devno, self.size, self.serial, self.wwn)


def identify(path: str) -> Disk:
    """The disk behind ``path``: its identity, and nothing that needs reading it. No command."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a name with a NUL
        return Disk(path)
    if not stat.S_ISBLK(status.st_mode):
        return Disk(path)
    devno = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    sys = DEVICES + devno
    udev = record_of(devno)
    return Disk(
        path,
        exists=True,
        device=os.path.realpath(path),
        devno=devno,
        size=(number_of(sys + "/size") or 0) * 512,
        serial=udev.env.get("ID_SERIAL_SHORT") or udev.env.get("ID_SERIAL") or _serial(sys),
        wwn=udev.env.get("ID_WWN_WITH_EXTENSION") or udev.env.get("ID_WWN", ""),
        links=stable(udev.links),
        names=udev.links,
        alignment=_alignment(sys),
    )


def examine(run: Reader, path: str, start: int = 0, seconds: float | None = None) -> Disk:
    """The disk behind ``path``, with all that is on it. One command, and some reading.

    :param start: content before this offset (bytes) does not count: a label that is expected
    :param seconds: how long a large disk is read on; see :func:`disk_content.first_content`
    """
    disk = glance(path)
    if not disk.exists:
        return disk
    found = _signatures(run, disk)
    content, read = first_content(disk.device, disk.size, start, seconds)
    recorded = set(disk.signatures)
    disk = disk._replace(content=content, read=read)
    if found or start:
        return disk._replace(signatures=_names(found | recorded))
    # The disk itself decides. Where it is blank as well, there is no room for a signature that
    # wipefs does not know: each has a byte that is not zero at the disk's start or end.
    pools = disk.pools if disk.partitions else ()
    return disk._replace(signatures=(), stale=_names(recorded), pools=pools)


def glance(path: str) -> Disk:
    """The disk behind ``path``, with what the kernel and udev know to be on it. No command.

    That it shows nothing is no proof that there is nothing: only :func:`examine` looks.
    """
    disk = identify(path)
    if not disk.exists:
        return disk
    sys = os.path.realpath(DEVICES + disk.devno)
    partitions = tuple(
        sorted(name for name in os.listdir(sys) if os.path.exists(sys + "/" + name + "/partition"))
    )
    family = {disk.devno} | {_text(sys + "/" + name + "/dev") for name in partitions}
    holders = _holders(sys)
    for name in partitions:
        holders += _holders(sys + "/" + name)
    names = {disk.device, *disk.names, path}
    own, twins = told_apart(disk.devno, disk.links)
    return disk._replace(
        links=own,
        twins=twins,
        shared=path in disk.links and path not in own,
        block_size=block_size_of(disk.devno),
        readonly=_text(sys + "/ro") == "1",
        partitions=partitions,
        holders=tuple(sorted(set(holders))),
        pools=_zfs_pools(family),
        mounts=mounted_devices(family),
        swap=bool(family & swap_devices()),
        tables=devices_in_tables(names),
        signatures=_names(_known_signatures(disk)),
        busy=_busy(disk.device),
    )


def block_size_of(devno: str) -> int:
    """Bytes of a logical block of a device; 0 where the kernel does not tell."""
    sys = DEVICES + devno
    name = "queue/logical_block_size"
    return number_of(f"{sys}/{name}") or number_of(f"{sys}/../{name}") or 0


@contextlib.contextmanager
def hold(claims: Iterable[Claim]) -> Iterator[None]:
    """Lock disks while a step writes to them, having checked that they are the planned ones.

    The lock on the whole disk keeps udev from probing it halfway (systemd, BLOCK_DEVICE_LOCKING);
    closing a descriptor that was open for writing makes udev look again afterwards.

    :param claims: :class:`Claim` of each disk
    :raises StorageError: a disk is another one now, or somebody else holds its lock.
    """
    with contextlib.ExitStack() as stack:
        for claim in claims:
            stack.enter_context(_locked(_as_planned(claim).device, claim.path))
        yield


@contextlib.contextmanager
def check(claims: Iterable[Claim]) -> Iterator[None]:
    """Do the same for a tool that partitions disks: check them, and keep no lock.

    Such a tool waits for udev to name the partitions, and udev waits for the lock. `zpool create`
    gives up after half a minute, and leaves the partitions.
    """
    for claim in claims:
        # Not opened for writing: udev would look at the disk again, in the midst of the step.
        with _locked(_as_planned(claim).device, claim.path, os.O_RDONLY):
            pass
    yield


def _as_planned(claim: Claim) -> Disk:
    now = identify(claim.path)
    planned = (claim.devno, claim.size, claim.serial, claim.wwn)
    if (now.devno, now.size, now.serial, now.wwn) != planned:
        raise StorageError(
            claim.path,
            "it is not the disk that the plan was made for: "
            f"planned {_identity(claim)}, found {_identity(now.claim)}",
            "Nothing was written to it; look at the disks of this host, then plan again",
            refusal="disk_changed",
        )
    return now


def _identity(claim: Claim) -> str:
    """Which disk this is, for people."""
    names = [("serial number", claim.serial), ("WWN", claim.wwn)]
    told = [f"{what} {value}" for what, value in names if value] or ["no serial number"]
    return ", ".join([f"device {claim.devno or '(none)'}", *told, human(claim.size)])


@contextlib.contextmanager
def _locked(device: str, name: str, mode: int = os.O_RDWR) -> Iterator[None]:
    descriptor = os.open(device, mode | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StorageError(
            name,
            "another process holds the lock on it",
            "Find out which (`lslocks`), let it end, then run again; nothing was written to it",
            refusal="disk_locked",
        ) from error
    finally:
        os.close(descriptor)


def _signatures(run: Reader, disk: Disk) -> set[str]:
    """Names of all that wipefs sees on the disk itself.

    :raises StorageError: its answer cannot be read
    """
    command = ("wipefs", "--no-act", "--json", disk.device)
    listing = run.read(command).strip()
    with unreadable(command):
        return {str(row["type"]) for row in (json.loads(listing)["signatures"] if listing else ())}


def _known_signatures(disk: Disk) -> set[str]:
    """Names of what udev has found on the disk, when it last looked."""
    known = record_of(disk.devno).env
    found = {known[key] for key in ("ID_FS_TYPE", "ID_PART_TABLE_TYPE") if known.get(key)}
    if known.get("ID_FS_AMBIVALENT"):
        found.add("several that contradict each other")
    return found


def _names(signatures: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(signatures))


def _zfs_pools(family: Iterable[str]) -> tuple[str, ...]:
    """Names of the pools that devices are members of: libblkid's label of a member is its pool.

    The kernel has no holders for them, and a disk that was given as a whole has partitions.
    """
    known = [record_of(devno).env for devno in family]
    members = [env for env in known if env.get("ID_FS_TYPE") == "zfs_member"]
    return tuple(sorted({env["ID_FS_LABEL"] for env in members if env.get("ID_FS_LABEL")}))


def _busy(device: str) -> str:
    """Why the kernel refuses exclusive use: it is mounted, swap, or part of an active device."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        if error.errno == errno.EBUSY:
            return "in use by the kernel"
        return error.strerror or "it cannot be opened"
    return ""


def _serial(sys: str) -> str:
    return _text(sys + "/serial") or _text(sys + "/device/serial")


def _alignment(sys: str) -> int:
    """The I/O size that LVM starts its first extent at; 0 where its default of 1 MiB serves."""
    queue = "/queue/" if os.path.isdir(sys + "/queue") else "/../queue/"
    found = 0
    for name in ("minimum_io_size", "optimal_io_size"):
        value = number_of(sys + queue + name)
        if value and _MIB % value:
            found = value
    return found


def names_of(disks: Iterable[Disk]) -> str:
    """The disks for people, by names that survive a reboot."""
    return ", ".join(disk.stable for disk in disks)


def _holders(sys: str) -> list[str]:
    """What is made of a device, by the names that people know: dm-3 says nothing to anybody."""
    names = listed(sys + "/holders")
    return [_text(f"{sys}/holders/{name}/dm/name") or name for name in names]


def _text(path: str) -> str:
    return text_of(path).strip()
