# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a btrfs subvolume to be as it is wanted. Pure.

A subvolume is made, set, and removed; it is never replaced by another one.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    Limit,
    QuotaGroup,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume import (
    findings,
    rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    Removal,
    State,
    Subvolume,
    Wanted,
    effective,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Plan,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human

# The option of btrfs-qgroup(8) that says which of the two limits is meant.
_LIMIT_OPTIONS = {"referenced": (), "exclusive": ("-e",)}


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that makes the subvolume as wanted."""
    rules.require_place(state.place)
    if not wanted.present:
        return _plan_absence(state, wanted)
    rules.require_parent(state.place)
    source = rules.require_source(state, wanted)
    if state.place.subvolume is None:
        steps, subvolume = _make(state, wanted, source)
    else:
        steps, subvolume = _mend(state, wanted, state.place.subvolume)
    if steps:
        rules.require_tool(state)
        rules.require_writable(state.place, anew=state.place.subvolume is None)
    after = state._replace(place=state.place._replace(kind="subvolume", subvolume=subvolume))
    return Plan(kept(steps), after, findings.findings(after, wanted))


def _make(
    state: State, wanted: Wanted, source: Subvolume | None
) -> tuple[list[Command], Subvolume]:
    """The steps that make a subvolume, and what they leave; read-only comes last."""
    quota = QuotaGroup() if state.quotas.enabled else None
    argv: tuple[str, ...]
    if source is None or wanted.snapshot_of is None:
        made = Subvolume(None, None, None, None, None, compression=state.inherited, quota=quota)
        argv = ("btrfs", "subvolume", "create", wanted.path)
        reason = f"Make subvolume {wanted.path}"
    else:
        made = source._replace(
            id=None, uuid=None, parent_uuid=source.uuid, received_uuid=None, location=None,
            readonly=False, quota=_inherited(source, quota),
        )  # fmt: skip
        argv = ("btrfs", "subvolume", "snapshot", wanted.snapshot_of, wanted.path)
        reason = f"Make subvolume {wanted.path}, a snapshot of {wanted.snapshot_of}"
    mending, subvolume = _mend(state, wanted, made)
    if wanted.snapshot_of and wanted.readonly and len(mending) == 1:
        # in one step, so that nobody can write to it in between
        argv = (*argv[:3], "-r", *argv[3:])
        return [Command(reason.replace("a snapshot", "a read-only snapshot"), argv)], subvolume
    return [Command(reason, argv), *mending], subvolume


def _inherited(source: Subvolume, quota: QuotaGroup | None) -> QuotaGroup | None:
    """The limits of a snapshot: those of its source (btrfs_qgroup_inherit(), fs/btrfs/qgroup.c)."""
    if quota is None or source.quota is None:
        return quota
    return QuotaGroup(*(Limit(limit.limit) for limit in source.quota))


def _mend(state: State, wanted: Wanted, found: Subvolume) -> tuple[list[Command], Subvolume]:
    """Every way in which a subvolume can differ, one step each."""
    settings, subvolume = _mend_settings(wanted, found)
    limits, subvolume = _mend_limits(state, wanted, subvolume)
    steps = [*settings, *limits]
    if settings and found.readonly and wanted.readonly is not False:
        rules.refuse_readonly(wanted, settings)
    if wanted.readonly is False and found.readonly:
        rules.require_not_received(wanted, found)
        steps.insert(0, _set(wanted, "Let {} be written to", "ro", "false"))
    elif wanted.readonly and not found.readonly:
        steps.append(_set(wanted, "Make {} read-only", "ro", "true"))
    if wanted.readonly is not None:
        subvolume = subvolume._replace(readonly=wanted.readonly)
    return steps, subvolume


def _mend_settings(wanted: Wanted, found: Subvolume) -> tuple[list[Command], Subvolume]:
    """Compression and copy on write. The two exclude each other, so the one is set by the other.

    The kernel refuses +C next to the property, whatever its value ("none" as well), and chattr(1)
    would rewrite the property in passing: so the property goes first, in a step of its own.
    """
    steps = []
    uncow = found.nodatacow if wanted.nodatacow is None else wanted.nodatacow
    rules.require_no_contradiction(wanted, found, uncow)
    argv: tuple[str, ...]
    if uncow != found.nodatacow:
        rules.require_empty(wanted, found)
        if found.compression is not None:
            argv = ("chattr", "-c", "-m", wanted.path)
            steps.append(Command(f"Take the compression off {wanted.path}", argv))
            found = found._replace(compression=None)
        argv = ("chattr", "+C" if uncow else "-C", wanted.path)
        reason = f"Turn copy on write {'off' if uncow else 'on'} for new files in {wanted.path}"
        steps.append(Command(reason, argv))
        found = found._replace(nodatacow=uncow)
    # What is not copied on write is not compressed: that is "none", without the property.
    compression = effective(wanted.compression)
    if compression is not None and compression != effective(found.compression) and not uncow:
        steps.append(
            _set(wanted, "Set the compression of new files in {}", "compression", compression)
        )
        found = found._replace(compression=compression)
    return steps, found


def _mend_limits(state: State, wanted: Wanted, found: Subvolume) -> tuple[list[Command], Subvolume]:
    steps, quota = [], found.quota or QuotaGroup()
    for name, limit in wanted.limits:
        now = getattr(quota, name)
        if now.limit == limit:
            continue
        rules.require_quotas(state, wanted, found)
        value = "none" if limit is None else str(limit)
        argv = ("btrfs", "qgroup", "limit", *_LIMIT_OPTIONS[name], value, wanted.path)
        verb = "Lift the limit on" if limit is None else f"Limit to {human(limit)}"
        steps.append(Command(f"{verb} the {name} bytes of {wanted.path}", argv))
        quota = quota._replace(**{name: Limit(limit, now.used)})
    return steps, found._replace(quota=quota) if steps else found


def _set(wanted: Wanted, reason: str, name: str, value: str) -> Command:
    argv = ("btrfs", "property", "set", "-t", "subvol", wanted.path, name, value)
    if name == "compression":
        argv = ("btrfs", "property", "set", "-t", "inode", wanted.path, name, value)
    return Command(reason.format(wanted.path), argv)


def _plan_absence(state: State, wanted: Wanted) -> Plan:
    """Remove the subvolume, innermost first, each by its number.

    A number is never given twice on a filesystem, so a subvolume that was renamed, replaced or
    linked to since it was looked at is not what is removed. Its generation is that of the last
    change in it: what was written since the check makes the consent stale.
    """
    found = state.place.subvolume
    if found is None:
        return Plan((), state)
    rules.require_tool(state)
    removal = known(state.removal)  # looked at wherever there is a subvolume that is to go
    rules.require_removable(state.place, found, removal, wanted)
    held = removal.held if wanted.recursive else ()
    going = [(one.id, one.uuid, one.generation, one.path) for one in held]
    going.append((known(found.id), known(found.uuid), removal.generation, wanted.path))
    steps = [
        Command(
            f"Remove subvolume {path}",
            ("btrfs", "subvolume", "delete", "--commit-after", *_way_to(removal, number, path)),
            destroys=(f"subvolume {path} (ID {number}, UUID {uuid}, generation {generation})",),
        )
        for number, uuid, generation, path in going
    ]
    rules.require_writable(state.place, anew=True)
    place = state.place._replace(kind="nothing", subvolume=None)
    return Plan(kept(steps), state._replace(place=place, removal=None))


def _way_to(removal: Removal, number: int, path: str) -> tuple[str, ...]:
    """The words that say which subvolume is meant: its number, and the folder of another one.

    Its path where no other is to be seen: `btrfs` looks at that folder again afterwards.
    """
    return (path,) if path == removal.around else ("--subvolid", str(number), removal.around)
