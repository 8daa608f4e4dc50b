# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What would be destroyed, in words that a person can check, and with a mark of all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import one_line
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    counted,
    listed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    Root,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.identity import (
    identity,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
)

_FEW = 5  # names of each kind; the mark is over all of them


def lost(root: Root) -> tuple[str, ...]:
    """What goes with a data root, one kind after the other. The last is the mark of all of it."""
    return (
        *_kinds(root.holds),
        f"all of that is in {root.path}, content {identity(root.holds)[:12]}",
    )


def _kinds(it: Inventory) -> Iterator[str]:
    for driver in dict.fromkeys(image.driver for image in it.images):
        images = [image for image in it.images if image.driver == driver]
        size = sum(layer.bytes or 0 for layer in it.layers if layer.driver == driver)
        yield _named("image", [(one.tags or (one.id,))[0] for one in images], driver, size)
    if it.layers and not it.images:
        yield _named("layer", [layer.id for layer in it.layers])
    yield from _some("container", [one.name or one.id for one in it.containers])
    yield from _some("volume", [one.name for one in it.volumes])
    yield from _some("network", [one.name for one in it.networks])
    yield from _some("plugin", [one.name or one.id for one in it.plugins])
    if it.swarm:
        yield "the membership of a swarm"
    cache = it.build_cache
    if cache and (cache.records or cache.snapshots):
        told = f" ({human(cache.bytes)})" if cache.bytes else ""
        yield f"the build cache of {counted(len(cache.records), 'record')}{told}"
    for store in it.stores:
        if store.blobs or store.namespaces:
            yield f"containerd's content in {store.root} ({human(store.bytes)})"
    yield from _some("leftover", [one.path or one.name for one in it.leftovers])
    yield from _some("thin device", [one.name for one in it.below if one.kind == "thin_device"])
    yield from _some("path that cannot be read", [one.path for one in it.unreadable])


def _some(noun: str, names: list[str]) -> Iterator[str]:
    if names:
        yield _named(noun, names)


def _named(noun: str, names: Iterable[str], driver: str = "", size: int = 0) -> str:
    plain = [one_line(it) for it in names]
    head, _blank, tail = noun.partition(" that ")
    told = counted(len(plain), head) + (f" that {tail}" if tail else "")
    of = f" of {driver}" if driver else ""
    more = f"; {human(size)}" if size else ""
    return f"{told}{of} ({listed(plain, _FEW)}{more})"
