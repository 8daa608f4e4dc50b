# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""A mounted volume as the user gets it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._mount.describe import (
    describe_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    State,
    Wanted,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it: sizes in bytes, ``None`` for what is not there."""
    group, volume = state.volume(wanted)
    return {
        "volume": None
        if group is None or volume is None
        else {
            "name": wanted.target,
            "device": wanted.device,
            "size": volume.extents * group.extent_size,
            "pool": volume.pool or None,
        },
        "filesystem": None
        if state.xfs is None
        else {"type": "xfs", "uuid": state.xfs.uuid, "ftype": state.xfs.ftype},
        **describe_mount(state.mount),
    }
