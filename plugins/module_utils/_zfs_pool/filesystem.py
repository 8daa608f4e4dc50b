# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The filesystem of a pool at the place where units need it. Pure.

ZFS mounts a filesystem by itself, at its property mountpoint. Where a person has written it into
fstab, or has made a unit for it, the mountpoint is "legacy", and it stays so.

All that can be is done while the units run: the filesystem is made with canmount=off. Then they
are stopped, it is mounted, and they start on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Step,
    StorageError,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount import (
    rules as mount_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.plan import (
    mounted,
    restore,
    stopped,
    units,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.creation import (
    make,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.rules import (
    require_pool,
    require_writable,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    Wanted as DatasetWanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    State,
    Wanted,
)


class Mounting(NamedTuple):
    """What a mounted filesystem takes."""

    prepare: list[Command]  # steps that are kept, whatever comes after them
    mount: tuple[Part, ...]  # what is taken back when one of its steps fails
    state: State  # after all of them


def plan_filesystem(state: State, wanted: Wanted) -> Mounting:
    """The :class:`Mounting` of the wanted filesystem.

    :raises StorageError: it is in use elsewhere, is no filesystem, or would hide something.
    """
    if wanted.place is None:
        return Mounting([], (), state)
    place, mount = wanted.place, state.wanted_mount
    mount_rules.require_own_mount(mount, place, {place.target})
    target = state.mountpoint(place)
    if target != "legacy":
        _require_no_altroot(state, wanted.name, place)
    prepare, state = _prepare(state, wanted.name, place, target)
    dataset = state.datasets[place.target]
    if not mount.ours or prepare:
        require_writable(require_pool(state.zfs(wanted.name), wanted.name))
    allow = target != "legacy" and dataset.shown("canmount") != "on"
    changing: list[Command] = []
    if allow:
        argv = ("zfs", "set", "canmount=on", dataset.name)
        changing.append(Command(f"Let {dataset.name} be mounted, now and at boot", argv))
    if not mount.ours:
        changing += _mount(mount, place, target)
    ready = units((), mount, place)
    pauses = () if mount.ours else stopped(mount, place)
    # What was to be mounted before as well stays mounted, though the files are taken back.
    parts = (
        Part(undo=_files_back(ready), ready=tuple(ready), pauses=pauses),
        Part(tuple(changing), _let_go(place) if allow and not mount.ours else (), pauses=pauses),
    )
    after = {"mounted": Value("yes", "-"), **({"canmount": Value("on")} if allow else {})}
    state = state.with_dataset(dataset.changed(after))._replace(mount=mounted(mount, place))
    return Mounting(prepare, parts if ready or changing else (), state)


def _files_back(steps: Iterable[Step]) -> tuple[Step, ...]:
    files = [step for step in steps if isinstance(step, WriteFile)]
    return tuple(restore(files)) if files else ()


def _let_go(place: Place) -> tuple[Command, ...]:
    argv = ("zfs", "set", "canmount=off", place.target)
    return (Command(f"Let go of the mount of {place.where}", argv),)


def _prepare(state: State, pool: str, place: Place, target: str) -> tuple[list[Command], State]:
    """The steps that make the filesystem, or give it its place, and do not mount it."""
    dataset = state.datasets.get(place.target)
    given = not_yet_mounted(target)
    if dataset is None:
        wish = DatasetWanted(place.target, properties=MappingProxyType(given), parents=True)
        steps, after = make(state.zfs(pool), wish)
        return steps, state._replace(datasets=after.datasets)
    _require_usable(dataset)
    if dataset.shown("mountpoint") == target:
        _require_not_elsewhere(state, place)
        return [], state
    _require_movable(state, place, dataset, target)
    words = [f"{name}={value}" for name, value in given.items()]
    step = Command(
        f"Give {dataset.name} its place, {place.where} (mountpoint was "
        f"{dataset.shown('mountpoint')})",
        ("zfs", "set", *words, dataset.name),
    )
    moved = dataset.changed({name: Value(value) for name, value in given.items()})
    return [step], state.with_dataset(moved)


def not_yet_mounted(target: str) -> dict[str, str]:
    """Properties of a filesystem that is to be mounted later, when its units have been stopped."""
    return {"mountpoint": target, **({} if target == "legacy" else {"canmount": "off"})}


def _mount(mount: MountState, place: Place, target: str) -> list[Command]:
    where = place.where
    if target != "legacy" and not mount.table:
        return [Command(f"Mount {place.target} at {where}", ("zfs", "mount", place.target))]
    steps: list[Command] = []
    if not mount.folder_exists:
        argv = ("mkdir", "--parents", "--mode", "0711", "--", where)
        steps.append(Command(f"Make the folder {where}", argv))
    how = ("mount", "--", where) if mount.table else ("systemctl", "restart", "--", place.unit.name)
    return [*steps, Command(f"Mount {place.target} at {where}", how, needs=("mount",))]


def _require_no_altroot(state: State, pool: str, place: Place) -> None:
    """Refuse a place in a pool that mounts all it has below another folder, until it is exported.

    Told only where something is to be done: it is not read else.
    """
    root = state.values.get("altroot", "-")
    if root not in ("-", "", "/"):
        raise StorageError(
            f"Pool {pool}",
            f"it is imported with the alternate root {root}: until it is exported its filesystems "
            f"are mounted below that, and not at {place.where}, and at the next boot nowhere",
            f"Export it and import it again without -R (`zpool export {pool}`, `zpool import "
            f"{pool}`)",
            refusal="pool_altroot",
        )


def _require_usable(dataset: Dataset) -> None:
    what = f"Dataset {dataset.name}"
    if dataset.type != "filesystem":
        raise StorageError(
            what,
            f"it is a {dataset.type}, and only filesystems are mounted",
            "Name another one",
            refusal="dataset_not_filesystem",
        )
    if dataset.shown("keystatus") == "unavailable":
        raise StorageError(
            what,
            "its key is not loaded",
            f"Load it with `zfs load-key {dataset.shown('encryptionroot', dataset.name)}`, and see "
            "to it that it is loaded at boot",
            refusal="key_not_loaded",
        )
    if dataset.shown("receive_resume_token") and dataset.shown("mounted") != "yes":
        raise StorageError(
            what,
            "a `zfs receive` into it has not ended, so that it cannot be mounted",
            "Resume that (`zfs send -t`), or give it up (`zfs receive -A`)",
            refusal="receive_not_ended",
        )
    readonly = dataset.values.get("readonly", Value("off"))
    if readonly == Value("on", "temporary"):
        raise StorageError(
            what,
            "it is mounted read-only",
            f"`zfs mount -o remount,rw {dataset.name}`; if its pool is imported read-only "
            "(`zpool get readonly`), export it and import it again",
            refusal="filesystem_readonly",
        )
    if readonly.value == "on":
        raise StorageError(
            what,
            "it is read-only",
            f"`zfs inherit readonly {dataset.name}` if it may be written to; the copy of another "
            "pool may not",
            refusal="filesystem_readonly",
        )


def _require_not_elsewhere(state: State, place: Place) -> None:
    if state.elsewhere and not state.wanted_mount.ours:
        raise StorageError(
            f"Dataset {place.target}",
            f"it is mounted at {', '.join(state.elsewhere)}, and wanted at {place.where}",
            "Stop what uses it there and unmount it, or name another dataset",
            refusal="dataset_mounted_elsewhere",
        )


def _require_movable(state: State, place: Place, dataset: Dataset, target: str) -> None:
    """A filesystem that somebody uses, or has given a place to, is not taken away from there."""
    _require_not_elsewhere(state, place)
    shown = dataset.values["mountpoint"]
    remedy = f"`zfs set mountpoint={target} {dataset.name}` by hand while nothing uses it"
    if state.wanted_mount.ours:
        raise StorageError(
            f"Dataset {dataset.name}",
            f"it is mounted at {place.where}, and nothing mounts it there at boot: its "
            f"mountpoint is {shown.value}"
            + (f", and {target} is wanted" if shown.value != "legacy" else ""),
            f"{remedy}, or a line in fstab for a legacy one",
            refusal="mount_not_persistent",
        )
    if shown.own and shown.value.startswith("/"):
        raise StorageError(
            f"Dataset {dataset.name}",
            f"its mountpoint is {shown.value}, which somebody chose, and {target} is wanted",
            f"{remedy}, or name another dataset",
            refusal="mount_point_differs",
        )
