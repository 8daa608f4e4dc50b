# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a dataset to be as it is wanted. Pure.

A value that is in force already is in order, wherever it comes from: wanting what is inherited
sets nothing. Whatever differs is set in one command.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Finding,
    Plan,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import KIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names, rules
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.absence import plan_absence
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    PROPERTIES,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.report import ALMOST_FULL
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import same

# A new volume is a whole number of the largest default of volblocksize (8K until OpenZFS 2.1), so
# that `zfs create` has nothing to round and the next run finds the size it asked for.
_VOLUME_UNIT = 16 * KIB


def plan(state, wanted):
    """The :class:`Plan` that makes the dataset as wanted."""
    if not wanted.present:
        return plan_absence(state, wanted)
    rules.require_pool(state, wanted.name)
    steps, state = _rename(state, wanted)
    made = state.dataset(wanted.name) is None
    if made:
        steps, state = _make(state, wanted)
    more, state = _mend(state, wanted, made)
    steps += more
    more, state = _promote(state, wanted)
    steps += more
    if steps:
        rules.require_writable(state.pool)
    return Plan(steps, state, findings=tuple(_findings(state, wanted)))


def _rename(state, wanted):
    source, target = wanted.rename_from, wanted.name
    if not source or source == target:
        return [], state
    before = state.dataset(source)
    if state.dataset(target):
        if before:
            raise StorageError(
                f"Dataset {target}",
                f"{source} cannot be renamed to it: both are there",
                "Look at what is in them, and rename or remove one by hand",
            )
        return [], state
    if before is None:
        raise StorageError(
            f"Dataset {target}",
            f"there is neither it nor {source}, which it is to be renamed from",
            "Check both names; leave `rename_from` out to have a new, empty dataset made",
        )
    parent = rules.require_place(state, wanted)
    rules.require_unused(state.uses, f"Dataset {source}", foreign=False)
    flags = () if parent.name == names.parent_of(target) else ("-p",)
    step = Command(f"Rename {before.type} {source}", ("zfs", "rename", *flags, source, target))
    renamed = Dataset(target, before.values)
    moved = {
        name: _inherited(state, target, name)
        for name, value in before.values.items()
        if not value.own and name in PROPERTIES and PROPERTIES[name].setting == "inherited"
    }
    renamed = renamed.changed(
        {name: value for name, value in moved.items() if value},
        without=[name for name, value in moved.items() if not value],
    )
    return [step], state.without({source}).with_dataset(renamed)


def _make(state, wanted):
    kind = wanted.type
    parent = rules.require_place(state, wanted)
    origin = state.dataset(wanted.origin) if wanted.origin else None
    if wanted.origin and origin is None:
        raise StorageError(
            f"Dataset {wanted.name}",
            f"its origin {wanted.origin} is not there",
            "Take that snapshot first, or name another",
        )
    if origin and "volsize" in origin.values:
        kind = "volume"
    shown = parent.values if kind == "filesystem" else None
    rules.check_properties(state, wanted, kind, shown)
    rules.require_room(state, wanted, parent)
    rules.require_key(wanted, parent)
    properties = dict(wanted.properties)
    if kind == "volume" and "volsize" in properties:
        properties["volsize"] = _whole(properties["volsize"], properties.get("volblocksize"))
    # What an origin has is known and mended afterwards: a clone is made as large as its origin.
    size = None if origin else properties.get("volsize")
    given = {name: value for name, value in properties.items() if name != "volsize"}
    options = tuple(word for name in given for word in ("-o", f"{name}={given[name]}"))
    flags = () if parent.name == names.parent_of(wanted.name) else ("-p",)
    if kind == "snapshot":
        _require_new_moment(state, wanted)
        flags = ("-r",) if wanted.recursive else ()
        argv = ("zfs", "snapshot", *flags, *options, wanted.name)
        reason = f"Take snapshot {wanted.name}" + (" and of all below" if flags else "")
    elif origin:
        argv = ("zfs", "clone", *flags, *options, wanted.origin, wanted.name)
        reason = f"Clone {wanted.origin} as {wanted.name}"
    else:
        volume = ("-V", size) if kind == "volume" else ()
        argv = ("zfs", "create", *flags, *volume, *options, wanted.name)
        reason = f"Make {kind} {wanted.name}" + (" and what is missing above" if flags else "")
    values = {"type": Value(kind, "-"), **{name: Value(it) for name, it in given.items()}}
    if size:
        values["volsize"] = Value(size)
    if origin:
        values["origin"] = Value(wanted.origin, "-")
        fixed = ("volsize", "volblocksize") if kind == "volume" else ()
        values.update({name: origin.values[name] for name in fixed if name in origin.values})
    return [Command(reason, argv)], state.with_dataset(Dataset(wanted.name, values))


def _require_new_moment(state, wanted):
    taken = names.is_snapshot(wanted.name) and wanted.recursive
    label = "@" + wanted.name.partition("@")[2]
    there = [it.name for it in state.members if it.name.endswith(label)] if taken else []
    if there:
        raise StorageError(
            f"Snapshot {wanted.name}",
            f"{', '.join(there[:3])} is there already, of another moment",
            "Choose another name, or take the snapshots one by one",
        )


def _mend(state, wanted, made):
    dataset = state.dataset(wanted.name)
    if not made:
        rules.check_properties(state, wanted, dataset.type, dataset.values)
        _check_origin(dataset, wanted)
    changes = _changes(dataset, wanted)
    rules.check_changes(dataset, changes)
    back = [name for name in wanted.inherit if name in dataset.values and dataset.values[name].own]
    if {"mountpoint", "canmount"} & {*changes, *back}:
        rules.require_unused(state.uses, f"Filesystem {dataset.name}", foreign=False)
    steps = []
    if changes:
        was = ", ".join(f"{name} (was {dataset.shown(name, 'not set')})" for name in changes)
        words = (f"{name}={value}" for name, value in changes.items())
        steps.append(Command(f"Set {was} of {dataset.name}", ("zfs", "set", *words, dataset.name)))
    for name in back:
        argv = ("zfs", "inherit", name, dataset.name)
        steps.append(Command(f"Inherit {name} of {dataset.name} again", argv))
    inherited = {name: _inherited(state, dataset.name, name) for name in back}
    after = dataset.changed(
        {
            **{name: Value(value) for name, value in changes.items()},
            **{name: value for name, value in inherited.items() if value},
        },
        without=[name for name, value in inherited.items() if not value],
    )
    return steps, state.with_dataset(after)


def _changes(dataset, wanted):
    """Property -> value, of those wanted that mean something else than what is shown."""
    found = {}
    for name, value in wanted.properties.items():
        if name == "volsize" and dataset.type == "volume":
            unit = dataset.shown("volblocksize")
            now = int(dataset.shown("volsize"))
            if not int(_whole(value, unit, "1")) <= now <= int(_whole(value, unit)):
                found[name] = _whole(value, unit, "1" if int(value) < now else _VOLUME_UNIT)
        elif not same(name, value, dataset.shown(name), dataset.plain):
            found[name] = value
    return found


def _whole(size, block, least=_VOLUME_UNIT):
    """A volume's size, up to the next whole block."""
    unit = max(int(block or 0), int(least))
    return str(-(-int(size) // unit) * unit)


def _check_origin(dataset, wanted):
    origin = dataset.shown("origin", "-")
    if not wanted.origin or origin == wanted.origin or (wanted.promote and origin == "-"):
        return
    raise StorageError(
        f"Dataset {dataset.name}",
        f"it is there and no clone of {wanted.origin}"
        + (f" but of {origin}" if origin != "-" else ""),
        "Choose another name; for a clone that has been promoted say `promote: true`",
    )


def _promote(state, wanted):
    dataset = state.dataset(wanted.name)
    origin = dataset.shown("origin", "-")
    if not wanted.promote or origin == "-":
        return [], state
    step = Command(
        f"Promote clone {dataset.name}: {names.dataset_of(origin)} becomes the clone",
        ("zfs", "promote", dataset.name),
    )
    return [step], state.with_dataset(dataset.changed(without=["origin"]))


def _inherited(state, name, prop):
    """The :class:`Value` that a dataset has from above; None where that is not known."""
    parent = state.dataset(names.parent_of(name))
    if parent is None or prop not in parent.values:
        return None
    value, source = parent.values[prop]
    if prop == "mountpoint" and value.startswith("/"):
        value = value.rstrip("/") + "/" + name.rpartition("/")[2]
    if parent.values[prop].own:
        source = f"inherited from {parent.name}"
    return Value(value, source)


def _findings(state, wanted):
    pool, dataset = state.pool, state.dataset(wanted.name)
    if pool.health == "DEGRADED":
        yield Finding(
            "warning",
            "pool_health",
            f"Pool {pool.name} is DEGRADED: it works, and the next disk that fails may be one too "
            f"many. `zpool status {pool.name}` says what it lacks.",
        )
    if pool.capacity >= ALMOST_FULL:
        yield Finding(
            "warning",
            "pool_almost_full",
            f"Pool {pool.name} is {pool.capacity} percent full: writes become slow, and fail soon.",
        )
    if dataset.shown("keystatus") == "unavailable":
        yield Finding(
            "warning",
            "key_not_loaded",
            f"The key of {dataset.name} is not loaded, so it cannot be used: "
            f"`zfs load-key {dataset.shown('encryptionroot', dataset.name)}`.",
        )
    elif _should_be_mounted(dataset):
        yield Finding(
            "warning",
            "not_mounted",
            f"Filesystem {dataset.name} is not mounted at {dataset.shown('mountpoint')}: "
            f"`zfs mount {dataset.name}` says why.",
        )
    missing = _without_snapshot(state, wanted)
    if missing:
        yield Finding(
            "info",
            "snapshot_incomplete",
            f"{wanted.name} was not taken of {', '.join(missing[:5])}"
            + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            + ". It is left so: a snapshot taken now would be of another moment.",
        )


def _should_be_mounted(dataset):
    return (
        dataset.shown("mounted") == "no"
        and dataset.shown("canmount") == "on"
        and dataset.shown("mountpoint", "none").startswith("/")
        and dataset.shown("zoned", "off") == "off"
    )


def _without_snapshot(state, wanted):
    """Datasets below a recursive snapshot's that have none of its name."""
    if not names.is_snapshot(wanted.name) or not state.members or not wanted.recursive:
        return []
    label = "@" + wanted.name.partition("@")[2]
    there = {member.name for member in state.members}
    if wanted.name not in there:  # it is taken now, of all of them
        return []
    return [
        it.name for it in state.members if it.type != "snapshot" and it.name + label not in there
    ]
