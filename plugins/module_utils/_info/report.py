# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The report on a host's storage: what there is, and what a person should know about it.

A topic is three functions: ``observe(run, ...)`` reads the host and changes nothing,
``describe(seen)`` puts it into plain JSON, ``findings(seen)`` says what is not as it should be.
The last two are pure. What a host does not have is empty in the report, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import usage as _btrfs
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    disks as _info_disks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    driver_data as _info_driver_data,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    driver_usage as _info_driver_usage,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    drivers as _info_drivers,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    engine as _info_engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    inventory as _info_inventory,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import lvm as _info_lvm
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    mounts as _info_mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    open_changes as _info_open_changes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    tools as _info_tools,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay import (
    mounted as _overlay,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import pool as _zfs_pool
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import (
    report as _zfs_report,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


class Topic(NamedTuple):
    """One part of the report, by the functions that make it."""

    observe: Callable[..., Any]  # of the Reader, and of what each topic in ``needs`` has seen
    describe: Callable[[Any], Any]
    findings: Callable[[Any], Iterable[Finding]]
    default: bool = True  # whether it is read where nothing was asked for by name
    needs: tuple[str, ...] = ()  # topics that are read for it, reported or not; each is read once
    asks: bool = False  # whether it depends on the wish that the report is made for


def _whole(module: ModuleType, **more: Any) -> Topic:
    return Topic(module.observe, module.describe, module.findings, **more)


TOPICS = {
    "disks": _whole(_info_disks),
    "lvm": _whole(_info_lvm),
    "btrfs": Topic(_btrfs.observe_btrfs, _btrfs.describe, _btrfs.findings),
    "zfs": Topic(_zfs_pool.observe, _zfs_report.describe, _zfs_report.findings),
    "overlay": Topic(
        lambda run: _overlay.overlays(), _overlay.describe_overlays, _overlay.overlay_findings
    ),
    "mounts": _whole(_info_mounts),
    "engine": Topic(
        lambda run, wish=_info_drivers.NO_WISH: _info_engine.observe(run, wish.service),
        _info_engine.describe,
        _info_engine.findings,
        asks=True,
    ),
    "driver_data": _whole(_info_driver_data, needs=("engine", "zfs")),
    "driver_usage": _whole(_info_driver_usage, needs=("driver_data", "zfs"), default=False),
    "inventory": _whole(_info_inventory, needs=("engine", "zfs"), default=False),
    "inventory_usage": Topic(
        _info_inventory.observe_usage,
        _info_inventory.describe_usage,
        lambda seen: (),  # those of the inventory are told with it
        default=False,
        needs=("inventory",),
    ),
    "drivers": _whole(_info_drivers, needs=("engine", "disks"), default=False, asks=True),
    "tools": _whole(_info_tools),
    "open_changes": _whole(_info_open_changes),
}
DEFAULT = [name for name, topic in TOPICS.items() if topic.default]


def observe(
    run: Reader, gather: Collection[str], wish: _info_drivers.Wish | None = None
) -> dict[str, Any]:
    """What each topic in ``gather`` reads: topic -> whatever its own functions take.

    :param wish: a ``drivers.Wish``; None for the wish of nobody in particular.
    """
    seen: dict[str, Any] = {}

    def see(name: str) -> Any:
        if name not in seen:
            topic = TOPICS[name]
            wishes = (wish,) if topic.asks and wish else ()
            seen[name] = topic.observe(run, *map(see, topic.needs), *wishes)
        return seen[name]

    return {name: see(name) for name in TOPICS if name in gather}


def report(seen: dict[str, Any]) -> dict[str, Any]:
    """The module's return values: ``{"storage": {topic: ...}, "findings": [...]}``."""
    return {
        "storage": {name: TOPICS[name].describe(it) for name, it in seen.items()},
        "findings": [
            finding._asdict() for name, it in seen.items() for finding in TOPICS[name].findings(it)
        ],
    }
