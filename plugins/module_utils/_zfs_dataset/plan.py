# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a dataset to be as it is wanted. Pure.

A value that is in force already is in order, wherever it comes from: wanting what is inherited
sets nothing. Whatever differs is set in one command.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Finding,
    Plan,
    StorageError,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import listed
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Pool,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    PROPERTIES,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.report import (
    ALMOST_FULL,
    fullness,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import (
    put_in_words,
    same,
    spelled,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset import (
    key_rules,
    property_rules,
    rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.absence import (
    plan_absence,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.creation import (
    make,
    sharing,
    whole,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    State,
    Wanted,
)

_NONE = Value("", "-")  # of a property that is not there


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that makes the dataset as wanted."""
    if not wanted.present:
        return plan_absence(state, wanted)
    pool = rules.require_pool(state, wanted.name)
    steps, state = _rename(state, wanted)
    made = state.dataset(wanted.name) is None
    if made:
        steps, state = make(state, wanted)
    more, state = _mend(state, state.datasets[wanted.name], wanted, made)
    steps += more
    more, state = _promote(state, state.datasets[wanted.name], wanted)
    steps += more
    if steps:
        rules.require_writable(pool)
    findings = [*_findings(state, pool, wanted), *(_unseen_key(wanted) if made else ())]
    return Plan(kept(steps), state, findings=tuple(findings))


def _rename(state: State, wanted: Wanted) -> tuple[list[Command], State]:
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
                refusal="target_exists",
            )
        return [], state
    if before is None:
        raise StorageError(
            f"Dataset {target}",
            f"there is neither it nor {source}, which it is to be renamed from",
            "Check both names; leave `rename_from` out to have a new, empty dataset made",
            refusal="source_missing",
        )
    parent = rules.require_place(state, wanted)
    rules.require_unused(state.uses, f"Dataset {source}", foreign=False)
    key_rules.require_key_goes_along(before, target)
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


def _mend(
    state: State, dataset: Dataset, wanted: Wanted, made: bool
) -> tuple[list[Command], State]:
    if not made:
        property_rules.check_properties(state, wanted, dataset.type, dataset.values)
        _check_origin(dataset, wanted)
    changes = _changes(dataset, wanted)
    property_rules.check_changes(dataset, changes)
    back = [name for name in wanted.inherit if _is_to_go(dataset, name)]
    property_rules.require_not_zoned(dataset, back)
    if {"mountpoint", "canmount"} & {*changes, *back}:
        rules.require_unused(state.uses, f"Filesystem {dataset.name}", foreign=False)
    steps = []
    if changes:
        was = ", ".join(f"{name} ({_was(dataset.values.get(name))})" for name in changes)
        words = (f"{name}={spelled(name, value)}" for name, value in changes.items())
        argv = ("zfs", "set", *words, dataset.name)
        steps.append(Command(f"Set {was} of {dataset.name}", argv, needs=sharing(changes)))
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


def _was(value: Value | None) -> str:
    if value is None:
        return "was not set"
    return f"was {put_in_words(value.value)}" + (" for this mount only" if value.temporary else "")


def _is_to_go(dataset: Dataset, name: str) -> bool:
    """Whether `zfs inherit` has something to take away, as far as is shown."""
    value = dataset.values.get(name, _NONE)
    mounted_by_zfs = dataset.shown("mountpoint") != "legacy"
    return value.own or (value.temporary and mounted_by_zfs)


def _changes(dataset: Dataset, wanted: Wanted) -> dict[str, str]:
    """Property -> value, of those wanted that mean something else than what is shown.

    An option of the present mount is shown instead of what is set, and goes with the mount. Setting
    what is set already puts the mount right as well (zfs_prop_set_list_flags()).
    """
    found = {}
    for name, value in wanted.properties.items():
        if name == "volsize" and dataset.type == "volume":
            now, block = dataset.number("volsize") or 0, dataset.shown("volblocksize")
            exact, rounded = whole(value, block, least=1), whole(value, block)
            if not int(exact) <= now <= int(rounded):
                found[name] = rounded if int(value) > now else exact
        elif dataset.values.get(name, _NONE).temporary or not same(
            name, value, dataset.shown(name), dataset.plain
        ):
            found[name] = value
    return found


def _check_origin(dataset: Dataset, wanted: Wanted) -> None:
    origin = dataset.shown("origin", "-")
    if not wanted.origin or origin == wanted.origin or (wanted.promote and origin == "-"):
        return
    raise StorageError(
        f"Dataset {dataset.name}",
        f"it is there and no clone of {wanted.origin}"
        + (f" but of {origin}" if origin != "-" else ""),
        "Choose another name; for a clone that has been promoted say `promote: true`",
        refusal="origin_differs",
    )


def _promote(state: State, dataset: Dataset, wanted: Wanted) -> tuple[list[Command], State]:
    origin = dataset.shown("origin", "-")
    if not wanted.promote or origin == "-":
        return [], state
    step = Command(
        f"Promote clone {dataset.name}: {names.dataset_of(origin)} becomes the clone",
        ("zfs", "promote", dataset.name),
    )
    return [step], state.with_dataset(dataset.changed(without=["origin"]))


def _inherited(state: State, name: str, prop: str) -> Value | None:
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


def _findings(state: State, pool: Pool, wanted: Wanted) -> Iterator[Finding]:
    dataset = state.datasets[wanted.name]
    if pool.health == "DEGRADED":
        yield Finding(
            "warning",
            "pool_health",
            f"Pool {pool.name} is DEGRADED: it works, and the next disk that fails may be one too "
            f"many. `zpool status {pool.name}` says what it lacks.",
        )
    root = state.dataset(pool.name)
    used, free = (root.number("used") or 0, root.number("available") or 0) if root else (0, 0)
    full = fullness(pool.capacity, used, free)
    if full >= ALMOST_FULL:
        yield Finding(
            "warning",
            "pool_almost_full",
            f"Pool {pool.name} is {full} percent full: writes become slow, and fail soon.",
        )
    if dataset.shown("keystatus") == "unavailable":
        yield Finding(
            "warning",
            "key_not_loaded",
            f"The key of {dataset.name} is not loaded, so it cannot be used: "
            f"`zfs load-key {dataset.shown('encryptionroot', dataset.name)}`.",
        )
    elif dataset.shown("receive_resume_token"):
        yield Finding(
            "warning",
            "receive_not_ended",
            f"A `zfs receive` into {dataset.name} has not ended: resume it (`zfs send -t`), or "
            "give it up (`zfs receive -A`).",
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
            f"{wanted.name} was not taken of {listed(missing, 5, last=' and ')}. "
            "It is left so: a snapshot taken now would be of another moment.",
        )


def _unseen_key(wanted: Wanted) -> Iterator[Finding]:
    place = wanted.properties.get("keylocation", "")
    if place.startswith("http"):
        yield Finding(
            "info",
            "key_unseen",
            f"The key of {wanted.name} is fetched from {place} when it is made: that it is there, "
            "and fits, cannot be known before.",
        )


def _should_be_mounted(dataset: Dataset) -> bool:
    return (
        dataset.shown("mounted") == "no"
        and dataset.shown("canmount") == "on"
        and dataset.shown("mountpoint", "none").startswith("/")
        and dataset.shown("zoned", "off") == "off"
    )


def _without_snapshot(state: State, wanted: Wanted) -> list[str]:
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
