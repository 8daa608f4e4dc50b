# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The steps to the wanted storage driver, options and data root, and the state after them."""

from __future__ import annotations

import os

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
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import (
    DATA_ROOT,
    STORE_TYPE,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.place import (
    present_dataset,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    SWITCH,
    present_options,
    setting,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.target import (
    is_stale,
    same_options,
    switch,
    target_driver,
    target_options,
    target_root,
    target_store,
)

# The engine's last words are lines without a level, or with the level "fatal"; all its chatter, and
# what is an error but does not keep it from starting, has another level.
_LAST_WORDS = r"^(?!time=\S+ level=(?!fatal))"

# Where a run notes that the running engine has not read its new configuration. It is gone after
# a reboot, as that engine is.
NOTES = "/run/containerhost-storage"


def changes(state, desired):
    """The keys of daemon.json to set or to take out: key -> new value."""
    found = {}
    driver = target_driver(state, desired)
    if desired.driver and setting(state, "storage-driver") != desired.driver:
        found["storage-driver"] = desired.driver
    if is_stale(state, desired):
        found["storage-driver"] = daemon_json.REMOVE
    options = target_options(state, desired)
    if not same_options(driver, options, present_options(state)):
        found["storage-opts"] = _written(driver, options) or daemon_json.REMOVE
    store = switch(state, desired)
    if store is not None:
        found["features"] = daemon_json.Keys({SWITCH: store})
    configured = setting(state, "data-root") or state.config.content.get("graph") or DATA_ROOT
    if desired.data_root and os.path.normpath(configured) != desired.data_root:
        found["data-root"] = desired.data_root
        if "graph" in state.config.content:  # the same setting, by its name before 17.05
            found["graph"] = daemon_json.REMOVE
    return found


def _written(driver, options):
    known = DRIVERS[driver].options if driver in DRIVERS else {}
    return [
        f"{name}={known[name].kind.written(value) if name in known else value}"
        for name, given in options.items()
        for value in given
    ]


def reasons(state, desired, new):
    """Why the engine has to be started or restarted; none where it has not.

    :param new: the changes to daemon.json.
    """
    engine = state.engine
    if not engine.unit.running:
        return ["it is not running"]
    found = []
    store = target_store(state, desired)
    if store != engine.containerd_store:
        found.append(
            f"it keeps images with {engine.driver}, not in the containerd image store"
            if store
            else "it keeps images in the containerd image store, not with "
            + (desired.driver or "a storage driver")
        )
    elif desired.driver and engine.driver != desired.driver:
        found.append(f"it runs on {engine.driver}, not on {desired.driver}")
    if desired.data_root and engine.data_root != desired.data_root and not state.same_root:
        found.append(f"its data root is {engine.data_root}, not {desired.data_root}")
    wanted, used = _pools(state, desired)
    if wanted and used and wanted != used:
        found.append(f"its pool is {used}, not {wanted}")
    wanted, used = _datasets(state, desired)
    if wanted and used and wanted != used:
        found.append(f"its dataset is {used}, not {wanted}")
    if not found and unproven(state, desired, new):
        found.append("it reads its configuration only when it starts")
    if not found and state.unread and state.unread == engine.unit.invocation:
        found.append("it has not read its configuration since that was changed")
    return found


def unproven(state, desired, new):
    """The changes that the running engine does not act by already.

    Pinning the driver or the image store that it runs on anyway is no cause to stop everybody's
    containers.
    """
    same_store = target_store(state, desired) == state.engine.containerd_store
    proven = set()
    if same_store:
        proven.add("features")
        if state.engine.driver == desired.driver:
            proven.add("storage-driver")
    return [name for name in new if name not in proven]


def _leaves_unread(state, desired, new):
    unit = state.engine.unit
    return bool(unit.running and unit.invocation and unproven(state, desired, new))


def _pools(state, desired):
    """The device-mapper names of the pool that is wanted and of the one in use; '' for none."""
    given = target_options(state, desired).get("dm.thinpooldev", [""])[0]
    wanted = given.rpartition("/")[2] if target_driver(state, desired) == "devicemapper" else ""
    return wanted, state.engine.status.get("Pool Name", "")


def _datasets(state, desired):
    """The ZFS filesystems that are wanted for the layers and in use for them; '' for none."""
    if state.engine.driver != "zfs" or target_driver(state, desired) != "zfs":
        return "", ""
    return target_options(state, desired).get("zfs.fsname", [""])[0], present_dataset(state)


def parts(state, desired):
    """The one part to take, the file and the engine's start on it; () where all is well."""
    unit = state.engine.unit
    new = changes(state, desired)
    why = reasons(state, desired, new) if desired.restart else []
    files = []
    if new:
        if _leaves_unread(state, desired, new) and state.unread != unit.invocation:
            files.append(
                WriteFile(
                    "Note that the running engine has not read its new configuration yet",
                    note(unit.name),
                    unit.invocation + "\n",
                    old=state.unread and state.unread + "\n",
                )
            )
        files.append(write(state, desired, new))
    if not files and not why:
        return ()
    path, old = desired.config_file, state.config.text
    undo = tuple(
        WriteFile(f"{path} as it was", path, old, step.content, private=step.private)
        for step in files
        if step.path == path
    )
    # Asked for also where it need not restart: stopped for others, it starts on the new file.
    pause = Pause(unit.name, diagnose=_last_words(unit.name))
    if why:
        pause = _restart(unit, why, state.engine.version, bool(new))
    return (Part(tuple(files), undo, pauses=(pause,)),)


def note(service):
    """The path of the note about a service."""
    return os.path.join(NOTES, service + ".unread")


def write(state, desired, new):
    """The step that changes daemon.json."""
    named = ", ".join(
        "{} {}".format("remove" if value is daemon_json.REMOVE else "set", name)
        for name, value in new.items()
    )
    return WriteFile(
        f"Configure the engine: {named}",
        desired.config_file,
        daemon_json.edit(state.config.text, new),
        old=state.config.text,
        private=state.config.private,
    )


def _restart(unit, why, version, changed):
    """The :class:`Pause` that ends with the engine up on its configuration.

    It is not stopped before: a restart is over sooner, and brings up an engine that is stopped.

    :param changed: whether the configuration changes, so that there is one to go back to.
    """
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
        back=(_reset(unit.name), back) if changed else (),
        diagnose=_last_words(unit.name),
    )


def _last_words(service):
    """What prints why the engine did not come up."""
    return (
        *("journalctl", "--since", "-2min", "--unit", service, "--identifier", "dockerd"),
        *("--grep", _LAST_WORDS, "--lines", "1", "--output", "cat", "--no-pager"),
    )


def _reset(service):
    """The step that makes systemd forget how often it has started the engine lately.

    A fourth start within a minute is refused, good ones counted too, and a restart that is refused
    leaves the engine stopped (StartLimitBurst= in docker.service).
    """
    return Command(
        "Let systemd start the engine as often as needed",
        ("systemctl", "reset-failed", "--", service),
    )


def after(state, desired):
    """The state that the steps leave behind; what cannot be known yet is left out."""
    new = changes(state, desired)
    text = daemon_json.edit(state.config.text, new)
    content = {} if text is None else daemon_json.parse(desired.config_file, text)
    engine, unread = state.engine, state.unread
    if desired.restart and reasons(state, desired, new):
        store = [["driver-type", STORE_TYPE]] if target_store(state, desired) else []
        info = {
            "Driver": target_driver(state, desired),
            "DriverStatus": store,
            "DockerRootDir": target_root(state, desired),
        }
        unit = engine.unit._replace(active="active", invocation="")
        engine, unread = engine._replace(unit=unit, info=info), ""
    elif _leaves_unread(state, desired, new):
        unread = engine.unit.invocation
    return state._replace(
        engine=engine,
        config=daemon_json.File(text, content),
        unread=unread,
        roots=state.roots[-1:],
        closer=None,
    )
