# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a real engine's data root is what that engine itself answers, and stays so."""

from __future__ import annotations

import os
import shutil

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    observe_holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.answers import (
    ask_engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.compare import (
    compare,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.identity import (
    identity,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.observe import (
    Host,
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.weigh import weigh

DRIVERS = ["vfs", "overlay2", "btrfs"]


def told_images(api):
    """Images as the engine tells them: ID -> tags, digests, bytes, DiffIDs."""
    found = {}
    for row in api.get("/images/json", all="1"):
        it = api.get(f"/images/{row['Id']}/json")
        found[row["Id"]] = (
            sorted(it["RepoTags"] or []),
            sorted(it["RepoDigests"] or []),
            it["Size"],
            it["Parent"],
            len(it["RootFS"]["Layers"]),
        )
    return found


def told_containers(api):
    """Containers as the engine tells them, by their IDs."""
    found = {}
    for row in api.get("/containers/json", all="1"):
        it = api.get(f"/containers/{row['Id']}/json")
        policy = it["HostConfig"]["RestartPolicy"]
        found[it["Id"]] = {
            "name": it["Name"].lstrip("/"),
            "driver": it["Driver"],
            "image": it["Image"],
            "image_name": it["Config"]["Image"],
            "state": it["State"]["Status"],
            "restart": (policy["Name"] or "no", policy["MaximumRetryCount"]),
            "attached": sorted(
                (m["Type"], m.get("Name", ""), m["Destination"], m["RW"]) for m in it["Mounts"]
            ),
            "networks": sorted(it["NetworkSettings"]["Networks"]),
            "labels": sorted(it["Config"]["Labels"]),
        }
    return found


def told_volumes(api):
    """Volumes as the engine tells them, by their names."""
    return {
        it["Name"]: (
            it["Driver"],
            dict(it["Options"] or {}),
            sorted(it["Labels"] or {}),
            os.path.dirname(it["Mountpoint"]),
        )
        for it in api.get("/volumes")["Volumes"]
    }


def read_images(found):
    return {
        it.id: (list(it.tags), list(it.digests), it.bytes, it.parent, len(it.layers))
        for it in found.images
    }


def read_containers(found):
    return {
        it.id: {
            "name": it.name,
            "driver": it.driver,
            "image": it.image,
            "image_name": it.image_name,
            "state": it.state,
            "restart": (it.restart, it.retries),
            "attached": sorted((m.type, m.name, m.destination, m.writable) for m in it.attached),
            "networks": list(it.networks),
            "labels": [name for name, _value in it.labels],
        }
        for it in found.containers
    }


def read_volumes(found):
    return {
        it.name: (it.driver, dict(it.options), [name for name, _value in it.labels], it.path)
        for it in found.volumes
    }


def differences(read, told):
    """What differs, one by one."""
    return [
        (id_, part, value, told[id_][part])
        for id_, it in read.items()
        for part, value in it.items()
        if told[id_][part] != value
    ] + sorted(told.keys() - read.keys())


def in_order(found, driver):
    """Nothing is unreadable, missing or left over."""
    assert found.unreadable == ()
    assert [it for it in found.layers if not (it.present and it.tar_split)] == []
    assert [it for it in found.images if it.missing] == []
    assert [it for it in found.containers if not it.present] == []
    assert found.leftovers == ()


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_is_read_is_what_the_engine_says(filled, tmp_path, driver):
    it, made = filled(driver)
    host = Host(mounts(), driver=driver)
    running = observe(str(it.root), host)
    in_order(running, driver)
    assert read_images(running) == told_images(it.api)
    assert {ref for row in running.images for ref in row.digests} == {*made.digests.values()}
    assert differences(read_containers(running), told_containers(it.api)) == []
    assert read_volumes(running) == told_volumes(it.api)
    told = ask_engine(it.api.path)
    assert told.unreadable == ()
    assert len(told.containers) == len(made.containers)
    assert compare(running, told, driver) == []
    networks = {row["Id"]: row["Name"] for row in it.api.get("/networks")}
    assert {row.id: row.name for row in running.networks} == networks
    assert made.networks.items() <= {row.name: row.id for row in running.networks}.items()
    users = {row.name: set(row.used_by) for row in running.volumes}
    assert users["named"] == {made.containers["serving"], made.containers["created"]}
    names = {row.id: row.name for row in running.containers}
    assert names == {id_: name for name, id_ in made.containers.items()}
    counts = observe_holdings(str(it.root))
    assert counts.images == {driver: len(running.images)}
    assert counts.containers == {driver: len(running.containers)}
    assert counts.volumes == len(running.volumes)

    it.stop()
    stopped = observe(str(it.root), host)
    states = {row.id: "exited" for row in running.containers if row.state == "running"}
    assert stopped == running._replace(
        containers=tuple(
            row._replace(state=states.get(row.id, row.state)) for row in running.containers
        ),
        below=stopped.below,
        stores=stopped.stores,  # what runs at the moment is in there
    )
    assert identity(stopped) == identity(running)
    # Another engine, or none, reads the same: from a copy, at another place.
    copy = tmp_path / "copy"
    shutil.copytree(it.root / "image", copy / "image", symlinks=True)
    assert read_images(observe(str(copy), host)) == read_images(stopped)


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_is_on_disk_is_weighed_and_found_missing(filled, driver):
    it, _made = filled(driver)
    if it.running:
        it.stop()
    host = Host(mounts(), driver=driver)
    found = weigh(observe(str(it.root), host), [])
    assert all(row.bytes is not None for row in found.volumes)
    assert [row.bytes is None for row in found.containers] == [driver == "btrfs"] * 5
    before = identity(found)
    layer = next(row for row in found.layers if row.parent)
    folder = {"vfs": "vfs/dir", "overlay2": "overlay2", "btrfs": "btrfs/subvolumes"}[driver]
    own, away = it.root / folder / layer.cache_id, it.root / folder / ("f" * 64)
    own.rename(away)
    try:
        after = observe(str(it.root), host)
    finally:
        away.rename(own)
    assert [row.id for row in after.layers if not row.present] == [layer.id]
    assert [(row.kind, row.name) for row in after.leftovers] == [("layer_without_record", "f" * 64)]
    assert {layer.id} == {chain for row in after.images for chain in row.missing}
    assert identity(after) != before
