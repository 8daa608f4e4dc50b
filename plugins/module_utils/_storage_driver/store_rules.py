# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps the containerd image store from being switched on, or a driver from being used."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import dotted
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    SWITCH,
    configured_store,
    setting,
    switch_flag,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import Goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)


def require_one_store(state: State, goal: Goal, wanted: Wanted) -> None:
    """Refuse driver and options where containerd keeps the images: it would ignore them.

    :raises StorageError: it is switched on, or to be, and a driver or options are wanted as well.
    """
    if not isinstance(state.config.content.get("features", {}), dict):
        raise StorageError(
            f"features in {wanted.config_file}",
            "it is no object, and the engine does not start on it",
            "Mend it, or take it out",
            refusal="config_malformed",
        )
    if wanted.containerd_store:
        _require_none_besides(wanted)
    elif wanted.containerd_store is None and configured_store(state.installed, state.config):
        _require_switched_off(state, wanted)
    if goal.store and wanted.options:
        raise StorageError(
            f"Docker {dotted(state.installed.version)}",
            "it keeps images in the containerd image store, which ignores storage options",
            "Give a driver with them, or leave out options",
            refusal="image_store_on",
        )


def _require_none_besides(wanted: Wanted) -> None:
    for name, given in (("driver", wanted.driver), ("options", wanted.options)):
        if given:
            raise StorageError(
                f"containerd_image_store and {name}",
                "the containerd image store takes the place of storage drivers, and ignores their "
                "options",
                f"Leave out {name}, or set containerd_image_store to false",
                refusal="driver_and_image_store",
            )


def _require_switched_off(state: State, wanted: Wanted) -> None:
    given = switch_flag(state.installed)
    where = f"features.{SWITCH} in {wanted.config_file}"
    if given:
        where = f"{given.spelled}={given.value} in {given.source}"
    if wanted.driver or wanted.options:
        raise StorageError(
            where,
            "it switches the containerd image store on, which has no storage drivers and ignores "
            "their options",
            "Give containerd_image_store: false to use a storage driver, or leave out driver and "
            "options",
            refusal="image_store_on",
        )


def require_switch(state: State, on: bool) -> None:
    """Refuse to switch the image store where this engine does not have it, or could not use it.

    :raises StorageError: the engine is too old, or maps users.
    """
    driver_rules.require_image_store(state.next_version, on)
    if on and setting(state.installed, state.config, "userns-remap"):
        raise StorageError(
            "userns-remap",
            "the containerd image store does not go with user namespaces (moby#47377)",
            "Take userns-remap out of the engine's configuration, or leave out "
            "containerd_image_store",
            refusal="user_namespaces_unsupported",
        )
