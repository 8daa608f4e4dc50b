# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""A digest of what a data root holds, for the seal of a plan that depends on it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._inventory.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
)

# What changes by itself, or says how a thing is at the moment and not what it is.
_PASSING = {
    "containers": ("state",),
    "plugins": ("enabled",),
    "volumes": ("recorded",),
}


def identity(found: Inventory) -> str:
    """The SHA-256, in hex, of names, identities, sizes and what cannot be read.

    The same for the same content, in whichever order it was read, whether or not an engine runs.
    The mounts that a running container has in the data root are not in it, nor is the build cache,
    which an engine tidies by itself, but for whether there is one.
    """
    content = describe(found)
    parts = {
        "root": content["root"],
        "swarm": content["swarm"],
        "stores": [_store(it) for it in content["stores"]],
        "build_cache": content["build_cache"] is not None,
        "below": _sorted([it for it in content["below"] if not it["own"]]),
    }
    for name in (
        *("images", "layers", "containers", "volumes", "networks", "plugins"),
        *("leftovers", "unreadable"),
    ):
        dropped = _PASSING.get(name, ())
        parts[name] = _sorted(
            [{key: it[key] for key in it if key not in dropped} for it in content[name]]
        )
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("ascii")).hexdigest()


def _store(store: dict[str, Any]) -> dict[str, Any]:
    """A root of containerd, without the containers in it: those are what runs at the moment."""
    spaces = [
        {"name": it["name"], "images": _sorted(it["images"]), "snapshots": it["snapshots"]}
        for it in store["namespaces"]
    ]
    return {**store, "namespaces": [it for it in spaces if it["images"] or it["snapshots"]]}


def _sorted(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(it, sort_keys=True) for it in rows)
