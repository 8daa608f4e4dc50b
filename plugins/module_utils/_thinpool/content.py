# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a thin pool holds, as the kernel counts it: what a consent to its removal is given for.

LVM tells two decimals of a percent: in a pool of 10 TB the last one is 1 GB. And it does not know
of what others than LVM keep in a pool, such as Docker's driver devicemapper did.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import (
    LogicalVolume,
    mapper_name,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

# The kernel's Documentation/admin-guide/device-mapper/thin-provisioning.rst, "Status". A pool that
# has failed gives the word "Fail" in place of the numbers.
_STATUS = re.compile(
    r": \d+ \d+ thin-pool (?P<transaction>\d{1,20}) (?P<metadata>\d{1,20})/\d+ "
    r"(?P<data>\d{1,20})/\d+ "
)
# Without a flush: what is only read is not to write. Nothing is open where this is looked at.
_STATUSES = ("dmsetup", "status", "--noflush", "--target", "thin-pool")


class Content(NamedTuple):
    """How much is mapped, and at which transaction."""

    transaction: int  # counts volumes made and removed
    data: int  # chunks
    metadata: int  # blocks of 4 KiB


def observe_content(run: Reader, vg: str, pool: LogicalVolume) -> Content | None:
    """The :class:`Content` of a pool; None where the kernel does not tell. One command."""
    if not pool.active:
        return None
    rc, out, _err = run(_STATUSES)
    return None if rc else parse_content(out, mapper_name(vg, pool.name))


def parse_content(text: str, name: str) -> Content | None:
    """The content of the pool of that name in what ``dmsetup status`` prints.

    As long as LVM has no volume in a pool, it has its own name; else a layer of it has the target
    (lvm2, lib/activate/dev_manager.c).
    """
    for line in text.splitlines():
        for known in (name, f"{name}-tpool"):
            match = _STATUS.match(line, len(known)) if line.startswith(f"{known}: ") else None
            if match:
                return Content(*(int(match[key]) for key in Content._fields))
    return None
