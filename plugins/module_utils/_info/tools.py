# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The programs that storage for containers is made with: which of them a host has. No command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

TOOLS = (
    "lvm",
    "dmeventd",
    "thin_check",
    "wipefs",
    "mkfs.xfs",
    "mkfs.ext4",
    "mkfs.btrfs",
    "zfs",
    "docker",
    "dockerd",
    "containerd",
)


def observe(run: Reader) -> dict[str, str | None]:
    """Tool -> path, or None where the host has it not."""
    return {name: find_program(name) for name in TOOLS}


def describe(seen: dict[str, str | None]) -> dict[str, bool]:
    """Tool -> whether the host has it."""
    return {name: path is not None for name, path in seen.items()}


def findings(seen: dict[str, str | None]) -> list[Finding]:
    """Nothing: whether a tool is missed depends on what the host is for."""
    return []
