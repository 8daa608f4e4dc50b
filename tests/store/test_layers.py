# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers that a real engine made are proven, and another driver's engine takes what is written."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from typing import NamedTuple

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._layers import (
    overlay2,
    traps,
    whole,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.convert import (
    convert_layer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._layers.proof import prove
from support.layer_tars import merged, snapshot

VERSIONS = {"bookworm": (20, 10), "trixie": (26, 1), "testing": (28, 0)}


class Recorded(NamedTuple):
    """A layer as the engine has it on record."""

    chain: str
    diff_id: str
    cache_id: str
    parent: str  # chain, or ''
    split: str


def contents(archive):
    """What `docker save` has written; Docker 28 notes the time of writing as well."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {it.name: tar.extractfile(it).read() if it.isfile() else it.type for it in tar}


def recorded(root, driver):
    """All layers of images, parents first."""
    found = {}
    for folder in (root / "image" / driver / "layerdb" / "sha256").iterdir():
        parent = folder / "parent"
        found[f"sha256:{folder.name}"] = Recorded(
            f"sha256:{folder.name}",
            (folder / "diff").read_text(),
            (folder / "cache-id").read_text(),
            parent.read_text() if parent.exists() else "",
            str(folder / "tar-split.json.gz"),
        )

    def depth(layer):
        return 1 + depth(found[layer.parent]) if layer.parent else 0

    return {it.chain: it for it in sorted(found.values(), key=depth)}


def differing(seen, wanted):
    """What differs of two trees; vfs itself takes user's attributes to no layer above."""
    (mine, links), (theirs, same_links) = seen, wanted

    def taken(it):
        return it and (
            *it[:-1],
            {key: value for key, value in it[-1].items() if not key.startswith("user.")},
        )

    names = sorted({*mine, *theirs})
    found = [
        (name, mine.get(name), theirs.get(name))
        for name in names
        if taken(mine.get(name)) != taken(theirs.get(name))
    ]
    return found + ([(links, same_links)] if links != same_links else [])


@pytest.mark.parametrize("driver", ["vfs", "btrfs", "overlay2"])
def test_every_layer_of_an_engine_is_proven(filled, driver):
    engine, _made = filled(driver)
    layers = recorded(engine.root, driver)
    assert len(layers) >= 6
    for layer in layers.values():
        files = DRIVERS[driver].files(str(engine.root / driver), layer.cache_id)
        assert prove(files, layer.split, layer.diff_id).entries
        assert list(traps.traps(files, DRIVERS[driver].layered_marks)) == []


@pytest.mark.parametrize(
    ("old", "new"), [("vfs", "overlay2"), ("btrfs", "overlay2"), ("overlay2", "vfs")]
)
def test_an_engine_on_another_driver_has_the_same_images(engine, fill, release, tmp_path, old, new):
    it = engine(old)
    made = fill(it, files=60)
    saved = {tag: it.api.get(f"/images/{tag}/get") for tag in made.images}
    it.stop()
    version = VERSIONS[release]
    layers = recorded(it.root, old)
    before, home = it.root / old, it.root / new
    shutil.rmtree(it.root / "image" / new, ignore_errors=True)
    shutil.copytree(it.root / "image" / old, it.root / "image" / new)
    overlay2.make_home(str(home), version) if new == "overlay2" else (home / "dir").mkdir(
        parents=True, exist_ok=True
    )
    for number, layer in enumerate(layers.values()):
        files = DRIVERS[old].files(str(before), layer.cache_id)
        parent = layers[layer.parent].cache_id if layer.parent else ""
        if new == "overlay2":
            below = [f"{home}/{parent}/diff", *overlay2.below(str(home), parent)] if parent else []
            target = overlay2.begin(str(home), "new", parent, version)
            done = convert_layer(files, layer.split, layer.diff_id, target, below=below)
            overlay2.put_in_place(str(home), "new", layer.cache_id, parent, version)
            target = DRIVERS[new].files(str(home), layer.cache_id)
            with merged([target, *below], tmp_path / f"m{number}") as mount:
                assert differing(snapshot(mount), snapshot(files)) == []
        else:
            target = DRIVERS[new].files(str(home), layer.cache_id)
            os.mkdir(target)
            if parent:
                whole.copy_tree(DRIVERS[new].files(str(home), parent), target)
            done = convert_layer(files, layer.split, layer.diff_id, target, whole=True)
        assert (done.differences, done.linked_below) == ([], [])
        prove(target, layer.split, layer.diff_id)
    for name in made.containers.values():
        path = it.root / "containers" / name / "config.v2.json"
        config = json.loads(path.read_text())
        path.write_text(json.dumps({**config, "Driver": new}))
    it.start(driver=new)
    images = {tag: it.api.get(f"/images/{tag}/json")["Id"] for tag in made.images}
    assert images == made.images
    listed = {one["Id"] for one in it.api.get("/containers/json", all="1")}
    assert listed == set(made.containers.values())
    for tag, archive in saved.items():
        assert contents(it.api.get(f"/images/{tag}/get")) == contents(archive)
