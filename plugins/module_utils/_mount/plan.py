# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for a mount, and the guard of the units that need it. Pure.

The units are stopped once, while the mount changes, and never run on the empty folder below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    WriteFile,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._mount.rules import (
    require_nothing_hidden,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
    missing_options,
)

_RELOAD = Command("Let systemd read the changed units", ("systemctl", "daemon-reload"))


def plan_mount(mount: MountState, place: Place) -> tuple[tuple[Part, ...], MountState]:
    """``(parts, MountState after them)`` for a mount that systemd or fstab keeps.

    :raises StorageError: it would hide something.
    """
    unit = place.unit
    remount = bool(mount.ours and missing_options(place, mount.mounted))
    by_unit = mount.table is None
    made, changing = [], []
    argv: tuple[str, ...]
    if remount:
        reason = f"Unmount {unit.where}, to mount it with {','.join(unit.options)}"
        changing.append(Command(reason, ("umount", "--", unit.where)))
    if not mount.ours and not mount.folder_exists:
        argv = ("mkdir", "--parents", "--mode", "0711", "--", unit.where)
        made.append(Command(f"Make the folder {unit.where}", argv))
    if by_unit and not mount.enabled:
        # Systemd has just read the unit, and looks for what is enabled when the host boots.
        argv = ("systemctl", "enable", "--quiet", "--no-reload", "--", unit.name)
        changing.append(Command(f"Let systemd mount {unit.where} at boot", argv))
    if not mount.ours or remount:
        argv = ("systemctl", "restart", "--", unit.name) if by_unit else ("mount", "--", unit.where)
        changing.append(Command(f"Mount {place.target} at {unit.where}", argv, needs=("mount",)))
    part = Part(
        steps=tuple(changing),
        undo=_way_back(mount, place, remount),
        ready=tuple(units(_unit_file(mount, place) if by_unit else (), mount, place)),
        pauses=stopped(mount, place) if not mount.ours or remount else (),
        diagnose=_diagnosis(place),
    )
    after = mounted(mount, place)._replace(
        unit_text=unit.text if by_unit else mount.unit_text, enabled=True
    )
    return (*kept(made), *((part,) if part.ready or part.steps else ())), after


def units(
    unit_files: Sequence[WriteFile], mount: MountState, place: Place
) -> list[Command | WriteFile]:
    """The steps that tell systemd of a mount: its files, and the guards of the units.

    They are taken while the units run, so that none starts on the empty folder meanwhile.

    :raises StorageError: the mount would hide something.
    """
    require_nothing_hidden(mount, place)
    files = [*unit_files, *_guards(mount, place)]
    return [*files, _RELOAD] if files else []


def stopped(mount: MountState, place: Place) -> tuple[Pause, ...]:
    """The pauses of the units that run, as the mount changes below them.

    Each goes by the name that the user gave, so that it is one with what others wait for.
    """
    given = {unit: name for name, unit in reversed(tuple(mount.names.items()))}
    return tuple(_pause(given.get(name, name), name, place) for name in mount.active)


def _pause(given: str, name: str, place: Place) -> Pause:
    stop = Command(f"Stop {name} while {place.where} changes", ("systemctl", "stop", "--", name))
    start = (
        # A fourth start within a minute is refused, good ones counted too (StartLimitBurst=).
        Command(
            f"Let systemd start {name} as often as needed",
            ("systemctl", "reset-failed", "--", name),
        ),
        Command(f"Start {name} again", ("systemctl", "start", "--", name)),
    )
    return Pause(given, stop=(stop,), start=start, back=start)


def _diagnosis(place: Place) -> tuple[str, ...]:
    """What prints why systemd could not mount."""
    argv = ("journalctl", "--unit", place.unit.name, "--since", "-2min", "--lines", "5")
    return (*argv, "--quiet", "--output", "cat", "--no-pager")


def mounted(mount: MountState, place: Place) -> MountState:
    """The state once it is mounted as wanted, and guarded."""
    unit = place.unit
    live = mount.live.options if mount.ours else ()
    options = (
        live if mount.ours and not missing_options(place, mount.mounted) else _with(place, live)
    )
    return mount._replace(
        mounted=Mount("", "/", unit.where, unit.fstype, unit.what, options),
        ours=True,
        guarded=mount.required(place),
        guard_texts=dict.fromkeys(mount.required(place), unit.guard_text),
        active=(),
        folder=None,
        folder_exists=True,
    )


def _with(place: Place, live: Sequence[str]) -> tuple[str, ...]:
    """The options that the kernel shows once the wanted ones are in force too."""
    from ansible_collections.containerhost.storage.plugins.module_utils._mount.options import (
        applied,
    )

    return applied(place.unit.fstype, place.unit.options, live)


def _way_back(mount: MountState, place: Place, remount: bool) -> tuple[Command | WriteFile, ...]:
    """Take the files back, and mount what was mounted."""
    unit = place.unit
    by_unit = mount.table is None
    files = [*(_unit_file(mount, place) if by_unit else ()), *_guards(mount, place)]
    steps = restore(files)
    argv: tuple[str, ...]
    let_go = f"Let go of the mount of {unit.where}"
    if not mount.ours and by_unit and not mount.enabled:
        # It reads the units by itself after a disable, and a guard with them that is just to go.
        argv = ("systemctl", "disable", "--quiet", "--no-reload", "--now", "--", unit.name)
        steps.insert(0, Command(let_go, argv))
    elif not mount.ours:  # it is to be mounted at boot, as before; systemd knows it from fstab too
        steps.append(Command(let_go, ("systemctl", "stop", "--", unit.name)))
    if remount:
        # Harmless where the unmounting was what failed: the unit is still active then.
        argv = ("systemctl", "start", "--", unit.name) if by_unit else ("mount", "--all")
        steps.append(Command(f"Mount {unit.where} as it was", argv))
    return tuple(steps)


def restore(files: Iterable[WriteFile]) -> list[Command | WriteFile]:
    """The steps that give the files their old content back, as systemd is to see it."""
    return [
        *(
            WriteFile(f"Restore {step.path}", step.path, step.old, old=step.content)
            for step in files
        ),
        Command("Let systemd read the units again", ("systemctl", "daemon-reload")),
    ]


def _unit_file(mount: MountState, place: Place) -> list[WriteFile]:
    unit = place.unit
    if mount.unit_text == unit.text:
        return []
    reason = f"Describe the mount of {place.target} at {unit.where}"
    return [WriteFile(reason, unit.path, unit.text, old=mount.unit_text)]


def _guards(mount: MountState, place: Place) -> list[WriteFile]:
    return [
        WriteFile(
            f"Keep {name} from starting while {place.where} is not mounted",
            place.unit.guard_path(name),
            place.unit.guard_text,
            old=mount.guard_texts.get(name),
        )
        for name in mount.required(place)
        if name not in mount.guarded
    ]
