# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps an overlay mount in use. No command; every mount namespace is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    goes_along,
    tables,
)


def find_holders(mounted: Mount, table: Iterable[Mount]) -> tuple[str, ...]:
    """Who uses a :class:`Mount`, in words.

    :param table: the mounts of this mount namespace.
    """
    path = mounted.path
    found = [f"a mount at {mount.path}" for mount in table if mount.path.startswith(path + "/")]
    found += _elsewhere(mounted)
    for process in filter(str.isdigit, os.listdir("/proc")):
        if int(process) != os.getpid() and _is_inside(process, path):
            found.append(f"process {process} ({_name(process)})")
    return tuple(found)


def _elsewhere(mounted: Mount) -> Iterator[str]:
    """Where it would live on: a container has it as its root, in a mount namespace of its own.

    What is open in there shows from here by a path that does not begin with the mount point.
    """
    for process, table in tables().items():
        for mount in table:
            if mount.devno != mounted.devno:
                continue
            if process == "self":
                if mount.path != mounted.path:
                    yield f"its mount at {mount.path}"
            elif not goes_along(mount, mounted):
                yield (
                    f"process {process} ({_name(process)}), which has it at {mount.path} in a "
                    "mount namespace of its own"
                )


def _is_inside(process: str, path: str) -> bool:
    links = [f"/proc/{process}/{name}" for name in ("cwd", "root", "exe")]
    try:
        links += [entry.path for entry in os.scandir(f"/proc/{process}/fd")]
    except OSError:  # ended, or not ours to look into
        return False
    for link in links:
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if (target + "/").startswith(path + "/"):
            return True
    return False


def _name(process: str) -> str:
    try:
        with open(f"/proc/{process}/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return "ended"
