# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts whose data root is to be emptied, for tables: what is there, and what is wanted."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    Root,
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    BuildCache,
    Container,
    Image,
    Inventory,
    Layer,
    Swarm,
)

ROOT = "/var/lib/docker"
ASIDE = f"{ROOT}/.containerhost-storage-aside"
HOLD = "/etc/systemd/system/docker.service.d/00-containerhost-storage-hold.conf"
ENTRIES = ("containers", "image", "overlay2")
USED = Inventory(
    ROOT,
    images=(Image("overlay2", "sha256:a", tags=("shop:1",)),),
    layers=(Layer("overlay2", "sha256:b", bytes=3 << 20),),
    containers=(Container("c1", "web", "overlay2"),),
)
FRESH = Inventory(ROOT, build_cache=BuildCache((), 0, ()))
WORKER = Swarm(False, "10.0.0.2", "", ("10.0.0.3",))


def root(entries=ENTRIES, holds=USED, path=ROOT):
    """A data root, and what of it would go."""
    return Root(path, tuple(entries), holds)


def engine(active="active", version=(26, 1, 5), **info):
    """An engine."""
    unit = Unit("docker.service", "loaded", active, "now", "/usr/sbin/dockerd")
    return Engine(unit, version, info if active == "active" else None)


def host(*roots, **more):
    """A host whose engine runs on overlay2, which it was told."""
    state = {"engine": engine(), "used": True, "triggers": ("docker.socket",), "fstype": "ext4"}
    state.update({"driver": "overlay2", "told": True, **more})
    text = state.pop("text", None)
    config = daemon_json.File(text, daemon_json.parse("daemon.json", text) if text else {})
    return State(roots=roots or (root(),), config=config, **state)


def want(**more):
    """What is wanted: the data root empty."""
    return Wanted(ROOT, **more)
