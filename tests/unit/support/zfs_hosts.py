# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with ZFS, for tables: small builders with what OpenZFS 2.1 shows of a 10 GiB pool."""

from __future__ import annotations

from types import MappingProxyType

from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Member,
    Pool,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import parse_datasets
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    LATER,
    PROPERTIES,
    UNLIMITED,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import State

DEFAULTS = {
    "acltype": "off",
    "canmount": "on",
    "casesensitivity": "sensitive",
    "checksum": "on",
    "compression": "off",
    "copies": "1",
    "dedup": "off",
    "encryption": "off",
    "filesystem_limit": UNLIMITED,
    "keyformat": "none",
    "keylocation": "none",
    "pbkdf2iters": "0",
    "quota": "0",
    "recordsize": str(128 * 1024),
    "refquota": "0",
    "refreservation": "0",
    "reservation": "0",
    "sharenfs": "off",
    "snapshot_limit": UNLIMITED,
    "special_small_blocks": "0",
    "sync": "standard",
    "volblocksize": "8192",
    "volmode": "default",
    "xattr": "on",
}

FEATURES = ("lz4_compress", "zstd_compress", "large_blocks", "encryption", "filesystem_limits")


def pool(features=FEATURES, **more):
    """A pool that is well, with these features."""
    values = {"health": "ONLINE", "capacity": "12", "readonly": "off"}
    known = {f"feature@{name}": "disabled" for name in (*FEATURES, "large_dnode", "skein")}
    enabled = {f"feature@{name}": "enabled" for name in features}
    return Pool("tank", MappingProxyType({**values, **known, **enabled, **more}))


def dataset(name, kind="filesystem", above=None, **own):
    """A dataset with a value for each property that its type has.

    :param above: property -> Value that it inherits
    :param own: property -> value of its own; of read-only ones what is shown
    """
    size = 100 * MIB
    values = {
        prop: Value(DEFAULTS.get(prop, "off"), "default")
        for prop, known in PROPERTIES.items()
        if kind in known.of and prop not in LATER
    }
    shown = {"type": kind, "guid": str(sum(name.encode())), "used": size, "referenced": size}
    if kind == "filesystem":
        values["mountpoint"] = Value("/" + name, "default")
        shown.update(mounted="yes", available=8 * GIB, usedbydataset=size)
    elif kind == "volume":
        values["volsize"] = Value(str(GIB))
        shown.update(available=8 * GIB, usedbydataset=size)
    else:
        values = {}
    values.update({prop: Value(str(value), "-") for prop, value in shown.items()})
    values.update(above or {})
    for prop, value in own.items():
        source = "-" if prop in shown or prop in ("origin", "keystatus") else "local"
        values[prop] = Value(str(value), source)
    return Dataset(name, MappingProxyType(values))


def host(*datasets, root=None, members=(), uses=(), **more):
    """A host with pool tank and these datasets in it."""
    found = [root or dataset("tank"), *datasets]
    return State(
        pool(**more), MappingProxyType({it.name: it for it in found}), tuple(members), tuple(uses)
    )


def member(name, kind=None, **more):
    """One of what `zfs list -r` shows."""
    kind = kind or ("snapshot" if "@" in name else "filesystem")
    values = {"figures": ("7", "54", str(MIB), str(MIB)), **more}
    return Member(name, kind, str(sum(name.encode())), **values)


def listed(rows):
    """What `zfs list` shows of filesystems and volumes.

    :param rows: name, type, used, available, referenced, mountpoint, mounted; a line each
    """
    cells = [line.split("\t") for line in rows.splitlines()]
    return parse_datasets("".join("\t".join([*it[:5], it[6], it[5], it[0]]) + "\n" for it in cells))
