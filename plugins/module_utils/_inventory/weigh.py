# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""How many bytes containers' own layers and volumes take on disk: by looking at every file.

Read only where it is asked for, because every file is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    bytes_below,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Container,
    Inventory,
    Volume,
)

# Where a driver has the files of a container's own layer, if those are its own alone.
_OWN = {
    "overlay2": "overlay2/{}/diff",
    "overlay": "overlay/{}/upper",
    "fuse-overlayfs": "fuse-overlayfs/{}/diff",
    "aufs": "aufs/diff/{}",
    "vfs": "vfs/dir/{}",
}


def weigh(found: Inventory, mount_points: Collection[str]) -> Inventory:
    """The same with the bytes of containers and of volumes filled in, where files tell.

    Every file once, no link followed, and nothing that is mounted in there.

    :param mount_points: of this host.
    """
    root = os.path.realpath(found.root)
    return found._replace(
        containers=tuple(
            it._replace(bytes=_container(root, it, mount_points)) for it in found.containers
        ),
        volumes=tuple(it._replace(bytes=_volume(it, mount_points)) for it in found.volumes),
    )


def _container(root: str, it: Container, mount_points: Collection[str]) -> int | None:
    own = _OWN.get(it.driver)
    if not own or not it.mount_id or not it.present:
        return None
    return _bytes(os.path.join(root, own.format(it.mount_id)), mount_points)


def _volume(it: Volume, mount_points: Collection[str]) -> int | None:
    return _bytes(it.path, mount_points) if it.path else None


def _bytes(path: str, mount_points: Collection[str]) -> int | None:
    if os.path.islink(path):
        return None
    return bytes_below([path], mount_points)
