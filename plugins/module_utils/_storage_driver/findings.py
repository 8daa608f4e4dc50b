# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a person should know of the engine's storage, and that is no error."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    LOOP_FILE,
    dotted,
    lacks_snapshotter,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    config_file,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    start_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import Goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)


def findings(
    state: State, goal: Goal, wanted: Wanted, outdated: Sequence[str]
) -> tuple[Finding, ...]:
    """What a person should know, in a fixed order.

    :param outdated: why the engine ought to be restarted, where that was forbidden.
    """
    return tuple(_findings(state, goal, wanted, outdated))


def _findings(
    state: State, goal: Goal, wanted: Wanted, outdated: Sequence[str]
) -> Iterator[Finding]:
    if outdated:
        yield Finding(
            "warning",
            "engine_outdated",
            "The engine still has to be restarted: " + "; ".join(outdated),
        )
    yield from start_rules.findings(
        state.installed, state.config.content, config_file(state.installed)
    )
    if goal.store:
        yield from _of_the_image_store(goal, wanted)
    else:
        yield from _of_the_driver(state, goal)
    holds = state.roots[-1] if state.roots else None
    others = [name for name in holds.drivers() if name != goal.driver] if holds else []
    if others and holds and goal.driver:
        yield Finding(
            "info",
            "hidden_data",
            "{} also holds images or containers of {}, which an engine on {} does not see".format(
                holds.root, ", ".join(others), goal.driver
            ),
        )


def _of_the_driver(state: State, goal: Goal) -> Iterator[Finding]:
    name, engine = goal.driver, state.installed
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
    if known and known.caution:
        yield Finding("warning", *known.caution)
    looped = ""
    if engine.driver == name:
        looped = engine.status.get("Data loop file", "")
    elif driver_rules.uses_loops(name, goal.options):
        looped = os.path.join(goal.root, LOOP_FILE)
    if looped:
        yield Finding(
            "warning",
            "loop_lvm",
            f"devicemapper keeps its data in a sparse file ({looped}): slow, and not meant for "
            "production. Make a pool with containerhost.storage.thinpool and give it as "
            "dm.thinpooldev",
        )


def _of_the_image_store(goal: Goal, wanted: Wanted) -> Iterator[Finding]:
    if wanted.data_root:
        yield Finding(
            "warning",
            "containerd_store",
            "Images and containers are kept by containerd, in its own root: data_root does not "
            "move them",
        )
    if goal.options:
        yield Finding(
            "warning",
            "ignored_options",
            "The containerd image store ignores storage options, and {} with them: no limit that "
            "they set is kept. options: {{}} takes them out".format(
                ", ".join(sorted(goal.options))
            ),
        )
    if lacks_snapshotter(goal.driver):
        yield Finding(
            "warning",
            "no_snapshotter",
            f"The containerd image store is switched on, and storage-driver names {goal.driver}, "
            "which is none of its snapshotters: no image can be unpacked. containerd_image_store: "
            "true takes the name out, false goes back to that driver",
        )
