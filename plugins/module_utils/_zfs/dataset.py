# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A dataset as it is on the host, and as it is wanted. ``plan.py`` compares the two."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, overload

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import (
    canonical,
    check_settable,
)


class Value(NamedTuple):
    """What `zfs get -p` shows of a property."""

    value: str
    source: str = "local"  # or "default", "inherited from NAME", "received", "temporary", "-"

    @property
    def own(self) -> bool:
        """Whether the dataset has it of its own, so that `zfs inherit` takes something away."""
        return self.source in ("local", "received")


class Dataset(NamedTuple):
    """A filesystem, volume or snapshot."""

    name: str
    values: Mapping[str, Value]  # by property

    @property
    def type(self) -> str:
        """One of filesystem, volume, snapshot."""
        return self.shown("type", "")

    @overload
    def shown(self, name: str) -> str | None: ...

    @overload
    def shown(self, name: str, default: str) -> str: ...

    def shown(self, name: str, default: str | None = None) -> str | None:
        """The value of a property; ``default`` where `zfs get` shows none."""
        return self.values[name].value if name in self.values else default

    def number(self, name: str) -> int | None:
        """The value of a property that is a number; None where it is not known (yet)."""
        text = self.shown(name) or ""
        return int(text) if text.isdigit() else None

    @property
    def plain(self) -> dict[str, str]:
        """Property -> value, without where the values are from."""
        return {name: value.value for name, value in self.values.items()}

    def changed(
        self, values: Mapping[str, Value] | None = None, without: Collection[str] = ()
    ) -> Dataset:
        """This dataset with ``values`` (property -> Value) set and the properties ``without``."""
        kept = {name: value for name, value in self.values.items() if name not in without}
        return self._replace(values=MappingProxyType({**kept, **(values or {})}))


class Pool(NamedTuple):
    """A pool that is imported."""

    name: str
    values: Mapping[str, str]  # property, and feature@NAME -> value, as `zpool get -p` shows them

    @property
    def health(self) -> str:
        """ONLINE, DEGRADED, FAULTED, UNAVAIL, REMOVED or SUSPENDED."""
        return self.values.get("health", "ONLINE")

    @property
    def capacity(self) -> int:
        """Percent of the pool that is allocated."""
        return int(self.values.get("capacity", "0").rstrip("%") or 0)


class Member(NamedTuple):
    """One of what would be destroyed together with a dataset, or depends on it."""

    name: str
    type: str
    guid: str
    origin: str = ""  # the snapshot that it is a clone of
    clones: tuple[str, ...] = ()  # of a snapshot: what is cloned from it
    holds: int = 0  # of a snapshot: how many `zfs hold` keep it


class Use(NamedTuple):
    """Somebody who uses a dataset, so that it cannot be unmounted, renamed or destroyed."""

    dataset: str
    how: str  # for people, with the process: "mounted at /x in the mount namespace of 41 (sh)"
    foreign: bool = False  # seen only from another mount namespace


class State(NamedTuple):
    """All that the wanted dataset depends on."""

    pool: Pool | None  # None: no such pool is imported
    datasets: Mapping[str, Dataset]  # name -> Dataset, of those that exist among the ones asked for
    members: tuple[
        Member, ...
    ] = ()  # Member of each that would have to go; read only if something may go
    uses: tuple[Use, ...] = ()  # read only if something would be unmounted, renamed or destroyed

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
