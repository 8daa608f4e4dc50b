# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""What a running engine says, held against what its files say: a difference is a finding. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import one_line
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    counted,
    listed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.answers import (
    Answers,
    ToldContainer,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Container,
    Inventory,
)

TOPIC = "inventory_differs"
_FEW = 3  # names in a message


def compare(found: Inventory, told: Answers, driver: str, store: bool = False) -> list[Finding]:
    """Every difference between the disk and the engine that works on it.

    :param driver: what the engine is on; what other drivers have it does not know.
    :param store: whether containerd keeps its images. Those are known by other names there, and are
        not compared.
    """
    if store:
        told = told._replace(images={})
    on_disk = {it.id: it for it in found.images if it.driver == driver and not store}
    containers = {it.id: it for it in found.containers if it.driver == driver and it.readable}
    known = {it.id: it for it in told.containers}
    differences = [
        *_sets(found, "image", on_disk, told.images),
        *_sets(found, "container", containers, known),
        *_sets(found, "volume", _names_of_volumes(found), told.volumes),
        *_sets(found, "network", _networks(found), told.networks),
        *_sets(found, "plugin", {it.id for it in found.plugins if it.readable}, told.plugins),
        *(it for id_ in sorted(on_disk.keys() & told.images.keys())
          for it in _parts(f"image {id_}", {
              "tags and digests": (
                  tuple(sorted((*on_disk[id_].tags, *on_disk[id_].digests))), told.images[id_]
              ),
          })),
        *(it for id_ in sorted(containers.keys() & known.keys())
          for it in _container(containers[id_], known[id_])),
        *(it for row in found.volumes if row.readable and row.name in told.volumes
          for it in _parts(f"volume {row.name}", {
              "driver": (row.driver, told.volumes[row.name][0]),
              "labels": (tuple(name for name, _value in row.labels), told.volumes[row.name][1]),
          })),
    ]  # fmt: skip
    said = [Finding("warning", TOPIC, text) for text in differences]
    return said + [
        Finding(
            "warning",
            "engine_answer_unread",
            f"{it.path}: {it.why}. What the engine has is not compared in that.",
        )
        for it in told.unreadable
    ]


def _names_of_volumes(found: Inventory) -> set[str]:
    """The volumes that the engine has to know: what only a container names may be gone."""
    return {it.name for it in found.volumes if it.readable and (it.path or it.recorded)}


def _networks(found: Inventory) -> set[str]:
    """The networks of this host alone."""
    return {it.id for it in found.networks if it.scope == "local"}


def _sets(
    found: Inventory, noun: str, disk: Collection[str], engine: Collection[str]
) -> Iterator[str]:
    """What one of the two has and the other does not."""
    only_disk, only_engine = sorted(set(disk) - set(engine)), sorted(set(engine) - set(disk))
    if only_disk:
        yield (
            f"{found.root} has {counted(len(only_disk), noun)} that the running engine does not "
            f"know: {_few(only_disk)}. Something on its way to it is damaged, or it changed while "
            "it was read; look at the engine's journal."
        )
    if only_engine:
        yield (
            f"The running engine knows {counted(len(only_engine), noun)} that {found.root} has "
            f"not: {_few(only_engine)}. What is on disk was removed under it, or it changed while "
            "it was read; do not stop the engine before that is clear."
        )


def _container(disk: Container, engine: ToldContainer) -> Iterator[str]:
    pairs = {
        "name": (disk.name, engine.name),
        "image": (disk.image, engine.image),
        "restart policy": ((disk.restart, disk.retries), (engine.restart, engine.retries)),
        "networks": (disk.networks, engine.networks),
        "volumes": (
            tuple(sorted(it.name for it in disk.attached if it.type == "volume")),
            engine.volumes,
        ),
    }
    return _parts(f"container {disk.id}", pairs)


def _parts(what: str, pairs: Mapping[str, tuple[object, object]]) -> Iterator[str]:
    """The parts of one thing in which the two differ. Values are not shown: names tell enough."""
    differing = [name for name, (disk, engine) in pairs.items() if disk != engine]
    if differing:
        yield (
            f"{one_line(what[:1].upper() + what[1:])}: the running engine and the disk differ in "
            f"its {' and '.join(differing)}. It changed while it was read, or a file was changed "
            "by hand, which the engine writes over."
        )


def _few(names: Collection[str]) -> str:
    return listed([one_line(name) for name in names], _FEW)
