# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Reading datasets: two commands where nothing is to be done, however many properties."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._zfs import (
    datasets,
    kernel,
    names,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.busy import find_uses
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Member
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.datasets import (
    list_members,
    read_datasets,
    read_pool,
    require_answers,
    require_zfs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import same
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    Kernel,
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def observe(run: Reader, wanted: Wanted) -> State:
    """Read the wanted dataset and all it depends on.

    :raises StorageError: ZFS is not there to be asked, or the pool does not answer.
    """
    require_zfs()
    pool = names.pool_of(wanted.name)
    require_answers(pool)
    found = read_pool(run, pool)
    if found is None:
        return State(None, MappingProxyType({}))
    asked = [wanted.name, *names.ancestors(wanted.name)]
    asked += [name for name in (wanted.origin, wanted.rename_from) if name]
    if wanted.origin:
        asked.append(names.dataset_of(wanted.origin))  # a snapshot does not show all that is fixed
    more = (*wanted.properties, *wanted.inherit)
    state = State(found, MappingProxyType(read_datasets(run, asked, more, found.altroot)))
    if not wanted.present:
        state = state._replace(members=_read_members(run, state, wanted))
        doomed = {member.name: member.type for member in state.members}
        return state._replace(uses=find_uses(doomed))
    if names.is_snapshot(wanted.name) and wanted.recursive:
        top = names.dataset_of(wanted.name)
        if top in state.datasets:
            state = state._replace(members=list_members(run, top))
    state = _with_limits(state, wanted)
    moved = _to_be_unmounted(state, wanted)
    return state._replace(uses=find_uses(moved)) if moved else state


def _with_limits(state: State, wanted: Wanted) -> State:
    """The state with what the kernel and the host have for the properties that are to be set."""
    dataset = state.dataset(wanted.name)
    differ = [
        name
        for name, value in wanted.properties.items()
        if dataset is None or not same(name, value, dataset.shown(name), dataset.plain)
    ]
    if not differ:
        return state
    limits = Kernel(
        properties=datasets.known_properties(),
        words=MappingProxyType({name: kernel.words(name) for name in differ}),
        types=MappingProxyType({name: kernel.types(name) for name in differ}),
        largest_block=kernel.largest_block(),
    )
    _file, _colon, path = wanted.properties.get("keylocation", "").partition("file://")
    return state._replace(kernel=limits, key_size=_size_of(path) if path else None)


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _read_members(run: Reader, state: State, wanted: Wanted) -> tuple[Member, ...]:
    """The dataset, all below it, and all that is cloned from any of that, wherever it lies."""
    top = wanted.name
    if names.is_snapshot(top) and wanted.recursive:
        top = names.dataset_of(top)
    found, tops = {}, [top] if top in state.datasets else []
    while tops:
        for member in list_members(run, tops.pop()):
            if _goes(member.name, wanted):
                figures = (*member.figures, *datasets.counted(member))
                found[member.name] = member._replace(figures=figures)
                tops += [clone for clone in member.clones if clone not in found]
        tops = [top for top in dict.fromkeys(tops) if top not in found]
    return tuple(found.values())


def _goes(name: str, wanted: Wanted) -> bool:
    """Whether a dataset that was listed is one of those that would go, or is cloned from them."""
    if not (names.is_snapshot(wanted.name) and wanted.recursive):
        return True
    top, snapshot = wanted.name.split("@")
    return not names.is_below(name, top) or name.partition("@")[2] == snapshot


def _to_be_unmounted(state: State, wanted: Wanted) -> dict[str, str]:
    """What would be unmounted on the way: name -> type."""
    source = state.dataset(wanted.rename_from)
    if source and wanted.name not in state.datasets:
        return {source.name: source.type}
    dataset = state.dataset(wanted.name)
    if dataset is None or dataset.shown("mounted") != "yes":
        return {}
    moving = [name for name in ("mountpoint", "canmount") if name in wanted.properties]
    differ = any(
        not same(name, wanted.properties[name], dataset.shown(name), dataset.plain)
        for name in moving
        if wanted.properties[name] not in ("on", "noauto")
    )
    shown = dataset.values.get("mountpoint")
    back = "mountpoint" in wanted.inherit and shown is not None and shown.own
    return {dataset.name: dataset.type} if differ or back else {}
