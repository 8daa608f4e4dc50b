# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a dataset to be gone. Pure.

Each dataset is destroyed by a command of its own, the lowest first, never by `zfs destroy -r`,
`-R` or `-f`: what was made after the plan was looked at makes the command fail, and stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Plan,
    StorageError,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    listed,
    plural,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import names
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset import rules

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Member
    from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
        State,
        Wanted,
    )

_SHOWN = 10  # how many names a refusal lists


def plan_absence(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that removes the dataset, with what was asked for to go with it."""
    dataset = state.dataset(wanted.name)
    if state.pool is None or (dataset is None and not state.members):
        return Plan((), state)
    what = f"{(dataset.type if dataset else 'snapshot').capitalize()} {wanted.name}"
    if not names.parent_of(wanted.name):
        raise StorageError(
            what,
            "it is the root of its pool and goes only with it",
            "`zpool destroy` does that",
            refusal="pool_root_dataset",
        )
    members = {member.name: member for member in state.members}
    _require_asked(wanted, what, members)
    _require_not_held(what, members.values())
    order = _order(what, members)
    rules.require_writable(state.pool)
    rules.require_sound(state.pool, what)
    rules.require_unused(state.uses, what)
    return Plan(kept(_steps(order)), state.without(set(members) | {wanted.name}))


def _require_asked(wanted: Wanted, what: str, members: Iterable[str]) -> None:
    """Refuse where more would go than was asked for."""
    tops = _tops(wanted, members)
    inside = [name for name in members if any(names.is_below(name, top) for top in tops)]
    below = [name for name in inside if name not in tops]
    if below and not wanted.recursive:
        raise StorageError(
            what,
            f"there is more below it: {_listed(below)}",
            "Set `recursive: true` if all of that is to go as well; check mode lists it",
            refusal="children_exist",
        )
    clones = [name for name in members if name not in inside]
    if clones and not wanted.clones:
        raise StorageError(
            what,
            f"others were cloned from it and need it: {_listed(clones)}",
            "Promote them to keep them (`promote: true`), or set `clones: true` if they are to go "
            "as well; check mode lists what goes",
            refusal="clones_exist",
        )


def _tops(wanted: Wanted, members: Iterable[str]) -> set[str]:
    if not (names.is_snapshot(wanted.name) and wanted.recursive):
        return {wanted.name}
    above, label = wanted.name.split("@")
    return {
        name
        for name in members
        if name.endswith("@" + label) and names.is_below(name.partition("@")[0], above)
    }


def _require_not_held(what: str, members: Iterable[Member]) -> None:
    held = [member.name for member in members if member.holds]
    if held:
        raise StorageError(
            what,
            f"snapshots are held: {_listed(held)}",
            "`zfs holds` says by whom; release them (`zfs release`) if they may go",
            refusal="snapshot_held",
        )


def _order(what: str, members: Mapping[str, Member]) -> list[Member]:
    """The members in an order in which ZFS destroys them: what depends on a thing goes first.

    Without recursion: layers of images are clones of each other, as deep as people build them.

    :param members: name -> Member
    :raises StorageError: two of them depend on each other.
    """
    dependents = _dependents(members)
    done: dict[str, Member] = {}
    path: set[str] = set()
    stack = list(members)[::-1]
    while stack:
        name = stack[-1]
        ahead = [it for it in dependents[name] if it not in done]
        if name in done or not ahead:
            done.setdefault(name, members[name])
            path.discard(stack.pop())
            continue
        path.add(name)
        stack += reversed(ahead)
        if not path.isdisjoint(ahead):
            raise StorageError(
                what,
                f"{name} and {path.intersection(ahead).pop()} depend on each other: one lies below "
                "the other and is what it was cloned from",
                "Promote the upper one (`zfs promote`), then run again",
                refusal="circular_dependency",
            )
    return list(done.values())


def _dependents(members: Mapping[str, Member]) -> dict[str, list[str]]:
    """Name -> names of what has to go before it: what is below it, then its snapshots."""
    found = {
        name: [it for it in member.clones if it in members] for name, member in members.items()
    }
    for name in sorted(members, key=names.is_snapshot):
        # What is listed of a snapshot's clones may be cut: each of them tells it too.
        for needed in {names.parent_of(name), members[name].origin} & found.keys():
            if name not in found[needed]:
                found[needed].append(name)
    return found


def _steps(order: Iterable[Member]) -> list[Command]:
    """One command for each filesystem and volume, and for neighbouring snapshots of one of them."""
    groups: list[tuple[str, list[Member]]] = []
    for member in order:
        top = names.dataset_of(member.name)
        if member.type == "snapshot" and groups and groups[-1][0] == top + "@":
            groups[-1][1].append(member)
        else:
            groups.append((top + "@" if member.type == "snapshot" else top, [member]))
    return [_step(*group) for group in groups]


def _step(top: str, members: Sequence[Member]) -> Command:
    labels = ",".join(member.name.partition("@")[2] for member in members)
    return Command(
        f"Destroy {members[0].type}{plural(len(members))} {top}{labels}",
        ("zfs", "destroy", top + labels),
        destroys=tuple(map(_lost, members)),
    )


def _lost(member: Member) -> str:
    """What goes, by its identity and a mark of its content, so that the seal covers both.

    None of the figures changes with what happens elsewhere in the pool.
    """
    content = hashlib.sha256(" ".join(member.figures).encode()).hexdigest()[:8]
    size = human(member.referenced)
    return f"{member.type} {member.name} (guid {member.guid}, {size}, content {content})"


def _listed(found: Collection[str]) -> str:
    return listed(sorted(found), _SHOWN, last=" and ")
