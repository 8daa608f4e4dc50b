# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine's storage driver, its options and its data root: what is there and what is wanted."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import (
    DATA_ROOT,
    Engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    Pool,
)


class Desired(NamedTuple):
    """The wish. What is None is kept as it is."""

    driver: str | None = None
    options: dict | None = None  # name -> list of values, see _option_values.flatten()
    data_root: str | None = None
    config_file: str = "/etc/docker/daemon.json"
    keep_existing: bool = False  # go on although data of another driver would be hidden
    restart: bool = True
    service: str = "docker.service"
    pending: bool = False  # the pool and the data root's filesystem are still to be made


def desired_from(params):
    """The :class:`Desired` that a module's parameters ask for.

    :raises StorageError: a path or the unit's name cannot be one.
    """
    for name in ("data_root", "config_file"):
        path = params[name]
        if path is not None and (
            not path.startswith("/") or os.path.normpath(path) == "/" or not path.isprintable()
        ):
            raise StorageError(
                f"{name}={path}", "it is no absolute path", "Give one, such as /srv/docker"
            )
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*\.service", params["service"]):
        raise StorageError(
            "service={}".format(params["service"]),
            "it is no name of a systemd service",
            "Give one, such as docker.service",
        )
    return Desired(
        driver=params["driver"],
        options=None if params["options"] is None else values.flatten(params["options"]),
        data_root=params["data_root"] and os.path.normpath(params["data_root"]),
        config_file=os.path.normpath(params["config_file"]),
        keep_existing=params["existing_data"] == "keep",
        restart=params["restart"],
        service=params["service"],
        pending=params.get("pending", False),
    )


class Closer(NamedTuple):
    """What is looked at only when something is about to change."""

    version: tuple = ()  # of the installed engine: the one that the restart will start
    missing_modules: tuple = ()
    missing_programs: tuple = ()
    ftype: bool | None = None
    pool: Pool | None = None
    remembers_pool: bool = False  # devicemapper's notes in the data root know a pool
    hidden_bytes: int = 0


class State(NamedTuple):
    """The engine and what surrounds it, as far as storage goes."""

    engine: Engine | None  # None where none is installed
    config: daemon_json.File
    unread: str = ""  # the invocation of the engine that has not read the file; '' for none
    kernel: str = ""  # its release
    backing: Backing = Backing("/", "unknown", ())  # below the wanted data root
    roots: tuple = ()  # Holdings of the present data root, then of the wanted one if it differs
    same_root: bool = False  # the wanted data root is the present one by another name
    closer: Closer | None = None


def flag(state, key):
    """The :class:`Flag` that sets a key of daemon.json in the unit, or None."""
    found = [it for it in state.engine.unit.flags if it.key == key]
    return found[-1] if found else None


def setting(state, key):
    """What the engine would be started with for a key, be it from a flag or the file."""
    given = flag(state, key)
    return given.value if given else state.config.content.get(key)


def present_driver(state):
    """The driver that the engine is on, or would be; '' where it would look for one itself."""
    return state.engine.driver or setting(state, "storage-driver") or ""


def present_root(state):
    """The data root that the engine uses, or would use."""
    configured = setting(state, "data-root") or state.config.content.get("graph")
    return state.engine.data_root or configured or DATA_ROOT


def present_options(state):
    """The driver's options as they are configured, name -> list of values."""
    flags = [it.value for it in state.engine.unit.flags if it.key == "storage-opts"]
    return values.split(flags or state.config.content.get("storage-opts") or [])


def target_driver(state, desired):
    """The driver to end up with; '' where the engine is left to find one."""
    return desired.driver or present_driver(state)


def target_root(state, desired):
    """The data root to end up with."""
    return desired.data_root or present_root(state)


def target_options(state, desired):
    """The options to end up with, name -> list of values.

    Those of a driver that is left behind go with it: the new one would not start on them.
    """
    if desired.options is not None:
        return desired.options
    if desired.driver in (None, present_driver(state)):
        return present_options(state)
    return {
        name: given
        for name, given in present_options(state).items()
        if not any(name in other.options for key, other in DRIVERS.items() if key != desired.driver)
        or name in DRIVERS[desired.driver].options
    }


def same_options(driver, one, other):
    """Tell whether two sets of options mean the same to a driver: 10g is 10240m."""
    known = DRIVERS[driver].options if driver in DRIVERS else {}
    if set(one) != set(other):
        return False
    for name, given in one.items():
        kind = known[name].kind if name in known else values.TEXT
        if len(given) != len(other[name]) or not all(map(kind.same, given, other[name])):
            return False
    return True
