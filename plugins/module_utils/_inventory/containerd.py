# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""What a root of containerd holds, as far as its files tell. Read only.

``io.containerd.metadata.v1.bolt/meta.db`` has ``v1/<namespace>/`` with ``images/<name>/target``,
``containers/<id>`` and ``snapshots/<snapshotter>/<key>`` (metadata/buckets.go of containerd);
``io.containerd.content.v1.content/blobs/<algorithm>/<digest>`` is what was pulled.
"""

from __future__ import annotations

import os

from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    content_folder,
    own_containerd_root,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.bolt import (
    BoltError,
    Bucket,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    Notes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    Folder,
    open_root,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Namespace,
    Store,
    StoredImage,
)

_METADATA = ("io.containerd.metadata.v1.bolt", "meta.db")


def own_store(root: Folder) -> Store | None:
    """What the containerd keeps that an engine starts itself; None where it has none there."""
    way = os.path.relpath(own_containerd_root(root.path), root.path).split("/")
    with root.open(*way) as folder:
        return _store(folder) if folder else None


def read_store(path: str, notes: Notes) -> Store | None:
    """What a containerd keeps at ``path``; None where there is nothing.

    :raises StorageError: it can be read by root only.
    """
    with open_root(path, notes) as folder:
        return _store(folder) if folder else None


def _store(folder: Folder) -> Store | None:
    namespaces: list[Namespace] = []
    with folder.open(_METADATA[0]) as metadata:
        tables = metadata.tables(_METADATA[1]) if metadata else None
        if metadata and tables:
            try:
                namespaces += _namespaces(tables)
            except BoltError as error:
                metadata.note(_METADATA[1], str(error))
    blobs = size = 0
    way = os.path.relpath(content_folder(folder.path), folder.path).split("/")
    with folder.open(*way, "blobs") as algorithms:
        for algorithm in algorithms.folders() if algorithms else ():
            for name in algorithm.names():
                found = algorithm.size(name)
                blobs += found is not None
                size += found or 0
    return Store(folder.path, tuple(namespaces), blobs, size) if namespaces or blobs else None


def _namespaces(tables: Bucket) -> list[Namespace]:
    return [
        _namespace(_text(name), table)
        for version, inner in tables.buckets()
        if version == b"v1"
        for name, table in inner.buckets()
    ]


def _namespace(name: str, table: Bucket) -> Namespace:
    images: list[StoredImage] = []
    containers: list[str] = []
    snapshots: list[tuple[str, tuple[str, ...]]] = []
    for kind, inner in table.buckets():
        if kind == b"images":
            images += [_image(_text(key), image) for key, image in inner.buckets()]
        elif kind == b"containers":
            containers += [_text(key) for key, _container in inner.buckets()]
        elif kind == b"snapshots":
            snapshots += [
                (_text(key), tuple(_text(it) for it, _snapshot in keys.buckets()))
                for key, keys in inner.buckets()
            ]
    return Namespace(name, tuple(images), tuple(containers), tuple(snapshots))


def _image(name: str, image: Bucket) -> StoredImage:
    target = [dict(inner.values()) for key, inner in image.buckets() if key == b"target"]
    return StoredImage(name, _text(target[0].get(b"digest", b"")) if target else "")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
