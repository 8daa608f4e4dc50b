# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What an engine is on, or would be after its next start: told by it, by its flags and its file."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.addresses import (
    CONFIG_FILE,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.daemon_json import File
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
    observe_holdings,
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
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import Flag
from ansible_collections.containerhost.storage.plugins.module_utils._docker.user_namespaces import (
    inner_root,
)

# The containerd image store is switched by features.containerd-snapshotter. While it is on,
# storage-driver is the name of a snapshotter of containerd, and storage-opts are ignored (moby's
# daemon/daemon.go).
SWITCH = "containerd-snapshotter"
DEFAULT_SNAPSHOTTER = "overlayfs"


class Present(NamedTuple):
    """What the engine is on; where it does not run, what it would be on."""

    store: bool  # whether containerd keeps the images
    driver: str  # or the snapshotter; '' where it would look for a driver itself
    root: str  # its data root
    options: values.Options  # as they are configured
    dataset: str  # of ZFS, that the zfs driver has its layers in; '' where that is not known


def present(engine: Engine, config: File, holds: Holdings | None = None) -> Present:
    """What an engine is on.

    :param config: its daemon.json.
    :param holds: what its data root holds; an engine that is stopped goes by that as well.
    """
    store = _store(engine, config, holds)
    told = engine.driver or setting(engine, config, "storage-driver")
    options = present_options(engine, config)
    return Present(
        store=store,
        driver=told or (DEFAULT_SNAPSHOTTER if store else ""),
        root=present_root(engine, config),
        options=options,
        dataset=engine.status.get("Parent Dataset", "")
        if engine.driver == "zfs"
        else options.get("zfs.fsname", [""])[0],
    )


def flag(engine: Engine, key: str) -> Flag | None:
    """The :class:`Flag` that sets a key of daemon.json in the unit, or None."""
    found = [it for it in engine.unit.flags if it.key == key]
    return found[-1] if found else None


def setting(engine: Engine, config: File, key: str) -> Any:
    """What the engine would be started with for a key, be it from a flag or the file."""
    given = flag(engine, key)
    return given.value if given else config.content.get(key)


def config_file(engine: Engine) -> str:
    """The file that the engine reads its configuration from."""
    given = flag(engine, "config-file")
    return given.value if given else CONFIG_FILE


def configured_root(engine: Engine, config: File) -> str:
    """The data root that the engine would be started with."""
    root = setting(engine, config, "data-root") or config.content.get("graph") or DATA_ROOT
    return os.path.join("/", root)  # a service is started in /


def present_root(engine: Engine, config: File) -> str:
    """The data root that the engine uses, or would use."""
    return engine.data_root or configured_root(engine, config)


def present_options(engine: Engine, config: File) -> values.Options:
    """The driver's options as they are configured."""
    flags = [it.value for it in engine.unit.flags if it.key == "storage-opts"]
    return values.split(flags or config.content.get("storage-opts") or [])


def switch_flag(engine: Engine) -> Flag | None:
    """The :class:`Flag` that switches the image store on or off, or None."""
    found = [
        it
        for it in engine.unit.flags
        if it.key == "features" and it.value.partition("=")[0] == SWITCH
    ]
    return found[-1] if found else None


def configured_store(engine: Engine, config: File) -> bool | None:
    """Whether the image store is switched on; None where neither a flag nor the file says."""
    given = switch_flag(engine)
    if given:
        _name, equals, value = given.value.partition("=")
        return not equals or value.lower() in values.TRUE
    features = config.content.get("features")
    found = features.get(SWITCH) if isinstance(features, dict) else None
    return found if isinstance(found, bool) else None


def _store(engine: Engine, config: File, holds: Holdings | None) -> bool:
    """Whether containerd keeps the images, or would if the engine were started."""
    if engine.info is not None:
        return engine.containerd_store
    given = configured_store(engine, config)
    if given is not None:
        return given and engine.version >= STORE_SINCE
    found = [name for name in (holds.drivers() if holds else ()) if name in DRIVERS]
    told = setting(engine, config, "storage-driver") or setting(engine, config, "userns-remap")
    return engine.version >= STORE_BY_DEFAULT and not found and not told


def root_inside(engine: Engine, config: File, root: str) -> str:
    """The folder that the engine has its data in, were ``root`` its data root."""
    return inner_root(engine, setting(engine, config, "userns-remap"), root)


def holdings_of(engine: Engine, config: File, root: str) -> Holdings:
    """What a data root holds; images that containerd keeps are counted by the engine itself.

    :raises StorageError: it cannot be read.
    """
    info = engine.info if root == engine.data_root else None
    found = observe_holdings(root_inside(engine, config, root))._replace(root=root)
    images = info.get("Images", 0) if info else 0
    if engine.containerd_store and images:
        found = found._replace(images={**found.images, engine.driver: images})
    return found
