# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What is mounted, swap, or named to be: read from the kernel and two tables, no command."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
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
    covered: bool = False  # another one is mounted over it, so that its path leads elsewhere


class Below(NamedTuple):
    """What a mount is mounted on: that decides where it is unmounted along with others."""

    folder: str  # of the filesystem below
    shared: str | None  # the peer group that what happens there is propagated to; its number
    master: str | None  # the peer group that it gets the same from, one way only


def mounts(process: str = "self") -> list[Mount]:
    """The mounts that a process sees, in the order in which they were made.

    :raises StorageError: the kernel's table cannot be read with certainty.
    """
    path = f"/proc/{process}/mountinfo"
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        return parse_mountinfo(stream.read(), path)


class _Line(NamedTuple):
    """A line of mountinfo, cut into its fields."""

    id: str
    parent: str
    mount: Mount
    tags: tuple[str, ...]  # the optional fields, such as "shared:1"


def parse_mountinfo(text: str, path: str = "/proc/self/mountinfo") -> list[Mount]:
    """The :class:`Mount` of each line.

    :param path: of the table, for the error.
    :raises StorageError: a line is not as proc_pid_mountinfo(5) has it.
    """
    lines = []
    # At nothing else that Python takes for the end of a line.
    *whole, rest = text.split("\n")
    for number, line in enumerate(whole, 1):
        lines.append(_parse_line(line) or _refuse(path, number, line))
    if rest:  # cut off
        _refuse(path, len(whole) + 1, rest)
    found = {line.id: line for line in lines}
    covered = _covered(lines, found)
    return [
        line.mount._replace(
            below=_below(line.mount, found.get(line.parent)), covered=line.id in covered
        )
        for line in lines
    ]


def _parse_line(line: str) -> _Line | None:
    left, dash, right = line.partition(" - ")
    head, tail = left.split(" "), right.split(" ")
    if not dash or len(head) < 6 or len(tail) < 3 or not _is_device(head[2]):
        return None
    if not (head[0].isdecimal() and head[1].isdecimal() and head[4].startswith("/") and tail[0]):
        return None
    mount = Mount(
        devno=head[2],
        root=_plain(head[3]),
        path=_plain(head[4]),
        fstype=tail[0],
        source=_plain(tail[1]),
        options=tuple(dict.fromkeys([*head[5].split(","), *tail[2].split(",")])),
    )
    return _Line(head[0], head[1], mount, tuple(head[6:]))


def _is_device(text: str) -> bool:
    major, colon, minor = text.partition(":")
    return bool(colon) and major.isdecimal() and minor.isdecimal()


def _refuse(path: str, number: int, line: str) -> NoReturn:
    raise StorageError(
        path,
        f"line {number} is not as proc_pid_mountinfo(5) has it: {line[:80]!a}",
        "Look at that line (`cat`); what is mounted cannot be told",
        refusal="answer_unreadable",
    )


def _covered(lines: Iterable[_Line], found: Mapping[str, _Line]) -> set[str]:
    """The numbers of the mounts that their own paths do not lead to.

    Another one lies on top of it, or on a folder on the way to it, or over what it is mounted on.
    """
    on: dict[str, dict[str, str]] = {}  # a mount -> path -> the mount that was made there on it
    for line in lines:
        if line.id != line.parent:
            on.setdefault(line.parent, {})[line.mount.path] = line.id
    reached: dict[str, bool] = {}  # whether walking to its path enters it
    for line in lines:
        chain = []
        at: _Line | None = line
        while at is not None and at.id not in reached:
            chain.append(at)
            reached[at.id] = True  # so that a circle, which a strange table could have, ends
            at = found.get(at.parent)
        free = at is None or reached[at.id]
        for it in reversed(chain):
            parent = found.get(it.parent)
            aside = on.get(it.parent, {})
            folders = _folders_to(it.mount.path, parent.mount.path) if parent else ()
            free = free and all(aside.get(folder, it.id) == it.id for folder in folders)
            reached[it.id] = free
    return {
        line.id for line in lines if not reached[line.id] or line.mount.path in on.get(line.id, ())
    }


def _folders_to(path: str, top: str) -> Iterator[str]:
    """The folders on the way from ``top`` to ``path``, the first one too, the last one not."""
    while len(path) > len(top) and path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path


def _below(mount: Mount, parent: _Line | None) -> Below | None:
    if parent is None:
        return None
    mounted_on = parent.mount
    groups = dict(tag.partition(":")[::2] for tag in parent.tags)
    top = mounted_on.path.rstrip("/") + "/"
    inside = mount.path.startswith(top)
    way = mount.path[len(top) :] if inside else os.path.relpath(mount.path, mounted_on.path)
    return Below(
        folder=os.path.join(mounted_on.root, way),
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
    """The mount whose mount point is ``path``, or None.

    Where there are several it is the uppermost; what another mount covers is none of them.
    """
    path = os.path.realpath(path)
    found = [mount for mount in (mounts() if table is None else table) if mount.path == path]
    return next((mount for mount in reversed(found) if not mount.covered), None)


def mount_of(path: str, table: Iterable[Mount] | None = None) -> Mount | None:
    """The mount that the file or folder ``path`` lies on; the nearest one that will hold it."""
    path = os.path.realpath(path)
    best = None
    for mount in mounts() if table is None else table:
        inside = mount.path == "/" or path == mount.path or path.startswith(mount.path + "/")
        if inside and not mount.covered and (best is None or len(mount.path) >= len(best.path)):
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
            number = os.stat(_plain(line.split(" ")[0])).st_rdev
        except (OSError, ValueError):  # ValueError: no path has a NUL in it
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
    if "\\" not in text:
        return text
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
