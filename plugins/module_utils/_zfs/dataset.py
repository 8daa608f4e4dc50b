# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Datasets and pools as they are on the host."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple, overload

from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in


class Value(NamedTuple):
    """What `zfs get -p` shows of a property."""

    value: str
    source: str = "local"  # or "default", "inherited from NAME", "received", "temporary", "-"

    @property
    def own(self) -> bool:
        """Whether the dataset has it of its own, so that `zfs inherit` takes something away."""
        return self.source in ("local", "received")

    @property
    def temporary(self) -> bool:
        """Whether it is an option of the present mount, which goes against what is set."""
        return self.source == "temporary"


class Dataset(NamedTuple):
    """A filesystem, volume or snapshot."""

    name: str
    values: Mapping[str, Value]  # by property

    @property
    def type(self) -> str:
        """One of filesystem, volume, snapshot."""
        return self.shown("type", "")

    @overload
    def shown(self, name: str) -> str | None:
        pass

    @overload
    def shown(self, name: str, default: str) -> str:
        pass

    def shown(self, name: str, default: str | None = None) -> str | None:
        """The value of a property; ``default`` where `zfs get` shows none."""
        return self.values[name].value if name in self.values else default

    def number(self, name: str) -> int | None:
        """The value of a property that is a number; None where it is not known (yet)."""
        return number_in(self.shown(name) or "")

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
        return number_in(self.values.get("capacity", "").rstrip("%")) or 0

    @property
    def altroot(self) -> str:
        """The folder that all of it is mounted below until it is exported; "-" for none."""
        return self.values.get("altroot", "-")


class Member(NamedTuple):
    """One of what would be destroyed together with a dataset, or depends on it."""

    name: str
    type: str
    guid: str
    origin: str = ""  # the snapshot that it is a clone of
    clones: tuple[str, ...] = ()  # of a snapshot: what is cloned from it
    holds: int = 0  # of a snapshot: how many `zfs hold` keep it
    # What changes with what it holds: createtxg, objsetid, bytes referenced, bytes written since
    # the snapshot before, and what the kernel counts while it is mounted.
    figures: tuple[str, ...] = ()

    @property
    def referenced(self) -> int:
        """Bytes that it refers to."""
        return number_in(self.figures[2]) or 0 if len(self.figures) > 2 else 0


class Use(NamedTuple):
    """Somebody who uses a dataset, so that it cannot be unmounted, renamed or destroyed."""

    dataset: str
    how: str  # for people, with the process: "mounted at /x in the mount namespace of 41 (sh)"
    foreign: bool = False  # seen only from another mount namespace
