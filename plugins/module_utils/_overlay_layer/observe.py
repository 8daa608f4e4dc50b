# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Reading an overlay mount, its layers and what uses them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._host import (
    mount_unit as _mount_unit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mounted_at,
    mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    Config,
    read_config,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.holders import (
    find_holders,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import (
    MOST_VALUE,
    observe_kernel,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import (
    Layer,
    examine_layer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.mounted import uses
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.unclear import (
    is_lasting,
    moved_away,
    resolve,
    unclear_names,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.changes import (
    read_changes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
    differences,
    goal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.unit import (
    read_unit,
    unit_at,
    unit_text,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

# The kernel leaves no folder of systemd's where something else is process 1 (sd_booted(3)).
SYSTEMD = "/run/systemd/system"


def observe(run: Reader, wanted: Wanted) -> State:
    """Read the mount, its layers and what uses them. No command but, rarely, ``mount --version``.

    :raises StorageError: what the layer changes was asked for, and cannot be read.
    """
    table = mounts()
    found = mounted_at(wanted.path, table)
    overlay = found if found is not None and found.fstype == "overlay" else None
    current, unclear = _current(overlay, table)
    text = unit_text(wanted.path)
    below = [mount for mount in table if mount is not found]
    configs = [config for config in (wanted.config, current, read_unit(text)) if config]
    layers = {
        path: examine_layer(path, below)
        for config in configs
        for _role, path in config.layers
        if is_lasting(path)
    }
    state = State(
        kernel=observe_kernel(),
        mounted=found,
        current=current,
        unit_text=text,
        enabled=unit_at(wanted.path).enabled,
        systemd=os.path.isdir(SYSTEMD),
        table=_mount_unit.fstab_line(wanted.path),
        layers=layers,
        folder=_folder(wanted.path, below, found),
        unclear=unclear,
    )
    if unclear:  # neither what is wanted nor what it changes can be compared with it
        if wanted.state != "mounted" and overlay:
            state = state._replace(holders=find_holders(overlay, table))
        return state
    config = goal(state, wanted)
    mounting = wanted.state == "mounted" and (not overlay or differences(state, config))
    if mounting:
        new = [layer for role, layer in _layers(state, config) if not _holds(state, role, layer)]
        state = state._replace(
            uses=uses(new, but=found.devno if found else None),
            mount_version=_mount_version(run, config),
        )
    if overlay and (mounting or wanted.state != "mounted"):
        state = state._replace(holders=find_holders(overlay, table))
    reads = wanted.report_limit is not None and config.upper
    if overlay and current and (mounting or reads):
        state = state._replace(moved=tuple(moved_away(current, overlay.path, overlay.devno)))
    if not reads or state.moved:
        return state
    return state._replace(changes=_changes(run, config, wanted.report_limit or 0))


def _current(
    overlay: Mount | None, table: Iterable[Mount]
) -> tuple[Config | None, tuple[str, ...]]:
    """The config of what is mounted, and those names of its layers that do not tell which."""
    if overlay is None:
        return None, ()
    config = read_config(overlay.options)
    if not unclear_names(config):
        return config, ()
    others = (read_config(mount.options) for mount in table if mount.fstype == "overlay")
    known = {path for one in others for _role, path in one.layers if is_lasting(path)}
    config = resolve(config, overlay, known) or config
    return config, tuple(name for _role, name in unclear_names(config))


def _layers(state: State, config: Config) -> list[tuple[str, Layer]]:
    return [(role, state.layers[path]) for role, path in config.layers]


def _holds(state: State, role: str, layer: Layer) -> bool:
    """Whether what is mounted at the path has this layer already."""
    return state.current is not None and layer.real in state.folders(state.current, role)


@lru_cache(maxsize=1)
def _changes(_run: Reader, config: Config, limit: int) -> dict[str, Any]:
    """What the layer changes, read once for each run: to mount it changes nothing of that."""
    return read_changes(config, limit)


def _folder(path: str, table: Sequence[Mount], mounted: Mount | None) -> Layer:
    """The mount point; what lies below a mount cannot be seen."""
    folder = examine_layer(path, table)
    return folder._replace(foreign=()) if mounted else folder


def _mount_version(run: Reader, config: Config) -> tuple[int, int] | None:
    """The version of mount(8), such as ``(2, 38)``, if it could matter: see ``MOST_VALUE``."""
    if max(len(os.fsencode(option)) for option in config.written()) <= MOST_VALUE:
        return None
    match = re.search(r"util-linux (\d+)\.(\d+)", run.read(("mount", "--version")))
    return (int(match[1]), int(match[2])) if match else None
