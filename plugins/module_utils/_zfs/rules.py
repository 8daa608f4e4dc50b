# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What stands against a plan for a dataset. Pure; each refusal says what to do instead."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import KIB, human
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    PROPERTIES,
    feature,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import unknown

# What a pool has to have available for a new dataset: dmu_objset_create() asks for six blocks of
# 16 KiB, times spa_asize_inflation, which is 24.
_LEAST = 6 * 16 * KIB * 24


def require_pool(state, name):
    """Refuse a dataset in a pool that is not imported."""
    if state.pool is None:
        pool = names.pool_of(name)
        raise StorageError(
            f"Dataset {name}",
            f"no pool {pool} is imported on this host",
            f"`zpool import` lists what could be imported; import {pool}, or make it first",
        )


def require_writable(pool):
    """Refuse to change anything in a pool that is broken, or imported to be read only."""
    if pool.health not in ("ONLINE", "DEGRADED"):
        raise StorageError(
            f"Pool {pool.name}",
            f"it is {pool.health}",
            f"Bring its disks back; `zpool status {pool.name}` names them",
        )
    if pool.values.get("readonly") == "on":
        raise StorageError(
            f"Pool {pool.name}",
            "it is imported read-only",
            "Export it and import it again without `-o readonly=on`",
        )


def require_sound(pool, what):
    """Refuse to destroy in a pool that has lost a disk: what goes may be what is needed next."""
    if pool.health != "ONLINE":
        raise StorageError(
            what,
            f"its pool {pool.name} is {pool.health}, and nothing is destroyed in such a pool",
            f"Mend the pool first; `zpool status {pool.name}` says what it lacks",
        )


def require_unused(uses, what, foreign=True):
    """Refuse what would unmount or destroy a dataset that is in use.

    :param foreign: whether uses in other mount namespaces count too: they stop a `zfs destroy`,
        but no unmounting here.
    """
    found = [use for use in uses if foreign or not use.foreign]
    if found:
        more = f", and {len(found) - 3} more" if len(found) > 3 else ""
        listed = "; ".join(f"{use.dataset} is {use.how}" for use in found[:3])
        raise StorageError(
            what,
            f"it is in use: {listed}{more}",
            "End those processes or containers, or unmount it there, then run again",
        )


def require_place(state, wanted):
    """Refuse a new name whose parent is not there, is no filesystem, or cannot be written to."""
    parent = next(filter(None, map(state.dataset, names.ancestors(wanted.name))), None)
    what = f"Dataset {wanted.name}"
    if parent is None:
        raise StorageError(
            what, "its pool shows no filesystem", "Look at `zfs list` and `zpool status`"
        )
    above = names.parent_of(wanted.name)
    if parent.name != above:
        if names.is_snapshot(wanted.name):
            raise StorageError(what, f"there is no {above} to take it of", "Make that one first")
        if not wanted.parents:
            raise StorageError(
                what,
                f"its parent {above} is not there",
                "Make that one first, or set `parents: true` to have it made with ZFS's defaults",
            )
    if names.is_snapshot(wanted.name):
        return parent
    if parent.type != "filesystem":
        raise StorageError(
            what,
            f"{parent.name} is a {parent.type}, and only filesystems have datasets below them",
            "Choose another name",
        )
    if parent.shown("keystatus") == "unavailable":
        raise StorageError(
            what,
            f"the key of {parent.name} is not loaded",
            f"Load it with `zfs load-key {parent.shown('encryptionroot', parent.name)}`",
        )
    return parent


def require_room(state, wanted, parent):
    """Refuse to make something in a full pool, or a volume larger than the space that it takes."""
    if wanted.type == "snapshot":  # takes no space yet
        return
    free = parent.number("available")
    root = state.dataset(state.pool.name)
    left = root.number("available") if root else None
    if free == 0 or (left is not None and left < _LEAST):
        raise StorageError(
            f"Dataset {wanted.name}",
            f"there is no space left in {parent.name if free == 0 else state.pool.name}",
            "Remove snapshots or raise its quota (`zfs list -o space`), or add disks to the pool",
        )
    reserved = wanted.properties.get("refreservation", "auto")
    if wanted.type != "volume" or free is None:
        return
    size = int(wanted.properties["volsize"])
    needs = size if reserved == "auto" else int(reserved)
    if needs > free:
        raise StorageError(
            f"Volume {wanted.name}",
            f"it reserves {human(needs)}, and {parent.name} has {human(free)} available",
            "Make it smaller, or let it reserve less (`refreservation: none` for nothing)",
        )


def require_key(wanted, parent):
    """Refuse a new encrypted dataset whose key would be asked for at a prompt that nobody sees."""
    given = wanted.properties
    encryption = given.get("encryption", "on" if "keyformat" in given else "off")
    if encryption == "off":
        return
    what = f"Dataset {wanted.name}"
    if "keyformat" not in given and parent.shown("encryption", "off") == "off":
        raise StorageError(
            what,
            "it is to be encrypted, and nothing says what its key looks like",
            "Set keyformat and keylocation as well",
        )
    if "keyformat" in given and given.get("keylocation", "prompt") == "prompt":
        raise StorageError(
            what,
            "its key would be asked for at a prompt",
            "Set keylocation to file:///PATH of a file with the key on the host",
        )


def check_properties(state, wanted, kind, shown):
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
            )
        prop = PROPERTIES.get(name)
        if prop and kind not in prop.of:
            raise StorageError(
                f"Property {name}",
                f"it is one of {' and '.join(prop.of)}s, and {wanted.name} is a {kind}",
                "Take it out, or choose another name for the dataset",
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
            )
    for name, value in wanted.properties.items():
        _check_feature(state.pool, name, value)


def _check_feature(pool, name, value):
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
        )


def check_changes(dataset, changes):
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
            )
        if check:
            check(dataset, name, value)


def _volsize(dataset, _name, value):
    now = dataset.number("volsize")
    if int(value) < now:
        raise StorageError(
            f"Volume {dataset.name}",
            f"it has {human(now)}, and a volume is never shrunk: what lies beyond {human(value)} "
            "would be lost",
            f"Ask for {human(now)} or more, or leave volsize out",
        )
    free = dataset.number("available")
    if dataset.number("refreservation") and free is not None and int(value) - now > free:
        raise StorageError(
            f"Volume {dataset.name}",
            f"it would reserve {human(int(value) - now)} more, and {human(free)} are available",
            "Ask for less, free space, or set `refreservation: none`",
        )


def _limit(dataset, name, value):
    held = "used" if name == "quota" else "referenced"
    now = dataset.number(held)
    if value != "0" and now is not None and int(value) < now:
        raise StorageError(
            f"Property {name}={value} of {dataset.name}",
            f"{human(now)} are {held} already",
            f"Give {human(now)} or more, or remove data and snapshots first",
        )


def _reserve(dataset, name, value):
    held = "used" if name == "reservation" else "usedbydataset"
    if value == "auto":
        if dataset.type != "volume":
            raise StorageError(
                f"Property {name}=auto", "only a volume can have that", "Give a size or none"
            )
        return
    now = max(dataset.number(held) or 0, dataset.number(name) or 0)
    free = dataset.number("available")
    if free is not None and int(value) - now > free:
        raise StorageError(
            f"Property {name}={value} of {dataset.name}",
            f"it takes {human(int(value) - now)} more, and {human(free)} are available",
            f"Give {human(now + free)} at most",
        )


def _keylocation(dataset, name, _value):
    root = dataset.shown("encryptionroot", "")
    if root != dataset.name:
        raise StorageError(
            f"Property {name} of {dataset.name}",
            f"its key is that of {root}" if root.strip("-") else "it is not encrypted",
            "Set it where the key is, or leave it out",
        )


_CHECKS = {
    "volsize": _volsize,
    "quota": _limit,
    "refquota": _limit,
    "reservation": _reserve,
    "refreservation": _reserve,
    "keylocation": _keylocation,
}
