# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A thin pool and its group as the user gets them."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    Wanted,
    describe_pool,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there."""
    group, pool = state.pool(wanted)
    if group is None:
        return {"vg": None, "pool": None}
    return {
        "vg": {
            "name": group.name,
            "size": group.extents * group.extent_size,
            "free": group.free * group.extent_size,
            "extent_size": group.extent_size,
            "devices": [pv.path for pv in group.pvs],
        },
        "pool": None if pool is None else describe_pool(state, group, pool),
    }
