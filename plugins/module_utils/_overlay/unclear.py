# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Layers that an overlay was mounted with by names that say nothing by themselves.

Engines name layers from a folder that they work in while they mount (``l/ABC``), or by a descriptor
that they hold open then (``/proc/self/fd/7``), so that long lists fit. The kernel keeps those names
as they are, and neither the folder nor the descriptor outlives the mount.

What lies below such a mount is told by what it shows: the root of an overlay has the owner, mode
and times of its uppermost layer, to the nanosecond (ovl_getattr(), fs/overlayfs/inode.c).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
        Config,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import Layer

# What means another folder in each process.
_PASSING = re.compile(r"/proc(/|$)|/dev/(fd|std\w+)(/|$)")

_LOOKED_AT = 64  # entries of a folder that are compared with what a mount shows


def is_lasting(name: str) -> bool:
    """Whether a layer's name means the same folder to everybody, and later on as well."""
    return name.startswith("/") and not _PASSING.match(os.path.normpath(name))


def unclear_names(config: Config) -> list[tuple[str, str]]:
    """The layers whose names mean nothing by themselves: ``(role, name)``."""
    return [(role, name) for role, name in config.layers if not is_lasting(name)]


def resolve(config: Config, mount: Mount, known: Iterable[str] = ()) -> Config | None:
    """The config with names that last; None where nobody can tell what they were.

    Looked for from the folders around the mount point and around the layers that other overlays
    have: an engine keeps all of its own together. Believed is only what shows to be its uppermost
    layer, and has all the others beside it.

    :param known: paths of layers that last, of whatever overlay.
    """
    if not unclear_names(config):
        return config
    for folder in dict.fromkeys(_around([mount.path, *known])):
        names = {name: _from(folder, name) for _role, name in config.layers}
        if all(path is not None and os.path.isdir(path) for path in names.values()):
            found = _renamed(config, {name: path for name, path in names.items() if path})
            if is_below(found, mount.path, mount.devno):
                return found
    return None


def _around(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        while path not in ("/", ""):
            path = os.path.dirname(path)
            yield path


def _from(folder: str, name: str) -> str | None:
    if is_lasting(name):
        return name
    return None if name.startswith("/") else os.path.realpath(os.path.join(folder, name))


def _renamed(config: Config, names: dict[str, str]) -> Config:
    return config._replace(
        lower=tuple(names[name] for name in config.lower),
        data=tuple(names[name] for name in config.data),
        upper=config.upper and names[config.upper],
        work=config.work and names[config.work],
    )


def is_below(config: Config, shown: str, devno: str) -> bool:
    """Whether the uppermost layer of a config is what a mount shows.

    :param shown: the root of the mount, as this process reaches it.
    :param devno: of the overlay.
    """
    top = config.upper or next(iter(config.lower), None)
    marks = root_of(shown, devno)
    return top is not None and marks is not None and _marks(top) == marks


def root_of(shown: str, devno: str) -> tuple[int, ...] | None:
    """What tells the root of an overlay from other folders; None where it cannot be seen."""
    try:
        found = os.stat(shown)
    except OSError:
        return None
    if f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}" != devno:  # mounted over
        return None
    return _told(found)


def _marks(path: str) -> tuple[int, ...] | None:
    try:
        return _told(os.stat(path))
    except OSError:
        return None


def _told(found: os.stat_result) -> tuple[int, ...]:
    return found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, found.st_ctime_ns


def may_be(layer: Layer, role: str, config: Config, shown: str, devno: str) -> bool:
    """Whether a folder may be the layer of that role below a mount whose names say nothing.

    :param shown: the root of the mount, as this process reaches it.
    """
    if layer.kind != "folder":  # it is not there, so nobody uses it
        return False
    marks = root_of(shown, devno)
    if role == "work":  # the kernel keeps one in it, without any rights, while it is mounted
        found = _marks(layer.real + "/work")
        return found is not None and not found[0] & 0o777
    if marks is None:
        return True
    if role == "upper" or (config.upper is None and len(config.lower) == 1):
        return _marks(layer.real) == marks
    return _shows(shown, layer.real)


def _shows(shown: str, folder: str) -> bool:
    """Whether a mount shows anything of a folder, or the folder is empty."""
    names = _names(folder)
    return not names or any(_same(f"{shown}/{name}", f"{folder}/{name}") for name in names)


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry, _number in zip(entries, range(_LOOKED_AT))]
    except OSError:
        return []


def _same(one: str, other: str) -> bool:
    try:
        return _told(os.lstat(one)) == _told(os.lstat(other))
    except OSError:
        return False


def moved_away(config: Config, shown: str, devno: str) -> list[str]:
    """The layers of a mounted overlay that are no longer what lies at their paths.

    A mount keeps its layers when they are renamed, removed, or hidden by another mount; what its
    upper layer changes can then not be read by these paths.

    :param shown: the mount point.
    """
    gone = [path for _role, path in config.layers if not os.path.isdir(path)]
    if gone:
        return gone
    if root_of(shown, devno) is not None and not is_below(config, shown, devno):
        return [config.upper or config.lower[0]]
    layers = [path for path in (config.upper, *config.lower) if path]
    return _strangers(layers, shown)


def _strangers(layers: Sequence[str], shown: str) -> list[str]:
    """The layer that does not show, or all lower ones if it shows what none of them has."""
    for number, layer in enumerate(layers):
        for name in _names(layer):
            above = any(os.path.lexists(f"{one}/{name}") for one in layers[:number])
            if not above and not os.path.lexists(f"{shown}/{name}") and not _hides(layer, name):
                return [layer]
    for name in _names(shown):
        if not any(os.path.lexists(f"{layer}/{name}") for layer in layers):
            return list(layers[1:])
    return []


def _hides(layer: str, name: str) -> bool:
    """Whether an entry is a whiteout, or may be one that is kept as an attribute."""
    try:
        found = os.lstat(f"{layer}/{name}")
    except OSError:
        return True
    return not stat.S_ISDIR(found.st_mode) and found.st_size == 0
