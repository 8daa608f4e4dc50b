# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of latest.json. Pure."""

from __future__ import annotations

from collections.abc import Collection
from statistics import median

from .figures import GROUPS, verdicts
from .samples import Samples, fleets, layout_ratio, middle, own, quotient, ratio

# What is measured of each fleet: ms of CPU for a host, MiB, seconds, modules for a host.
FLEET = ("cpu", "memory", "wall", "modules")


def as_json(
    samples: Samples, machine: dict, versions: dict, groups: Collection[str] = GROUPS
) -> dict:
    """Return medians under the names of the kinds, then the figures, then all samples."""

    def medians(kind: str, digits: int | None = 2) -> dict:
        found = samples.get(kind, {})
        return {name: round(median(values), digits) for name, values in found.items() if values}

    def over(kind: str, to: str) -> dict:
        """Return the ratio of each layout that has both."""
        names = samples.get(f"layout_{to}", {})
        return {name: rounded(layout_ratio(samples, name, kind, to), 3) for name in names}

    return {
        "apply": medians("apply"),
        "noop": medians("noop"),
        "check": medians("check"),
        "check_blank": medians("check_blank"),
        "modules": medians("modules", None),
        "execs": {**medians("execs", None), "lvm": medians("lvm", None)},
        "bytes": medians("bytes", None),
        "lab_restore": rounded(middle(samples, "restore", "lab"), 2),
        "layouts": {
            "modules": medians("layout_modules", None),
            "execs": medians("layout_execs", None),
            "noop": medians("layout_noop"),
            "apply": medians("layout_apply"),
            "ping": medians("layout_ping"),
            "by_hand": medians("layout_by_hand"),
            "noop_to_ping": over("noop", "ping"),
            "apply_to_ping": over("apply", "ping"),
            "apply_to_by_hand": over("apply", "by_hand"),
        },
        "zfs": {"commands": medians("zfs", None), "seconds": medians("zfs_seconds", 3)},
        "btrfs": {
            "seconds": medians("btrfs", 3),
            "own": {name: rounded(own(samples, name), 3) for name in ("peer", "ours")},
            "ratio": rounded(ratio(samples, "btrfs", "peer"), 3),
            "ratio_own": rounded(quotient(own(samples, "ours"), own(samples, "peer")), 3),
        },
        "overlay": medians("overlay", 1),
        "fleet": {
            str(size): {what: medians(f"fleet_{what}_{size}") for what in FLEET}
            for size in fleets(samples)
        },
        "figures": [
            {
                "title": it.title,
                "limit": it.limit,
                "at_least": it.least,
                "value": rounded(it.value, 3),
                "met": it.met,
            }
            for it in verdicts(samples, groups)
        ],
        "machine": machine,
        "versions": versions,
        "samples": samples,
    }


def rounded(value: float | None, digits: int) -> float | None:
    """Return a number with that many digits, or None for none."""
    return None if value is None else round(value, digits)
