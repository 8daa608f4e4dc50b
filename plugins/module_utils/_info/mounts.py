# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The filesystems that files are kept on, as they are mounted. No command."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

# Kept on disks, although the kernel calls them "nodev" in /proc/filesystems.
_ON_DISKS = ("zfs",)
# Kept elsewhere. They are listed without sizes: asking a server that is gone never ends.
_REMOTE = ("nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "virtiofs", "fuse.glusterfs", "fuse.sshfs")


class Usage(NamedTuple):
    """How much a filesystem holds, in bytes."""

    size: int
    available: int  # to users; root's reserve is not counted


def observe(run: Reader) -> list[tuple[mounts.Mount, Usage | None]]:
    """The mounts of filesystems that files are kept on; None where a size cannot be told."""
    wanted = keeping(mounts.mounts(), text_of("/proc/filesystems"))
    return [(mount, _usage(mount)) for mount in wanted]


def keeping(table: Iterable[mounts.Mount], filesystems: str) -> list[mounts.Mount]:
    """Those of the mounts that files are kept on: no proc, sysfs, tmpfs, nor layers of overlay.

    :param filesystems: the text of /proc/filesystems
    """
    virtual = {
        line.split()[1] for line in filesystems.splitlines() if line.startswith("nodev")
    }.difference(_ON_DISKS, _REMOTE)
    # fuse is a way to mount, not a filesystem: what comes by it is named fuse.<program>.
    return [
        mount
        for mount in table
        if mount.fstype not in virtual
        and (not mount.fstype.startswith("fuse.") or mount.fstype in _REMOTE)
    ]


def _usage(mount: mounts.Mount) -> Usage | None:
    if mount.fstype in _REMOTE:
        return None
    try:
        found = os.statvfs(mount.path)
    except OSError:  # unmounted meanwhile, or failing
        return None
    return Usage(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)


def describe(seen: list[tuple[mounts.Mount, Usage | None]]) -> list[dict[str, Any]]:
    """One entry for each mount, in the order in which they were made; sizes in bytes."""
    return [
        {
            "path": mount.path,
            "source": mount.source,
            "root": mount.root,
            "fstype": mount.fstype,
            "options": list(mount.options),
            "size": usage.size if usage else None,
            "available": usage.available if usage else None,
        }
        for mount, usage in seen
    ]


def findings(seen: list[tuple[mounts.Mount, Usage | None]]) -> list[Finding]:
    """Nothing yet: a mount that is missed is the engine's matter, see ``engine.py``."""
    return []
