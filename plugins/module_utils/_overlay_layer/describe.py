# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""An overlay mount as the user gets it."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    NAMES,
    effective,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it; ``None`` for what is not there."""
    current = state.current
    return {
        "path": wanted.path,
        "mounted": current is not None,
        "persistent": bool(state.unit_text is not None and state.enabled)
        or state.table is not None,
        "lower": list(current.lower) if current else None,
        "upper": current.upper if current else None,
        "work": current.work if current else None,
        "options": {name: effective(current, state.kernel)[name] for name in NAMES}
        if current
        else None,
    }
