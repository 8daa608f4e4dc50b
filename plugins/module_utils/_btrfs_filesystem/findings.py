# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a person should know about a btrfs over disks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import usage
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import (
    LEAST,
    conversion,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.usage import Usage
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.state import (
    Btrfs,
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._mount import (
    rules as mount_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
)


def findings(state: State, wanted: Wanted, place: Place) -> tuple[Finding, ...]:
    """What a person should know about the filesystem, as it is going to be."""
    found = state.filesystem
    return (
        *_profile_findings(found, wanted),
        *_parity_findings(found, wanted),
        *_read_only_findings(state.mount, wanted),
        *usage.findings([_usage(found, found.usage)] if found.usage else []),
        *mount_rules.mount_findings(state.mount, place),
    )


def _profile_findings(found: Btrfs, wanted: Wanted) -> Iterator[Finding]:
    """A conversion rewrites every chunk for hours, so a person has to start it."""
    profiles = found.profiles
    if profiles is None:
        return
    words = conversion(profiles, wanted.data, wanted.metadata)
    have = f"data in {_listed(profiles.data)}, metadata in {_listed(profiles.metadata)}"
    wants = [("data", wanted.data), ("metadata", wanted.metadata)]
    if words:
        asked = ", ".join(f"{kind} in {profile}" for kind, profile in wants if profile)
        yield Finding(
            "warning",
            "btrfs_profile_differs",
            f"{wanted.title} has {have}; wanted is {asked}. What is written stays as it is until "
            + _remedy(found, wanted, words),
        )
        return
    keep = [_safest(kind) if len(kind) > 1 else None for kind in profiles[:2]]
    words = conversion(profiles, *keep)
    if words:
        yield Finding(
            "warning",
            "btrfs_several_profiles",
            f"{wanted.title} has {have}: a conversion was broken off, or it was written to while a "
            "disk was missing, and what was written then has no copy. It stays so until "
            + _remedy(found, wanted, words),
        )


def _remedy(found: Btrfs, wanted: Wanted, words: Iterable[str]) -> str:
    if found.operation.startswith("balance"):
        return f"it is converted, and a balance is at work: `btrfs balance status {wanted.where}`."
    return (
        "it is converted, which may take hours while the engine runs: `btrfs balance start "
        f"{' '.join(words)} {wanted.where}`."
    )


def _safest(profiles: Iterable[str]) -> str:
    return max(profiles, key=lambda name: (LEAST.get(name, 0), name != "single"))


def _parity_findings(found: Btrfs, wanted: Wanted) -> Iterator[Finding]:
    """btrfs(5), "RAID56 STATUS AND RECOMMENDED PRACTICES"."""
    profiles = found.profiles
    parity = sorted({"raid5", "raid6"} & {*profiles.data, *profiles.metadata} if profiles else ())
    if parity:
        yield Finding(
            "warning",
            "btrfs_parity",
            f"{wanted.title} is in {_listed(parity)}: after a power cut its parity can be wrong, "
            "so that a lost disk takes data with it; the makers of btrfs advise against it. "
            "raid1 has no such gap.",
        )


def _read_only_findings(mount: MountState, wanted: Wanted) -> Iterator[Finding]:
    if mount.ours and "ro" in mount.live.options:
        yield Finding(
            "warning",
            "btrfs_read_only",
            f"{wanted.title} is mounted read-only at {wanted.where}; the kernel does so after an "
            "error: see `dmesg`.",
        )


def _usage(found: Btrfs, seen: Usage) -> Usage:
    """What is allocated and what is not, with the devices as they are going to be."""
    size = sum(member.size for member in found.members)
    used = sum(member.used or 0 for member in found.members)
    return seen._replace(size=size, allocated=used, unallocated=size - used)


def _listed(profiles: Iterable[str]) -> str:
    return " and ".join(profiles) or "no chunks"
