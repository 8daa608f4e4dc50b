# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Engines that are on a host and are not what is kept: Docker as a snap, rootless, and Podman.

All are looked for only where the engine's own unit is missing or stopped: without a word about them
one would be told to install a second engine, or have one started.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit

# snapd names a service "snap.<snap>.<app>.service", and links its programs to its own.
SNAP_UNIT = "/etc/systemd/system/snap.docker.dockerd.service"
_SNAP_PROGRAMS = ("/snap/bin/docker", "/var/lib/snapd/snap/bin/docker")

# Where Docker's dockerd-rootless-setuptool.sh has the socket and the unit of a user's engine.
SOCKETS = "/run/user/*/docker.sock"
UNITS = "/home/*/.config/systemd/user/docker.service"


def refuse_unit(unit: Unit) -> None:
    """Refuse a unit that is no dockerd's, by its name and its program.

    :raises StorageError: it starts a snap, or Podman.
    """
    program = os.path.basename(unit.program)
    if unit.name.startswith("snap.") or program == "snap":
        raise _snap(unit.name)
    if program == "podman":
        raise _podman(unit.name, unit.program)


def refuse_in_its_place(service: str) -> None:
    """Refuse a host without the engine, and with another that looks like it.

    :raises StorageError: naming that one.
    """
    if any(map(os.path.lexists, (SNAP_UNIT, *_SNAP_PROGRAMS))):
        raise _snap(service)
    program = find_program("docker") or ""
    if program and is_podman(program):
        raise _podman(service, program)
    found = _rootless()
    if found:
        raise StorageError(
            f"Docker ({service})",
            f"it is here without root only ({found}), and only root's engine is kept by this",
            "Leave this host out; or, to have root's engine besides, install that (on Debian and "
            "Ubuntu the package docker.io) and start it",
            refusal="engine_rootless",
        )


def refuse_a_second(service: str) -> None:
    """Refuse to start root's engine, which is stopped, beside one that runs without root.

    :raises StorageError: naming that one.
    """
    running = sorted(glob.glob(SOCKETS))
    if running:
        raise StorageError(
            f"Docker ({service})",
            f"it is stopped, and another engine runs here without root ({running[0]})",
            f"If both are to run, start this one by hand (`systemctl start {service}`), then run "
            "again; else leave this host out",
            refusal="engine_rootless",
        )


def is_podman(program: str) -> bool:
    """Whether a program named docker is Podman: a link to it, or the script of podman-docker."""
    if os.path.basename(os.path.realpath(program)) == "podman":
        return True
    try:
        with open(program, "rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return head.startswith(b"#!") and b"podman" in head


def _rootless() -> str:
    found = [*sorted(glob.glob(SOCKETS)), *sorted(glob.glob(UNITS))]
    return found[0] if found else ""


def _snap(service: str) -> StorageError:
    return StorageError(
        f"Docker ({service})",
        "it is here as a snap, whose data root and configuration nothing outside of it may change",
        "Save what it holds, remove it (`snap remove docker`), then install the distribution's own "
        "package (on Debian and Ubuntu docker.io). A second engine beside it would show none of "
        "its images",
        refusal="engine_in_snap",
    )


def _podman(service: str, program: str) -> StorageError:
    return StorageError(
        f"Docker ({service})",
        f"{program} is Podman, and the storage of Podman is not kept by this",
        "Leave this host out; or, to have Docker here, remove the package podman-docker and "
        "install Docker's engine",
        refusal="engine_is_podman",
    )
