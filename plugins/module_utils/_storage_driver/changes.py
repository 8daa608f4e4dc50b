# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What to change in the engine's configuration file, and what the running engine does already."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    SWITCH,
    configured_root,
    setting,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import Goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)


def changes(state: State, goal: Goal, wanted: Wanted) -> dict[str, Any]:
    """The keys of daemon.json to set or to take out: key -> new value, as daemon_json.edit()."""
    found: dict[str, Any] = {}
    engine, config = state.installed, state.config
    if wanted.driver and setting(engine, config, "storage-driver") != wanted.driver:
        found["storage-driver"] = wanted.driver
    if goal.stale:
        found["storage-driver"] = daemon_json.REMOVE
    if not _same_options(goal.driver, goal.options, state.present.options):
        found["storage-opts"] = _written(goal.driver, goal.options) or daemon_json.REMOVE
    if goal.switch is not None:
        found["features"] = daemon_json.Keys({SWITCH: goal.switch})
    if wanted.data_root and os.path.normpath(configured_root(engine, config)) != wanted.data_root:
        found["data-root"] = wanted.data_root
        if "graph" in config.content:  # the same setting, by its name before 17.05
            found["graph"] = daemon_json.REMOVE
    return found


def _same_options(driver: str, one: values.Options, other: values.Options) -> bool:
    """Tell whether two sets of options mean the same to a driver: 10g is 10240m."""
    known = DRIVERS[driver].options if driver in DRIVERS else {}
    if set(one) != set(other):
        return False
    for name, given in one.items():
        kind = known[name].kind if name in known else values.TEXT
        if len(given) != len(other[name]) or not all(map(kind.same, given, other[name])):
            return False
    return True


def _written(driver: str, options: values.Options) -> list[str]:
    """Options as daemon.json has them: ``["dm.fs=xfs"]``."""
    known = DRIVERS[driver].options if driver in DRIVERS else {}
    return [
        f"{name}={known[name].kind.written(value) if name in known else value}"
        for name, given in options.items()
        for value in given
    ]


def unproven(state: State, goal: Goal, wanted: Wanted, new: Iterable[str]) -> list[str]:
    """The changes that the running engine does not act by already.

    Pinning the driver or the image store that it runs on anyway is no cause to stop everybody's
    containers.
    """
    engine, proven = state.installed, set()
    if goal.store == engine.containerd_store:
        proven.add("features")
        if engine.driver == wanted.driver:
            proven.add("storage-driver")
    return [name for name in new if name not in proven]
