# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The folders that drivers and snapshotters keep their layers in, whoever uses them or did once.

Read from names alone, and from the size of two files: no command. Where what is comes from
``daemon/graphdriver/*`` of moby, up to the last release that has the driver, and from
``plugins/snapshots/*`` of containerd.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_row import (
    Layers,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

CONTAINERD_ROOT = "/var/lib/containerd"
CONTAINERD_CONFIG = "/etc/containerd/config.toml"

SYS_BLOCK = "/sys/block"

_SNAPSHOTTER = "io.containerd.snapshotter.v1."
_CONTENT = "io.containerd.content.v1.content"


# containerd's btrfs has three kinds of subvolumes; others that keep files have the last alone.
_SNAPSHOTS = Layers(("active", "view", "snapshots"))


class LoopFile(NamedTuple):
    """A sparse file that devicemapper keeps its pool in (loop-lvm). Sizes in bytes."""

    path: str
    size: int  # what it may grow to
    allocated: int  # what it takes on disk; it never shrinks
    device: str | None  # the loop device that it is attached to


class Folder(NamedTuple):
    """The folder of a driver or a snapshotter."""

    driver: str
    path: str
    layers: int | None  # of images and of containers; None where the names do not tell
    loop_files: tuple[LoopFile, ...] = ()


def driver_folders(root: str) -> list[Folder]:
    """The :class:`Folder` of each storage driver that has one in a data root."""
    found = []
    for driver, known in DRIVERS.items():
        path = os.path.join(root, driver)
        if os.path.isdir(path):
            loops = loop_files(path) if driver == "devicemapper" else ()
            found.append(Folder(driver, path, _count(path, known.layers), loops))
    return found


def snapshotter_folders(root: str) -> list[Folder]:
    """The :class:`Folder` of each snapshotter in a root of containerd."""
    names = sorted(name for name in _names(root) if name.startswith(_SNAPSHOTTER))
    paths = [os.path.join(root, name) for name in names]
    return [
        Folder(name[len(_SNAPSHOTTER) :], path, _count(path, _SNAPSHOTS))
        for name, path in zip(names, paths)
    ]


def content_folder(root: str) -> str:
    """Where containerd keeps what was pulled, compressed, for all of its snapshotters."""
    return os.path.join(root, _CONTENT)


def containerd_root() -> str:
    """Where the containerd of the host keeps its data: the key ``root`` of its configuration."""
    top = re.split(r"(?m)^\s*\[", text_of(CONTAINERD_CONFIG))[0]
    found = re.search(r"""(?m)^\s*root\s*=\s*(["'])(/.*?)\1""", top)
    return found[2] if found else CONTAINERD_ROOT


def own_containerd_root(root: str) -> str:
    """Where an engine that starts a containerd of its own has it keep its data."""
    return os.path.join(root, "containerd", "daemon")


def remapped_roots(root: str) -> list[str]:
    """The data roots that an engine with user namespaces has below the configured one."""
    return [os.path.join(root, it) for it in _names(root) if re.fullmatch(r"\d+\.\d+", it)]


def loop_files(folder: str) -> tuple[LoopFile, ...]:
    """The :class:`LoopFile` of devicemapper's data and of its metadata, as far as they are there.

    :param folder: the driver's own, such as ``/var/lib/docker/devicemapper``.
    """
    found = []
    for name in ("data", "metadata"):
        path = os.path.join(folder, "devicemapper", name)
        if os.path.isfile(path):
            has = os.stat(path)
            found.append(LoopFile(path, has.st_size, has.st_blocks * 512, _loop_device(path)))
    return tuple(found)


def _loop_device(path: str) -> str | None:
    real = os.path.realpath(path)
    for name in _names(SYS_BLOCK):
        # Of what is no loop device, or one that nothing is attached to, there is no such file.
        if text_of(f"{SYS_BLOCK}/{name}/loop/backing_file").rstrip("\n") == real:
            return "/dev/" + name
    return None


def _count(path: str, layers: Layers) -> int | None:
    """How many names of layers there are; None where none of the places is there."""
    places = [os.path.join(path, place) for place in layers.places]
    names = {name for place in places for name in _names(place)}
    if not any(map(os.path.isdir, places)):
        return None
    return sum(name not in layers.others and not name.startswith(".") for name in names)


def _names(folder: str) -> list[str]:
    """The names in a folder, sorted; none where there is no such folder.

    :raises StorageError: it cannot be read.
    """
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise StorageError(
            folder,
            "it can be read by root only",
            "Run the task with become: true",
            refusal="root_required",
        ) from None
