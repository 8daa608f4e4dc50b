# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a newer engine would start on, and what would keep it from starting.

It chooses as moby does, read at the tags v26.1.5 and docker-v29.7.2:

* ``New()`` in daemon/graphdriver/driver.go: the driver that it is told to use; else the one that
  has left a folder in the data root, where ``vfs`` and drivers that it does not have do not count;
  else the first one in ``priority`` that works.
* ``determineImageStoreChoice()`` in daemon/image_store_choice.go, from 29.0 on: before all that,
  the containerd image store, unless a driver has left a folder or is told to be used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    driver_rules,
    possible,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
    SNAPSHOTTERS,
    STORE_BY_DEFAULT,
    available,
    dotted,
    looked_for,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import Facts
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
)

# From here on "graph" in daemon.json is an error: Validate() in daemon/config/config.go.
_NO_GRAPH_KEY = (23,)


class Obstacle(NamedTuple):
    """What would keep the engine from starting, and what to do about it: a sentence each."""

    why: str
    before: str


def start(facts: Facts, target: Version) -> str:
    """The driver that an engine of a version, such as ``(26,)``, would start on.

    Were nothing in its way, see :func:`obstacles`. '' where it would find none.
    """
    if _takes_containerd(facts, target):
        return CONTAINERD
    if facts.pinned:
        return facts.pinned
    left = prior(facts, target)
    if left:
        return left[0]
    return next((name for name in looked_for(target) if possible.starts(name, facts, target)), "")


def _takes_containerd(facts: Facts, target: Version) -> bool:
    if facts.store_switch is not None:
        return facts.store_switch
    if target < STORE_BY_DEFAULT or facts.user_namespaces:
        return False
    return not prior(facts, target) and facts.pinned not in available(target)


def prior(facts: Facts, target: Version) -> list[str]:
    """The drivers whose folders an engine of a version finds, the one it prefers first."""
    return [name for name in looked_for(target) if name in facts.prior and DRIVERS[name].found]


def obstacles(facts: Facts, target: Version) -> Iterator[Obstacle]:
    """Each :class:`Obstacle` for an engine of a version."""
    driver, pinned = start(facts, target), DRIVERS.get(facts.pinned)
    if facts.old_root_key:
        yield Obstacle(
            f"Docker {dotted(_NO_GRAPH_KEY)} and later do not take the data root as graph, as "
            f"{facts.old_root_key} gives it.",
            "Call it data-root there.",
        )
    if pinned and target >= pinned.removed:
        yield Obstacle(
            f"Docker {dotted(pinned.removed)} removed the {facts.pinned} driver, and "
            f"{facts.pinned_by} asks for it.",
            way_off(facts, facts.pinned),
        )
    elif driver == CONTAINERD:
        yield from _of_containerd(facts, target)
    elif driver in DRIVERS:
        yield from _of_driver(facts, driver, target)
    else:
        asked = f"{facts.pinned_by} asks for {driver}, which is none of its drivers."
        yield Obstacle(
            asked if driver else "None of its drivers works on this host.",
            "Use {}.".format(" or ".join(available(target))),
        )


def _of_containerd(facts: Facts, target: Version) -> Iterator[Obstacle]:
    if target < STORE_BY_DEFAULT:  # it starts, whatever it is told
        return
    if facts.user_namespaces:
        yield Obstacle(
            "The containerd image store is switched on, and does not go with user namespaces.",
            "Set features.containerd-snapshotter to false.",
        )
    driver = DRIVERS.get(facts.pinned)
    known = driver.snapshotter == "own" if driver else facts.pinned in SNAPSHOTTERS
    of_plugin = facts.containerd_store and facts.pinned == facts.running
    if facts.pinned and not known and not of_plugin:
        yield Obstacle(
            f"The containerd image store has no {facts.pinned}, and {facts.pinned_by} asks for it.",
            "Take storage-driver out there, or set features.containerd-snapshotter to false.",
        )


def _of_driver(facts: Facts, driver: str, target: Version) -> Iterator[Obstacle]:
    left = prior(facts, target)
    if len(left) > 1 and not facts.pinned:
        yield Obstacle(
            f"{facts.data_root} holds folders of {' and of '.join(left)}, and nothing says which "
            "of them counts.",
            f"Set storage-driver to {facts.in_use or left[0]}.",
        )
    against = list(possible.obstacles(driver, facts, target))
    if against:
        yield Obstacle(
            f"The {driver} driver would not start: {'; '.join(against)}.",
            "Mend that, or move to another driver on the engine that is there.",
        )
    unknown = [name for name in facts.options if not _takes(driver, facts, name, target)]
    if unknown:
        yield Obstacle(
            f"The {driver} driver does not start on the option {' or '.join(unknown)}.",
            "Take it out of storage-opts.",
        )


def _takes(driver: str, facts: Facts, option: str, target: Version) -> bool:
    try:
        driver_rules.require_options(driver, {option: facts.options[option]}, target)
    except StorageError:
        return False
    return True


def way_off(facts: Facts, driver: str) -> str:
    """What to do about a driver that is to go, before it does: one or two sentences."""
    stay = f"stay before Docker {dotted(DRIVERS[driver].removed)}."
    instead = DRIVERS[driver].instead
    if driver in facts.held():
        return (
            "Move what it holds to another driver on the engine that is there (`docker save`, "
            f"storage-driver: {instead}, `docker load`), or {stay}"
        )
    return f"Set storage-driver to {instead} and take out the options of {driver}, or {stay}"
