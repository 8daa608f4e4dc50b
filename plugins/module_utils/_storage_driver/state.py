# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine's storage driver, its options and its data root: what is there and what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    Pool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    CONFIG_FILE,
    Present,
    present,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.names import (
    plain_path,
    unit_names,
)


class Wanted(NamedTuple):
    """The wish. What is None is kept as it is."""

    driver: str | None = None
    containerd_store: bool | None = None  # whether containerd is to keep the images
    options: values.Options | None = None  # see option_values.flatten()
    data_root: str | None = None
    config_file: str = CONFIG_FILE
    keep_existing: bool = False  # go on although data of another driver would be hidden
    restart: bool = True
    service: str = "docker.service"


def wanted_from(params: Mapping[str, Any]) -> Wanted:
    """The :class:`Wanted` that a module's parameters ask for.

    :raises StorageError: a path or the unit's name cannot be one.
    """
    data_root = params["data_root"] and plain_path("data_root", params["data_root"], tidy=True)
    unit_names("service", [params["service"]])
    if not params["service"].endswith(".service"):
        raise StorageError(
            "service={}".format(params["service"]),
            "it is no name of a systemd service",
            "Give one, such as docker.service",
            refusal="service_name_invalid",
        )
    return Wanted(
        driver=params["driver"],
        containerd_store=params["containerd_image_store"],
        options=None if params["options"] is None else values.flatten(params["options"]),
        data_root=data_root,
        config_file=plain_path("config_file", params["config_file"], tidy=True),
        keep_existing=params["existing_data"] == "keep",
        restart=params["restart"],
        service=params["service"],
    )


class Prerequisites(NamedTuple):
    """What a change depends on; looked at only when something is about to change."""

    version: values.Version = ()  # of the installed engine: the one that the restart will start
    missing_modules: tuple[str, ...] = ()
    missing_programs: tuple[str, ...] = ()
    unloaded_modules: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # drivers that the engine was built without
    file_types: bool | None = None  # of the data root's directories
    zfs_module: values.Version = ()  # the version of the kernel's zfs
    pool: Pool | None = None
    remembers_pool: bool = False  # devicemapper's notes in the data root know a pool
    loop_file: str = ""  # the file that devicemapper has kept its data in; '' for none
    dataset: bool | None = None  # whether the wanted ZFS filesystem is there; None where unknown
    containerd_images: int = 0  # of an engine that is stopped, which cannot count them itself
    hidden_bytes: int = 0
    rejected: str = ""  # why the engine would not take its file as it is to be, in its own words


class State(NamedTuple):
    """The engine and what surrounds it, as far as storage goes."""

    engine: Engine | None  # None where none is installed
    config: daemon_json.File
    unread: str = ""  # the invocation of the engine that has not read the file; '' for none
    kernel: str = ""  # its release
    backing: Backing = Backing("/", "unknown", ())  # below the wanted data root
    roots: tuple[Holdings, ...] = ()  # of the present data root, then of the other one to be
    same_root: bool = False  # the wanted data root is the present one by another name
    prerequisites: Prerequisites | None = None
    unseen: bool = False  # a filesystem comes over the data root whose content is not known yet

    stopped: bool = False  # what comes below stops it, and starts it again

    @property
    def installed(self) -> Engine:
        """The engine, where it is known that there is one."""
        return known(self.engine)

    @property
    def present(self) -> Present:
        """What the engine is on; there is one."""
        return present(self.installed, self.config, self.roots[0] if self.roots else None)

    @property
    def next_version(self) -> values.Version:
        """The version that the next start will run, as far as it is known; there is an engine."""
        seen = self.prerequisites.version if self.prerequisites else ()
        return seen or self.installed.version
