# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The label of the data root as the user gets it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._selinux.state import (
    State,
    Wanted,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The folder and the type of its label; null where that is to be seen."""
    return {"path": wanted.path, "type": state.present}
