# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What each storage driver keeps on disk for the engine: in use, or left behind by an earlier one.

Told from names, from the engine's own records, and from what ZFS lists. No command of its own,
and no file is weighed: ``driver_usage.py`` does that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import counted
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    driver_folders as folders,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    observe_holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    SNAPSHOTTERS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import DATA_ROOT
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    root_inside,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import mount_of
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.names import parent_of

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

# An engine that starts a containerd of its own finds it in its own run-time folder.
_OWN_SOCKET = "/docker/containerd/"


class Using(NamedTuple):
    """What the engine works on, or would after its next start; empty where there is no engine."""

    driver: str | None = ""  # None where that cannot be told
    root: str = ""  # the data root, with user namespaces the one below it
    snapshotter: bool = False  # whether the driver is containerd's
    containerd_root: str = ""
    images: int | None = None  # that a snapshotter keeps, as the engine counts them
    dataset: str = ""  # of ZFS, in which its layers are


class Kept(NamedTuple):
    """What one driver keeps in one place."""

    driver: str
    root: str  # the data root, or containerd's
    path: str  # the driver's own folder
    snapshotter: bool = False  # whether it is one of containerd's
    present: bool = True  # False: the engine has records of it, and the folder is gone
    in_use: bool | None = None  # by the engine; None where that cannot be told
    layers: int | None = None  # of images and of containers; None where that cannot be told
    images: int | None = None
    containers: int | None = None
    dataset: str = ""  # of ZFS, in which the layers are
    loop_files: tuple[folders.LoopFile, ...] = ()


class Seen(NamedTuple):
    """What is kept, what is in use, and what got in the way of reading it."""

    kept: tuple[Kept, ...]
    using: Using
    unread: tuple[str, ...] = ()  # what could not be read, and what to do


def observe(run: Reader, engine: engine_topic.Seen, zfs: zfs_topic.Seen | None) -> Seen:
    """Look into every data root that the engine has, and that one without configuration has.

    :param engine: what the topic ``engine`` has seen.
    :param zfs: what the topic ``zfs`` has seen.
    """
    using = using_of(engine)
    kept: list[Kept] = []
    unread: list[str] = []
    for look in (_of_engine, _of_containerd):
        try:
            kept += look(using, zfs)
        except StorageError as error:
            unread.append(str(error))
    return Seen(tuple(kept), using, tuple(unread))


def using_of(seen: engine_topic.Seen) -> Using:
    """The :class:`Using` of the engine that the topic ``engine`` has seen."""
    engine = seen.state.engine
    if engine is None:  # it is not there, or it cannot be read
        return Using(None if seen.installed else "")
    info = engine.info or {}
    now = seen.state.present
    driver = now.driver or None
    root = root_inside(engine, seen.state.config, now.root)
    own = _OWN_SOCKET in ((info.get("Containerd") or {}).get("Address") or "")
    named = now.options.get("zfs.fsname", [""])[-1]
    return Using(
        driver=driver,
        root=root,
        snapshotter=engine.containerd_store if info else driver in SNAPSHOTTERS,
        containerd_root=folders.own_containerd_root(root) if own else folders.containerd_root(),
        images=info.get("Images"),
        dataset=engine.status.get("Parent Dataset") or named,
    )


def data_roots(using: Using) -> list[str]:
    """The roots to look into, the engine's first; each once, whatever links lead to it."""
    found: dict[str, str] = {}
    for root in filter(None, (using.root, DATA_ROOT)):
        for path in (root, *folders.remapped_roots(root)):
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _of_engine(using: Using, zfs: zfs_topic.Seen | None) -> list[Kept]:
    """The :class:`Kept` of each of the engine's own drivers, in every data root."""
    return [it for root in data_roots(using) for it in _in_data_root(root, using, zfs)]


def _in_data_root(root: str, using: Using, zfs: zfs_topic.Seen | None) -> Iterator[Kept]:
    """The :class:`Kept` of each of the engine's own drivers that has a folder, or records."""
    holds = observe_holdings(root)
    found = {it.driver: it for it in folders.driver_folders(root)}
    of_containerd = {*SNAPSHOTTERS, *([using.driver] if using.snapshotter else [])}
    recorded = [name for name in holds.drivers() if name not in of_containerd]
    for driver in dict.fromkeys([*found, *recorded]):
        path = os.path.join(root, driver)
        folder = found.get(driver)
        used = not using.snapshotter and driver == using.driver and root == using.root
        dataset = _dataset(path, using.dataset if used else "") if driver == "zfs" else ""
        layers = folder.layers if folder else None
        if driver == "zfs":
            layers = count_layers(zfs, dataset)
        yield Kept(
            driver,
            root,
            path,
            present=folder is not None,
            in_use=None if using.driver is None else used,
            layers=layers,
            images=holds.images.get(driver, 0),
            containers=0 if driver in of_containerd else holds.containers.get(driver, 0),
            dataset=dataset,
            loop_files=folder.loop_files if folder else (),
        )


def _dataset(path: str, named: str) -> str:
    """The dataset that the driver makes its layers in: the one named to it, or that it lies on."""
    mount = mount_of(path)
    return named or (mount.source if mount and mount.fstype == "zfs" else "")


def layers_of(zfs: zfs_topic.Seen | None, dataset: str) -> list[zfs_topic.Listed]:
    """The datasets that an engine has made in ``dataset``; it mounts them itself."""
    listed = zfs.datasets if zfs and dataset else ()
    return [it for it in listed if parent_of(it.name) == dataset and it.mountpoint == "legacy"]


def count_layers(zfs: zfs_topic.Seen | None, dataset: str) -> int | None:
    """How many layers there are in a dataset; None where ZFS cannot be asked."""
    return len(layers_of(zfs, dataset)) if zfs and dataset else None


def _of_containerd(using: Using, zfs: zfs_topic.Seen | None) -> Iterator[Kept]:
    """The :class:`Kept` of each snapshotter that is in use or keeps anything.

    The others are left out: containerd makes a folder for every one that it has.
    """
    own = map(folders.own_containerd_root, data_roots(using))
    roots = (using.containerd_root, folders.containerd_root(), *own)
    holds = observe_holdings(using.root) if using.snapshotter else None
    for root in dict.fromkeys(filter(None, roots)):
        for folder in folders.snapshotter_folders(root):
            used = (
                using.snapshotter
                and folder.driver == using.driver
                and root == using.containerd_root
            )
            if not used and not folder.layers:
                continue
            yield Kept(
                folder.driver,
                root,
                folder.path,
                snapshotter=True,
                in_use=None if using.driver is None else used,
                layers=folder.layers,
                images=using.images if used else None,
                containers=holds.containers.get(folder.driver, 0) if used and holds else None,
            )


def describe(seen: Seen) -> list[dict[str, Any]]:
    """One entry for each driver in each place where it keeps anything; sizes in bytes."""
    return [
        {**it._asdict(), "loop_files": [file._asdict() for file in it.loop_files]}
        for it in seen.kept
    ]


def findings(seen: Seen) -> list[Finding]:
    """What could not be read, and what an earlier driver has left behind.

    What containerd keeps and the engine does not use is another program's, and no leftover.
    """
    found = [Finding("warning", "driver_data_unread", text) for text in seen.unread]
    left = [it for it in seen.kept if it.in_use is False and not it.snapshotter]
    return found + [finding for it in left for finding in _left(it, seen.using)]


def _left(kept: Kept, using: Using) -> Iterator[Finding]:
    blind = (
        f"The engine is on {using.driver} at {using.root} and does not see"
        if using.driver
        else "This host has no engine that sees"
    )
    if kept.loop_files:
        sizes = [f"{it.path} ({human(it.allocated)} of {human(it.size)})" for it in kept.loop_files]
        yield Finding(
            "info",
            "loop_lvm_left",
            f"devicemapper has kept a pool in sparse files (loop-lvm): {', '.join(sizes)}. {blind} "
            "what is in them; they take that space until they are removed.",
        )
    elif _counts(kept) and not _told_by_engine(kept, using):
        yield Finding(
            "info",
            "driver_data_left",
            f"{kept.path} keeps {', '.join(_counts(kept))} of {kept.driver}. {blind} them; they "
            "take space until they are removed.",
        )


def _counts(kept: Kept) -> list[str]:
    counts = ((kept.layers, "layer"), (kept.images, "image"), (kept.containers, "container"))
    return [counted(count, noun) for count, noun in counts if count]


def _told_by_engine(kept: Kept, using: Using) -> bool:
    """Whether the topic ``engine`` has it as hidden_data."""
    return kept.root == using.root and bool(kept.images or kept.containers)
