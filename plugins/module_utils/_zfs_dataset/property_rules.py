# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What stands against the properties that a dataset is to have. Pure, as ``rules.py`` is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    PROPERTIES,
    feature,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import unknown
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.rules import (
    require_pool,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
        Dataset,
        Pool,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
        State,
        Wanted,
    )


def check_properties(
    state: State, wanted: Wanted, kind: str, shown: Collection[str] | None
) -> None:
    """Refuse properties that a dataset of this type cannot have, here and now.

    :param kind: filesystem, volume or snapshot
    :param shown: the names of the properties that this ZFS shows, None if that is not known
    """
    for name in (*wanted.properties, *wanted.inherit):
        if names.is_user_property(name):
            continue
        if kind == "snapshot":
            raise StorageError(
                f"Property {name}",
                f"{wanted.name} is a snapshot, and what a snapshot is cannot be changed",
                "Leave only properties of your own, which have a colon in their name",
                refusal="snapshot_immutable",
            )
        prop = PROPERTIES.get(name)
        if prop and kind not in prop.of:
            raise StorageError(
                f"Property {name}",
                f"it is one of {' and '.join(prop.of)}s, and {wanted.name} is a {kind}",
                "Take it out, or choose another name for the dataset",
                refusal="property_not_applicable",
            )
        if shown is not None and name not in shown:
            raise unknown(name)
    for name in wanted.inherit:
        if name in PROPERTIES and PROPERTIES[name].setting != "inherited":
            none = PROPERTIES[name].none
            raise StorageError(
                f"Property {name}",
                "it is never inherited, so there is nothing to go back to",
                f"Set it to {'none' if none else 'what it is to be'} in `properties`",
                refusal="property_not_inheritable",
            )
    for name, value in wanted.properties.items():
        _check_feature(require_pool(state, wanted.name), name, value)


def _check_feature(pool: Pool, name: str, value: str) -> None:
    needed = feature(name, value)
    if needed and pool.values.get(f"feature@{needed}") not in ("enabled", "active"):
        known = f"feature@{needed}" in pool.values
        raise StorageError(
            f"Property {name}={value}",
            f"pool {pool.name} does not have feature@{needed}"
            + ("" if known else ", and the ZFS of this host does not know it"),
            f"`zpool set feature@{needed}=enabled {pool.name}` adds it for good, and older systems "
            "may not import the pool then"
            if known
            else "Choose another value, or a newer ZFS",
            refusal="pool_feature_missing",
        )


def check_changes(dataset: Dataset, changes: Mapping[str, str]) -> None:
    """Refuse to change what is fixed when a dataset is made, and what its data does not allow.

    :param changes: property -> canonical value, of those that differ
    """
    for name, value in changes.items():
        check = _CHECKS.get(name)
        if name in PROPERTIES and PROPERTIES[name].setting == "once":
            raise StorageError(
                f"Property {name} of {dataset.name}",
                f"it is {dataset.shown(name)}, not {value}, and is chosen when a dataset is made",
                "Keep it as it is, or make a new dataset and send the data there (`zfs send`)",
                refusal="property_fixed",
            )
        if check:
            check(dataset, name, value)


def _volsize(dataset: Dataset, _name: str, value: str) -> None:
    now = dataset.number("volsize") or 0
    if int(value) < now:
        raise StorageError(
            f"Volume {dataset.name}",
            f"it has {human(now)}, and a volume is never shrunk: what lies beyond "
            f"{human(int(value))} would be lost",
            f"Ask for {human(now)} or more, or leave volsize out",
            refusal="would_shrink",
        )
    free = dataset.number("available")
    if dataset.number("refreservation") and free is not None and int(value) - now > free:
        raise StorageError(
            f"Volume {dataset.name}",
            f"it would reserve {human(int(value) - now)} more, and {human(free)} are available",
            "Ask for less, free space, or set `refreservation: none`",
            refusal="no_space",
        )


def _limit(dataset: Dataset, name: str, value: str) -> None:
    held = "used" if name == "quota" else "referenced"
    now = dataset.number(held)
    if value != "0" and now is not None and int(value) < now:
        raise StorageError(
            f"Property {name}={value} of {dataset.name}",
            f"{human(now)} are {held} already",
            f"Give {human(now)} or more, or remove data and snapshots first",
            refusal="quota_below_usage",
        )


def _reserve(dataset: Dataset, name: str, value: str) -> None:
    held = "used" if name == "reservation" else "usedbydataset"
    if value == "auto":
        if dataset.type != "volume":
            raise StorageError(
                f"Property {name}=auto",
                "only a volume can have that",
                "Give a size or none",
                refusal="property_not_applicable",
            )
        return
    now = max(dataset.number(held) or 0, dataset.number(name) or 0)
    free = dataset.number("available")
    if free is not None and int(value) - now > free:
        raise StorageError(
            f"Property {name}={value} of {dataset.name}",
            f"it takes {human(int(value) - now)} more, and {human(free)} are available",
            f"Give {human(now + free)} at most",
            refusal="no_space",
        )


def _keylocation(dataset: Dataset, name: str, _value: str) -> None:
    root = dataset.shown("encryptionroot", "")
    if root != dataset.name:
        raise StorageError(
            f"Property {name} of {dataset.name}",
            f"its key is that of {root}" if root.strip("-") else "it is not encrypted",
            "Set it where the key is, or leave it out",
            refusal="key_inherited" if root.strip("-") else "dataset_not_encrypted",
        )


_CHECKS = {
    "volsize": _volsize,
    "quota": _limit,
    "refquota": _limit,
    "reservation": _reserve,
    "refreservation": _reserve,
    "keylocation": _keylocation,
}
