# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What is mounted, swap, or named to be: read from the kernel and two tables, no command."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

TABLES = ("/etc/fstab", "/etc/crypttab")


class Mount(NamedTuple):
    """One line of mountinfo: proc_pid_mountinfo(5)."""

    devno: str
    root: str  # which folder of the filesystem is mounted
    path: str
    fstype: str
    source: str
    options: tuple[str, ...]  # of the mount and of the filesystem
    below: Below | None = None  # None where the process does not see what it is mounted on


class Below(NamedTuple):
    """What a mount is mounted on: that decides where it is unmounted along with others."""

    folder: str  # of the filesystem below
    shared: str | None  # the peer group that what happens there is propagated to; its number
    master: str | None  # the peer group that it gets the same from, one way only


def mounts(process: str = "self") -> list[Mount]:
    """The mounts that a process sees, in the order in which they were made."""
    with open(f"/proc/{process}/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return parse_mountinfo(stream.read())


def parse_mountinfo(text: str) -> list[Mount]:
    """The :class:`Mount` of each line."""
    found: dict[str, tuple[Mount, list[str]]] = {}
    parents = []
    # At nothing else that Python takes for the end of a line.
    for line in filter(None, text.split("\n")):
        left, _dash, right = line.partition(" - ")
        head, tail = left.split(" "), right.split(" ")
        options = head[5].split(",") + (tail[2].split(",") if len(tail) > 2 else [])
        mount = Mount(
            devno=head[2],
            root=_plain(head[3]),
            path=_plain(head[4]),
            fstype=tail[0],
            source=_plain(tail[1]),
            options=tuple(dict.fromkeys(options)),
        )
        found[head[0]] = mount, head[6:]
        parents.append((mount, head[1]))
    return [mount._replace(below=_below(mount, found.get(parent))) for mount, parent in parents]


def _below(mount: Mount, parent: tuple[Mount, list[str]] | None) -> Below | None:
    if parent is None:
        return None
    mounted_on, fields = parent
    groups = dict(field.split(":") for field in fields if ":" in field)
    return Below(
        folder=os.path.join(mounted_on.root, os.path.relpath(mount.path, mounted_on.path)),
        shared=groups.get("shared"),
        master=groups.get("master"),
    )


def goes_along(other: Mount, mount: Mount) -> bool:
    """Whether ``other``, in another mount namespace, is unmounted along with ``mount``.

    So it is in the namespaces of systemd's services, which hear of what happens to the mount below
    it. A container's root is a slave of the mount that it was made from, and stays all the same:
    mount_namespaces(7), "Propagation".
    """
    here, there = mount.below, other.below
    if here is None or there is None or here.shared is None:
        return False
    return here.folder == there.folder and here.shared in (there.shared, there.master)


def tables() -> dict[str, list[Mount]]:
    """What is mounted in each mount namespace of this host: process -> list of Mount.

    One process stands for all of its namespace; "self" comes first. A filesystem that only a
    container sees is in use all the same.
    """
    seen: set[str] = set()
    found: dict[str, list[Mount]] = {}
    for process in ("self", *sorted(filter(str.isdigit, os.listdir("/proc")), key=int)):
        try:
            namespace = os.readlink(f"/proc/{process}/ns/mnt")
            if namespace not in seen:
                found[process] = mounts(process)
                seen.add(namespace)
        except OSError:  # it has ended meanwhile, or is the kernel's own
            continue
    return found


def mounted_at(path: str, table: Sequence[Mount] | None = None) -> Mount | None:
    """The mount whose mount point is ``path`` (the uppermost, where there are several), or None."""
    path = os.path.realpath(path)
    return next(
        (mount for mount in reversed(mounts() if table is None else table) if mount.path == path),
        None,
    )


def mount_of(path: str, table: Iterable[Mount] | None = None) -> Mount | None:
    """The mount that the file or folder ``path`` lies on; the nearest one that will hold it."""
    path = os.path.realpath(path)
    best = None
    for mount in mounts() if table is None else table:
        inside = mount.path == "/" or path == mount.path or path.startswith(mount.path + "/")
        if inside and (best is None or len(mount.path) >= len(best.path)):
            best = mount
    return best


def mounted_devices(devnos: Collection[str]) -> tuple[str, ...]:
    """Where any of the devices is mounted, in any mount namespace."""
    found = {mount.path for table in tables().values() for mount in table if mount.devno in devnos}
    return tuple(sorted(found))


def swap_devices() -> set[str]:
    """Device numbers of all swap in use, as "major:minor"."""
    found = set()
    for line in text_of("/proc/swaps").splitlines()[1:]:  # no such file: a kernel without swap
        try:
            number = os.stat(_plain(line.split()[0])).st_rdev
        except OSError:
            continue
        found.add(f"{os.major(number)}:{os.minor(number)}")
    return found


def devices_in_tables(names: set[str]) -> tuple[str, ...]:
    """Those of fstab and crypttab that name one of the devices.

    :param names: paths, links included.
    """
    return tuple(table for table in TABLES if names & _named_in(table))


def _named_in(table: str) -> set[str]:
    lines = text_of(table).splitlines()
    return {word for line in lines if not line.lstrip().startswith("#") for word in line.split()}


def _plain(text: str) -> str:
    r"""Undo the octal escapes of the kernel's tables: a space is \040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
