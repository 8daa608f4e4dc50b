# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the engine is to end up with, by the wish and by what it is on now."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    lacks_snapshotter,
    needs_store_off,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    DEFAULT_SNAPSHOTTER,
    Present,
    configured_store,
    setting,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)


class Goal(NamedTuple):
    """What the engine is to end up with."""

    store: bool  # whether containerd is to keep the images
    driver: str  # or the snapshotter; '' where the engine is left to find a driver
    root: str  # the data root
    options: values.Options
    stale: bool  # whether the storage-driver that is configured has to go
    switch: bool | None  # what the image store's switch has to be set to; None: it stays as it is


def goal(state: State, wanted: Wanted) -> Goal:
    """What the engine is to end up with; there has to be one.

    All but the switch is known before the prerequisites are: that takes the version which the next
    start will run.
    """
    now = state.present
    store = _store(now, wanted)
    stale = _is_stale(state, now, wanted)
    driver = _driver(state, now, wanted, store, stale)
    return Goal(
        store=store,
        driver=driver,
        root=wanted.data_root or now.root,
        options=_options(now, wanted, store, driver),
        stale=stale,
        switch=_switch(state, wanted),
    )


def _store(now: Present, wanted: Wanted) -> bool:
    if wanted.containerd_store is not None:
        return wanted.containerd_store
    return not wanted.driver and now.store


def _switch(state: State, wanted: Wanted) -> bool | None:
    to_be, version = wanted.containerd_store, state.next_version
    if to_be is None and wanted.driver and needs_store_off(wanted.driver, version):
        to_be = False
    return None if to_be == configured_store(state.installed, state.config) else to_be


def _is_stale(state: State, now: Present, wanted: Wanted) -> bool:
    """Tell whether the configured storage-driver is a name that the store to be cannot have.

    That of a driver goes with its images. Where the store was on before, btrfs and zfs are taken
    for the snapshotters of these names.
    """
    named = setting(state.installed, state.config, "storage-driver")
    if not named or wanted.driver or wanted.containerd_store is None:
        return False
    if not wanted.containerd_store:
        return named not in DRIVERS
    return lacks_snapshotter(named) if now.store else named in DRIVERS


def _driver(state: State, now: Present, wanted: Wanted, store: bool, stale: bool) -> str:
    if wanted.driver:
        return wanted.driver
    if store == now.store and not stale:
        return now.driver
    if store:
        return DEFAULT_SNAPSHOTTER
    told = setting(state.installed, state.config, "storage-driver")
    return told if told in DRIVERS else ""


def _options(now: Present, wanted: Wanted, store: bool, driver: str) -> values.Options:
    """Those of a driver that is left behind go with it: the new one would not start on them."""
    if wanted.options is not None:
        return wanted.options
    if not driver or (store == now.store and driver == now.driver):
        return now.options
    own = DRIVERS[driver].options if driver in DRIVERS else {}
    others = {name for other in DRIVERS.values() for name in other.options} - set(own)
    return {name: given for name, given in now.options.items() if name not in others}
