# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""Containers, by their own files ``containers/<id>/config.v2.json`` and ``hostconfig.json``.

Their keys are those of ``Container``, ``State`` and ``HostConfig`` of moby (container/container.go,
container/state.go, api/types/container/hostconfig.go). What a container is started with (its words,
its environment) is not read: there are passwords in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._inventory.driver_names import (
    UNKNOWN,
    Names,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.images import Record
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    Object,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    Folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Attached,
    Container,
    Leftover,
)

_NEVER = "0001-01-01T00:00:00"  # as Go writes a time that is not set


def read_containers(
    root: Folder, records: Iterable[Record], names: Mapping[str, Names]
) -> tuple[tuple[Container, ...], tuple[Leftover, ...]]:
    """The containers of a data root, and what is left of some.

    :param records: what the layer stores have on containers' own layers.
    :param names: driver -> the names of what it has.
    """
    own = {(it.driver, it.container): it for it in records}
    found: list[Container] = []
    leftovers: list[Leftover] = []
    with root.open("containers") as all_of_them:
        for name in all_of_them.names() if all_of_them else ():
            if all_of_them is None:
                continue
            if not all_of_them.is_folder(name) and all_of_them.has(name):
                with all_of_them.open(name):  # notes what it is
                    continue
            before = len(root.notes)
            with all_of_them.open(name) as folder:
                if folder and not folder.has("config.v2.json") and len(root.notes) == before:
                    leftovers.append(Leftover("container_without_config", folder.path))
                    continue
                it = _container(folder, name) if folder else Container(name)
            it = _with_layer(it, all_of_them, own, names)
            found.append(it._replace(readable=len(root.notes) == before))
    known = {it.id for it in found}
    leftovers += [
        Leftover(
            "layer_of_no_container",
            root.at(f"image/{driver}/layerdb/mounts/{container}"),
            driver,
        )
        for driver, container in own
        if container not in known
    ]
    return tuple(found), tuple(leftovers)


def _container(folder: Folder, name: str) -> Container:
    config = folder.json("config.v2.json")
    host = folder.json("hostconfig.json")
    it = Container(name)
    if config:
        if config.text("ID") != name:
            folder.note("config.v2.json", "its ID is not the name of its folder")
        settings = config.object("Config")
        it = it._replace(
            name=config.text("Name").lstrip("/"),
            driver=config.text("Driver"),
            image=config.text("Image"),
            image_name=settings.text("Image"),
            state=state_of(config.object("State")),
            attached=tuple(_attached(config)),
            networks=tuple(config.object("NetworkSettings").object("Networks").names()),
            labels=settings.pairs("Labels"),
            # Its manifest is an image's that containerd keeps (daemon/create.go).
            stored=bool(config.object("ImageManifest").names()),
        )
    if host:
        policy = host.object("RestartPolicy")
        it = it._replace(
            restart=policy.text("Name") or "no",
            retries=policy.number("MaximumRetryCount") or 0,
            size_limit={key.lower(): it for key, it in host.pairs("StorageOpt")}.get("size", ""),
        )
    return it


def state_of(state: Object) -> str:
    """What Docker calls a state: ``State.State()`` of container/state.go."""
    if state.switch("Running"):
        if state.switch("Paused"):
            return "paused"
        return "restarting" if state.switch("Restarting") else "running"
    if state.switch("RemovalInProgress"):
        return "removing"
    if state.switch("Dead"):
        return "dead"
    return "created" if (state.text("StartedAt") or _NEVER).startswith(_NEVER) else "exited"


def _attached(config: Object) -> Iterator[Attached]:
    for destination, point in config.objects("MountPoints"):
        name, driver = point.text("Name"), point.text("Driver")
        yield Attached(
            type=point.text("Type") or ("volume" if name else "bind"),
            name=name,
            source=point.text("Source"),
            destination=point.text("Destination") or destination,
            driver=(driver or "local") if name else driver,
            writable=point.switch("RW"),
        )


def _with_layer(
    it: Container,
    folder: Folder,
    own: Mapping[tuple[str, str], Record],
    names: Mapping[str, Names],
) -> Container:
    """The container with what the layer store of its driver has on it, if its driver is known."""
    record = own.get((it.driver, it.id)) if it.driver else None
    if record is None:
        # A snapshotter may have the name of a driver.
        known = it.driver in names and not it.stored
        if known:
            folder.note(it.id, f"the layer store of {it.driver} has nothing on its own layer")
        return it._replace(present=False if known else None)
    has: Sequence[bool | None] = [
        names.get(it.driver, UNKNOWN).has(one) for one in (record.mount_id, record.init_id) if one
    ]
    return it._replace(
        mount_id=record.mount_id,
        init_id=record.init_id,
        parent=record.parent,
        present=False if False in has else None if None in has or not has else True,
    )
