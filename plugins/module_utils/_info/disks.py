# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Every disk of the host: which one it is, what is on it, and whether it is free to take.

A disk that nothing uses is examined as ``thinpool`` would: one ``wipefs``, and what is least read
of it. One that is in use is left at a glance, which costs no command.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    Disk,
    examine,
    glance,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    nameless,
    reasons,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_SYS = "/sys/block"
# Memory, optical and floppy drives: nothing that storage is made of.
_NO_DISKS = ("ram", "zram", "sr", "fd", "mtdblock")


def observe(run: Reader) -> list[Disk]:
    """All disks, ordered by name."""
    disks = []
    for name in sorted(filter(_is_disk, os.listdir(_SYS)), key=lambda name: (len(name), name)):
        disk = glance("/dev/" + name.replace("!", "/"))  # sysfs writes / as !
        if disk.exists:  # it may have been unplugged since
            disks.append(examine(run, disk.path, seconds=0) if _only_it_can_tell(disk) else disk)
    return disks


def _only_it_can_tell(disk: Disk) -> bool:
    """Whether nothing but udev's record, which may be old, tells that a disk is in use."""
    return not list(reasons(disk._replace(signatures=(), pools=())))


def _is_disk(name: str) -> bool:
    """Tell whether a block device can hold data: no drive without a medium, no volume of LVM."""
    if name.startswith(_NO_DISKS) or _text(name, "size") in ("", "0"):
        return False
    if name.startswith("loop"):
        return bool(_text(name, "loop/backing_file"))
    # Of device-mapper's, only multipath is a disk: the others are made of disks.
    return not name.startswith("dm-") or _text(name, "dm/uuid").startswith("mpath-")


def _text(name: str, attribute: str) -> str:
    return text_of(f"{_SYS}/{name}/{attribute}").strip()


def describe(seen: list[Disk]) -> list[dict[str, Any]]:
    """One entry for each disk; sizes in bytes."""
    return [_describe(disk, list(reasons(disk))) for disk in seen]


def _describe(disk: Disk, why: list[str]) -> dict[str, Any]:
    return {
        "device": disk.device,
        "name": disk.stable,
        "links": list(disk.links),
        "serial": disk.serial,
        "wwn": disk.wwn,
        "size": disk.size,
        "size_human": human(disk.size),
        "readonly": disk.readonly,
        "partitions": ["/dev/" + name for name in disk.partitions],
        "signatures": list(disk.signatures),
        "read_size": disk.read,
        "holders": list(disk.holders),
        "mounts": list(disk.mounts),
        "swap": disk.swap,
        "free": not why,
        "reasons": why,
    }


def findings(seen: list[Disk]) -> list[Finding]:
    """Disks that cannot be told from one another after a reboot."""
    return [
        Finding(
            "info",
            "disk_without_identity",
            f"{disk.device} ({human(disk.size)}): {nameless(disk)}. Nothing here takes it, because "
            "its name may mean another disk after the next boot.",
        )
        for disk in seen
        if not disk.stable and not disk.device.startswith(("/dev/loop", "/dev/md"))
    ]
