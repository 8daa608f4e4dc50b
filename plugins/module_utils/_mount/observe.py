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
    SKELETON,
    Holdings,
    bytes_below,
    is_an_engines_mount,
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
from ansible_collections.containerhost.storage.plugins.module_utils._mount.required import (
    Unit,
    full_name,
    is_its_own_name,
    show_units,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    Link,
    MountState,
    Place,
    missing_options,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def observe_mount(run: Reader, place: Place, is_ours: Callable[[Mount], object]) -> MountState:
    """Read the :class:`MountState` of a place. No command where nothing is to be done.

    :param is_ours: tells of a Mount whether it is of what is wanted there.
    :raises StorageError: what is said to need the mount is no unit, systemd's answer is strange, or
        the kernel is too old for an option.
    """
    where, table = place.where, mounts()
    found = mounted_at(where, table)
    ours = bool(found and is_ours(found))
    unsettled = not ours or missing_options(place, found)
    if unsettled:
        _check_kernel(place)
    units = _units(run, place, asking=bool(unsettled))
    names = {name: unit.name for name, unit in units.items()}
    required = tuple(dict.fromkeys(names.values()))
    return MountState(
        mounted=found,
        ours=ours,
        unit_text=read_text(place.unit.path),
        enabled=place.unit.enabled,
        table=_mount_unit.fstab_line(where),
        guarded=tuple(unit for unit in required if _mount_unit.guarded(unit, where)),
        guard_texts={
            unit: text
            for unit in required
            for text in [read_text(place.unit.guard_path(unit))]
            if text is not None
        },
        active=tuple(dict.fromkeys(unit.name for unit in units.values() if unit.active)),
        folder=None if ours else _folder(where, table),
        folder_exists=os.path.isdir(where),
        names=names,
        unknown=tuple(name for name, unit in units.items() if not unit.there),
        link=_link(where),
    )


def _check_kernel(place: Place) -> None:
    from ansible_collections.containerhost.storage.plugins.module_utils._mount.options import (
        check_kernel,
    )

    check_kernel(place.unit.fstype, place.unit.options, os.uname().release)


def _link(where: str) -> Link | None:
    """The first part of a path that is a link; None where none is."""
    leads_to = os.path.realpath(where)
    if leads_to == where:
        return None
    parts = where.split("/")
    paths = ("/".join(parts[: count + 1]) for count in range(1, len(parts)))
    return Link(next(filter(os.path.islink, paths), where), leads_to)


def _units(run: Reader, place: Place, asking: bool) -> dict[str, Unit]:
    """The units that need the mount, by the names that they were given.

    systemd is asked where there is something to do, or where a name may be another unit's.
    """
    names = {name: full_name(name) for name in place.required_by}
    for name in names.values():
        guarded = is_its_own_name(name) and _mount_unit.guarded(name, place.where)
        asking = asking or not guarded
    if not asking:
        return {given: Unit(name, there=True, active=False) for given, name in names.items()}
    shown = show_units(run, tuple(names.values()))
    return {given: shown[name] for given, name in names.items()}


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
    below = [mount for mount in table if mount.path.startswith(where + "/")]
    mounted = {mount.path for mount in below}
    own = {*SKELETON, *DRIVERS, *mapped, "lost+found"}
    foreign = tuple(
        name for name in entries if name not in own and f"{where}/{name}" not in mounted
    )
    size = bytes_below([where], {mount.path for mount in table}) if holdings.any or foreign else 0
    mounts = tuple(mount for mount in below if not is_an_engines_mount(mount.path, where))
    return Folder(holdings, foreign, size, mounts=mounts)
