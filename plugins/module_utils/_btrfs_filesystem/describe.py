# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""A mounted btrfs as the user gets it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.describe import (
    describe_mount,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there or unknown."""
    found = state.found
    return {
        "filesystem": None
        if found is None
        else {
            "type": "btrfs",
            "uuid": found.uuid,
            "label": found.label,
            "devices": [
                {"id": member.id, "device": member.name, "size": member.size}
                for member in found.members
            ],
            "data_profiles": list(found.profiles.data) if found.profiles else None,
            "metadata_profiles": list(found.profiles.metadata) if found.profiles else None,
        },
        **describe_mount(state.mount),
    }
