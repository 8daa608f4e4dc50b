# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""Images and their layers, by the engine's own records of them.

The layout is moby's: ``image/<driver>/imagedb/content/sha256/<id>`` is an image's configuration,
whose digest its ID is, ``imagedb/metadata/sha256/<id>/parent`` what the old builder made it of
(image/fs.go, image/store.go); ``layerdb/sha256/<chain ID>/`` has ``diff``, ``parent``, ``size``,
``cache-id`` and ``tar-split.json.gz`` of a layer, and ``layerdb/mounts/<container>/`` has
``mount-id``, ``init-id`` and ``parent`` of a container's own (layer/filestore.go);
``repositories.json`` has tags and digests (reference/store.go).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._inventory.driver_names import (
    Names,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    as_object,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    TEXT,
    Folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Image,
    Layer,
    Leftover,
)

_ID = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REMOVING = "-removing"
_LARGEST_NUMBER = 19  # digits of 64 bits


class Record(NamedTuple):
    """What the layer store has on a container's own layer."""

    driver: str
    container: str
    mount_id: str
    init_id: str
    parent: str  # a chain ID
    readable: bool


class Driver(NamedTuple):
    """What the engine has with one driver."""

    name: str
    images: tuple[Image, ...]
    layers: tuple[Layer, ...]
    records: tuple[Record, ...]
    leftovers: tuple[Leftover, ...]


def read_driver(folder: Folder, driver: str, names: Names) -> Driver:
    """What the folder ``image/<driver>`` has.

    :param names: of what the driver itself has.
    """
    layers: list[Layer] = []
    records: list[Record] = []
    leftovers: list[Leftover] = []
    with folder.open("layerdb") as store:
        if store:
            with store.open("sha256") as all_of_them:
                layers += _layers(all_of_them, driver, names, leftovers) if all_of_them else ()
            with store.open("mounts") as mounts:
                records += [_record(it, driver) for it in mounts.folders()] if mounts else ()
            with store.open("tmp") as unfinished:
                paths = [unfinished.at(name) for name in unfinished.names()] if unfinished else []
                leftovers += [Leftover("layer_half_written", path, driver) for path in paths]
    images = _images(folder, driver, {it.id: it for it in layers})
    tags, strays = _references(folder, driver, {it.id for it in images})
    images = [
        it._replace(
            tags=tuple(ref for ref in tags.get(it.id, ()) if "@" not in ref),
            digests=tuple(ref for ref in tags.get(it.id, ()) if "@" in ref),
        )
        for it in images
    ]
    return Driver(driver, tuple(images), tuple(layers), tuple(records), (*leftovers, *strays))


def chain_ids(diffs: tuple[str, ...]) -> Iterator[str]:
    """The chain ID of each layer, by the DiffIDs of all up to it, the lowest first."""
    chain = ""
    for diff in diffs:
        chain = _digest(f"{chain} {diff}".encode()) if chain else diff
        yield chain


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def _layers(store: Folder, driver: str, names: Names, leftovers: list[Leftover]) -> Iterator[Layer]:
    for name in store.names():
        if name.endswith(_REMOVING):
            leftovers.append(Leftover("layer_half_removed", store.at(name), driver))
        elif not _ID.fullmatch(name):
            store.note(name, "its name is no digest of a layer")
        else:
            before = len(store.notes)
            with store.open(name) as folder:
                layer = _layer(folder, driver, names) if folder else Layer(driver, f"sha256:{name}")
            yield layer._replace(readable=len(store.notes) == before)


def _layer(folder: Folder, driver: str, names: Names) -> Layer:
    name = "sha256:" + folder.path.rpartition("/")[2]
    diff = folder.word("diff", _is_digest)
    parent = folder.word("parent", _is_digest, needed=False)
    size = folder.word("size", lambda it: it.isascii() and it.isdigit() and len(it) < 20)
    cache = folder.word("cache-id", lambda it: bool(it) and it.isprintable() and "/" not in it)
    unknown = folder.has("parent") and not parent
    if diff and not unknown and name != (_digest(f"{parent} {diff}".encode()) if parent else diff):
        folder.notes.add(folder.path, "its chain ID is not that of its DiffID and its parent")
    return Layer(
        driver,
        name,
        diff,
        parent,
        cache,
        int(size) if size else None,
        folder.has("tar-split.json.gz"),
        names.has(cache) if cache else None,
    )


def _record(folder: Folder, driver: str) -> Record:
    before = len(folder.notes)
    mount = folder.word("mount-id", _is_mount)
    init = folder.word("init-id", _is_mount, needed=False)
    parent = folder.word("parent", _is_digest, needed=False)
    readable = len(folder.notes) == before
    return Record(driver, folder.path.rpartition("/")[2], mount, init, parent, readable)


def _is_mount(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}(-init)?", text) is not None


def _images(folder: Folder, driver: str, layers: dict[str, Layer]) -> list[Image]:
    found = []
    with folder.open("imagedb", "content", "sha256") as contents:
        for name in contents.names() if contents else ():
            if contents is None:
                continue
            before = len(contents.notes)
            if not _ID.fullmatch(name):
                contents.note(name, "its name is no digest of an image")
                continue
            image = _image(contents, name, driver, layers)
            with folder.open("imagedb", "metadata", "sha256", name) as metadata:
                if metadata:
                    image = image._replace(parent=metadata.word("parent", _is_digest, False))
            found.append(image._replace(readable=len(contents.notes) == before))
    return found


def _image(contents: Folder, name: str, driver: str, layers: dict[str, Layer]) -> Image:
    image = Image(driver, f"sha256:{name}")
    content = contents.content(name, TEXT)
    if content is None:
        return image
    if _digest(content) != image.id:
        contents.note(name, "its content has another digest than its name says")
        return image
    config = as_object(content, contents.at(name), contents.notes)
    if config is None:
        return image
    diffs = config.object("rootfs").texts("diff_ids")
    if not all(map(_is_digest, diffs)):
        contents.note(name, "its diff_ids are not all digests")
        return image
    chain = tuple(chain_ids(tuple(diffs)))
    known = [layers.get(it) for it in chain]
    sizes = [it.bytes for it in known if it and it.bytes is not None]
    return image._replace(
        layers=chain,
        bytes=sum(sizes) if len(sizes) == len(chain) else None,
        missing=tuple(
            id_
            for id_, it in zip(chain, known)
            if it is None or not it.readable or it.present is False
        ),
    )


def _references(
    folder: Folder, driver: str, images: set[str]
) -> tuple[dict[str, list[str]], list[Leftover]]:
    """The references to each image, sorted, and those that lead to none."""
    found: dict[str, list[str]] = {}
    strays = []
    content = folder.json("repositories.json", needed=False)
    for _repository, references in content.objects("Repositories") if content else ():
        for reference in references.names():
            image = references.text(reference)
            if image in images:
                found.setdefault(image, []).append(reference)
            elif image:
                path = folder.at("repositories.json")
                strays.append(Leftover("tag_without_image", path, driver, reference))
    return {image: sorted(them) for image, them in found.items()}, strays
