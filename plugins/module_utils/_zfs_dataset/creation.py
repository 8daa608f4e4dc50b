# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""How a dataset that is not there yet is made. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import KIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    PROPERTIES,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import spelled
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset import (
    key_rules,
    property_rules,
    rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.key_rules import (
    NOTHING,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    State,
    Wanted,
)

# A new volume is a whole number of the largest default of volblocksize (8K until OpenZFS 2.1), so
# that `zfs create` has nothing to round and the next run finds the size it asked for.
VOLUME_UNIT = 16 * KIB


def make(state: State, wanted: Wanted) -> tuple[list[Command], State]:
    """``(steps, state after)`` of making the wanted dataset, in one command.

    :raises StorageError: there is no place or no room for it, or it cannot have its properties.
    """
    parent = rules.require_place(state, wanted)
    origin = _origin(state, wanted)
    kind = "volume" if origin and "volsize" in origin.values else wanted.type
    property_rules.check_properties(
        state, wanted, kind, parent.values if kind == "filesystem" else None
    )
    rules.require_room(state, wanted, parent)
    if kind == "snapshot":
        _require_new_moment(state, wanted)
    elif not origin:
        key_rules.require_key(state, wanted, parent)
        _require_names_of_one_kind(wanted)
    given = dict(wanted.properties)
    property_rules.require_not_zoned(parent, given)
    size = given.pop("volsize", None)
    if kind == "volume" and given.get("refreservation") == "auto":
        del given["refreservation"]  # what `zfs create` does by itself; of a clone it is set after
    values = {name: Value(value) for name, value in given.items()}
    if origin:  # as large as its origin; what is wanted besides is mended in a step of its own
        values["origin"] = Value(wanted.origin, "-")
        fixed = _fixed_by(state, origin)
        values.update(fixed)
        given = {name: it for name, it in given.items() if name not in fixed}
    elif size:
        size = whole(size, given.get("volblocksize"))
        values = {"volsize": Value(size), "refreservation": Value(size), **values}
    values["type"] = Value(kind, "-")
    made = Dataset(wanted.name, values)
    encryption = given.get("encryption", parent.shown("encryption", "off"))
    property_rules.check_together(made.changed({"encryption": Value(encryption)}), given)
    given = {name: value for name, value in given.items() if NOTHING.get(name) != value}
    above = parent.name != names.parent_of(wanted.name)
    step = _command(wanted, kind, size, given, above)
    return [step], state.with_dataset(made)


def _fixed_by(state: State, origin: Dataset) -> dict[str, Value]:
    """What a clone has as its origin has it: `zfs clone` takes no wish for these.

    Of some only what the snapshot was taken of tells (zfs_clone(), zfs_crypto_clone_check()).
    """
    source = state.dataset(names.dataset_of(origin.name))
    shown = {**(source.values if source else {}), **origin.values}
    return {
        name: Value(value.value)
        for name, value in shown.items()
        if name in ("volsize", *NOTHING)
        or (name in PROPERTIES and PROPERTIES[name].setting == "once")
    }


def _require_names_of_one_kind(wanted: Wanted) -> None:
    """Names that are compared by their meaning are in UTF-8 (zfs_valid_proplist())."""
    given = wanted.properties
    if given.get("normalization", "none") != "none" and given.get("utf8only") == "off":
        raise StorageError(
            f"Property utf8only=off of {wanted.name}",
            f"with normalization={given['normalization']} all names are in UTF-8",
            "Leave out one of the two",
            refusal="options_conflict",
        )


def _origin(state: State, wanted: Wanted) -> Dataset | None:
    origin = state.dataset(wanted.origin) if wanted.origin else None
    if wanted.origin and origin is None:
        raise StorageError(
            f"Dataset {wanted.name}",
            f"its origin {wanted.origin} is not there",
            "Take that snapshot first, or name another",
            refusal="source_missing",
        )
    return origin


def _command(
    wanted: Wanted, kind: str, size: str | None, given: Mapping[str, str], above: bool
) -> Command:
    """The one command that makes a dataset.

    :param given: property -> value
    :param above: whether filesystems above it are to be made as well
    """
    words = [f"{name}={spelled(name, value)}" for name, value in given.items()]
    options = tuple(part for word in words for part in ("-o", word))
    parents = ("-p",) if above else ()
    more = " and what is missing above" if above else ""
    if kind == "snapshot":
        below = ("-r",) if wanted.recursive else ()
        return Command(
            f"Take snapshot {wanted.name}" + (" and of all below" if below else ""),
            ("zfs", "snapshot", *below, *options, wanted.name),
        )
    if wanted.origin:
        return Command(
            f"Clone {wanted.origin} as {wanted.name}{more}",
            ("zfs", "clone", *parents, *options, wanted.origin, wanted.name),
            needs=sharing(given),
        )
    volume = ("-V", size) if kind == "volume" else ()
    return Command(
        f"Make {kind} {wanted.name}{more}",
        ("zfs", "create", *parents, *volume, *options, wanted.name),
        needs=sharing(given),
    )


def sharing(given: Mapping[str, str]) -> tuple[str, ...]:
    """The programs that ZFS shares a filesystem with, where it is to.

    :param given: property -> value, of those that are to be set
    """
    programs = {"sharenfs": "exportfs", "sharesmb": "net"}
    return tuple(it for name, it in programs.items() if given.get(name, "off") != "off")


def _require_new_moment(state: State, wanted: Wanted) -> None:
    taken = names.is_snapshot(wanted.name) and wanted.recursive
    label = "@" + wanted.name.partition("@")[2]
    there = [it.name for it in state.members if it.name.endswith(label)] if taken else []
    if there:
        raise StorageError(
            f"Snapshot {wanted.name}",
            f"{', '.join(there[:3])} is there already, of another moment",
            "Choose another name, or take the snapshots one by one",
            refusal="snapshot_exists",
        )
    long = [it.name for it in state.members if len(it.name + label) > names.LONGEST]
    if taken and long:
        raise StorageError(
            f"Snapshot {wanted.name}",
            f"with {label} the name of {long[0]} would be longer than ZFS takes, "
            f"{names.LONGEST} characters",
            "Choose a shorter name",
            refusal="name_invalid",
        )


def whole(size: str, block: str | None, least: int = VOLUME_UNIT) -> str:
    """A volume's size, up to the next whole block.

    :param size: bytes, as text
    :param block: its volblocksize, as text; None if it has none yet
    :param least: bytes that the size is a multiple of in any case
    """
    unit = max(int(block or 0), least)
    return str(-(-int(size) // unit) * unit)
