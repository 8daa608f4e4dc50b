# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""A pool, its filesystem and its mount as the user gets them. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._mount.describe import (
    describe_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Dataset
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import PoolMember
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    Imported,
    State,
    Wanted,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it: sizes in bytes, None for what is not there or not known."""
    pool, arc = state.pool(wanted.name), state.arc.live
    return {
        "pool": _describe_pool(pool, state.datasets.get(pool.name)) if pool else None,
        "dataset": _describe_filesystem(state.datasets.get(wanted.filesystem or "")),
        **({"mount": None, "guarded": []} if state.mount is None else describe_mount(state.mount)),
        "arc": {"limit": arc.limit, "largest": arc.largest, "memory": arc.memory} if arc else None,
    }


def _describe_pool(pool: Imported, root: Dataset | None) -> dict[str, Any]:
    return {
        "name": pool.name,
        "health": pool.health,
        "used": root.number("used") if root else None,
        "available": root.number("available") if root else None,
        "members": [_describe_member(member) for member in pool.members],
    }


def _describe_filesystem(dataset: Dataset | None) -> dict[str, Any] | None:
    if dataset is None:
        return None
    shown = {name: dataset.shown(name) for name in ("mountpoint", "canmount", "mounted")}
    return {"name": dataset.name, **shown}


def _describe_member(member: PoolMember) -> dict[str, Any]:
    return {
        "disk": member.disk.stable or member.disk.device if member.disk else None,
        **{name: getattr(member, name) for name in ("path", "state", "role", "group")},
    }
