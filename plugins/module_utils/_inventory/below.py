# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""What a plain removal of a data root's files would meet, or leave behind: none of it is a file."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    is_an_engines_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mount_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    Folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import Below

_SUBVOLUME = 256  # BTRFS_FIRST_FREE_OBJECTID: the inode of the top of every subvolume
# In the folder of devices, and none.
_NO_DEVICES = ("deviceset-metadata", "transaction-metadata")
# Where subvolumes are looked for: what lies deeper is met only by going through all files.
_PLACES = ((), ("btrfs", "subvolumes"), ("volumes",), ("containers",))


class Dataset(NamedTuple):
    """A dataset, as ZFS lists it."""

    name: str
    mountpoint: str
    used: int  # bytes


def read_below(
    root: Folder, table: Sequence[Mount], datasets: Sequence[Dataset], layers_in: str
) -> Iterator[Below]:
    """What there is below a data root.

    :param table: the mounts of this host.
    :param datasets: all datasets of this host.
    :param layers_in: the one that the driver has its layers in; '' for none.
    """
    for mount in table:
        if mount.path.startswith(root.path.rstrip("/") + "/"):
            own = is_an_engines_mount(mount.path, root.path)
            yield Below("mount", mount.path, mount.source, own=own)
    lies_on = mount_of(root.path, table)
    if lies_on and lies_on.fstype == "btrfs":
        for place in _PLACES:
            yield from _subvolumes(root, place)
    inside = layers_in + "/"
    for it in datasets:
        layer = bool(layers_in) and it.name.startswith(inside) and it.mountpoint == "legacy"
        if layer or it.mountpoint.startswith(root.path.rstrip("/") + "/"):
            yield Below("dataset", "" if layer else it.mountpoint, it.name, it.used, layer)
    yield from _thin_devices(root)


def _subvolumes(root: Folder, place: tuple[str, ...]) -> Iterator[Below]:
    with root.open(*place) as folder:
        for name in folder.names() if folder else ():
            found = folder.look(name) if folder else None
            if folder and found and found.st_ino == _SUBVOLUME and stat.S_ISDIR(found.st_mode):
                yield Below("subvolume", folder.at(name), name, own=place[:1] == ("btrfs",))


def _thin_devices(root: Folder) -> Iterator[Below]:
    """The devices of devicemapper's pool: ``metadata/<id>`` of daemon/graphdriver/devmapper."""
    with root.open("devicemapper", "metadata") as folder:
        for name in folder.names() if folder else ():
            if folder is None or name in _NO_DEVICES or name.startswith("."):
                continue
            content = folder.json(name)
            number = content.number("device_id") if content else None
            if content and number is not None:
                yield Below("thin_device", "", str(number), content.number("size"))
