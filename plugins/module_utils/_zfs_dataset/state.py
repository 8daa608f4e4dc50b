# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A dataset as it is on the host, and as it is wanted. ``plan.py`` compares the two."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Member,
    Pool,
    Use,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import (
    canonical,
    check_settable,
)


class Kernel(NamedTuple):
    """What the ZFS of this kernel takes; read only where something is to be made or set."""

    properties: frozenset[str] = frozenset()  # that it knows; empty: not known
    # Property -> the words that it takes, or its values as a person reads them; what is left out is
    # not known.
    words: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    types: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # property -> types that have it
    largest_block: int | None = None  # bytes of the largest recordsize and volblocksize


class State(NamedTuple):
    """All that the wanted dataset depends on."""

    pool: Pool | None  # None: no such pool is imported
    datasets: Mapping[str, Dataset]  # name -> Dataset, of those that exist among the ones asked for
    members: tuple[
        Member, ...
    ] = ()  # Member of each that would have to go; read only if something may go
    uses: tuple[Use, ...] = ()  # read only if something would be unmounted, renamed or destroyed
    kernel: Kernel = Kernel()
    # Bytes of the file that a new dataset's key is in, 0 where there is none; None where its key is
    # in no file.
    key_size: int | None = None

    def dataset(self, name: str) -> Dataset | None:
        """The :class:`Dataset` of that name, or None."""
        return self.datasets.get(name)

    def with_dataset(self, dataset: Dataset) -> State:
        """This state with a dataset added or replaced."""
        return self._replace(datasets=MappingProxyType({**self.datasets, dataset.name: dataset}))

    def without(self, gone: Collection[str]) -> State:
        """This state with the datasets of these names gone."""
        return self._replace(
            datasets=MappingProxyType(
                {name: it for name, it in self.datasets.items() if name not in gone}
            ),
            members=tuple(member for member in self.members if member.name not in gone),
        )


class Wanted(NamedTuple):
    """A dataset as the user wants it. What is left out stays as it is."""

    name: str
    present: bool = True
    properties: Mapping[str, str] = MappingProxyType({})  # -> canonical value
    inherit: tuple[str, ...] = ()
    origin: str = ""
    rename_from: str = ""
    promote: bool = False
    recursive: bool = False
    clones: bool = False
    parents: bool = False

    @property
    def type(self) -> str:
        """The type that it is made as."""
        if names.is_snapshot(self.name):
            return "snapshot"
        return "volume" if "volsize" in self.properties and not self.origin else "filesystem"


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` in a module's parameters; refuses what no host could have."""
    properties, inherit = params["properties"] or {}, params["inherit"] or []
    wanted = Wanted(
        name=params["name"],
        present=params["state"] == "present",
        inherit=tuple(dict.fromkeys(inherit)),
        origin=params["origin"] or "",
        rename_from=params["rename_from"] or "",
        promote=params["promote"],
        recursive=params["recursive"],
        clones=params["clones"],
        parents=params["parents"],
    )
    names.check_name(wanted.name)
    for name in (*properties, *wanted.inherit):
        check_settable(name)
    twice = sorted(set(properties) & set(wanted.inherit))
    if twice:
        raise StorageError(
            f"Property {twice[0]}",
            "it is to be set and to be inherited",
            "Leave it in one of `properties` and `inherit`",
            refusal="options_conflict",
        )
    _check_together(wanted)
    values = {str(name): canonical(name, value) for name, value in properties.items()}
    return wanted._replace(properties=MappingProxyType(values))


def _check_together(wanted: Wanted) -> None:
    wrong = refusal = ""
    if wanted.origin:
        names.check_name(wanted.origin, "origin")
        wrong, refusal = _wrong_origin(wanted), "origin_invalid"
    if wanted.rename_from:
        names.check_name(wanted.rename_from, "rename_from")
        if not wrong:
            wrong, refusal = _wrong_rename(wanted), "rename_invalid"
    if names.is_snapshot(wanted.name) and wanted.promote:
        wrong, refusal = "only clones can be promoted, not snapshots", "not_a_clone"
    if wrong:
        raise StorageError(
            f"Dataset {wanted.name}",
            wrong,
            "Look at zfsconcepts(7), then change the options",
            refusal=refusal,
        )


def _wrong_origin(wanted: Wanted) -> str:
    if not names.is_snapshot(wanted.origin):
        return f"origin={wanted.origin} is no snapshot, and only those can be cloned"
    if names.is_snapshot(wanted.name):
        return "a snapshot cannot be a clone"
    if names.pool_of(wanted.origin) != names.pool_of(wanted.name):
        return "a clone lies in the pool of its origin"
    return ""


def _wrong_rename(wanted: Wanted) -> str:
    before, after = wanted.rename_from, wanted.name
    if names.pool_of(before) != names.pool_of(after):
        return "a dataset cannot be renamed into another pool, only sent there (`zfs send`)"
    if names.is_snapshot(before) != names.is_snapshot(after):
        return "a snapshot stays a snapshot when it is renamed, and nothing becomes one"
    if names.is_snapshot(after) and names.dataset_of(before) != names.dataset_of(after):
        return "a snapshot is renamed within its own filesystem or volume"
    if before != after and names.is_below(after, before):
        return "a dataset cannot be renamed to below itself"
    return ""
