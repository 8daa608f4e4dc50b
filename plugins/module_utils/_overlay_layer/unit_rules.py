# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps an overlay from being mounted at boot, by a unit of its own. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.unit import (
    LONGEST_NAME,
    unit_at,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
        TableLine,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
        Config,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import Layer

# What is in memory, and empty after a boot.
_FLEETING = ("tmpfs", "ramfs")


def require_removable(state: State, wanted: Wanted) -> None:
    """Refuse to keep a mount away from the boot that fstab asks for."""
    if state.table is not None:
        raise _in_fstab(state.table, wanted)


def require_keepable(state: State, wanted: Wanted, config: Config) -> None:
    """Refuse a unit that this host, or systemd, could not keep."""
    where = f"The overlay at {wanted.path}"
    if state.table is not None:
        if state.table.fstype != "overlay":
            raise _in_fstab(state.table, wanted)
        return
    if not state.systemd:
        raise StorageError(
            where,
            "it is to be persistent, and systemd does not run this host",
            "Set `persistent: false`",
            refusal="systemd_missing",
        )
    if config.volatile:
        raise StorageError(
            where,
            "a volatile overlay cannot be mounted a second time with the same work folder, so it "
            "cannot come back at boot",
            "Set `persistent: false`, or turn volatile off",
            refusal="overlay_volatile",
        )
    if len(unit_at(wanted.path).name) > LONGEST_NAME:
        raise StorageError(
            where,
            f"its path is too long for the name of a unit, which takes {LONGEST_NAME} bytes",
            "Choose a shorter path, or set `persistent: false`",
            refusal="path_too_long",
        )
    for role, path in (("path", wanted.path), *config.layers):
        _require_sayable(role, path)
    for role, path in config.layers:
        _require_lasting(role, state.layers[path])


def _in_fstab(line: TableLine, wanted: Wanted) -> StorageError:
    return StorageError(
        "/etc/fstab",
        f"its line for {wanted.path} mounts {line.source} ({line.fstype}) there at boot",
        "Take that line out: a persistent mount is then kept by a unit of its own",
        refusal="fstab_conflict",
    )


def _require_sayable(role: str, path: str) -> None:
    """Refuse what a unit cannot say."""
    remedy = "Rename the folder, or set `persistent: false`"
    if "\\" in path:
        raise StorageError(
            f"{role}={path}",
            "it has a backslash in it, which systemd takes out of the options of a mount",
            remedy,
            refusal="path_invalid",
        )
    if path.endswith(" "):
        raise StorageError(
            f"{role}={path}",
            "it has a space at its end, which systemd takes off the lines of a unit",
            remedy,
            refusal="path_invalid",
        )


def can_come_back(state: State, config: Config) -> bool:
    """Tell whether an overlay can be mounted again with these layers after a boot."""
    lasting = not any(_is_fleeting(state.layers[path]) for _role, path in config.layers)
    return lasting and not config.volatile


def _is_fleeting(layer: Layer) -> bool:
    return layer.mount.fstype in _FLEETING


def _require_lasting(role: str, layer: Layer) -> None:
    if _is_fleeting(layer):
        raise StorageError(
            f"{role}={layer.path}",
            f"it lies on {layer.mount.path} ({layer.mount.fstype}), which is empty after a boot: "
            "the overlay could not be mounted",
            "Use a folder on a disk, or set `persistent: false`",
            refusal="layer_not_persistent",
        )
