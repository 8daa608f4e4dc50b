# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""What a mount depends on: one command, and only where something is to be done."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._docker import user_namespaces
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
    bytes_below,
    observe_holdings,
    observe_others,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._host import (
    mount_unit as _mount_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import read_text
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mounted_at,
    mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    MountState,
    Place,
    missing_options,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

# What an engine makes in its data root at its first start, besides a folder for its driver, and
# that means nothing by itself.
_SKELETON = {
    "buildkit", "containerd", "containers", "engine-id", "image", "network", "plugins",
    "runtimes", "swarm", "tmp", "trust", "volumes",
}  # fmt: skip


def observe_mount(run: Reader, place: Place, is_ours: Callable[[Mount], object]) -> MountState:
    """Read the :class:`MountState` of a place. No command where nothing is to be done.

    :param is_ours: tells of a Mount whether it is of what is wanted there.
    """
    where, table = place.where, mounts()
    found = mounted_at(where, table)
    ours = bool(found and is_ours(found))
    unsettled = not ours or missing_options(place, found)
    return MountState(
        mounted=found,
        ours=ours,
        unit_text=read_text(place.unit.path),
        enabled=place.unit.enabled,
        table=_mount_unit.fstab_line(where),
        guarded=tuple(unit for unit in place.required_by if _mount_unit.guarded(unit, where)),
        guard_texts={
            unit: text
            for unit in place.required_by
            for text in [read_text(place.unit.guard_path(unit))]
            if text is not None
        },
        active=_active(run, place.required_by) if unsettled else (),
        folder=None if ours else _folder(where, table),
        folder_exists=os.path.isdir(where),
    )


def _active(run: Reader, units: Sequence[str]) -> tuple[str, ...]:
    """Those of the units that run."""
    if not units:
        return ()
    out = run.read(("systemctl", "show", "--property", "Id,ActiveState", *units))
    records = [
        dict(line.split("=", 1) for line in record.splitlines()) for record in out.split("\n\n")
    ]
    running = {row["Id"] for row in records if row.get("ActiveState") in ("active", "activating")}
    return tuple(unit for unit in units if unit in running)


def _holdings(root: str) -> Holdings:
    return observe_holdings(root)._replace(others=observe_others(root))


def _folder(where: str, table: Sequence[Mount]) -> Folder:
    mapped = user_namespaces.folders(where)  # data roots as well, of an engine that maps users
    holdings = _holdings(where)
    for name in mapped:
        holdings += _holdings(os.path.join(where, name))
    try:
        entries = sorted(os.listdir(where))
    except FileNotFoundError:
        entries = []
    own = {*_SKELETON, *DRIVERS, *mapped, "lost+found"}
    foreign = tuple(name for name in entries if name not in own)
    size = bytes_below([where], {mount.path for mount in table}) if holdings.any or foreign else 0
    return Folder(holdings, foreign, size)
