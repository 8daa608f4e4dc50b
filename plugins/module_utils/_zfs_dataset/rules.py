# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What stands against a plan for a dataset. Pure; each refusal says what to do instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import KIB, human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import listed
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
        Dataset,
        Pool,
        Use,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
        State,
        Wanted,
    )

# What a pool has to have available for a new dataset: dmu_objset_create() asks for six blocks of
# 16 KiB, times spa_asize_inflation, which is 24.
_LEAST = 6 * 16 * KIB * 24


def require_pool(state: State, name: str) -> Pool:
    """The pool of a dataset; refuse one that is not imported."""
    if state.pool is None:
        pool = names.pool_of(name)
        raise StorageError(
            f"Dataset {name}",
            f"no pool {pool} is imported on this host",
            f"`zpool import` lists what could be imported; import {pool}, or make it first",
            refusal="pool_not_imported",
        )
    return state.pool


def require_writable(pool: Pool) -> None:
    """Refuse to change anything in a pool that is broken, or imported to be read only."""
    if pool.health not in ("ONLINE", "DEGRADED"):
        raise StorageError(
            f"Pool {pool.name}",
            f"it is {pool.health}",
            f"Bring its disks back; `zpool status {pool.name}` names them",
            refusal="pool_suspended" if pool.health == "SUSPENDED" else "pool_unavailable",
        )
    if pool.values.get("readonly") == "on":
        raise StorageError(
            f"Pool {pool.name}",
            "it is imported read-only",
            "Export it and import it again without `-o readonly=on`",
            refusal="pool_readonly",
        )


def require_sound(pool: Pool, what: str) -> None:
    """Refuse to destroy in a pool that has lost a disk: what goes may be what is needed next."""
    if pool.health != "ONLINE":
        raise StorageError(
            what,
            f"its pool {pool.name} is {pool.health}, and nothing is destroyed in such a pool",
            f"Mend the pool first; `zpool status {pool.name}` says what it lacks",
            refusal="pool_degraded",
        )


def require_unused(uses: Iterable[Use], what: str, foreign: bool = True) -> None:
    """Refuse what would unmount or destroy a dataset that is in use.

    :param foreign: whether uses in other mount namespaces count too: they stop a `zfs destroy`,
        but no unmounting here.
    """
    found = [use for use in uses if foreign or not use.foreign]
    if found:
        ways = [f"{use.dataset} is {use.how}" for use in found]
        raise StorageError(
            what,
            f"it is in use: {listed(ways, 3, between='; ')}",
            "End those processes or containers, or unmount it there, then run again",
            refusal="dataset_busy",
        )


def require_place(state: State, wanted: Wanted) -> Dataset:
    """Refuse a new name whose parent is not there, is no filesystem, or cannot be written to."""
    parent = next(filter(None, map(state.dataset, names.ancestors(wanted.name))), None)
    what = f"Dataset {wanted.name}"
    if parent is None:
        raise StorageError(
            what,
            "its pool shows no filesystem",
            "Look at `zfs list` and `zpool status`",
            refusal="parent_missing",
        )
    above = names.parent_of(wanted.name)
    if parent.name != above:
        if names.is_snapshot(wanted.name):
            raise StorageError(
                what,
                f"there is no {above} to take it of",
                "Make that one first",
                refusal="source_missing",
            )
        if not wanted.parents:
            raise StorageError(
                what,
                f"its parent {above} is not there",
                "Make that one first, or set `parents: true` to have it made with ZFS's defaults",
                refusal="parent_missing",
            )
    if names.is_snapshot(wanted.name):
        return parent
    if parent.type != "filesystem":
        raise StorageError(
            what,
            f"{parent.name} is a {parent.type}, and only filesystems have datasets below them",
            "Choose another name",
            refusal="parent_not_filesystem",
        )
    if parent.shown("keystatus") == "unavailable":
        raise StorageError(
            what,
            f"the key of {parent.name} is not loaded",
            f"Load it with `zfs load-key {parent.shown('encryptionroot', parent.name)}`",
            refusal="key_not_loaded",
        )
    return parent


def require_room(state: State, wanted: Wanted, parent: Dataset) -> None:
    """Refuse to make something in a full pool, or a volume larger than the space that it takes."""
    if wanted.type == "snapshot":  # takes no space yet
        return
    free = parent.number("available")
    pool = require_pool(state, wanted.name).name
    root = state.dataset(pool)
    left = root.number("available") if root else None
    if free == 0 or (left is not None and left < _LEAST):
        raise StorageError(
            f"Dataset {wanted.name}",
            f"there is no space left in {parent.name if free == 0 else pool}",
            "Remove snapshots or raise its quota (`zfs list -o space`), or add disks to the pool",
            refusal="no_space",
        )
    given, volume = wanted.properties, wanted.type == "volume"
    reserved = given.get("refreservation", "auto" if volume else "0")
    if reserved == "auto":  # of what is no volume it is refused elsewhere
        reserved = given.get("volsize", "0")
    needs = max(int(reserved), int(given.get("reservation", "0")))
    if free is not None and needs > free:
        raise StorageError(
            f"{'Volume' if volume else 'Dataset'} {wanted.name}",
            f"it reserves {human(needs)}, and {parent.name} has {human(free)} available",
            "Make it smaller, or let it reserve less (`refreservation: none` for nothing)",
            refusal="no_space",
        )
