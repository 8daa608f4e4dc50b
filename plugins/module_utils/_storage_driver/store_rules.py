# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps the containerd image store from being switched on, or a driver from being used."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import dotted
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    SWITCH,
    configured_store,
    next_version,
    setting,
    switch_flag,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.target import (
    target_store,
)


def require_one_store(state, desired):
    """Refuse driver and options where containerd keeps the images: it would ignore them.

    :raises StorageError: it is switched on, or to be, and a driver or options are wanted as well.
    """
    if not isinstance(state.config.content.get("features", {}), dict):
        raise StorageError(
            f"features in {desired.config_file}",
            "it is no object, and the engine does not start on it",
            "Mend it, or take it out",
        )
    if desired.containerd_store:
        _require_none_besides(desired)
    elif desired.containerd_store is None and configured_store(state):
        _require_switched_off(state, desired)
    if target_store(state, desired) and desired.options:
        raise StorageError(
            f"Docker {dotted(state.engine.version)}",
            "it keeps images in the containerd image store, which ignores storage options",
            "Give a driver with them, or leave out options",
        )


def _require_none_besides(desired):
    for name, given in (("driver", desired.driver), ("options", desired.options)):
        if given:
            raise StorageError(
                f"containerd_image_store and {name}",
                "the containerd image store takes the place of storage drivers, and ignores their "
                "options",
                f"Leave out {name}, or set containerd_image_store to false",
            )


def _require_switched_off(state, desired):
    given = switch_flag(state)
    where = f"features.{SWITCH} in {desired.config_file}"
    if given:
        where = f"{given.spelled}={given.value} in {given.source}"
    if desired.driver or desired.options:
        raise StorageError(
            where,
            "it switches the containerd image store on, which has no storage drivers and ignores "
            "their options",
            "Give containerd_image_store: false to use a storage driver, or leave out driver and "
            "options",
        )


def require_switch(state, wanted):
    """Refuse to switch the image store where this engine does not have it, or could not use it.

    :raises StorageError: the engine is too old, or maps users.
    """
    driver_rules.require_image_store(next_version(state), wanted)
    if wanted and setting(state, "userns-remap"):
        raise StorageError(
            "userns-remap",
            "the containerd image store does not go with user namespaces (moby#47377)",
            "Take userns-remap out of the engine's configuration, or leave out "
            "containerd_image_store",
        )
