# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps an overlay mount in use. No command; every mount namespace is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._host.holders import (
    held_below,
    left_elsewhere,
    others,
    who,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    tables,
)


def find_holders(mounted: Mount, table: Iterable[Mount]) -> tuple[str, ...]:
    """Who uses a :class:`Mount`, in words.

    :param table: the mounts of this mount namespace.
    """
    path = mounted.path
    found = [f"a mount at {mount.path}" for mount in table if mount.path.startswith(path + "/")]
    found += _elsewhere(mounted)
    found += [who(process) for process in others() if held_below(process, [path])]
    return tuple(found)


def _elsewhere(mounted: Mount) -> Iterator[str]:
    """Where it would live on: here under another name, or in another mount namespace."""
    seen = tables()
    for mount in seen["self"]:
        if mount.devno == mounted.devno and mount.path != mounted.path:
            yield f"its mount at {mount.path}"
    for process, mount in left_elsewhere(seen, [mounted], lambda it: it.devno == mounted.devno):
        yield f"{who(process)}, which has it at {mount.path} in a mount namespace of its own"
