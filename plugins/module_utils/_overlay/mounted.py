# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The overlay mounts that a host has, in whatever mount namespace."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    are,
    counted,
    listed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mounts,
    tables,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    Config,
    effective,
    read_config,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import (
    observe_kernel,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import (
    Layer,
    Place,
    nearest,
    place,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.unclear import (
    is_lasting,
    may_be,
    resolve,
    unclear_names,
)


class Use(NamedTuple):
    """A layer that an overlay mount uses."""

    role: str  # "lower", "upper" or "work"
    place: Place
    where: str  # the mount point; and a process, where only that one sees it
    devno: str  # of the overlay
    name: str = ""  # by which it was mounted, where that does not tell which folder it is


def uses(layers: Iterable[Layer] = (), but: str | None = None) -> tuple[Use, ...]:
    """The :class:`Use` of every layer of every overlay mount, in all mount namespaces.

    Of a layer whose name says nothing (``unclear.py``) each of ``layers`` is in use that may be it.

    :param but: the device number of an overlay that is left out.
    """
    found: dict[Use, None] = {}
    seen: set[tuple[str, str, str]] = set()  # (role, name, devno): an overlay is in many namespaces
    views = tables()
    overlays = [
        (process, mount, read_config(mount.options))
        for process, table in views.items()
        for mount in table
        if mount.fstype == "overlay" and mount.devno != but
    ]
    known = {path for _process, _mount, config in overlays for _role, path in config.layers}
    known = {path for path in known if is_lasting(path)}
    for process, mount, given in overlays:
        where = mount.path if process == "self" else f"{mount.path} of process {process}"
        shown = mount.path if process == "self" else f"/proc/{process}/root{mount.path}"
        config = resolve(given, mount, known) or given
        for role, path in config.layers:
            if is_lasting(path):
                for lies in _places(path, (views["self"], views[process])):
                    if (role, str(lies), mount.devno) not in seen:
                        seen.add((role, str(lies), mount.devno))
                        found[Use(role, lies, where, mount.devno)] = None
            elif (role, path, mount.devno) not in seen:
                seen.add((role, path, mount.devno))
                for layer in layers:
                    if may_be(layer, role, given, shown, mount.devno):
                        found[Use(role, layer.place, where, mount.devno, path)] = None
    return tuple(found)


def _places(path: str, views: Iterable[Sequence[Mount]]) -> set[Place]:
    """Where a path leads to: who mounted by it may have seen this process's mounts, or others.

    A container sees its root and no layer of it: the engine mounted that, from outside.
    """
    real = os.path.realpath(path)
    found = (nearest(real, table) for table in views)
    return {place(real, mount) for mount in found if mount}


class Overlay(NamedTuple):
    """An overlay mount as ``storage_info`` reports it."""

    mount: Mount
    config: Config
    options: dict[str, Any]  # those in force, defaults included
    missing: tuple[str, ...]  # layers that are no longer there
    unclear: tuple[str, ...] = ()  # names of layers that do not tell which folders they are


def overlays(table: Iterable[Mount] | None = None) -> list[Overlay]:
    """Every :class:`Overlay` that this process sees. No command."""
    mounted = [mount for mount in (mounts() if table is None else table) if _is_overlay(mount)]
    kernel = observe_kernel()
    configs = [read_config(mount.options) for mount in mounted]
    known = {path for config in configs for _role, path in config.layers if is_lasting(path)}
    found = []
    for mount, given in zip(mounted, configs):
        config = resolve(given, mount, known) or given
        missing = [
            path for _role, path in config.layers if is_lasting(path) and not os.path.isdir(path)
        ]
        unclear = tuple(name for _role, name in unclear_names(config))
        found.append(Overlay(mount, config, effective(config, kernel), tuple(missing), unclear))
    return found


def _is_overlay(mount: Mount) -> bool:
    return mount.fstype == "overlay"


def describe_overlays(found: Iterable[Overlay]) -> list[dict[str, Any]]:
    """One entry for each mount, as plain JSON."""
    return [
        {
            "path": one.mount.path,
            "lower": list(one.config.lower),
            "data": list(one.config.data),
            "upper": one.config.upper,
            "work": one.config.work,
            "options": dict(one.options),
            "extra_options": list(one.config.extra),
            "missing": list(one.missing),
        }
        for one in found
    ]


def overlay_findings(found: Sequence[Overlay]) -> list[Finding]:
    """What a person should know about the mounts, as :class:`Finding`."""
    findings = []
    for one in found:
        path = one.mount.path
        if one.options["volatile"]:
            findings.append(
                Finding(
                    "warning",
                    "overlay_volatile",
                    f"The overlay at {path} is volatile: nothing in {one.config.upper} is synced, "
                    "and after a crash it has to be thrown away.",
                )
            )
        if one.missing:
            findings.append(
                Finding(
                    "warning",
                    "overlay_layer_missing",
                    f"The overlay at {path} is mounted with folders that are not there any more, "
                    f"or not under that name: {', '.join(one.missing)}. It works on, and cannot "
                    "be mounted again.",
                )
            )
    return findings + _unclear(found) + _shared(found)


def _unclear(found: Iterable[Overlay]) -> list[Finding]:
    """One for all: an engine has such a mount for each of its containers."""
    some = [one for one in found if one.unclear]
    if not some:
        return []
    paths = listed([one.mount.path for one in some], 3)
    return [
        Finding(
            "info",
            "overlay_layers_unclear",
            f"{counted(len(some), 'overlay')} ({paths}) {are(len(some))} mounted with names of "
            f"layers that do not tell which folders they are, such as {some[0].unclear[0]}.",
        )
    ]


def _shared(found: Iterable[Overlay]) -> list[Finding]:
    """Uppers that more than one overlay writes to: undefined by overlayfs.rst."""
    users: dict[str, dict[str, str]] = {}  # upper -> devno -> where it is mounted
    for one in found:
        upper = one.config.upper
        if upper and is_lasting(upper):
            users.setdefault(os.path.realpath(upper), {})[one.mount.devno] = one.mount.path
    return [
        Finding(
            "warning",
            "overlay_upper_shared",
            f"{upper} is the upper layer of more than one overlay ({', '.join(paths.values())}): "
            "what they show is undefined.",
        )
        for upper, paths in users.items()
        if len(paths) > 1
    ]
