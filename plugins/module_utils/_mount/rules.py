# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a mount refuses, and what it has to say. Pure."""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import counted
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    MountState,
    Place,
    missing_options,
)


def require_own_mount(mount: MountState, place: Place, sources: Collection[str]) -> None:
    """Refuse a path where something else is mounted, or that fstab gives to something else.

    :param sources: the names by which fstab may call what is wanted there.
    """
    where = place.where
    if mount.mounted and not mount.ours:
        raise StorageError(
            where,
            f"{mount.mounted.source} ({mount.mounted.fstype}) is mounted there, not {place.target}",
            "Name that one, choose another path, or unmount it by hand after its data is safe",
            refusal="mount_point_occupied",
        )
    table = mount.table
    if table is None:
        return
    missing = [option for option in place.unit.options if option not in table.options]
    if table.source not in sources:
        wrong = f"it mounts {table.source} at {where}, and {place.target} is wanted there"
    elif missing and missing_options(place, mount.mounted):
        wrong = f"its line for {where} lacks the options {', '.join(missing)}"
    else:
        return
    raise StorageError(
        "/etc/fstab",
        wrong,
        "Mend that line, or take it out: the mount is then kept by a unit of its own",
        refusal="fstab_conflict",
    )


def require_nothing_hidden(mount: MountState, place: Place) -> None:
    """Refuse to mount over a folder that holds anything, unless the user wants it hidden."""
    folder = mount.folder
    if folder is None or place.keep_existing:
        return
    held = _held(folder)
    if held:
        raise StorageError(
            place.where,
            f"mounting {place.target} there would hide "
            + ", ".join(held)
            + f" ({human(folder.size)})",
            "Move that away first, or set `existing_data: keep` to leave it below the mount, "
            "where it takes space and nobody sees it",
            refusal="data_hidden",
        )


def _held(folder: Folder) -> list[str]:
    holdings = folder.holdings
    counts = (
        ("images", sum(holdings.images.values())),
        ("containers", sum(holdings.containers.values())),
        ("volumes", holdings.volumes),
    )
    held = [f"{count} {name}" for name, count in counts if count]
    held += [counted(count, noun) for noun, count in holdings.others.items()]
    if folder.foreign:
        names = ", ".join(folder.foreign[:5]) + (", ..." if len(folder.foreign) > 5 else "")
        held.append(f"files that are no engine's ({names})")
    return held


def mount_findings(mount: MountState, place: Place) -> tuple[Finding, ...]:
    """What a person should know about the folder below the mount."""
    if not mount.folder or not _held(mount.folder):
        return ()
    return (
        Finding(
            "warning",
            "hidden_data",
            f"Below the mount at {place.where} lie "
            + ", ".join(_held(mount.folder))
            + f" ({human(mount.folder.size)}): unmount to see them again.",
        ),
    )
