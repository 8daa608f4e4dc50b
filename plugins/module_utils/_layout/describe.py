# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""A host's whole layout as the user gets it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._layout.state import (
    State,
    stack_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import (
    wanted_from,
)


def describe(state: State, params: Mapping[str, Any]) -> dict[str, Any]:
    """The engine as the user gets it, with each layer below it under its own name."""
    wanted = wanted_from(params, state.choice)
    return {
        **stack_of(wanted, state.missing, state.selinux).describe(state.layers),
        "storage": wanted.storage,
        "missing_tools": list(state.missing),
    }
