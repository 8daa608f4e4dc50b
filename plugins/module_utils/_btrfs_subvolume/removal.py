# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be known before a subvolume goes: what it holds, and who uses it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import uses
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    Held,
    Place,
    Removal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import tables

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_LISTED = re.compile(r"ID (\d+) .*?\btop level (\d+) .*?\buuid (\S+) +path (.+)")


def observe_removal(run: Reader, place: Place) -> Removal:
    """Read what the subvolume at ``place`` holds and who uses it."""
    found = place.subvolume
    if found is None or found.location is None:  # there is nothing to be removed
        return Removal()
    held = parse_list(run.read(("btrfs", "subvolume", "list", "-u", place.path)), place)
    default = run.read(("btrfs", "subvolume", "get-default", place.path))
    return Removal(
        # access(2) says no to root too where a subvolume is read-only
        held=tuple(one._replace(writable=os.access(one.path, os.W_OK)) for one in held),
        mounts=uses(place.filesystem.devno, found.location, tables().values()),
        default=int(default.split()[1]),
        writable=os.access(place.path, os.W_OK),
    )


def parse_list(text: str, place: Place) -> list[Held]:
    """The subvolumes inside of the one at ``place``, innermost first, as a list of :class:`Held`.

    Told by the numbers of their holders, not by their names: /foobar is not in /foo.

    :param text: what ``btrfs subvolume list -u PATH`` prints: all subvolumes of the filesystem,
        those inside of PATH with paths that start there.
    :raises StorageError: a name has a line break in it. Everybody may make subvolumes, so such a
        name may well be meant to have another one deleted.
    """
    listed = [_LISTED.fullmatch(line) for line in text.split("\n")[:-1]]
    rows = {int(row[1]): row.groups() for row in listed if row}
    if len(rows) != len(listed):
        raise StorageError(
            f"The filesystem of {place.path}",
            "the list of its subvolumes cannot be read without doubt: a name in it has a line "
            "break, and might pass for another subvolume",
            f"Look at `btrfs subvolume list {place.path}`, and rename that subvolume",
            refusal="subvolume_list_ambiguous",
        )
    top = place.subvolume.id if place.subvolume else None

    def depth(number: int) -> int | None:
        """How many subvolumes lie between this one and ``place``; None if it is elsewhere."""
        steps = 0
        while number != top:
            if number not in rows or steps > len(rows):
                return None
            number, steps = int(rows[number][1]), steps + 1
        return steps

    found = [(depth(number) or 0, row) for number, row in rows.items()]
    inside = sorted((item for item in found if item[0]), key=lambda item: (-item[0], item[1][3]))
    return [
        Held(int(number), uuid, int(holder), os.path.join(place.path, path))
        for _depth, (number, holder, uuid, path) in inside
    ]
