# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Which processes hold a mount, here and in other mount namespaces. No command."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    goes_along,
)


def others() -> list[str]:
    """The numbers of all processes but this one."""
    return [name for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()]


def open_paths(process: str) -> Iterator[str]:
    """What a process works in, runs and holds open; none where it has ended meanwhile."""
    links = [f"/proc/{process}/{name}" for name in ("cwd", "root", "exe")]
    try:
        links += [f"/proc/{process}/fd/{number}" for number in os.listdir(f"/proc/{process}/fd")]
    except OSError:  # ended, or not ours to look into
        return
    for link in links:
        try:
            yield os.readlink(link)
        except OSError:
            continue


def held_below(process: str, places: Collection[str]) -> dict[str, str]:
    """Paths that a process holds -> the one of the places that each lies in."""
    return {
        path: place
        for path in open_paths(process)
        for place in places
        if path == place or path.startswith(place + "/")
    }


def left_elsewhere(
    tables: Mapping[str, Sequence[Mount]],
    mine: Sequence[Mount],
    concerned: Callable[[Mount], bool],
) -> Iterator[tuple[str, Mount]]:
    """``(process, mount)`` of what stays mounted in another namespace after ours are unmounted.

    A container has it as its root, or a service was started while it was mounted. What is open in
    there shows from here by a path that does not begin with the mount point.

    :param tables: the mounts of each namespace, as :func:`mounts.tables` gives them.
    :param mine: those of this namespace that are to be unmounted.
    :param concerned: tells whether a mount is of what is to go.
    """
    for process, table in tables.items():
        for mount in table if process != "self" else ():
            if concerned(mount) and not any(goes_along(mount, one) for one in mine):
                yield process, mount


def who(process: str) -> str:
    """A process for people: ``process 41 (sh)``; of a container its id as well."""
    name = text_of(f"/proc/{process}/comm").strip() or "ended"
    container = re.search(
        r"(?:docker|libpod|cri-containerd)-([0-9a-f]{12})", text_of(f"/proc/{process}/cgroup")
    )
    return f"process {process} ({name})" + (f" of container {container[1]}" if container else "")
