# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A data root as the user gets it."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory import (
    describe as inventory,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """Whose it is, as plain JSON."""
    return {
        "path": wanted.path,
        "engine": None if state.engine is None else wanted.service,
        "used_by_engine": state.used,
    }


def removable(state: State) -> list[dict[str, Any]]:
    """What would go, an entry for each root; sizes in bytes."""
    return [
        {"path": root.path, "names": list(root.entries), "holds": inventory.describe(root.holds)}
        for root in state.roots
        if root.entries and state.anything
    ]
