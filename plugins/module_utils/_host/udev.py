# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What udev has on record of block devices: its database in /run/udev, read without a command.

A record is as old as the last time that udev looked at the device.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

RECORDS = "/run/udev/data/b"
DEVICES = "/sys/dev/block/"  # the kernel's folder of each device, by its number


class Record(NamedTuple):
    """Udev's record of a device; empty where there is none."""

    env: dict[str, str]
    links: tuple[str, ...]  # paths: those it asks for, whichever device has them


def record_of(devno: str) -> Record:
    """The :class:`Record` of a device by its number, "major:minor"."""
    env: dict[str, str] = {}
    links: list[str] = []
    for line in text_of(RECORDS + devno).split("\n"):
        kind, _colon, rest = line.partition(":")
        if kind == "E":
            name, _equals, value = rest.partition("=")
            env[name] = value
        elif kind == "S":
            links.append("/dev/" + rest)
    return Record(env, tuple(links))


def stable(links: Iterable[str]) -> tuple[str, ...]:
    """The links that survive a reboot, best first: by WWN or serial, then by place.

    Links by a filesystem's or LVM's UUID name what is on the disk, not the disk.
    """
    ranked = []
    for link in sorted(links):
        name = os.path.basename(link)
        if link.startswith("/dev/disk/by-id/") and not name.startswith("lvm-pv-uuid-"):
            by_wwn = name.startswith(("wwn-", "nvme-eui.", "dm-name-"))
            ranked.append((int(by_wwn), len(link), link))
        elif link.startswith("/dev/disk/by-path/"):
            ranked.append((2, len(link), link))
    return tuple(link for _rank, _length, link in sorted(ranked))


def told_apart(devno: str, links: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which names mean a device and no other.

    :param devno: the device, "major:minor"
    :param links: those that udev has on record of it
    :returns: ``(those that lead to it, and that no other device asks for, the other devices)``; a
        path of a multipath device is no other one
    """
    links = tuple(links)
    asking = _asking(links)
    slaves = f"{DEVICES}{devno}/slaves"
    known = {devno} | {text_of(f"{slaves}/{name}/dev").strip() for name in listed(slaves)}
    others = {
        link: {other for other in asking[link] - known if os.path.exists(DEVICES + other)}
        for link in links
    }
    own = tuple(link for link in links if not others[link] and leads_to(link, devno))
    return own, tuple(sorted({_kernel_name(other) for link in links for other in others[link]}))


def leads_to(link: str, devno: str) -> bool:
    """Whether a link is there, and leads to the device."""
    try:
        number = os.stat(link).st_rdev
    except (OSError, ValueError):  # ValueError: a name with a NUL
        return False
    return f"{os.major(number)}:{os.minor(number)}" == devno


def _kernel_name(devno: str) -> str:
    return "/dev/" + os.path.basename(os.path.realpath(DEVICES + devno)).replace("!", "/")


def _asking(links: Iterable[str]) -> dict[str, set[str]]:
    """The numbers of all devices that ask for a link, for each of some links."""
    found: dict[str, set[str]] = {link: set() for link in links}
    folder, prefix = os.path.split(RECORDS)
    for name in listed(folder) if found else ():
        if name.startswith(prefix):
            devno = name[len(prefix) :]
            for link in record_of(devno).links:
                if link in found:
                    found[link].add(devno)
    return found


def listed(folder: str) -> list[str]:
    """The names in a folder; none where it is not there, or goes meanwhile."""
    try:
        return os.listdir(folder)
    except OSError:
        return []
