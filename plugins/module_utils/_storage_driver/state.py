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
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    STORE_BY_DEFAULT,
    STORE_SINCE,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import (
    DATA_ROOT,
    Engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    Pool,
)

# The containerd image store is switched by features.containerd-snapshotter. While it is on,
# storage-driver is the name of a snapshotter of containerd, and storage-opts are ignored (moby's
# daemon/daemon.go).
SWITCH = "containerd-snapshotter"
DEFAULT_SNAPSHOTTER = "overlayfs"


class Desired(NamedTuple):
    """The wish. What is None is kept as it is."""

    driver: str | None = None
    containerd_store: bool | None = None  # whether containerd is to keep the images
    options: dict | None = None  # name -> list of values, see _option_values.flatten()
    data_root: str | None = None
    config_file: str = "/etc/docker/daemon.json"
    keep_existing: bool = False  # go on although data of another driver would be hidden
    restart: bool = True
    service: str = "docker.service"


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
        containerd_store=params["containerd_image_store"],
        options=None if params["options"] is None else values.flatten(params["options"]),
        data_root=params["data_root"] and os.path.normpath(params["data_root"]),
        config_file=os.path.normpath(params["config_file"]),
        keep_existing=params["existing_data"] == "keep",
        restart=params["restart"],
        service=params["service"],
    )


class Closer(NamedTuple):
    """What is looked at only when something is about to change."""

    version: tuple = ()  # of the installed engine: the one that the restart will start
    missing_modules: tuple = ()
    missing_programs: tuple = ()
    unloaded_modules: tuple = ()
    left_out: tuple = ()  # drivers that the engine was built without
    file_types: bool | None = None  # of the data root's directories
    zfs_module: tuple = ()  # the version of the kernel's zfs
    pool: Pool | None = None
    remembers_pool: bool = False  # devicemapper's notes in the data root know a pool
    loop_file: str = ""  # the file that devicemapper has kept its data in; '' for none
    dataset: bool | None = None  # whether the wanted ZFS filesystem is there; None where unknown
    containerd_images: int = 0  # of an engine that is stopped, which cannot count them itself
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
    unseen: bool = False  # a filesystem comes over the data root whose content is not known yet


def flag(state, key):
    """The :class:`Flag` that sets a key of daemon.json in the unit, or None."""
    found = [it for it in state.engine.unit.flags if it.key == key]
    return found[-1] if found else None


def setting(state, key):
    """What the engine would be started with for a key, be it from a flag or the file."""
    given = flag(state, key)
    return given.value if given else state.config.content.get(key)


def present_root(state):
    """The data root that the engine uses, or would use."""
    configured = setting(state, "data-root") or state.config.content.get("graph")
    return state.engine.data_root or configured or DATA_ROOT


def present_options(state):
    """The driver's options as they are configured, name -> list of values."""
    flags = [it.value for it in state.engine.unit.flags if it.key == "storage-opts"]
    return values.split(flags or state.config.content.get("storage-opts") or [])


def next_version(state):
    """The version that the next start will run, as far as it is known."""
    return (state.closer and state.closer.version) or state.engine.version


def switch_flag(state):
    """The :class:`Flag` that switches the image store on or off, or None."""
    found = [
        it
        for it in state.engine.unit.flags
        if it.key == "features" and it.value.partition("=")[0] == SWITCH
    ]
    return found[-1] if found else None


def configured_store(state):
    """Whether the image store is switched on; None where neither a flag nor the file says."""
    given = switch_flag(state)
    if given:
        _name, equals, value = given.value.partition("=")
        return not equals or value.lower() in values.TRUE
    features = state.config.content.get("features")
    found = features.get(SWITCH) if isinstance(features, dict) else None
    return found if isinstance(found, bool) else None


def present_store(state):
    """Whether containerd keeps the images, or would if the engine were started."""
    engine = state.engine
    if engine.info is not None:
        return engine.containerd_store
    given = configured_store(state)
    if given is not None:
        return given and engine.version >= STORE_SINCE
    found = [name for place in state.roots[:1] for name in place.drivers() if name in DRIVERS]
    told = setting(state, "storage-driver") or setting(state, "userns-remap")
    return engine.version >= STORE_BY_DEFAULT and not found and not told


def present_driver(state):
    """The driver or snapshotter that the engine is on, or would be.

    '' where it would look for a driver itself.
    """
    told = state.engine.driver or setting(state, "storage-driver")
    return told or (DEFAULT_SNAPSHOTTER if present_store(state) else "")
