# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a pool and its mounted filesystem to be as they are wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Finding,
    Plan,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import are
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import (
    looked_at,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.rules import (
    mount_findings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.report import pool_findings
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.arc import (
    arc_findings,
    plan_arc,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.disks import (
    plan_disks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.filesystem import (
    plan_filesystem,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    State,
    Wanted,
)


class _Room(NamedTuple):
    """How full a pool's own filesystem is, in bytes."""

    used: int
    available: int


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that makes the pool, its filesystem and its mount as wanted."""
    steps, memory = plan_arc(state.arc, wanted.arc_max)
    more, after = plan_disks(state._replace(arc=memory), wanted)
    steps += more
    more, after = _start_at_boot(after)
    steps += more
    mounting = plan_filesystem(after, wanted)
    return Plan(
        (*kept([*steps, *mounting.prepare]), *mounting.mount),
        mounting.state,
        (*_findings(state, wanted), *looked_at(steps, state.disks)),
    )


def _start_at_boot(state: State) -> tuple[list[Command], State]:
    missing = state.boot.missing
    if not missing:
        return [], state
    argv = ("systemctl", "enable", "--quiet", "--", *missing)
    step = Command("Let systemd import pools and mount their datasets at boot", argv)
    return [step], state._replace(boot=state.boot._replace(missing=()))


def _findings(state: State, wanted: Wanted) -> Iterator[Finding]:
    pool, root = state.pool(wanted.name), state.datasets.get(wanted.name)
    if pool:
        room = _Room(root.number("used") or 0, root.number("available") or 0) if root else None
        yield from pool_findings(pool, room)
    if state.boot.masked:
        yield Finding(
            "warning",
            "not_at_boot",
            f"{' and '.join(state.boot.masked)} {are(len(state.boot.masked))} "
            "masked, so after the next boot the pool may not be there, and what needs it does not "
            "start: `systemctl unmask` it if it may run.",
        )
    yield from arc_findings(state.arc, wanted.arc_max)
    if wanted.place:
        yield from mount_findings(state.wanted_mount, wanted.place)
