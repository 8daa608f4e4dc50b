# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What each data root of the engine holds, by its files, and whether the engine says the same.

No command of its own but where systemd has to be asked for the engine's socket. Reads one file for
each image and container and four for each layer, and asks a running engine once for each container.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    driver_folders as folders,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.addresses import (
    local_socket,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._info.driver_data import (
    Using,
    data_roots,
    using_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory import (
    compare as _compare,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory import (
    describe as _describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory import (
    findings as _findings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.answers import (
    Answers,
    ask_engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.below import Dataset
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.containerd import (
    read_store,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.identity import (
    identity,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    Notes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.observe import (
    Host,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.observe import (
    observe as observe_root,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.weigh import weigh

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._info import (
        engine as engine_topic,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs import (
        pool as zfs_topic,
    )

_NAMESPACE = "moby"  # the engine's, in containerd


class Seen(NamedTuple):
    """What is held in each data root, and what the engine says of the one that it works on."""

    found: tuple[Inventory, ...]
    using: Using
    told: Answers | None = None  # None while no engine runs
    unread: tuple[str, ...] = ()  # what could not be read at all, and what to do


def observe(run: Reader, engine: engine_topic.Seen, zfs: zfs_topic.Seen | None) -> Seen:
    """Read every data root that the engine has, and that one without configuration has.

    :param engine: what the topic ``engine`` has seen.
    :param zfs: what the topic ``zfs`` has seen.
    """
    using = using_of(engine)
    found: list[Inventory] = []
    unread: list[str] = []
    try:
        for root in data_roots(using):
            it = observe_root(root, _host(using, root, zfs))
            found.append(_with_store(it, using) if root == using.root else it)
    except StorageError as error:
        unread.append(str(error))
    told = None
    installed = engine.state.engine
    if installed and installed.info is not None:
        try:
            told = ask_engine(local_socket(run, installed.unit))
        except StorageError as error:
            unread.append(str(error))
    return Seen(tuple(it for it in found if _holds_anything(it)), using, told, tuple(unread))


def _host(using: Using, root: str, zfs: zfs_topic.Seen | None) -> Host:
    used = root == using.root
    driver = using.driver if used and not using.snapshotter else ""
    return Host(
        mounts(),
        [Dataset(it.name, it.mountpoint, it.used) for it in zfs.datasets] if zfs else None,
        using.dataset if used else "",
        None if using.driver is None else driver,
    )


def _with_store(found: Inventory, using: Using) -> Inventory:
    """With what the host's containerd keeps for the engine, where it keeps anything for it."""
    path = using.containerd_root or folders.containerd_root()
    if path == folders.own_containerd_root(using.root):
        return found
    notes = Notes()
    store = read_store(path, notes)
    names = [it.name for it in store.namespaces] if store else []
    return found._replace(
        stores=(*found.stores, *([store] if store and _NAMESPACE in names else [])),
        unreadable=(*found.unreadable, *notes.all()),
    )


def _holds_anything(found: Inventory) -> bool:
    return found != Inventory(found.root)


def describe(seen: Seen) -> list[dict[str, Any]]:
    """One entry for each data root that is there; sizes in bytes."""
    return [{**_describe.describe(it), "identity": identity(it)} for it in seen.found]


def findings(seen: Seen) -> Iterator[Finding]:
    """What cannot be read, is missing or left over, and where the engine says another thing."""
    for text in seen.unread:
        yield Finding("warning", "inventory_unreadable", text)
    for it in seen.found:
        yield from _findings.findings(it)
        if seen.told and it.root == seen.using.root:
            driver, store = seen.using.driver or "", seen.using.snapshotter
            yield from _compare.compare(it, seen.told, driver, store)


def observe_usage(run: Reader, inventory: Seen) -> Seen:
    """The same with the bytes of containers' own layers and of volumes: every file is looked at."""
    points = {it.path for it in mounts()}
    return inventory._replace(found=tuple(weigh(it, points) for it in inventory.found))


def describe_usage(seen: Seen) -> list[dict[str, Any]]:
    """The bytes of each, for each data root; None where files do not tell."""
    return [
        {
            "root": it.root,
            "containers": {row.id: row.bytes for row in it.containers},
            "volumes": {row.name: row.bytes for row in it.volumes},
        }
        for it in seen.found
    ]
