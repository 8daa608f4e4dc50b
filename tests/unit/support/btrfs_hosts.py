# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with a btrfs at /srv, for tables: small builders."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    Filesystem,
    Limit,
    QuotaGroup,
    Quotas,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.state import (
    Held,
    Place,
    Removal,
    State,
    Subvolume,
    Wanted,
)

SRV = Filesystem("btrfs", "0:40", "/srv", False, "srv-uuid")
ON, OFF, WRONG = Quotas(True, True), Quotas(), Quotas(True, False)


def subvolume(name="a", **more):
    """The subvolume /srv/NAME, with nothing set."""
    values = {
        "id": 256,
        "uuid": f"{name}-uuid",
        "parent_uuid": None,
        "received_uuid": None,
        "location": f"/{name}",
    }
    return Subvolume(**{**values, **more})


def quota(referenced=None, exclusive=None, used=0):
    """A quota group with limits in bytes."""
    return QuotaGroup(Limit(referenced, used), Limit(exclusive, used))


def place(found=None, name="a", **more):
    """What there is at /srv/NAME: a subvolume, or nothing, or another ``kind``."""
    values = {"kind": "subvolume" if found else "nothing", "link": None, "parent": True}
    values.update(writable=True, filesystem=SRV, subvolume=found)
    return Place(f"/srv/{name}", **{**values, **more})


def host(found=None, quotas=OFF, source=None, tool=True, inherited=None, removal=None, **more):
    """A host with ``found`` (a Subvolume or None) at /srv/a."""
    return State(place(found, **more), source, quotas, tool, inherited, removal)


def going(*held, found=None, writable=True, generation=7, **removal):
    """A host whose subvolume at /srv/a, with what it holds, is looked at for its removal."""
    seen = Removal(held, writable=writable, generation=generation, **{"around": "/srv", **removal})
    return host(found or subvolume(), removal=seen)


def held(number, holder, path, writable=True, generation=7):
    """A subvolume inside of /srv/a."""
    return Held(number, f"{number}-uuid", holder, f"/srv/a/{path}", writable, generation)


def want(**more):
    """A wish for /srv/a; what is not said is to stay as it is."""
    return Wanted(path="/srv/a", **more)
