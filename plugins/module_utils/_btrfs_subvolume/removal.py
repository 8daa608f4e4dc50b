# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be known before a subvolume goes: what it holds, and who uses it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import kernel, tree
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    is_inside,
    uses,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.tree import Listed
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    Held,
    Place,
    Removal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.holders import (
    held_below,
    others,
    who,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    tables,
)

_ROOT_INODE = 256  # BTRFS_FIRST_FREE_OBJECTID: the root folder of every subvolume


def observe_removal(place: Place) -> Removal:
    """Read what the subvolume at ``place`` holds, who uses it, and what the kernel would refuse.

    :raises StorageError: it cannot be looked at.
    """
    found = place.subvolume
    if found is None or found.id is None or found.location is None:  # nothing is to be removed
        return Removal()
    try:
        tree.write_out(place.path)  # else what is written meanwhile would come to light later
        listed = tree.subvolumes(place.path)
        inside = held_in(found.id, listed)
        paths = paths_of(
            place.path, found.id, [(it, tree.path_in(place.path, it)) for it in inside]
        )
        default = tree.default_subvolume(place.path)
    except OSError as error:
        raise StorageError(
            f"Subvolume {place.path}",
            f"what it holds cannot be looked at: {error.strerror}",
            "Run as root (`become: true`), and see the kernel's log (`dmesg`)",
            refusal="subvolume_unreadable",
        ) from error
    held = tuple(
        Held(
            # access(2) says no to root too where a subvolume is read-only
            it.id, it.uuid, it.holder, path, os.access(path, os.W_OK), it.generation
        )
        for it, path in zip(inside, paths)
    )  # fmt: skip
    views = tables()
    folders = [place.path, *paths]
    own = _names(place, found.location, views["self"])
    return Removal(
        held=held,
        mounts=uses(place.filesystem.devno, found.location, views.values()),
        default=default,
        writable=os.access(place.path, os.W_OK),
        generation=listed[found.id].generation if found.id in listed else 0,
        around=_around(place.path, {mount.path for mount in views["self"]}),
        fixed=_fixed(folders),
        swap=_swap(text_of("/proc/swaps"), folders),
        holders=tuple(who(process) for process in others() if held_below(process, own)),
    )


def held_in(top: int, listed: Mapping[int, Listed]) -> list[Listed]:
    """The subvolumes inside of another one, the innermost first."""

    def depth(number: int) -> int:
        """How many subvolumes lie between this one and the outer one; 0 if it is elsewhere."""
        steps = 0
        while number != top:
            if number not in listed or steps > len(listed):
                return 0
            number, steps = listed[number].holder, steps + 1
        return steps

    found = [(depth(number), it) for number, it in listed.items()]
    return [it for steps, it in sorted(found, key=lambda one: (-one[0], one[1])) if steps]


def paths_of(path: str, top: int, inside: Iterable[tuple[Listed, str]]) -> list[str]:
    """The path of each subvolume, in their order.

    :param path: of the subvolume ``top`` that all of them are in.
    :param inside: each with its path from the folder of its holder.
    """
    inside = list(inside)
    found = {top: path}
    for it, below in reversed(inside):  # the outermost first
        found[it.id] = os.path.join(found[it.holder], below)
    return [found[it.id] for it, _below in inside]


def _around(path: str, tops: set[str]) -> str:
    """The nearest folder around ``path`` that is a subvolume's; itself where none is to be seen.

    `btrfs subvolume delete` takes no other folder, and finds each subvolume from any one.
    """
    folder = os.path.dirname(path)
    while os.stat(folder).st_ino != _ROOT_INODE:
        if folder in tops:
            return path
        folder = os.path.dirname(folder)
    return folder


def _fixed(folders: Iterable[str]) -> tuple[str, ...]:
    """Those of the subvolumes, and of the folders that they lie in, that chattr(1) protects."""
    looked_at = {folder for path in folders for folder in (path, os.path.dirname(path))}
    return tuple(sorted(path for path in looked_at if _is_fixed(path)))


def _is_fixed(path: str) -> bool:
    try:
        return kernel.is_fixed(path)
    except OSError:  # mounted over: that is refused anyway
        return False


def _swap(text: str, folders: Iterable[str]) -> tuple[str, ...]:
    """The files in use as swap that lie in one of the subvolumes, or cannot be found.

    Each subvolume has a device number of its own in stat(2).

    :param text: of /proc/swaps.
    """
    devices = {os.stat(path).st_dev for path in folders if os.path.isdir(path)}
    found = []
    for line in text.splitlines()[1:]:
        name, kind = (*line.split(), "", "")[:2]
        if kind != "file":
            continue
        path = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name)
        try:
            inside = os.stat(path)
        except OSError:
            found.append(path)
            continue
        if inside.st_dev in devices or not stat.S_ISREG(inside.st_mode):
            found.append(path)
    return tuple(found)


def _names(place: Place, location: str, table: Iterable[Mount]) -> list[str]:
    """All paths by which this process can reach the subvolume."""
    mine = [mount for mount in table if mount.devno == place.filesystem.devno]
    found = {place.path}
    for mount in mine:
        if is_inside(location, mount.root):
            found.add(os.path.normpath(mount.path + "/" + os.path.relpath(location, mount.root)))
    return sorted(found)
