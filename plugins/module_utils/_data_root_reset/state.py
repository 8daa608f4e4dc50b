# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A data root that is to be emptied: how it is wanted, and what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import (
    plain_path,
    unit_names,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Inventory,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "required": True},
    "volumes": {"type": "str", "choices": ["keep", "destroy"], "default": "keep"},
    "only_of": {"type": "list", "elements": "str", "choices": list(DRIVERS), "default": []},
    "engine": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
    "config_file": {"type": "str", "default": "/etc/docker/daemon.json"},
    "service": {"type": "str", "default": "docker.service"},
    "consent": {"type": "str"},
    "plans": {"type": "str"},  # the controller's: plugins/action/data_root_reset.py
}


class Wanted(NamedTuple):
    """What is to go, and what becomes of the engine."""

    path: str  # the data root
    keep_volumes: bool = True
    only_of: tuple[str, ...] = ()  # the drivers whose leftovers alone are to go; () for everything
    start: bool = True  # whether an engine that ran is to run again
    config_file: str = "/etc/docker/daemon.json"
    service: str = "docker.service"


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters.

    :raises StorageError: a path or a name is none.
    """
    return Wanted(
        path=plain_path("path", params["path"], tidy=True),
        keep_volumes=params["volumes"] == "keep",
        only_of=tuple(dict.fromkeys(params["only_of"])),
        start=params["engine"] == "started",
        config_file=plain_path("config_file", params["config_file"], tidy=True),
        service=unit_names("service", [params["service"]])[0],
    )


class Root(NamedTuple):
    """A data root, or the folder ``<uid>.<gid>`` in one that user namespaces have."""

    path: str
    entries: tuple[str, ...] = ()  # what would go, by its path in it
    holds: Inventory = Inventory("")  # what is in that


class State(NamedTuple):
    """What is there."""

    roots: tuple[Root, ...] = ()  # () where there is no such folder
    engine: Engine | None = None  # None where none is installed
    config: daemon_json.File = daemon_json.File(None, {})
    used: bool = False  # whether it is the data root of that engine
    triggers: tuple[str, ...] = ()  # units that run and would start the engine's, such as a socket
    hold: str | None = None  # the drop-in that keeps the engine from starting; None where none does
    leads_to: str = ""  # where the path leads to, if that is elsewhere
    fstype: str = ""  # of the filesystem that it lies on
    mounts: tuple[str, ...] = ()  # mount points in it that no engine makes
    driver: str = ""  # what the engine is on, or would be; '' where it would choose
    store: bool = False  # whether containerd keeps its images
    told: bool = False  # whether a flag or its file says which driver it is to be on
    pool: bool = False  # whether layers of devicemapper are in a pool that is no file in it
    aside: bool = False  # whether an earlier run has left what it had put aside
    leftovers: bool = False  # whether it is looked at for those of drivers alone

    @property
    def anything(self) -> bool:
        """Whether there is anything to remove.

        What an engine makes at its first start it would make again; leftovers it would not.
        """
        return any(
            root.entries and (self.leftovers or any_value(root.holds)) for root in self.roots
        )


def any_value(found: Inventory) -> bool:
    """Whether there is more than what an engine makes at its first start.

    On devicemapper that is a device as well, on btrfs and ZFS what its layers lie in.
    """
    cache = found.build_cache
    return bool(
        found.images
        or found.layers
        or found.containers
        or found.volumes
        or found.networks
        or found.plugins
        or found.swarm
        or (cache and (cache.records or cache.snapshots))
        or any(it.blobs or it.namespaces for it in found.stores)
        or found.leftovers
        or found.unreadable
    )
