# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A subvolume as the user gets it."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    State,
    Wanted,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there."""
    found = state.place.subvolume
    return {
        "path": state.place.path,
        "filesystem": state.place.filesystem.uuid,
        "subvolume": None
        if found is None
        else {
            "id": found.id,
            "uuid": found.uuid,
            "parent_uuid": found.parent_uuid,
            "received_uuid": found.received_uuid,
            "location": found.location,
            "readonly": found.readonly,
            "compression": found.compression,
            "nodatacow": found.nodatacow,
            "quota": None
            if found.quota is None
            else {
                "referenced": found.quota.referenced._asdict(),
                "exclusive": found.quota.exclusive._asdict(),
            },
        },
    }
