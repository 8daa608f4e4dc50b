# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The profiles of a btrfs: in how many copies, and over how many devices, its chunks lie."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import SYSFS
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import MIB

# The devices that each needs at least: btrfs_raid_array in btrfs-progs kernel-shared/volumes.c,
# mkfs.btrfs(8) "PROFILES".
LEAST = {
    "single": 1, "dup": 1, "raid0": 1, "raid1": 2, "raid1c3": 3, "raid1c4": 4, "raid10": 2,
    "raid5": 2, "raid6": 3,
}  # fmt: skip

# What has no copies: the kernel makes the metadata less safe only when that is forced
# (btrfs_balance() in fs/btrfs/volumes.c).
_NO_COPIES = ("single", "raid0")

_CHUNK = re.compile(r"\btype ((?:DATA|METADATA|SYSTEM)(?:\|METADATA)?)\|(\w+)")


class Profiles(NamedTuple):
    """The profiles of the chunks that there are; more than one of a kind after a half conversion.

    Each is a sorted tuple of names such as "raid1".
    """

    data: tuple[str, ...]
    metadata: tuple[str, ...]
    mixed: bool = False  # whether data and metadata are the same chunks: mkfs.btrfs --mixed


def default_profiles(devices: int) -> Profiles:
    """What mkfs.btrfs makes of so many devices by itself, since 5.15: mkfs.btrfs(8)."""
    return Profiles(("single",), ("raid1",) if devices > 1 else ("dup",))


def smallest(data: str, metadata: str) -> int:
    """Bytes that mkfs.btrfs wants of each device: btrfs_min_dev_size() in mkfs/common.c."""
    chunks = {"single": 8, "dup": 128}.get(data, 64) + {"single": 16, "dup": 80}.get(metadata, 40)
    return (1 + 4 + 2 * 8 + chunks) * MIB


def active_profiles(uuid: str) -> Profiles | None:
    """The :class:`Profiles` of a filesystem that is mounted; None for one that is not."""

    def kinds(name: str) -> tuple[str, ...]:
        folder = os.path.join(SYSFS, uuid, "allocation", name)
        return tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()))

    try:
        if os.path.isdir(os.path.join(SYSFS, uuid, "allocation", "mixed")):
            return Profiles(kinds("mixed"), kinds("mixed"), mixed=True)
        return Profiles(kinds("data"), kinds("metadata"))
    except OSError:
        return None


def parse_chunks(text: str) -> Profiles:
    """The :class:`Profiles` in what ``btrfs inspect-internal dump-tree -t chunk`` prints."""
    found: dict[str, set[str]] = {}
    for kind, profile in _CHUNK.findall(text):
        found.setdefault(kind, set()).add(profile.lower())
    if "DATA|METADATA" in found:
        both = tuple(sorted(found["DATA|METADATA"]))
        return Profiles(both, both, mixed=True)
    data, metadata = (tuple(sorted(found.get(kind, ()))) for kind in ("DATA", "METADATA"))
    return Profiles(data, metadata)


def conversion(profiles: Profiles, data: str | None, metadata: str | None) -> tuple[str, ...]:
    """The words after ``btrfs balance start`` that bring the chunks to these profiles; () if none.

    :param data: a profile, or None to keep what is there; the same for ``metadata``.
    """
    if profiles.mixed:
        data = metadata = data or metadata
    words = []
    for letter, now, wanted in (("d", profiles.data, data), ("m", profiles.metadata, metadata)):
        if wanted and now != (wanted,):
            words.append(f"-{letter}convert={wanted},soft")  # soft: what is converted stays
    weaker = metadata in _NO_COPIES and set(profiles.metadata) - set(_NO_COPIES)
    return ("--force", *words) if weaker and words else tuple(words)
