# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages that the lab itself needs on this machine."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable

from . import paths, shell, store
from .errors import LabError
from .progress import Step

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# What is looked for, and the package that brings it.
NEEDED = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    KEYRING: "debian-archive-keyring",
}


def missing(is_there: Callable[[str], object]) -> list[str]:
    """Return the packages that bring what ``is_there`` does not find, each once, sorted."""
    return sorted({package for thing, package in NEEDED.items() if not is_there(thing)})


def is_there(thing: str) -> bool:
    """Return whether a program, or a file named by its whole path, is on this machine."""
    return os.path.exists(thing) if thing.startswith("/") else bool(shell.find(thing))


def ensure() -> None:
    """Install what is missing, as root or through sudo; say which.

    One process does at a time: apt-get does not wait for another that reads the package lists.

    Raises LabError with the command for a person to run where that is not possible.
    """
    if missing(is_there):
        lock = paths.cache() / "packages.lock"
        with store.locked(lock, waiting_for="packages, which another process is installing"):
            if packages := missing(is_there):  # still
                _install(packages)


def _install(packages: list[str]) -> None:
    update = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "update"]
    install = [
        "apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "--yes",
        "--no-install-recommends", *packages,
    ]  # fmt: skip
    by_hand = " && ".join(
        shlex.join(["sudo", "apt-get", *argv])
        for argv in (["update"], ["install", "--yes", "--no-install-recommends", *packages])
    )
    if not shell.find("apt-get"):
        raise LabError(
            f"The lab needs {', '.join(packages)} and can install them with apt-get only, which "
            "is not there: install them by this system's own means."
        )
    print(f"The lab needs packages that are not installed: {', '.join(packages)}.", file=sys.stderr)
    try:
        with Step(f"installing {', '.join(packages)}"):
            shell.run(shell.as_root(update), doing="reading the package lists")
            shell.run(
                shell.as_root(["env", "DEBIAN_FRONTEND=noninteractive", *install]),
                doing="installing the packages",
            )
    except LabError as error:
        raise LabError(f"{error}\nInstall them with: {by_hand}") from error
    left = missing(is_there)
    if left:
        raise LabError(f"{', '.join(left)} did not bring what the lab needs. Try: {by_hand}")
