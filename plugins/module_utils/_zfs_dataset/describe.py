# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A dataset as the user gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Dataset
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
        State,
        Wanted,
    )

_NUMBERS = ("used", "available", "referenced", "volsize")  # bytes
_WORDS = ("type", "guid", "origin", "mounted", "mountpoint", "keystatus")


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it: sizes in bytes, None for what is not there.

    Of the properties only those that the user named are returned, and all under one key: a
    property of the user's own can be called anything.
    """
    pool, dataset = state.pool, state.dataset(wanted.name)
    return {
        "pool": None
        if pool is None
        else {"name": pool.name, "health": pool.health, "capacity": pool.capacity},
        "dataset": None if dataset is None else _describe(dataset, wanted),
    }


def _describe(dataset: Dataset, wanted: Wanted) -> dict[str, Any]:
    asked = [name for name in (*wanted.properties, *wanted.inherit) if name in dataset.values]
    return {
        "name": dataset.name,
        **{name: dataset.shown(name) for name in _WORDS},
        **{name: dataset.number(name) for name in _NUMBERS},
        "device": f"/dev/zvol/{dataset.name}" if dataset.type == "volume" else None,
        "properties": {name: dataset.values[name]._asdict() for name in sorted(asked)},
    }
