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
    Place,
    nearest,
    place,
)


class Use(NamedTuple):
    """A layer that an overlay mount uses."""

    role: str  # "lower", "upper" or "work"
    place: Place
    where: str  # the mount point; and a process, where only that one sees it
    devno: str  # of the overlay


def uses() -> tuple[Use, ...]:
    """The :class:`Use` of every layer of every overlay mount, in all mount namespaces.

    A layer by a relative path is left out: from what folder it was mounted, nobody knows any more.
    """
    found: dict[tuple[str, Place, str], str] = {}  # (role, place, devno) -> where
    views = tables()
    for process, table in views.items():
        for mount in table:
            if mount.fstype != "overlay":
                continue
            where = mount.path if process == "self" else f"{mount.path} of process {process}"
            for role, path in read_config(mount.options).layers:
                if path.startswith("/"):
                    for lies in _places(path, (views["self"], table)):
                        found.setdefault((role, lies, mount.devno), where)
    return tuple(Use(role, lies, where, devno) for (role, lies, devno), where in found.items())


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


def overlays(table: Iterable[Mount] | None = None) -> list[Overlay]:
    """Every :class:`Overlay` that this process sees. No command."""
    table = mounts() if table is None else table
    kernel = observe_kernel()
    found = []
    for mount in table:
        if mount.fstype == "overlay":
            config = read_config(mount.options)
            missing = [
                path
                for _role, path in config.layers
                if path.startswith("/") and not os.path.isdir(path)
            ]
            found.append(Overlay(mount, config, effective(config, kernel), tuple(missing)))
    return found


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
    return findings + _shared(found)


def _shared(found: Iterable[Overlay]) -> list[Finding]:
    """Uppers that more than one overlay writes to: undefined by overlayfs.rst."""
    users: dict[str, dict[str, str]] = {}  # upper -> devno -> where it is mounted
    for one in found:
        upper = one.config.upper
        if upper and upper.startswith("/"):
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
