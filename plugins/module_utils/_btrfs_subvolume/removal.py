# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be known before a subvolume goes: what it holds, and who uses it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import kernel
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import uses
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    Held,
    Place,
    Removal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import tables

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def observe_removal(run: Reader, place: Place) -> Removal:
    """Read what the subvolume at ``place`` holds and who uses it."""
    found = place.subvolume
    if found is None or found.location is None:  # there is nothing to be removed
        return Removal()
    held = observe_held(place.path, known(found.id))
    default = run.read(("btrfs", "subvolume", "get-default", place.path))
    return Removal(
        # access(2) says no to root too where a subvolume is read-only
        held=tuple(one._replace(writable=os.access(one.path, os.W_OK)) for one in held),
        mounts=uses(place.filesystem.devno, found.location, tables().values()),
        default=int(default.split()[1]),
        writable=os.access(place.path, os.W_OK),
    )


def observe_held(path: str, number: int) -> list[Held]:
    """The subvolumes inside of the one at ``path``, the innermost first.

    By the kernel's word: everybody may make a subvolume, of a name by which a list of them would
    lead to another one.

    :raises StorageError: one cannot be looked at.
    """
    found: list[tuple[int, Held]] = []
    waiting = [(1, path, number)]
    while waiting:
        depth, around, holder = waiting.pop()
        try:
            inner = kernel.held_in(around)
        except OSError as error:
            raise StorageError(
                f"Subvolume {around}",
                f"what lies in it cannot be looked at: {error.strerror}",
                "Run as root (`become: true`), and see the kernel's log (`dmesg`)",
                refusal="subvolume_unreadable",
            ) from error
        for one, place in inner:
            uuid = _uuid(place, one)
            found.append((depth, Held(one, uuid or "unknown", holder, place)))
            if uuid:
                waiting.append((depth + 1, place, one))
    return [it for _depth, it in sorted(found, key=lambda item: (-item[0], item[1].path))]


def _uuid(path: str, number: int) -> str | None:
    """The UUID of a subvolume; None where something else is mounted over it."""
    try:
        info = kernel.subvolume_info(path)
    except OSError:
        return None
    return info.uuid if info.id == number else None
