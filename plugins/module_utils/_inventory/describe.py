# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""The inventory as it is returned: plain JSON, without what may be secret.

Of labels the names alone; values of options go through the one door of the collection here, so
that also what is made of this, such as a seal, has no password in it.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import (
    HIDDEN,
    is_secret,
    leaving,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
    Pairs,
)


def describe(found: Inventory) -> dict[str, Any]:
    """All of it; sizes in bytes, V(none) where they are not known."""
    cache, swarm = found.build_cache, found.swarm
    return {
        "root": found.root,
        "images": [it._asdict() for it in found.images],
        "layers": [it._asdict() for it in found.layers],
        "containers": [
            {**it._asdict(), "labels": _names(it.labels), "attached": _rows(it.attached)}
            for it in found.containers
        ],
        "volumes": [
            {**it._asdict(), "labels": _names(it.labels), "options": _options(it.options)}
            for it in found.volumes
        ],
        "networks": [{**it._asdict(), "labels": _names(it.labels)} for it in found.networks],
        "build_cache": cache._asdict() if cache else None,
        "plugins": _rows(found.plugins),
        "swarm": swarm._asdict() if swarm else None,
        "stores": [
            {
                **store._asdict(),
                "namespaces": [
                    {
                        "name": it.name,
                        "images": _rows(it.images),
                        "containers": list(it.containers),
                        "snapshots": {name: list(keys) for name, keys in it.snapshots},
                    }
                    for it in store.namespaces
                ],
            }
            for store in found.stores
        ],
        "leftovers": _rows(found.leftovers),
        "below": _rows(found.below),
        "unreadable": _rows(found.unreadable),
    }


def _rows(rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [it._asdict() for it in rows]


def _names(labels: Pairs) -> list[str]:
    return [name for name, _value in labels]


def _options(options: Pairs) -> dict[str, Any]:
    """The options of a volume; a password in one of them is hidden."""
    return {name: HIDDEN if is_secret(name) else leaving(value) for name, value in options}
