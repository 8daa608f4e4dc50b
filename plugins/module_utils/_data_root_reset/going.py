# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What goes from a data root: which names in it, and what is in those."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    OLD,
    SKELETON,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
)

_VOLUMES = "volumes"


def entries(names: Iterable[str], found: Inventory, wanted: Wanted) -> tuple[str, ...]:
    """What goes, by its path in the data root.

    :param names: all names in it. What no engine makes stays, whoever has put it there.
    :param found: all that it holds.
    """
    there = set(names)
    if wanted.only_of:
        return (
            *(it for it in wanted.only_of if it in there),
            *(f"image/{it}" for it in wanted.only_of if _has_records(found, it)),
            *(f"containers/{it.id}" for it in found.containers if it.driver in wanted.only_of),
        )
    gone = {*SKELETON, *DRIVERS, *OLD} - ({_VOLUMES} if wanted.keep_volumes else set())
    return tuple(sorted(gone & there))


def _has_records(found: Inventory, driver: str) -> bool:
    return os.path.isdir(os.path.join(found.root, "image", driver))


def holdings(found: Inventory, gone: Collection[str], wanted: Wanted) -> Inventory:
    """What is in that: an :class:`Inventory` with the rest left out.

    :param gone: as :func:`entries` gives it.
    """
    only = wanted.only_of
    inside = tuple(os.path.join(found.root, it) for it in gone)
    unreadable = tuple(it for it in found.unreadable if _is_in(it.path, inside))
    if not only:
        return found._replace(
            volumes=() if wanted.keep_volumes else found.volumes,
            networks=tuple(it for it in found.networks if not it.own),
            leftovers=tuple(it for it in found.leftovers if _is_in(it.path, inside)),
            below=tuple(it for it in found.below if it.own and it.kind != "mount"),
            unreadable=unreadable,
        )
    kinds = {"devicemapper": "thin_device", "btrfs": "subvolume", "zfs": "dataset"}
    below = {kinds[it] for it in only if it in kinds}
    return Inventory(
        found.root,
        images=tuple(it for it in found.images if it.driver in only),
        layers=tuple(it for it in found.layers if it.driver in only),
        containers=tuple(it for it in found.containers if it.driver in only),
        leftovers=tuple(it for it in found.leftovers if it.driver in only),
        below=tuple(it for it in found.below if it.own and it.kind in below),
        unreadable=unreadable,
    )


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == it or path.startswith(it + "/") for it in folders)
