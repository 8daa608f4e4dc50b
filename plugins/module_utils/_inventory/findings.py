# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""What a person should know of a data root, by its files alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import one_line
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    counted,
    listed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
)

_FEW = 3

# Leftovers: how many of what, and what is to be known of them.
_LEFT = {
    "layer_without_record": (
        "layer",
        "no image, no container and no build cache has a record of them. They take space, and no "
        "prune removes them",
    ),
    "layer_perhaps_without_record": (
        "layer",
        "no record that can be read names them, and some cannot be read",
    ),
    "layer_half_removed": ("layer", "the engine has begun to remove them. It goes on at its start"),
    "layer_half_written": ("layer", "a pull or a build that was interrupted has left them"),
    "layer_of_no_container": ("container layer", "there is no container that they are of"),
    "container_without_config": (
        "container folder",
        "there is no config.v2.json in them, so that the engine does not see them",
    ),
    "tag_without_image": ("tag", "the image that they name is not there"),
    "put_aside": ("folder", "a reset was to remove them, and has not. The next one does"),
    "foreign": ("entry", "no engine makes such"),
}


def findings(found: Inventory) -> Iterator[Finding]:
    """What cannot be read, what is missing, what is left over."""
    if found.unreadable:
        some = [f"{it.path} ({it.why})" for it in found.unreadable]
        yield Finding(
            "warning",
            "inventory_unreadable",
            f"{found.root}: {counted(len(some), 'path')} cannot be read with certainty, and may "
            f"hold anything: {_few(some)}.",
        )
    lacking = [it for it in found.images if it.missing]
    if lacking:
        yield Finding(
            "warning",
            "image_layers_missing",
            f"{found.root}: {counted(len(lacking), 'image')} cannot be used, because layers are "
            f"missing or damaged: {_few((it.tags or (it.id,))[0] for it in lacking)}. "
            "Pull or build them again.",
        )
    bare = [it for it in found.containers if it.present is False]
    if bare:
        yield Finding(
            "warning",
            "container_layer_missing",
            f"{found.root}: {counted(len(bare), 'container')} cannot start, because their own "
            f"layers are not there, or have no record: {_few(it.name or it.id for it in bare)}.",
        )
    gone = [it for it in found.volumes if it.driver == "local" and not it.path]
    if gone:
        yield Finding(
            "warning",
            "volume_folder_missing",
            f"{found.root}: {counted(len(gone), 'volume')} without a folder: "
            f"{_few(it.name for it in gone)}. The engine makes a new one, "
            "empty, for a container that uses it.",
        )
    for kind, (noun, what) in _LEFT.items():
        paths = [it.name or it.path for it in found.leftovers if it.kind == kind]
        if paths:
            yield Finding(
                "info",
                kind,
                f"{found.root}: {counted(len(paths), noun)}: {_few(paths)}: {what}.",
            )


def _few(names: Iterable[str]) -> str:
    return listed([one_line(it) for it in names], _FEW)
