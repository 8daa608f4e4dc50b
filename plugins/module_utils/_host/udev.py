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


def claimants(links: Iterable[str]) -> dict[str, set[str]]:
    """The numbers of all devices that ask for a link, "major:minor", for each of some links.

    More than one: two disks of one serial number, or a multipath device and its paths.
    """
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
