# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a person should know about a btrfs subvolume. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
        QuotaGroup,
    )


def findings(state: State, wanted: Wanted) -> tuple[Finding, ...]:
    """What a person should know about the subvolume."""
    found = state.place.subvolume
    quota = found.quota if found else None
    return (*_level_findings(wanted), *_quota_findings(state, wanted, quota))


def _level_findings(wanted: Wanted) -> Iterator[Finding]:
    """Kept in the property, never read by the kernel: kdave/btrfs-progs#329, and a test of ours."""
    algorithm, colon, level = (wanted.compression or "").partition(":")
    if colon:
        yield Finding(
            "info",
            "compression_level_ignored",
            f"{wanted.path} is compressed with {algorithm} at the level of the mount, or 3: btrfs "
            f"keeps level {level} in the property and does not use it. Mount with "
            f"compress={wanted.compression} to have it used.",
        )


def _quota_findings(state: State, wanted: Wanted, quota: QuotaGroup | None) -> Iterator[Finding]:
    if quota is None:
        return
    if wanted.limits and not state.quotas.consistent:
        yield Finding(
            "warning",
            "quota_inconsistent",
            f"The limits of {wanted.path} hold on wrong numbers: the quota numbers of the "
            "filesystem are inconsistent. Run `btrfs quota rescan -w "
            f"{state.place.filesystem.mount}`.",
        )
    for name, (limit, used) in quota._asdict().items():
        if limit is not None and used is not None and used >= limit:
            yield Finding(
                "warning",
                "quota_exceeded",
                f"{wanted.path} has {human(used)} of {name} bytes, and its limit is "
                f"{human(limit)}: nothing can be written to it, and files may not even be "
                "removable. Raise the limit.",
            )
