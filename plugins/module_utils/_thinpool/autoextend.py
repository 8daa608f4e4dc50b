# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Thin pools that extend themselves: the policy, the profile that carries it, its headroom.

dmeventd runs ``lvextend --use-policies`` when a pool passes its threshold. That adds ``percent``
of the pool, all or nothing: where the volume group cannot hold the whole step, the pool grows by
nothing, although the policy is attached and monitored. So the headroom is computed every run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    KIB,
    MIB,
    ceil_div,
    human,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
        LogicalVolume,
    )

_KEYS = {"threshold": "thin_pool_autoextend_threshold", "percent": "thin_pool_autoextend_percent"}


class InForce(NamedTuple):
    """When a pool grows, and by how much: a policy that leaves nothing open."""

    threshold: int  # percent used; 100 is never
    percent: int  # of its present size


class Policy(NamedTuple):
    """What is said about when a pool grows, and by how much. ``None`` is what is not said."""

    threshold: int | None = None
    percent: int | None = None

    def over(self, other: InForce) -> InForce:
        """This policy, with what it leaves open taken from the other."""
        return InForce(
            other.threshold if self.threshold is None else self.threshold,
            other.percent if self.percent is None else self.percent,
        )


# What Docker's documentation gives; a pool that is made without a policy of its own gets it.
RECOMMENDED = InForce(threshold=80, percent=20)


def check_policy(policy: Policy) -> None:
    """Refuse values that LVM silently changes (threshold) or fails on later (percent)."""
    if policy.threshold is not None and not 50 <= policy.threshold <= 100:
        raise StorageError(
            f"autoextend.threshold={policy.threshold}",
            "LVM takes 50 to 100, and silently treats less as 50",
            "Give a threshold from 50 to 99, or 100 to turn autoextension off",
            refusal="option_value_invalid",
        )
    if policy.percent is not None and not 1 <= policy.percent <= 100:
        raise StorageError(
            f"autoextend.percent={policy.percent}",
            "with 0 or less LVM fails when the pool has to grow, and one step can at most double "
            "it",
            "Give 1 to 100; to turn autoextension off, set the threshold to 100",
            refusal="option_value_invalid",
        )


def parse_profile(text: str) -> Policy:
    """The :class:`Policy` that a profile's text sets; comments do not count."""
    return Policy(*(_value(text, key) for key in _KEYS.values()))


def profile_text(policy: InForce, text: str | None = None) -> str:
    """The text of a profile that sets ``policy``; all else in ``text`` stays as it is."""
    if not text:
        lines = "".join(f"\t{key}={value}\n" for value, key in zip(policy, _KEYS.values()))
        return f"activation {{\n{lines}}}\n"
    for value, key in zip(policy, _KEYS.values()):
        if _value(text, key) is not None:
            text = _pattern(key).sub(rf"\g<head>{value}", text)
        else:
            text += f"activation/{key}={value}\n"
    return text


def sets_only_the_policy(text: str) -> bool:
    """Whether a profile's text sets nothing else: comments do not count.

    One that says more was written by a person, or for more than a pool's policy.
    """
    if "\ufffd" in text:  # it is no UTF-8: it could not be written as it was
        return False
    text = re.sub(r"#.*", "", text)
    for key in _KEYS.values():
        text = re.sub(rf"(?<!\w)(activation/)?{key}\s*=\s*\d+(?!\S)", "", text)
    return not re.sub(r"activation\s*\{|\}", "", text).strip()


def _value(text: str, key: str) -> int | None:
    # LVM takes what is too large for the largest there is; Python reads 4300 digits at most.
    values = [int(match["value"][:18]) for match in _pattern(key).finditer(text)]
    return values[-1] if values else None


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<head>^(?:[^#\n]*[\s{{/])?{key}[ \t]*=[ \t]*)(?P<value>\d+)", re.M)


class Headroom(NamedTuple):
    """Whether the next step of a pool fits. In extents."""

    data: int
    metadata: int
    spare: int
    free: int
    pool: int = 0  # what the pool has for data

    def most(self, percent: int) -> int:
        """The largest pool that would leave room for a step in this group; 0 where none would."""
        room = max(0, self.pool + self.free - self.metadata - self.spare)
        # A step rounds up, and fits all the same: what is left of whole extents are whole ones.
        return room * 100 // (100 + percent)

    @property
    def step(self) -> int:
        """What one step takes at most: data, metadata, and the spare that has to match it."""
        return self.data + self.metadata + self.spare


def headroom(pool: LogicalVolume, spare: int, free: int, policy: InForce) -> Headroom:
    """The :class:`Headroom` of a pool: each part grows by the percent, rounded up.

    lvm2 counts the same way (lib/metadata/lv_manip.c, _adjust_policy_params): a percent of the
    extents that the volume has. A pool beyond its threshold needs more than that; see
    :func:`_step`.
    """
    data = _step(pool.extents, pool.data_percent, policy)
    metadata = _step(pool.metadata_extents, pool.metadata_percent, policy)
    return Headroom(
        data=data,
        metadata=metadata,
        spare=max(0, pool.metadata_extents + metadata - spare),
        free=free,
        pool=pool.extents,
    )


def _step(extents: int, used_percent: float | None, policy: InForce) -> int:
    """Extents of one step: the percent, or what it takes to get below the threshold again."""
    step = ceil_div(extents * policy.percent, 100)
    if used_percent is not None and policy.threshold < 100:
        needed = -int(-(extents * used_percent / policy.threshold - extents) // 1)
        step = max(step, needed)
    return step


def report(room: Headroom, policy: InForce, extent_size: int) -> dict[str, Any]:
    """The module's return value ``autoextend``; sizes in bytes."""
    return {
        "threshold": policy.threshold,
        "percent": policy.percent,
        "next_step_size": room.step * extent_size,
        "free_size": room.free * extent_size,
        "can_extend": policy.threshold < 100 and room.step <= room.free,
    }


def findings(
    name: str, group: str, room: Headroom, policy: InForce, extent_size: int
) -> list[Finding]:
    """What a person should know about a pool's way to grow; nothing where it can."""
    if policy.threshold == 100:
        return [
            Finding(
                "warning",
                "autoextend_off",
                f"{name} does not extend itself (threshold 100): when it is full, every write "
                "to it fails. Set autoextend.threshold below 100.",
            )
        ]
    if room.step <= room.free:
        return []
    step, data, metadata, spare, free, missing = (
        human(extents * extent_size)
        for extents in (
            *(room.step, room.data, room.metadata, room.spare, room.free),
            room.step - room.free,
        )
    )
    most = room.most(policy.percent)
    other = (
        f"a pool that is made with at most {_exact(most * extent_size)} leaves room for a step of "
        f"{policy.percent} percent here"
        if most > 0
        else f"no pool leaves room for a step of {policy.percent} percent in a group of this size"
    )
    return [
        Finding(
            "warning",
            "autoextend_headroom",
            f"Autoextension of {name} cannot fire: the next step needs {step} (data {data}, "
            f"metadata {metadata}, spare {spare}), volume group {group} has {free} free. Add a "
            f"disk of more than {missing} to the group; {other}.",
        )
    ]


def _exact(size: int) -> str:
    """A size as the option ``size`` takes it, not rounded."""
    return f"{size // MIB}m" if size % MIB == 0 else f"{size // KIB}k"
