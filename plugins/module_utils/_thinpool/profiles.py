# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Which of LVM's profiles is a pool's own, and may be written or removed. Pure but for reading.

A pool's own profile has the name of its device, which no other pool has: ``a-b/c`` is ``a--b-c``,
and ``a/b-c`` is ``a-b--c``. Earlier versions called both ``a-b-c``: one that is attached is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, count

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import read_text
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    Lvm,
    mapper_name,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.autoextend import (
    sets_only_the_policy,
)

# What lvm2 comes with (its folder conf/): the package's files.
_SHIPPED = frozenset(
    (
        "cache-mq", "cache-smq", "command_profile_template", "lvmdbusd",
        "metadata_profile_template", "thin-generic", "thin-performance", "vdo-small",
    )
)  # fmt: skip


def profile_path(folder: str, name: str) -> str:
    """Where LVM looks for a profile."""
    return f"{folder}/{name}.profile"


def read_profile(folder: str, name: str) -> str | None:
    """The text of a profile; None where there is none of that name."""
    return read_text(profile_path(folder, name))


def read_own(
    folder: str, lvm: Lvm, vg: str, name: str, pool: LogicalVolume | None
) -> dict[str, str]:
    """The profiles that could be a pool's own, up to the first that may be: name -> text."""
    found: dict[str, str] = {}
    for own in _own_names(vg, name):
        text = read_profile(folder, own)
        if text is None:
            break
        found[own] = text
        if may_write(lvm, found, vg, name, pool, own):
            break
    return found


def own_profile(
    lvm: Lvm, profiles: Mapping[str, str], vg: str, name: str, pool: LogicalVolume | None
) -> str:
    """The profile that a pool's policy is to be written to: its own.

    That is the one that is attached, unless it is somebody else's too.
    """
    attached = pool.profile if pool and pool.profile in profiles else ""
    names = chain([attached] if attached else [], _own_names(vg, name))
    return next(own for own in names if may_write(lvm, profiles, vg, name, pool, own))


def may_write(
    lvm: Lvm,
    profiles: Mapping[str, str],
    vg: str,
    name: str,
    pool: LogicalVolume | None,
    profile: str,
) -> bool:
    """Whether a profile is no other's: no group or other volume has it, and no person wrote it."""
    if profile in _SHIPPED or _others(lvm, pool, profile):
        return False
    if profile not in profiles or sets_only_the_policy(profiles[profile]):
        return True
    attached = pool.profile if pool else None
    return profile == attached and is_own_name(vg, name, profile)


def is_own_name(vg: str, name: str, profile: str) -> bool:
    """Whether this collection would call a pool's profile that, or would have done so."""
    first = mapper_name(vg, name)
    numbered = re.fullmatch(re.escape(first) + r"(-\d+)?", profile)
    return profile not in _SHIPPED and bool(numbered or profile == f"{vg}-{name}")


def _own_names(vg: str, name: str) -> Iterator[str]:
    """Names that no other pool's device has: one of these has one single hyphen, or two."""
    first = mapper_name(vg, name)
    names = chain([first], (f"{first}-{number}" for number in count(2)))
    return (own for own in names if own not in _SHIPPED)


def _others(lvm: Lvm, pool: LogicalVolume | None, profile: str) -> bool:
    mine = pool.uuid if pool else ""
    return any(user.uuid != mine for user in lvm.profile_users(profile))
