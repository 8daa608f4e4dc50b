# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""By which names a driver has layers in its folder.

Where they are is in the rows of ``_docker/drivers.py``; those of ZFS are datasets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    Folder,
)


class Names(NamedTuple):
    """The names of a driver's layers."""

    whole: frozenset[str] | None  # in each of its places; None where they cannot be told
    paths: Mapping[str, str] = {}  # name -> the path of the first of those, also of what is half

    def has(self, name: str) -> bool | None:
        """Whether it has a layer by that name; None where that cannot be told."""
        return None if self.whole is None else name in self.whole


UNKNOWN = Names(None)


def names_of(root: Folder, driver: str, datasets: frozenset[str] | None) -> Names:
    """The :class:`Names` of a driver in a data root.

    :param datasets: for ZFS, the last parts of the names of those that are its layers; None where
        they are not known.
    """
    if driver == "zfs":
        found = datasets if datasets is not None else None
        return Names(found, dict.fromkeys(found or (), ""))
    row = DRIVERS.get(driver)
    if row is None:
        return UNKNOWN
    paths: dict[str, str] = {}
    whole: list[set[str]] = []
    before = len(root.notes)
    for place in row.layers.places:
        with root.open(driver, *filter(None, [place])) as folder:
            names = {
                name
                for name in (folder.names() if folder else ())
                if name not in row.layers.others and not name.startswith(".")
            }
            whole.append(names)
            paths.update((name, folder.at(name)) for name in names if folder and name not in paths)
    if len(root.notes) > before or not whole:  # a part of it is not known
        return Names(None, paths)
    return Names(frozenset(set.intersection(*whole)), paths)
