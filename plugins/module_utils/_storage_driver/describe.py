# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine's storage as the user gets it."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import dotted
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import STORAGE
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)


def describe(state: State, wanted: Wanted) -> dict[str, Any]:
    """The state as the user gets it; it is the same whatever is wanted."""
    engine = state.engine
    if engine is None:
        return {"installed": False}
    now = state.present
    return {
        "installed": True,
        "version": dotted(engine.version),
        "active": engine.unit.running,
        "driver": engine.driver,
        "driver_status": engine.status,
        "containerd_image_store": engine.containerd_store,
        "data_root": now.root,
        "options": {
            name: given if len(given) > 1 else given[0] for name, given in now.options.items()
        },
        "configured": {
            key: state.config.content[key]
            for key in ("storage-driver", "storage-opts", "data-root", "features")
            if key in state.config.content
        },
        "flags": [flag._asdict() for flag in engine.unit.flags if flag.key in STORAGE],
        "kernel": state.kernel,
        "backing_filesystem": {
            "mount_point": state.backing.mount_point,
            "type": state.backing.fstype,
            "options": list(state.backing.options),
        },
        "holds": [_held(it) for it in state.roots],
    }


def _held(holds: Holdings) -> dict[str, Any]:
    """What a data root holds; what else is of value in it is looked at where it is to be left."""
    return {
        name: value for name, value in holds._asdict().items() if name != "others" or holds.others
    }
