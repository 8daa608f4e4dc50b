# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a data root holds, counted from disk: it works for a stopped engine, and starts none.

The counts are for runs that only have to know whether there is anything: they list names, and read
one file for each container. ``_inventory/`` reads all of it, with identities, for what is going to
change it; a test holds that both see the same.

The layout is moby's: ``image/<driver>/imagedb/content/sha256/<id>`` (image/fs.go),
``containers/<id>/config.v2.json`` with the key ``Driver`` (container/container.go),
``volumes/<name>/`` (volume/local/local.go), ``plugins/<id>/config.json`` (plugin/manager.go) and
``swarm/`` (daemon/cluster/cluster.go). With user namespaces all of that is in ``<uid>.<gid>/``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS

_UNKNOWN = "unknown"

# What an engine makes in its data root at its first start, besides a folder for its driver, and
# that means nothing by itself.
SKELETON = {
    "buildkit", "builder", "containerd", "containers", "engine-id", "image", "network", "plugins",
    "rootfs", "runtimes", "swarm", "tmp", "trust", "volumes",
}  # fmt: skip

# What engines before 1.10 have made there as well.
OLD = ("graph", "init", "linkgraph.db", "execdriver", "tmp-old", "secrets")

# Where a reset puts what goes, until it is removed: in the data root, so that it can be renamed.
ASIDE = ".containerhost-storage-aside"

_CONTENT = "containerd/daemon/io.containerd.content.v1.content/blobs/sha256"


class Holdings(NamedTuple):
    """What a data root holds. Folders that an engine makes at its first start do not count."""

    root: str
    images: dict[str, int] = {}  # driver -> how many
    containers: dict[str, int] = {}  # driver -> how many
    volumes: int = 0
    others: dict[str, int] = {}  # what else is of value, such as "network" -> how many

    def drivers(self) -> list[str]:
        """The drivers that own images or containers in it."""
        return sorted(set(self.images) | set(self.containers))

    @property
    def any(self) -> bool:
        """Tell whether there is anything of value."""
        return bool(self.images or self.containers or self.volumes or self.others)

    def __add__(self, other: object) -> Holdings:
        """What two data roots hold together, by the name of the first."""
        if not isinstance(other, Holdings):
            return NotImplemented
        return Holdings(
            self.root,
            _sum(self.images, other.images),
            _sum(self.containers, other.containers),
            self.volumes + other.volumes,
            _sum(self.others, other.others),
        )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def observe_holdings(root: str) -> Holdings:
    """Count what is in a data root; a folder that does not exist holds nothing.

    :raises StorageError: it cannot be read.
    """
    images: dict[str, int] = {}
    containers: dict[str, int] = {}
    try:
        for driver in _entries(root, "image"):
            count = len(_entries(root, "image", driver, "imagedb", "content", "sha256"))
            if count:
                images[driver] = count
        for container in _entries(root, "containers"):
            driver = _driver_of(os.path.join(root, "containers", container, "config.v2.json"))
            if driver:
                containers[driver] = containers.get(driver, 0) + 1
        volumes = sum(
            os.path.isdir(os.path.join(root, "volumes", name)) for name in _entries(root, "volumes")
        )
    except PermissionError as error:
        raise root_required(error.filename) from None
    return Holdings(root, images, containers, volumes)


def observe_others(root: str) -> dict[str, int]:
    """What is of value in a data root besides images, containers and volumes: noun -> how many.

    Networks, plugins and the membership of a swarm are nowhere else, nor are the keys of old
    engines; what its own containerd keeps are images.

    :raises StorageError: it cannot be read.
    """
    from ansible_collections.containerhost.storage.plugins.module_utils._docker.networks import (
        count_networks,
    )

    try:
        keys = sum(len(files) for _path, _folders, files in os.walk(os.path.join(root, "trust")))
        found = {
            "network": count_networks(root),
            "plugin": sum(
                os.path.exists(os.path.join(root, "plugins", name, "config.json"))
                for name in _entries(root, "plugins")
            ),
            "trust key": keys,
            "swarm membership": int(bool(_entries(root, "swarm"))),
            "blob of its own containerd": len(_entries(root, _CONTENT)),
        }
    except PermissionError as error:
        raise root_required(error.filename) from None
    return {noun: count for noun, count in found.items() if count}


def root_required(path: str) -> StorageError:
    """The refusal of a path that only root can read."""
    return StorageError(
        path,
        "it can be read by root only",
        "Run the task with become: true",
        refusal="root_required",
    )


def _entries(*parts: str) -> list[str]:
    try:
        return os.listdir(os.path.join(*parts))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _driver_of(path: str) -> str:
    """The driver that a container was made with; '' for a folder that is no container.

    One that cannot be read is one all the same, of a driver that is not known.

    :raises PermissionError: it can be read by root only.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            content = json.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except PermissionError:
        raise
    except (OSError, ValueError, RecursionError):
        return _UNKNOWN
    driver = content.get("Driver") if isinstance(content, dict) else None
    return driver if driver and isinstance(driver, str) else _UNKNOWN


def is_an_engines_mount(path: str, root: str) -> bool:
    """Tell whether an engine makes a mount: of a layer, a container, a volume or a plugin.

    The folders of some drivers, and that of its plugins, it mounts on themselves as well. One that
    maps users has all of that in a folder named by their numbers, as 165536.165536.

    :param path: where it is mounted, below the data root.
    """
    parts = path[len(root) + 1 :].split("/")
    if re.fullmatch(r"[0-9]+\.[0-9]+", parts[0]):
        del parts[0]
    if len(parts) == 1:
        return parts[0] in DRIVERS or parts[0] == "plugins"
    return bool(parts) and (parts[0] in DRIVERS or parts[0] in SKELETON)


def bytes_below(folders: Iterable[str], mount_points: Collection[str]) -> int:
    """Bytes on disk in some folders: every file once, no link followed, no mount crossed.

    :param mount_points: where something else is mounted; such a folder is left out, unless it is
        one of ``folders`` (the btrfs driver mounts its own folder on itself).
    """
    linked: set[tuple[int, int]] = set()
    total = 0
    waiting = [folder for folder in folders if os.path.isdir(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.path not in mount_points:
                        waiting.append(entry.path)
                    continue
                with contextlib.suppress(OSError):  # it is gone meanwhile
                    total += _weigh(entry.stat(follow_symlinks=False), linked)
    return total


def _weigh(found: os.stat_result, linked: set[tuple[int, int]]) -> int:
    """The bytes of a file; 0 where another name of it has been met: only those are remembered."""
    if found.st_nlink > 1:
        if (found.st_dev, found.st_ino) in linked:
            return 0
        linked.add((found.st_dev, found.st_ino))
    return found.st_blocks * 512
