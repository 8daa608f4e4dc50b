# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps a wish for a storage driver from being granted."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import flag
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    location,
    store_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import Goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
    Wanted,
)


def require_engine(state: State, service: str) -> None:
    """Refuse a host without an engine that can be started.

    :raises StorageError: none is installed, or its unit is masked.
    """
    if state.engine is None:
        raise StorageError(
            f"Docker ({service})",
            "it is not installed on this host",
            "Install it (on Debian and Ubuntu the package docker.io), or name its unit as service "
            "(for the role, docker_storage_service)",
            refusal="engine_missing",
        )
    if state.engine.unit.load == "masked":
        raise StorageError(
            service,
            "it is masked",
            f"Run `systemctl unmask {service}`",
            refusal="engine_masked",
        )


def require_readable_config(state: State, wanted: Wanted) -> None:
    """Refuse to write a file that the engine does not read.

    :raises StorageError: a flag names another one.
    """
    given = flag(state.installed, "config-file")
    if given and given.value != wanted.config_file:
        raise StorageError(
            wanted.config_file,
            f"the engine reads {given.value} instead: {given.source} says {given.spelled}",
            f"Give config_file: {given.value}",
            refusal="config_not_read",
        )


def require_no_flag(state: State, changed: Iterable[str]) -> None:
    """Refuse to set a key that a flag sets as well: the engine does not start on both.

    :param changed: the keys of daemon.json that are about to be set.
    :raises StorageError: naming the flag and the file it comes from.
    """
    for key in changed:
        given = flag(state.installed, key)
        if given:
            raise StorageError(
                given.shown,
                f"{given.source} gives it to the engine, which does not start when daemon.json "
                f"sets {key} as well"
                if given.spelled != "DOCKER_DRIVER"
                else f"{given.source} sets it, and it beats daemon.json without a word",
                f"Take it out of {given.source} and run `systemctl daemon-reload`",
                refusal="flag_conflict",
            )


def require_support(state: State, goal: Goal, wanted: Wanted) -> None:
    """Refuse a driver or options that this engine would not come up with on this host.

    :raises StorageError: see ``driver_rules.py``.
    """
    if wanted.containerd_store is not None:
        store_rules.require_switch(state, wanted.containerd_store)
    if goal.store:
        return
    if goal.driver not in DRIVERS:
        if wanted.options:
            raise StorageError(
                "Storage options {}".format(", ".join(wanted.options)),
                "it is not known which driver they are for",
                "Give driver as well",
                refusal="driver_not_given",
            )
        return
    seen, version = state.prerequisites, state.next_version
    driver_rules.require_driver(goal.driver, version)
    if seen:
        driver_rules.require_built_in(goal.driver, version, seen.left_out)
    driver_rules.require_options(goal.driver, goal.options, version)
    driver_rules.require_kernel(goal.driver, state.kernel)
    if seen:
        _require_host(goal.driver, state.kernel, seen)
    driver_rules.require_backing(
        goal.driver,
        goal.options,
        state.backing,
        version,
        seen.file_types if seen else None,
        seen.zfs_module if seen else (),
    )
    location.require_usable(state, goal)


def _require_host(driver: str, kernel: str, seen: Prerequisites) -> None:
    """Refuse a host that lacks a module or a program."""
    known = DRIVERS[driver]
    for module in seen.missing_modules:
        raise StorageError(
            f"Kernel {kernel}",
            f"it has no {module}, which the {driver} driver needs",
            known.modules_from.format(kernel)
            or "Install a kernel or a package that brings it, or use another driver",
            refusal="kernel_module_missing",
        )
    for program in seen.missing_programs:
        raise StorageError(
            program,
            f"it is not installed, and the {driver} driver runs it",
            f"Install {known.package}, then run again",
            refusal="program_missing",
        )
    for module in seen.unloaded_modules:
        raise StorageError(
            module,
            f"the kernel has it but has not loaded it, and the {driver} driver needs it",
            f"Load it with `modprobe {module}`, and see that it is loaded at boot",
            refusal="kernel_module_not_loaded",
        )
