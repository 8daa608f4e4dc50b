# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The steps to the wanted storage driver, options and data root, and the state after them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import STORE_TYPE
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import setting
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.changes import (
    changes,
    unproven,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import Goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)

# The engine's last words are lines without a level, or with the level "fatal"; all its chatter, and
# what is an error but does not keep it from starting, has another level.
_LAST_WORDS = r"^(?!time=\S+ level=(?!fatal))"

# Where a run notes that the running engine has not read its new configuration. It is gone after
# a reboot, as that engine is.
NOTES = "/run/containerhost-storage"


def reasons(state: State, goal: Goal, wanted: Wanted, new: Iterable[str]) -> list[str]:
    """Why the engine has to be started or restarted; none where it has not.

    :param new: the changes to daemon.json.
    """
    engine = state.installed
    if not engine.unit.running:
        return ["it is not running"]
    found = []
    if goal.store != engine.containerd_store:
        found.append(
            f"it keeps images with {engine.driver}, not in the containerd image store"
            if goal.store
            else "it keeps images in the containerd image store, not with "
            + (wanted.driver or "a storage driver")
        )
    elif wanted.driver and engine.driver != wanted.driver:
        found.append(f"it runs on {engine.driver}, not on {wanted.driver}")
    if wanted.data_root and engine.data_root != wanted.data_root and not state.same_root:
        found.append(f"its data root is {engine.data_root}, not {wanted.data_root}")
    to_be, used = _pools(state, goal)
    if to_be and used and to_be != used:
        found.append(f"its pool is {used}, not {to_be}")
    to_be, used = _datasets(state, goal)
    if to_be and used and to_be != used:
        found.append(f"its dataset is {used}, not {to_be}")
    if not found and unproven(state, goal, wanted, new):
        found.append("it reads its configuration only when it starts")
    if not found and state.unread and state.unread == engine.unit.invocation:
        found.append("it has not read its configuration since that was changed")
    return found


def _leaves_unread(state: State, goal: Goal, wanted: Wanted, new: Iterable[str]) -> bool:
    unit = state.installed.unit
    return bool(unit.running and unit.invocation and unproven(state, goal, wanted, new))


def _pools(state: State, goal: Goal) -> tuple[str, str]:
    """The device-mapper names of the pool to be and of the one in use; '' for none."""
    given = goal.options.get("dm.thinpooldev", [""])[0] if goal.driver == "devicemapper" else ""
    return given.rpartition("/")[2], state.installed.status.get("Pool Name", "")


def _datasets(state: State, goal: Goal) -> tuple[str, str]:
    """The ZFS filesystems for the layers, the one to be and the one in use; '' for none."""
    if state.installed.driver != "zfs" or goal.driver != "zfs":
        return "", ""
    return goal.options.get("zfs.fsname", [""])[0], state.present.dataset


def parts(state: State, goal: Goal, wanted: Wanted) -> tuple[Part, ...]:
    """The one part to take, the file and the engine's start on it; () where all is well."""
    unit = state.installed.unit
    new = changes(state, goal, wanted)
    why = reasons(state, goal, wanted, new) if wanted.restart else []
    files: list[WriteFile] = []
    if new:
        if _leaves_unread(state, goal, wanted, new) and state.unread != unit.invocation:
            files.append(
                WriteFile(
                    "Note that the running engine has not read its new configuration yet",
                    note(unit.name),
                    unit.invocation + "\n",
                    old=state.unread + "\n" if state.unread else None,
                )
            )
        files.append(_write(state, wanted, new))
    if not files and not why:
        return ()
    undo = tuple(
        WriteFile(f"{it.path} as it was", it.path, it.old, it.content, private=it.private)
        for it in reversed(files)
    )
    # Asked for also where it need not restart: stopped for others, it starts on the new file.
    pause = Pause(unit.name)
    if why:
        pause = _restart(state, why, _back_on_its_driver(state, goal, wanted) if new else None)
    pause = pause._replace(
        diagnose=_last_words(unit.name), invocation=unit.invocation if unit.running else ""
    )
    return (Part(tuple(files), undo, pauses=(pause,)),)


def next_text(state: State, new: dict[str, Any]) -> str | None:
    """The text of daemon.json as it is going to be; None for no file."""
    return daemon_json.edit(state.config.text, new)


def next_content(state: State, new: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """What is going to be in daemon.json."""
    text = next_text(state, new)
    return {} if text is None else daemon_json.parse(wanted.config_file, text)


def note(service: str) -> str:
    """The path of the note about a service."""
    return os.path.join(NOTES, service + ".unread")


def _write(state: State, wanted: Wanted, new: dict[str, Any]) -> WriteFile:
    """The step that changes daemon.json."""
    named = ", ".join(
        "{} {}".format("remove" if value is daemon_json.REMOVE else "set", name)
        for name, value in new.items()
    )
    return WriteFile(
        f"Configure the engine: {named}",
        wanted.config_file,
        next_text(state, new),
        old=state.config.text,
        private=state.config.private,
    )


def _back_on_its_driver(state: State, goal: Goal, wanted: Wanted) -> tuple[WriteFile, ...]:
    """The step that lets the engine start again on the driver that it chose by itself.

    It doesn't start where it is told of no driver and two have something in their folders
    (``graphdriver.New()`` of moby), and the new one fills its own before it is known to work.
    """
    now = state.present
    told = setting(state.installed, state.config, "storage-driver")
    chosen = now.driver if not (told or now.store or goal.store) else ""
    if chosen not in DRIVERS or goal.driver in ("", chosen):
        return ()
    restored = state.config.text
    return (
        WriteFile(
            f"Name {chosen}, which the engine had chosen itself, in {wanted.config_file}: now "
            f"that {goal.driver} has a folder too, it would choose none",
            wanted.config_file,
            daemon_json.edit(restored, {"storage-driver": chosen}),
            old=restored,
            private=state.config.private,
            if_filled=os.path.join(now.root, goal.driver),
        ),
    )


def _restart(state: State, why: Iterable[str], back_on: tuple[WriteFile, ...] | None) -> Pause:
    """The :class:`Pause` that ends with the engine up on its configuration.

    It is not stopped before: a restart is over sooner, and brings up an engine that is stopped.

    :param back_on: what has to be done first for it to start as it was; None where its
        configuration does not change, so that there is none to go back to.
    """
    unit, version = state.installed.unit, state.installed.version
    verb = "Restart" if unit.running else "Start"
    # Where systemd does not know the unit, it says so as an error.
    start = [_reset(unit.name)] if unit.active != "inactive" else []
    reason = "{} Docker {}: {}".format(verb, dotted(version), "; ".join(why))
    start.append(Command(reason, ("systemctl", verb.lower(), "--", unit.name)))
    before = "restart" if unit.running else "stop"
    back = Command(f"Docker: {before}", ("systemctl", before, "--", unit.name))
    return Pause(
        unit.name,
        start=tuple(start),
        back=() if back_on is None else (*back_on, _reset(unit.name), back),
    )


def _last_words(service: str) -> tuple[str, ...]:
    """What prints why the engine did not come up."""
    return (
        *("journalctl", "--since", "-2min", "--unit", service, "--identifier", "dockerd"),
        *("--grep", _LAST_WORDS, "--lines", "1", "--output", "cat", "--no-pager"),
    )


def _reset(service: str) -> Command:
    """The step that makes systemd forget how often it has started the engine lately.

    A fourth start within a minute is refused, good ones counted too, and a restart that is refused
    leaves the engine stopped (StartLimitBurst= in docker.service).
    """
    return Command(
        "Let systemd start the engine as often as needed",
        ("systemctl", "reset-failed", "--", service),
    )


def after(state: State, goal: Goal, wanted: Wanted) -> State:
    """The state that the steps leave behind; what cannot be known yet is left out."""
    new = changes(state, goal, wanted)
    text, content = next_text(state, new), next_content(state, new, wanted)
    engine, unread = state.installed, state.unread
    if wanted.restart and reasons(state, goal, wanted, new):
        store = [["driver-type", STORE_TYPE]] if goal.store else []
        info = {
            "Driver": goal.driver,
            "DriverStatus": store,
            "DockerRootDir": goal.root,
        }
        unit = engine.unit._replace(active="active", invocation="")
        engine, unread = engine._replace(unit=unit, info=info), ""
    elif _leaves_unread(state, goal, wanted, new):
        unread = engine.unit.invocation
    return state._replace(
        engine=engine,
        config=daemon_json.File(text, content),
        unread=unread,
        roots=state.roots[-1:],
        prerequisites=None,
    )
