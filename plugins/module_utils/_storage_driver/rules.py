# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps a wish for a storage driver from being granted."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    MODULE_SOURCES,
    PROGRAM_SOURCES,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    store_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.place import (
    require_place,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    flag,
    next_version,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.target import (
    target_driver,
    target_options,
    target_store,
)


def require_engine(state, service):
    """Refuse a host without an engine that can be started.

    :raises StorageError: none is installed, or its unit is masked.
    """
    if state.engine is None:
        raise StorageError(
            f"Docker ({service})",
            "it is not installed on this host",
            "Install it (on Debian and Ubuntu the package docker.io), or name its unit as service",
        )
    if state.engine.unit.load == "masked":
        raise StorageError(service, "it is masked", f"Run `systemctl unmask {service}`")


def require_readable_config(state, desired):
    """Refuse to write a file that the engine does not read.

    :raises StorageError: a flag names another one.
    """
    given = flag(state, "config-file")
    if given and given.value != desired.config_file:
        raise StorageError(
            desired.config_file,
            f"the engine reads {given.value} instead: {given.source} says {given.spelled}",
            f"Give config_file: {given.value}",
        )


def require_no_flag(state, changed):
    """Refuse to set a key that a flag sets as well: the engine does not start on both.

    :param changed: the keys of daemon.json that are about to be set.
    :raises StorageError: naming the flag and the file it comes from.
    """
    for key in changed:
        given = flag(state, key)
        if given:
            raise StorageError(
                f"{given.spelled} {given.value}",
                f"{given.source} gives it to the engine, which does not start when daemon.json "
                f"sets {key} as well"
                if given.spelled != "DOCKER_DRIVER"
                else f"{given.source} sets it, and it beats daemon.json without a word",
                f"Take it out of {given.source} and run `systemctl daemon-reload`",
            )


def require_support(state, desired):
    """Refuse a driver or options that this engine would not come up with on this host.

    :raises StorageError: see ``_driver_rules.py``.
    """
    if desired.containerd_store is not None:
        store_rules.require_switch(state, desired.containerd_store)
    if target_store(state, desired):
        return
    driver, options = target_driver(state, desired), target_options(state, desired)
    if driver not in DRIVERS:
        if desired.options:
            raise StorageError(
                "Storage options {}".format(", ".join(desired.options)),
                "it is not known which driver they are for",
                "Give driver as well",
            )
        return
    closer, version = state.closer, next_version(state)
    driver_rules.require_driver(driver, version)
    if closer:
        driver_rules.require_built_in(driver, version, closer.left_out)
    driver_rules.require_options(driver, options, version)
    driver_rules.require_kernel(driver, state.kernel)
    if closer:
        _require_host(driver, state.kernel, closer)
    driver_rules.require_backing(
        driver,
        options,
        state.backing,
        version,
        closer and closer.file_types,
        closer.zfs_module if closer else (),
    )
    require_place(state, desired)


def _require_host(driver, kernel, closer):
    """Refuse a host that lacks a module or a program."""
    for module in closer.missing_modules:
        raise StorageError(
            f"Kernel {kernel}",
            f"it has no {module}, which the {driver} driver needs",
            MODULE_SOURCES.get(
                module, "Install a kernel or a package that brings it, or use another driver"
            ).format(kernel),
        )
    for program in closer.missing_programs:
        raise StorageError(
            program,
            f"it is not installed, and the {driver} driver runs it",
            f"Install {PROGRAM_SOURCES[program]}, then run again",
        )
    for module in closer.unloaded_modules:
        raise StorageError(
            module,
            f"the kernel has it but has not loaded it, and the {driver} driver needs it",
            f"Load it with `modprobe {module}`, and see that it is loaded at boot",
        )
