# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""Reading what a data root holds: by its files alone, whether or not an engine knows them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    ASIDE,
    OLD,
    SKELETON,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    remapped_roots,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mount_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.below import (
    Dataset,
    read_below,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.containerd import (
    own_store,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.containers import (
    read_containers,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.driver_names import (
    Names,
    names_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.images import (
    Driver,
    read_driver,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    Notes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.others import (
    read_build_cache,
    read_networks,
    read_plugins,
    read_swarm,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    Folder,
    open_root,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    BuildCache,
    Inventory,
    Leftover,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.volumes import (
    read_volumes,
)


class Host(NamedTuple):
    """What is known of the host besides the files of a data root."""

    table: Sequence[Mount] = ()  # its mounts
    datasets: Sequence[Dataset] | None = None  # None where ZFS cannot be asked
    layers_in: str = ""  # the dataset that the engine says that its layers are in
    # What the engine is on; '' where there is none that has a driver, None where it is not known.
    driver: str | None = None


def observe_all(root: str, host: Host) -> list[Inventory]:
    """The :class:`Inventory` of a data root and of each that user namespaces have below it.

    :raises StorageError: it can be read by root only.
    """
    return [observe(it, host) for it in (root, *remapped_roots(root))]


def observe(root: str, host: Host) -> Inventory:
    """What a data root holds; nothing where there is none. It changes nothing.

    :param root: with user namespaces, the folder ``<uid>.<gid>`` in the configured one.
    :raises StorageError: it can be read by root only.
    """
    notes = Notes()
    with open_root(root, notes) as folder:
        found = _observe(folder, host) if folder else Inventory(root)
    return found._replace(root=root, unreadable=notes.all())


def _observe(root: Folder, host: Host) -> Inventory:
    layers_in = host.layers_in or _dataset(root, host)
    drivers: list[Driver] = []
    with root.open("image") as images:
        # A driver whose records are gone may still have its layers.
        named = images.names() if images else []
        names = {
            it: names_of(root, it, _layer_datasets(host, layers_in))
            for it in [*named, *(it for it in DRIVERS if it not in named and root.has(it))]
        }
        for driver in named:
            with root.open("image", driver) as folder:
                drivers += [read_driver(folder, driver, names[driver])] if folder else []
    records = [it for driver in drivers for it in driver.records]
    containers, halves = read_containers(root, records, names)
    before = len(root.notes)
    cache = read_build_cache(root)
    certain = len(root.notes) == before
    found = Inventory(
        root.path,
        images=tuple(it for driver in drivers for it in driver.images),
        layers=tuple(it for driver in drivers for it in driver.layers),
        containers=containers,
        volumes=read_volumes(root, containers),
        networks=read_networks(root),
        build_cache=cache,
        plugins=read_plugins(root),
        swarm=read_swarm(root),
        stores=tuple(filter(None, [own_store(root)])),
        below=tuple(read_below(root, host.table, host.datasets or (), layers_in)),
    )
    leftovers = [it for driver in drivers for it in driver.leftovers]
    leftovers += [*halves, *_layers_without_record(found, drivers, names, cache, certain)]
    leftovers += [*_other_drivers(root, host, found, names), *_top(root)]
    return found._replace(leftovers=tuple(leftovers))


def _dataset(root: Folder, host: Host) -> str:
    """The dataset that the driver zfs makes its layers in, where nobody has told another one."""
    mount = mount_of(root.at("zfs"), host.table)
    return mount.source if mount and mount.fstype == "zfs" else ""


def _layer_datasets(host: Host, layers_in: str) -> frozenset[str] | None:
    if host.datasets is None or not layers_in:
        return None
    return frozenset(
        it.name.rpartition("/")[2]
        for it in host.datasets
        if it.name.rpartition("/")[0] == layers_in and it.mountpoint == "legacy"
    )


def _layers_without_record(
    found: Inventory,
    drivers: Sequence[Driver],
    names: Mapping[str, Names],
    cache: BuildCache | None,
    certain: bool,
) -> Iterator[Leftover]:
    """What a driver has and no record names.

    Where some record of it cannot be read it may be that one's, and has another kind.
    """
    of_cache = set(cache.snapshots) if cache else set()
    for driver, has in names.items():
        known = set(of_cache)
        known.update(it.cache_id for it in found.layers if it.driver == driver)
        records = [it for one in drivers if one.name == driver for it in one.records]
        known.update(name for it in records for name in (it.mount_id, it.init_id))
        whole = (
            certain
            and all(it.readable for it in found.layers)
            and all(it.readable for it in records)
        )
        kind = "layer_without_record" if whole else "layer_perhaps_without_record"
        for name in sorted(has.paths.keys() - known):
            yield Leftover(kind, has.paths[name], driver, name)


def _other_drivers(
    root: Folder, host: Host, found: Inventory, names: Mapping[str, Names]
) -> Iterator[Leftover]:
    """The drivers that keep anything and that the engine is not on."""
    if host.driver is None:
        return
    holding = {it.driver for it in found.images} | {it.driver for it in found.layers}
    holding.update(it.driver for it in found.containers if it.driver)
    holding.update(driver for driver, has in names.items() if has.paths)
    for driver in sorted(holding - {host.driver}):
        yield Leftover("other_driver", root.at(driver), driver)


def _top(root: Folder) -> Iterator[Leftover]:
    """What is in the data root itself and no engine makes."""
    for name in root.names():
        mapped = re.fullmatch(r"\d+\.\d+", name) and root.is_folder(name)
        if name == ASIDE:
            yield Leftover("put_aside", root.at(name))
        elif (
            name not in SKELETON
            and name not in DRIVERS
            and name not in (*OLD, "lost+found")
            and not mapped
        ):
            yield Leftover("foreign", root.at(name))
    with root.open("trust") as keys:
        for name in keys.names() if keys else ():
            yield Leftover("trust_key", os.path.join(root.path, "trust", name))
