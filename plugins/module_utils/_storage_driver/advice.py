# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a person should know of the engine's storage, and that is no error."""

from __future__ import annotations

import os

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    LOOP_FILE,
    NO_SNAPSHOTTERS,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.target import (
    target_driver,
    target_options,
    target_root,
    target_store,
)


def findings(state, desired, outdated):
    """What a person should know, in a fixed order.

    :param outdated: why the engine ought to be restarted, where that was forbidden.
    """
    return tuple(_findings(state, desired, outdated))


def _findings(state, desired, outdated):
    driver = target_driver(state, desired)
    if outdated:
        yield Finding(
            "warning",
            "engine_outdated",
            "The engine still has to be restarted: " + "; ".join(outdated),
        )
    if target_store(state, desired):
        yield from _of_the_image_store(state, desired)
    else:
        yield from _of_the_driver(state, desired)
    place = state.roots[-1] if state.roots else None
    others = [name for name in place.drivers() if name != driver] if place and driver else []
    if others:
        yield Finding(
            "info",
            "hidden_data",
            "{} also holds images or containers of {}, which an engine on {} does not see".format(
                place.root, ", ".join(others), driver
            ),
        )


def _of_the_driver(state, desired):
    name, options = target_driver(state, desired), target_options(state, desired)
    known = DRIVERS.get(name)
    if known and known.removed < (9999,):
        yield Finding(
            "info",
            "driver_deprecated",
            f"The {name} driver is deprecated since Docker {dotted(known.deprecated)}, and "
            f"{dotted(known.removed)} has it no more: upgraded to that, the engine does not start, "
            "or starts without this host's images and containers; playbooks/preflight.yml says "
            "which",
        )
    if name == "vfs":
        yield Finding(
            "warning",
            "vfs_copies",
            "vfs has no copy-on-write: each layer of an image and each container is a full copy of "
            "all the files below it, which takes that much time and space. It is for tests, and "
            "for filesystems that no other driver works on",
        )
    if state.engine.driver == name:
        looped = state.engine.status.get("Data loop file", "")
    else:
        looped = driver_rules.uses_loops(name, options) and os.path.join(
            target_root(state, desired), LOOP_FILE
        )
    if looped:
        yield Finding(
            "warning",
            "loop_lvm",
            f"devicemapper keeps its data in a sparse file ({looped}): slow, and not meant for "
            "production. Make a pool with containerhost.storage.thinpool and give it as "
            "dm.thinpooldev",
        )


def _of_the_image_store(state, desired):
    if desired.data_root:
        yield Finding(
            "warning",
            "containerd_store",
            "Images and containers are kept by containerd, in its own root: data_root does not "
            "move them",
        )
    ignored = target_options(state, desired)
    if ignored:
        yield Finding(
            "warning",
            "ignored_options",
            "The containerd image store ignores storage options, and {} with them: no limit that "
            "they set is kept. options: {{}} takes them out".format(", ".join(sorted(ignored))),
        )
    name = target_driver(state, desired)
    if name in NO_SNAPSHOTTERS:
        yield Finding(
            "warning",
            "no_snapshotter",
            f"The containerd image store is switched on, and storage-driver names {name}, which "
            "is none of its snapshotters: no image can be unpacked. containerd_image_store: true "
            "takes the name out, false goes back to that driver",
        )
