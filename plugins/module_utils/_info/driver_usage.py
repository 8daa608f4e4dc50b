# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""How much each storage driver keeps on disk for the engine, and what is in an aufs tree.

No command of its own, but every file of every layer is looked at: some seconds for each million
of them, longer from a cold disk. So this is read only when it is asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    bytes_below,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    content_folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._info.driver_data import (
    Kept,
    Seen,
    layers_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.aufs import (
    read_tree,
    tree_findings,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs import (
        pool as zfs_topic,
    )

# Snapshotters whose layers are files; those of "devmapper" are in a pool.
_FILES = ("overlayfs", "native", "erofs")


class Usage(NamedTuple):
    """What one driver takes on disk in one place, in bytes."""

    kept: Kept
    bytes: int | None = None  # None where files do not tell
    content: int | None = None  # of a snapshotter: what containerd keeps compressed, for all
    tree: dict[str, Any] | None = None  # of aufs: see read_tree()


def observe(run: Reader, driver_data: Seen, zfs: zfs_topic.Seen | None) -> list[Usage]:
    """The :class:`Usage` of each driver that has a folder.

    :param driver_data: what the topic ``driver_data`` has seen.
    :param zfs: what the topic ``zfs`` has seen.
    """
    return [_usage(kept, zfs) for kept in driver_data.kept if kept.present]


def _usage(kept: Kept, zfs: zfs_topic.Seen | None) -> Usage:
    content = _weigh(content_folder(kept.root)) if kept.snapshotter else None
    tree = read_tree(kept.root) if kept.driver == "aufs" else None
    return Usage(kept, _bytes(kept, zfs, tree), content, tree)


def _bytes(kept: Kept, zfs: zfs_topic.Seen | None, tree: dict[str, Any] | None) -> int | None:
    if tree:
        return tree["bytes"]
    if kept.layers is not None and kept.dataset:
        return sum(it.used for it in layers_of(zfs, kept.dataset))
    if kept.loop_files:
        return sum(it.allocated for it in kept.loop_files)
    known = DRIVERS.get(kept.driver)
    files = known.layers.files if known else kept.driver in _FILES
    return _weigh(kept.path) if files else None


def _weigh(path: str) -> int:
    """Bytes on disk below a folder. The kernel's table has no links in its paths."""
    real = os.path.realpath(path)
    return bytes_below([real], {mount.path for mount in mounts()})


def describe(seen: list[Usage]) -> list[dict[str, Any]]:
    """One entry for each driver and place, as in ``driver_data``; sizes in bytes."""
    return [
        {
            "driver": it.kept.driver,
            "root": it.kept.root,
            "path": it.kept.path,
            "snapshotter": it.kept.snapshotter,
            "bytes": it.bytes,
            "content_bytes": it.content,
            "tree": it.tree,
        }
        for it in seen
    ]


def findings(seen: list[Usage]) -> list[Finding]:
    """What a person should know about aufs trees."""
    return [finding for it in seen for finding in tree_findings(it.tree)]
