# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What to end up with: the image store, the driver, its options and the data root."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    NO_SNAPSHOTTERS,
    needs_store_off,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    DEFAULT_SNAPSHOTTER,
    configured_store,
    next_version,
    present_driver,
    present_options,
    present_root,
    present_store,
    setting,
)


def target_store(state, desired):
    """Whether containerd is to keep the images in the end."""
    if desired.containerd_store is not None:
        return desired.containerd_store
    return not desired.driver and present_store(state)


def switch(state, desired):
    """What the switch has to be set to; None where it stays as it is."""
    wanted = desired.containerd_store
    if wanted is None and desired.driver and needs_store_off(desired.driver, next_version(state)):
        wanted = False
    return None if wanted == configured_store(state) else wanted


def is_stale(state, desired):
    """Tell whether the configured storage-driver is a name that the store to be cannot have.

    That of a driver goes with its images. Where the store was on before, btrfs and zfs are taken
    for the snapshotters of these names.
    """
    named = setting(state, "storage-driver")
    if not named or desired.driver or desired.containerd_store is None:
        return False
    if not desired.containerd_store:
        return named not in DRIVERS
    return named in (NO_SNAPSHOTTERS if present_store(state) else DRIVERS)


def target_driver(state, desired):
    """The driver or snapshotter to end up with; '' where the engine is left to find a driver."""
    if desired.driver:
        return desired.driver
    store = target_store(state, desired)
    if store == present_store(state) and not is_stale(state, desired):
        return present_driver(state)
    if store:
        return DEFAULT_SNAPSHOTTER
    told = setting(state, "storage-driver")
    return told if told in DRIVERS else ""


def target_root(state, desired):
    """The data root to end up with."""
    return desired.data_root or present_root(state)


def target_options(state, desired):
    """The options to end up with, name -> list of values.

    Those of a driver that is left behind go with it: the new one would not start on them.
    """
    if desired.options is not None:
        return desired.options
    driver, present = target_driver(state, desired), present_options(state)
    same_store = target_store(state, desired) == present_store(state)
    if not driver or (same_store and driver == present_driver(state)):
        return present
    own = DRIVERS[driver].options if driver in DRIVERS else {}
    others = {name for other in DRIVERS.values() for name in other.options} - set(own)
    return {name: given for name, given in present.items() if name not in others}


def same_options(driver, one, other):
    """Tell whether two sets of options mean the same to a driver: 10g is 10240m."""
    known = DRIVERS[driver].options if driver in DRIVERS else {}
    if set(one) != set(other):
        return False
    for name, given in one.items():
        kind = known[name].kind if name in known else values.TEXT
        if len(given) != len(other[name]) or not all(map(kind.same, given, other[name])):
            return False
    return True
