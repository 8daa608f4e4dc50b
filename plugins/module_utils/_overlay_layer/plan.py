# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What has to be done for an overlay mount to be as it is wanted. Pure.

Nothing here removes, empties or writes to a layer: what is taken away is a mount or a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Plan,
    WriteFile,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer import (
    layer_rules,
    unit_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.options import (
    require_compatible,
    require_stackable,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.rules import (
    findings,
    require_changeable,
    require_idle,
    require_list,
    require_overlay,
    require_supported,
    require_unnamed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
    differences,
    goal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.unit import (
    OverlayUnit,
    unit_at,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
        Config,
    )

_RELOAD = Command("Let systemd read the changed units", ("systemctl", "daemon-reload"))


def plan(state: State, wanted: Wanted) -> Plan:
    """The :class:`Plan` that makes the mount and its unit as wanted."""
    require_overlay(state, wanted)
    if state.unclear and wanted.state == "mounted":
        require_unnamed(state, wanted)
        return Plan((), state, findings=findings(state, wanted))
    planned = _mounted(state, wanted) if wanted.state == "mounted" else _gone(state, wanted)
    facts = {} if state.changes is None else {"changes": state.changes}
    return planned._replace(findings=findings(planned.after, wanted), facts=facts)


def _mounted(state: State, wanted: Wanted) -> Plan:
    config = goal(state, wanted)
    changed = differences(state, config) if state.current else ()
    mounting = state.current is None or bool(changed)
    persistent = _persistent(state, wanted)
    require_list(config, wanted)
    require_compatible(state, wanted, config)
    if persistent:
        unit_rules.require_keepable(state, wanted, config)
    if mounting:
        require_supported(state, wanted, config)
        require_changeable(state, wanted, config, changed)
        layer_rules.require_layers(state, wanted, config)
        require_stackable(state, wanted, config)
        layer_rules.require_free(state, wanted, config)
        require_idle(state, wanted)
    folders = _folders(state, wanted, config) if mounting else []
    steps: list[Command | WriteFile] = []
    if changed:
        steps.append(_unmount(wanted, f"to mount it with {_changes(config, changed)}"))
    steps += _unit_steps(state, wanted, config, persistent)
    unit = OverlayUnit.of(wanted.path, config)
    by_unit = persistent and state.table is None
    if mounting:
        reason = f"Mount {_layers(config)} at {wanted.path}"
        steps.append(Command(reason, _start(unit) if by_unit else _mount(wanted.path, config)))
    after = state._replace(
        mounted=Mount("", "/", wanted.path, "overlay", "overlay", config.written()),
        current=config if mounting else state.current,
        unit_text=unit.text if by_unit else state.unit_text if persistent else None,
        enabled=by_unit or (persistent and state.enabled),
        uses=(),
        holders=(),
        layers={path: layer._replace(kind="folder") for path, layer in state.layers.items()},
        folder=state.folder._replace(kind="folder"),
    )
    if not mounting:
        return Plan(kept(steps), after)
    undo = _way_back(state, wanted, config, changed, persistent)
    return Plan((*kept(folders), Part(tuple(steps), undo, diagnose=_kernel_log(state))), after)


def _gone(state: State, wanted: Wanted) -> Plan:
    steps: list[Command | WriteFile] = []
    if state.current is not None:
        require_idle(state, wanted)
        steps.append(_unmount(wanted, "its layers stay as they are"))
    after = state._replace(mounted=None, current=None, holders=())
    if wanted.state == "absent":
        unit_rules.require_removable(state, wanted)
        steps += _forget(state, wanted)
        after = after._replace(unit_text=None, enabled=False)
    return Plan(kept(steps), after)


def _persistent(state: State, wanted: Wanted) -> bool:
    """Whether the mount is to come back at boot: as wanted; as it is; a new one, if it can."""
    if wanted.persistent is not None:
        return wanted.persistent
    if state.current is not None or state.table is not None or not state.systemd:
        return state.table is not None or state.unit_text is not None
    return unit_rules.can_come_back(state, goal(state, wanted))


def _unit_steps(
    state: State, wanted: Wanted, config: Config, persistent: bool
) -> list[Command | WriteFile]:
    """Write and enable the unit, or take it away."""
    if not persistent:
        return _forget(state, wanted)
    if state.table is not None:
        return []
    unit = OverlayUnit.of(wanted.path, config)
    steps: list[Command | WriteFile] = []
    if state.unit_text != unit.text:
        reason = f"Describe the overlay at {wanted.path}"
        steps += [WriteFile(reason, unit.path, unit.text, old=state.unit_text), _RELOAD]
    if not state.enabled:
        argv = ("systemctl", "enable", "--quiet", "--", unit.name)
        steps.append(Command(f"Let systemd mount {wanted.path} at boot", argv))
    return steps


def _forget(state: State, wanted: Wanted) -> list[Command | WriteFile]:
    """Disable and remove the unit, and what systemd remembers of it."""
    unit = unit_at(wanted.path)
    steps: list[Command | WriteFile] = []
    if state.enabled:
        argv = ("systemctl", "disable", "--quiet", "--", unit.name)
        steps.append(Command(f"Do not mount {wanted.path} at boot any more", argv))
    if state.unit_text is not None:
        reason = f"Remove the unit of {wanted.path}"
        steps += [WriteFile(reason, unit.path, None, old=state.unit_text), _RELOAD, _forgive(unit)]
    return steps


def _forgive(unit: OverlayUnit) -> Command:
    """Systemd lists a unit that failed even when its file is gone.

    By a pattern, for a unit that has not failed is not known any more, and would be an error.
    """
    pattern = unit.name[: -len("mount")] + "[m]ount"
    return Command(f"Forget a failure of {unit.name}", ("systemctl", "reset-failed", "--", pattern))


def _folders(state: State, wanted: Wanted, config: Config) -> list[Command]:
    """Make what may be missing; the lowers are not among it."""
    named = (("upper layer", config.upper), ("work folder", config.work))
    missing = [
        (name, path) for name, path in named if path and state.layers[path].kind == "missing"
    ]
    if state.folder.kind == "missing":
        missing.append(("mount point", wanted.path))
    return [
        Command(f"Make the {name} {path}", ("mkdir", "--parents", "--mode", "0755", "--", path))
        for name, path in missing
    ]


def _mount(path: str, config: Config) -> tuple[str, ...]:
    """See OverlayUnit for what the environment is for."""
    options = ",".join(config.written())
    return (
        "env", "LIBMOUNT_FORCE_MOUNT2=always",
        "mount", "--types", "overlay", "--options", options, "--", "overlay", path,
    )  # fmt: skip


def _start(unit: OverlayUnit) -> tuple[str, ...]:
    # A unit that systemd has not yet seen unmounted counts as active; "start" would do nothing.
    return ("systemctl", "restart", "--", unit.name)


def _unmount(wanted: Wanted, why: str) -> Command:
    return Command(f"Unmount the overlay at {wanted.path}; {why}", ("umount", "--", wanted.path))


def _way_back(
    state: State, wanted: Wanted, config: Config, changed: Sequence[str], persistent: bool
) -> tuple[Command | WriteFile, ...]:
    """The unit as it was, and the mount that there was."""
    unit = unit_at(wanted.path)
    steps: list[Command | WriteFile] = []
    for step in _unit_steps(state, wanted, config, persistent):
        if isinstance(step, WriteFile):
            steps.append(WriteFile(f"Restore {step.path}", step.path, step.old, old=step.content))
    if persistent and not state.enabled and state.table is None:
        argv = ("systemctl", "disable", "--quiet", "--", unit.name)
        steps.insert(0, Command(f"Do not mount {wanted.path} at boot", argv))
    if steps:
        steps += [_RELOAD, _forgive(unit)]
    if changed and state.current is not None:
        words = _mount(wanted.path, state.current)
        back = Command(f"Mount {wanted.path} as it was", words, unless_mounted=wanted.path)
        steps.append(back)
    return tuple(steps)


def _kernel_log(state: State) -> tuple[str, ...]:
    """What prints why the kernel refused: it says so in its log, and EINVAL to the caller."""
    if not state.systemd:
        return ("dmesg", "--level", "err,warn", "--since", "-5sec")
    return ("journalctl", "--dmesg", "--quiet", "--no-pager", "--output", "cat", "--lines", "3")


def _layers(config: Config) -> str:
    count = len(config.lower)
    lowers = f"{count} lower layers" if count > 1 else config.lower[0]
    return f"{config.upper} over {lowers}" if config.upper else lowers


def _changes(config: Config, changed: Iterable[str]) -> str:
    return ", ".join(
        f"another {name}" if name in ("lower", "upper", "work") else _setting(config, name)
        for name in changed
    )


def _setting(config: Config, name: str) -> str:
    value = getattr(config, name)
    return f"{name}={ {True: 'on', False: 'off'}.get(value, value) }"
