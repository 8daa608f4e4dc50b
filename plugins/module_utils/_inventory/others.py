# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""What else an engine keeps: networks, the build cache, plugins, a swarm's membership.

``network/files/local-kv.db`` (see ``_docker/networks.py``); ``plugins/<id>/config.json`` of moby's
plugin/manager.go, whose settings are not read, since there are passwords in them;
``swarm/docker-state.json`` and ``swarm/state.json`` of daemon/cluster/noderunner.go; BuildKit's
``metadata_v2.db`` (cache/metadata/metadata.go) and moby's ``snapshots.db`` beside it
(builder-next/adapters/snapshot/snapshot.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._docker.networks import (
    OWN,
    STORE,
    network_records,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.bolt import BoltError
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    Object,
    as_object,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    TEXT,
    Folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    BuildCache,
    Network,
    Plugin,
    Swarm,
)

_ID = re.compile(r"[0-9a-f]{64}")
_RECORDS = b"_main"
_SIZE = b"snapshot.size"


def read_networks(root: Folder) -> tuple[Network, ...]:
    """The networks that the engine remembers, by their names."""
    *on_the_way, name = STORE.split("/")
    with root.open(*on_the_way) as folder:
        tables = folder.tables(name) if folder else None
        if folder is None or tables is None:
            return ()
        found = []
        path = folder.at(name)
        try:
            for content in network_records(tables):
                it = as_object(content, path, folder.notes)
                if it:
                    found.append(_network(it))
        except BoltError as error:
            folder.note(name, str(error))
    return tuple(sorted(found, key=lambda it: (it.name, it.id)))


def _network(it: Object) -> Network:
    name = it.text("name")
    return Network(
        it.text("id"),
        name,
        it.text("networkType"),
        it.text("scope"),
        it.switch("internal"),
        it.pairs("labels"),
        name in OWN,
    )


def read_plugins(root: Folder) -> tuple[Plugin, ...]:
    """The plugins that were installed, by their IDs."""
    found = []
    with root.open("plugins") as folder:
        # What they were pulled as lies beside them, by other names.
        for name in filter(_ID.fullmatch, folder.names() if folder else ()):
            before = len(root.notes)
            it = Plugin(name)
            with root.open("plugins", name) as own:
                content = own.json("config.json") if own else None
            if content:
                it = _plugin(it, content.object("plugin"))
            found.append(it._replace(readable=len(root.notes) == before))
    return tuple(found)


def _plugin(it: Plugin, content: Object) -> Plugin:
    interface = content.object("Config").object("Interface")
    return it._replace(
        name=content.text("Name"),
        reference=content.text("PluginReference"),
        enabled=content.switch("Enabled"),
        types=tuple(interface.texts("Types")),
    )


def read_swarm(root: Folder) -> Swarm | None:
    """The membership of a swarm; None for a node that is in none."""
    with root.open("swarm") as folder:
        if folder is None or not folder.names():
            return None
        node = folder.json("docker-state.json")
        peers = folder.content("state.json", TEXT, needed=False)
        with folder.open("raft") as raft:
            manager = raft is not None and bool(raft.names())
        return Swarm(
            manager,
            node.text("AdvertiseAddr") if node else "",
            node.text("ListenAddr") if node else "",
            tuple(_peers(folder, peers)) if peers else (),
        )


def _peers(folder: Folder, content: bytes) -> list[str]:
    """The addresses in a list of managers: ``[{"node_id": ..., "addr": ...}]``."""
    wrapped = as_object(b'{"managers": ' + content + b"}", folder.at("state.json"), folder.notes)
    listed = wrapped.items("managers") if wrapped else []
    return sorted(filter(None, (it.text("addr") for it in listed)))


def read_build_cache(root: Folder) -> BuildCache | None:
    """What BuildKit keeps; None where it was never used."""
    with root.open("buildkit") as folder:
        if folder is None:
            return None
        records = dict(_records(folder))
        for name in folder.names():
            # One whose layers containerd keeps has a folder for each snapshotter.
            if name.startswith("containerd-"):
                with folder.open(name) as inner:
                    records.update(_records(inner) if inner else ())
        sizes = [size for size in records.values() if size is not None and size > 0]
        return BuildCache(
            tuple(sorted(records)), sum(sizes), tuple(sorted(set(_snapshots(folder))))
        )


def _records(folder: Folder) -> Iterator[tuple[str, int | None]]:
    """Each record of the cache, and its size if that was ever counted."""
    name = "metadata_v2.db"
    tables = folder.tables(name)
    try:
        for bucket, table in tables.buckets() if tables else ():
            for key, record in table.buckets() if bucket == _RECORDS else ():
                sizes = [it for field, it in record.values() if field == _SIZE]
                path = f"{folder.at(name)}: {_text(key)}"
                it = as_object(sizes[0], path, folder.notes) if sizes else None
                yield _text(key), it.number("value") if it else None
    except BoltError as error:
        folder.note(name, str(error))


def _snapshots(folder: Folder) -> Iterator[str]:
    """By which names the driver has layers of the cache that are none of an image's."""
    tables = folder.tables("snapshots.db")
    try:
        for key, table in tables.buckets() if tables else ():
            fields = dict(table.values())
            if not key.startswith(b"sha256:"):
                yield _text(fields.get(b"committed") or key)
    except BoltError as error:
        folder.note("snapshots.db", str(error))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
