# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What stands against the properties that a dataset is to have. Pure, as ``rules.py`` is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    KIB,
    human,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Value
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    PROPERTIES,
    feature,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import unknown
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.key_rules import (
    check_keylocation,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.rules import (
    require_pool,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
        Dataset,
        Pool,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
        Kernel,
        State,
        Wanted,
    )

LARGE_BLOCK = 128 * KIB  # what zfs_max_recordsize has no say in (zfs_check_settable())


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
        known = shown if shown is not None else state.kernel.properties
        if (shown is not None or known) and name not in known:
            raise unknown(name)
        types = state.kernel.types.get(name)
        if types and kind not in types:
            raise StorageError(
                f"Property {name}",
                f"with the ZFS of this host it is one of {' and '.join(types)}s, and {wanted.name} "
                f"is a {kind}",
                "Take it out",
                refusal="property_not_applicable",
            )
    for name in wanted.inherit:
        if name in PROPERTIES and PROPERTIES[name].setting != "inherited":
            none = PROPERTIES[name].none
            raise StorageError(
                f"Property {name}",
                "it is never inherited, so there is nothing to go back to",
                f"Set it to {'none' if none else 'what it is to be'} in `properties`",
                refusal="property_not_inheritable",
            )
    if wanted.properties.get("refreservation") == "auto" and kind != "volume":
        raise StorageError(
            "Property refreservation=auto",
            "only a volume can have that",
            "Give a size or none",
            refusal="property_not_applicable",
        )
    for name, value in wanted.properties.items():
        _check_feature(require_pool(state, wanted.name), name, value)
        _check_kernel(state.kernel, name, value)


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


def _check_kernel(kernel: Kernel, name: str, value: str) -> None:
    """Refuse a value that only other releases of ZFS take."""
    words = kernel.words.get(name, ())
    wants = ""
    if name in ("recordsize", "volblocksize"):
        most = kernel.largest_block
        if most is not None and int(value) > max(most, LARGE_BLOCK):
            wants = f"{human(most)} at most, or raise zfs_max_recordsize (see zfs(4))"
    elif name == "special_small_blocks" and any("power of 2" in word for word in words):
        number = int(value)
        if number and (number & (number - 1) or number < 512):  # until OpenZFS 2.3
            wants = "0, or a power of two from 512 on"
    elif name in PROPERTIES and PROPERTIES[name].form == "word" and _is_plain(words):
        wants = "" if value in words else "one of " + ", ".join(words)
    if wants:
        raise StorageError(
            f"Property {name}={value}",
            "the ZFS of this host takes no such value for it",
            f"Give {wants}",
            refusal="property_value_invalid",
        )


def _is_plain(words: Collection[str]) -> bool:
    """Whether these are words, and no patterns such as gzip-[1-9]: features tell those apart."""
    return len(words) > 1 and all(word.isalnum() for word in words)


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
        _require_not_overridden(dataset, name, value)
    check_together(dataset.changed({name: Value(it) for name, it in changes.items()}), changes)
    require_not_zoned(dataset, changes)


def check_together(dataset: Dataset, changes: Collection[str]) -> None:
    """Refuse values that ZFS does not take together, whoever has set them.

    A limit is at least what is reserved (dsl_dir_set_quota_check() and its like), copies of what is
    encrypted are two at most (zfs_valid_proplist()).

    :param dataset: as it is to be
    :param changes: names of the properties that are to be set
    """
    for limit, reserved in (("quota", "reservation"), ("refquota", "refreservation")):
        most, least = dataset.number(limit), dataset.number(reserved)
        if most and least and least > most and {limit, reserved} & set(changes):
            raise StorageError(
                f"Property {limit}={most} of {dataset.name}",
                f"{reserved} is {human(least)}, and a limit cannot be below what is reserved",
                f"Give {human(least)} or more, or set {reserved} as well",
                refusal="quota_below_reservation",
            )
    encrypted = dataset.shown("encryption", "off") != "off"
    if "copies" in changes and dataset.number("copies") == 3 and encrypted:
        raise StorageError(
            f"Property copies=3 of {dataset.name}",
            "what is encrypted has two copies at most",
            "Give 1 or 2",
            refusal="property_value_invalid",
        )


def require_not_zoned(dataset: Dataset, changes: Collection[str]) -> None:
    """`zfs` sets none of these from outside of the zone that a filesystem was given to.

    :param dataset: of a new one the parent
    """
    for name in ("mountpoint", "sharenfs", "sharesmb"):
        if name in changes and dataset.shown("zoned", "off") == "on":
            raise StorageError(
                f"Property {name} of {dataset.name}",
                "the filesystem is zoned=on, so that only its container may set it",
                "Set zoned=off in a run of its own first, or leave it out",
                refusal="dataset_zoned",
            )


def _require_not_overridden(dataset: Dataset, name: str, value: str) -> None:
    """Refuse to set what is set already, and goes unheeded by a mount that ZFS did not make."""
    shown = dataset.values.get(name, Value(""))
    against = shown.temporary and shown.value != value
    if against and dataset.shown("mountpoint") == "legacy":
        raise StorageError(
            f"Property {name} of {dataset.name}",
            f"it is mounted with {name}={shown.value}, and {value} is wanted: what is written in "
            "fstab, or in the unit that mounts it, goes before what is set",
            "Change the options there, and mount it again",
            refusal="property_overridden",
        )


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


_CHECKS = {
    "volsize": _volsize,
    "quota": _limit,
    "refquota": _limit,
    "reservation": _reserve,
    "refreservation": _reserve,
    "keylocation": check_keylocation,
}
