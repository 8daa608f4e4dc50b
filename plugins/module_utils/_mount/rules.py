# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a mount refuses, and what it has to say. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    counted,
    listed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
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
    _require_units(mount)
    _require_no_link(mount, place)
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
    if table.source not in sources:
        wrong = f"it mounts {table.source} at {where}, and {place.target} is wanted there"
    else:
        lacking = _lacking(place, table.options) if missing_options(place, mount.mounted) else []
        if not lacking:
            return
        wrong = f"its line for {where} lacks the options {', '.join(lacking)}"
    raise StorageError(
        "/etc/fstab",
        wrong,
        "Mend that line, or take it out: the mount is then kept by a unit of its own",
        refusal="fstab_conflict",
    )


def _lacking(place: Place, listed: Sequence[str]) -> list[str]:
    """The wanted options that a line of fstab does not bring."""
    from ansible_collections.containerhost.storage.plugins.module_utils._mount.options import (
        missing,
    )

    return missing(place.unit.fstype, place.unit.options, listed, written=True)


def _require_units(mount: MountState) -> None:
    """Refuse to guard what there is not: it would be told as guarded, and nothing be."""
    if mount.unknown:
        raise StorageError(
            f"required_by={', '.join(mount.unknown)}",
            "systemd has no unit of that name on this host, so there is nothing to keep from "
            "starting",
            "Correct the name (`systemctl list-unit-files`), or install what brings the unit first",
            refusal="unit_missing",
        )


def _require_no_link(mount: MountState, place: Place) -> None:
    """Refuse a path through a link: systemd mounts at none, and a guard of it waits for no mount.

    systemd's mount_process() calls it "not canonical", and RequiresMountsFor= follows no link.
    """
    link = mount.link
    if link is None:
        return
    whole = "" if link.path == place.where else f", so it is {link.leads_to} in truth"
    raise StorageError(
        place.where,
        (f"it is a link to {link.leads_to}" if not whole else f"{link.path} is a link{whole}")
        + ", and systemd mounts at no path that leads through a link",
        f"Name {link.leads_to} in its place, also as the engine's data root; or move what is there "
        "away and put a folder in the link's place",
        refusal="mount_point_link",
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
            ("Unmount that, or move it" if folder.mounts else "Move that")
            + " away first, or set `existing_data: keep` to leave it below the mount, where it "
            "takes space and nobody sees it",
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
    if folder.mounts:
        told = [f"{it.path} ({_origin(it)})" for it in folder.mounts]
        held.append(f"what is mounted at {listed(told, 5, last=', and at ')}")
    return held


def _unheeded(options: Iterable[str]) -> list[str]:
    """Those of the options that systemd reads in fstab only: systemd.mount(5), "FSTAB"."""
    return [it for it in options if it.startswith("x-systemd.") or it in ("auto", "noauto")]


def _origin(mount: Mount) -> str:
    """What is mounted, for people: a folder of a filesystem, or all of it."""
    kind = f"{mount.fstype} {mount.source}"
    return kind if mount.root == "/" else f"the folder {mount.root} of {kind}"


def mount_findings(mount: MountState, place: Place) -> tuple[Finding, ...]:
    """What a person should know about the options, and the folder below the mount."""
    found = []
    idle = _unheeded(place.unit.options) if mount.table is None else []
    if idle:
        found.append(
            Finding(
                "warning",
                "mount_option_unheeded",
                f"systemd heeds {', '.join(idle)} in /etc/fstab only, and {place.where} is kept by "
                "a mount unit: there it does nothing.",
            )
        )
    if mount.folder and _held(mount.folder):
        found.append(
            Finding(
                "warning",
                "hidden_data",
                f"Below the mount at {place.where} lie "
                + ", ".join(_held(mount.folder))
                + f" ({human(mount.folder.size)}): unmount to see them again.",
            )
        )
    return tuple(found)
