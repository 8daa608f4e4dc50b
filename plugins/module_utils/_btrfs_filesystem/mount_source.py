# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""By which name a btrfs is mounted, and which subvolume of it. Pure.

A unit that is there already stays as it is, if what it names cannot be anything else than this
filesystem. A new one names the UUID; that of a filesystem which is still to be made nobody knows
yet, so its unit names the first disk by its link: udev lets systemd have none of a filesystem's
devices before all of them are there (64-btrfs.rules). Never the label: a second disk may bring
the same one, and the boot would mount either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
)


def place_of(state: State, wanted: Wanted) -> Place:
    """The Place of the wanted mount on this host."""
    found, mount = state.filesystem, state.mount
    if mount.table is not None:  # then fstab says how, and no unit
        return wanted.place(mount.table.source)
    kept = _setting(mount, "What")
    if kept is not None and kept in found.names:
        what = kept
    else:
        what = f"/dev/disk/by-uuid/{found.uuid}" if found.uuid else state.disks[0].stable
    subvolume = subvolume_of(state, wanted)
    return wanted.place(what, *([f"subvol={subvolume}"] if subvolume else []))


def subvolume_of(state: State, wanted: Wanted) -> str | None:
    """The subvolume that its unit or fstab is to mount; None for the filesystem's default."""
    mount = state.mount
    if wanted.subvolume:
        return wanted.subvolume
    if mount.table is not None:
        return named_subvolume(mount.table.options)
    if _setting(mount, "What") in state.filesystem.names:
        return named_subvolume((_setting(mount, "Options") or "").split(","))
    live = live_subvolume(mount)
    return None if live == "/" else live


def live_subvolume(mount: MountState) -> str | None:
    """The subvolume that is mounted at the path; None where the filesystem is not."""
    if not mount.ours:
        return None
    return named_subvolume(mount.live.options) or mount.live.root


def named_subvolume(options: Iterable[str]) -> str | None:
    r"""The subvolume among mount options, as the kernel writes it; None where there is none.

    In its table, and in fstab, a space is \040.
    """
    for option in options:
        name, _equals, value = option.partition("=")
        if name == "subvol":
            plain = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), value)
            return "/" + plain.strip("/")
    return None


def _setting(mount: MountState, name: str) -> str | None:
    """A setting in the text of the mount unit that there is; None where there is none.

    A percent sign is doubled there: systemd.unit(5), "SPECIFIERS".
    """
    match = re.search(rf"^{name}=(.*)$", mount.unit_text or "", re.M)
    return match[1].strip().replace("%%", "%") if match else None
