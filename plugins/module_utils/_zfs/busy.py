# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Who uses a dataset. No command; every mount namespace is looked at.

A filesystem that is unmounted here may still be mounted in the mount namespace of a container or
of a service that was started while it was mounted: `zfs destroy` then says "dataset is busy" and
no more (openzfs#12881, moby#24403). So the process is named here, before anything is touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._host import disk as disks
from ansible_collections.containerhost.storage.plugins.module_utils._host import (
    mounts as mount_tables,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.holders import (
    held_below,
    left_elsewhere,
    others,
    who,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Use
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.names import is_below

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount


def find_uses(datasets: Mapping[str, str]) -> tuple[Use, ...]:
    """:class:`Use` of each way in which one of the datasets is in use.

    :param datasets: name -> type, of all that would be unmounted, renamed or destroyed
    """
    if not datasets:
        return ()
    tables = mount_tables.tables()

    def is_ours(mount: Mount) -> bool:
        return mount.fstype == "zfs" and _concerned(mount.source, datasets)

    mine = [mount for mount in tables["self"] if is_ours(mount)]
    places = {mount.path: mount.source for mount in mine}
    uses = [
        Use(
            mount.source,
            f"mounted at {mount.path} in the mount namespace of {who(process)}",
            foreign=True,
        )
        for process, mount in left_elsewhere(tables, mine, is_ours)
    ]
    uses += _mounts_on(places, datasets, tables["self"]) + _open_files(places)
    for name, kind in datasets.items():
        if kind == "volume":
            uses += _of_volume(name)
    return tuple(uses)


def _concerned(source: str, datasets: Iterable[str]) -> bool:
    return any(is_below(source, name) for name in datasets)


def _namespace(process: str) -> str:
    try:
        return os.readlink(f"/proc/{process}/ns/mnt")
    except OSError:  # it has ended, or is the kernel's own
        return ""


def _mounts_on(
    places: Mapping[str, str], datasets: Iterable[str], table: Iterable[Mount]
) -> list[Use]:
    """Other filesystems that are mounted on a folder of one of ours."""
    return [
        Use(places[place], f"what {mount.path} is mounted on")
        for mount in table
        for place in places
        if mount.path.startswith(place + "/")
        and not (mount.fstype == "zfs" and _concerned(mount.source, datasets))
    ]


def _open_files(places: Mapping[str, str]) -> list[Use]:
    """Processes of our mount namespace that work in, or hold a file open below, a mount point."""
    uses, own = [], _namespace("self")
    below = places.keys() - {"/"}
    for process in others() if below else ():
        if _namespace(process) != own:
            continue
        held = held_below(process, below)
        if held:
            path = min(held, key=len)
            source = places[held[path]]
            uses.append(Use(source, f"{path} is held open by {who(process)}"))
    return uses


def _of_volume(name: str) -> list[Use]:
    """How a volume is in use: mounted, swap, part of something, or held open by the kernel."""
    disk = disks.glance(f"/dev/zvol/{name}")
    if not disk.exists:
        return []
    how = [f"mounted at {path}" for path in disk.mounts]
    how += [f"part of {holder}" for holder in disk.holders]
    if disk.swap:
        how.append("swap")
    if not how and disk.busy:
        how.append(disk.busy)
    return [Use(name, words) for words in how]
