# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Asking ZFS for pools and datasets: one command for many, however many properties."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.answers import (
    COLUMNS,
    OF_POOL,
    is_free,
    lines,
    of_its_own,
    parse_get,
    parse_list,
    parse_pool,
    parse_value,
    strange,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Member,
    Pool,
    Value,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.names import (
    is_user_property,
    pool_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.properties import (
    LATER,
    PROPERTIES,
    SHOWN,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

DEVICE = "/dev/zfs"
MODULE = "/sys/module/zfs"
KSTAT = "/proc/spl/kstat/zfs"

_MISSING = re.compile(r"cannot open '(?P<name>.*)': (dataset does not exist|no such pool.*)")
_UNKNOWN = re.compile(r"invalid property '(?P<name>[^']+)'")

_GET = ("zfs", "get", "-H", "-p", "-o")
_LIST = ("zfs", "list", "-H", "-p", "-r", "-t", "filesystem,volume,snapshot", "-o")


def has_tools() -> bool:
    """Whether the commands of ZFS are on this host."""
    return find_program("zfs") is not None


def require_zfs() -> None:
    """Refuse a host whose kernel has no ZFS: `zfs` would try to load it, and reading loads nothing.

    :raises StorageError: the tools or the module are not there.
    """
    if not has_tools():
        raise StorageError(
            "ZFS",
            "`zfs` is not on this host",
            "Install zfsutils-linux and zfs-dkms, or ask a role to",
            refusal="program_missing",
        )
    # The device alone tells nothing: systemd-tmpfiles makes it at boot, loaded or not.
    if os.path.exists(MODULE) and os.path.exists(DEVICE):
        return
    release = os.uname().release
    if _is_built(release):
        raise StorageError(
            "ZFS",
            f"there is no {DEVICE}" if os.path.exists(MODULE) else "its module is not loaded",
            "Load it with `modprobe zfs`, and on every boot by zfs-load-module.service",
            refusal="kernel_module_not_loaded",
        )
    raise StorageError(
        "ZFS",
        f"its module is not built for the kernel that runs, {release}",
        f"Install linux-headers-{release} and run `dkms autoinstall`, or boot the kernel that "
        "it was built for (`dkms status zfs`)",
        refusal="kernel_module_missing",
    )


def _is_built(release: str) -> bool:
    modules = text_of(f"/lib/modules/{release}/modules.dep")
    return re.search(r"(^|/)zfs\.ko", modules, re.MULTILINE) is not None


def require_answers(pool: str) -> None:
    """Refuse a suspended pool: commands about it fail one way or another, or wait for ever."""
    # No such file: it is not imported, or ZFS is before 0.8.
    if text_of(f"{KSTAT}/{pool}/state").strip() == "SUSPENDED":
        raise StorageError(
            f"Pool {pool}",
            "it is suspended: too many of its disks do not answer",
            f"Bring the disks back, then `zpool clear {pool}`; `zpool status {pool}` names them",
            refusal="pool_suspended",
        )


def read_pool(run: Reader, name: str) -> Pool | None:
    """The :class:`Pool` of that name, None if none is imported. One command.

    :raises StorageError: its answer cannot be read with certainty.
    """
    argv = ("zpool", "get", "-H", "-p", "-o", "property,value", ",".join(OF_POOL), name)
    rc, out, err = run(argv)
    if rc:
        _missing(argv, rc, err)
        return None
    return Pool(name, MappingProxyType(parse_pool(argv, out)))


def read_datasets(
    run: Reader, asked: Iterable[str], wanted: Iterable[str] = (), altroot: str = "-"
) -> dict[str, Dataset]:
    """Those of the datasets that exist: name -> :class:`Dataset`. One command for all of them.

    With several names `zfs get` goes on after one that is not there. It is asked for properties by
    name, and prints each of them once: so a value with line ends, which could be taken for other
    properties, shows by the number of lines. It is asked for one by one then.

    :param wanted: names of properties that are to be read besides those that ZFS knows
    :param altroot: where the pool is imported with another root; "-" where it is not
    :raises StorageError: an answer cannot be read with certainty.
    """
    names = tuple(dict.fromkeys(asked))
    props = _asked_for(wanted)
    while True:
        argv = (*_GET, "name,property,value,source", ",".join(props), *names)
        rc, out, err = run(argv)
        unknown = _UNKNOWN.search(err) if rc else None
        if unknown is None or unknown["name"] not in props:
            break
        props.remove(unknown["name"])  # the tools are older than the module
    gone = _missing(argv, rc, err) if rc else set()
    there = [name for name in names if name not in gone]
    found = parse_get(argv, out, there, props)
    if found is None:
        found = {name: _read_singly(run, name, props) for name in there}
    return {
        name: Dataset(name, MappingProxyType(_without_altroot(values, altroot)))
        for name, values in found.items()
    }


def known_properties() -> frozenset[str]:
    """The properties that the ZFS of this kernel knows; empty where that is not known."""
    try:
        return frozenset(os.listdir(MODULE + "/properties.dataset"))
    except OSError:
        return frozenset()


def _asked_for(wanted: Iterable[str]) -> list[str]:
    known = known_properties()
    ours = [name for name in (*SHOWN, *PROPERTIES) if known or name not in LATER]
    return [
        name
        for name in dict.fromkeys([*ours, *wanted])
        if not known or name in known or is_user_property(name)
    ]


def _read_singly(run: Reader, name: str, props: Sequence[str]) -> dict[str, Value]:
    """Property -> Value of one dataset: each that may hold anything by a command of its own."""
    plain = [prop for prop in props if not is_free(prop)]
    argv = (*_GET, "name,property,value,source", ",".join(plain), name)
    out = run.read(argv)
    found = parse_get(argv, out, [name], plain)
    if found is None:
        raise strange(argv, len(plain) + 1, lines(out)[len(plain)])
    values = found[name]
    for prop in props:
        if prop in plain:
            continue
        argv = (*_GET, "value,source", prop, name)
        out = run.read(argv)
        value = parse_value(out[:-1]) if out.endswith("\n") else None
        if value is None:
            raise strange(argv, 1, out)
        values[prop] = value
    return of_its_own(values)


def _without_altroot(values: dict[str, Value], altroot: str) -> dict[str, Value]:
    """The mountpoint as it is set: `zfs get` puts the root that the pool was imported with first.

    `zfs set` does not (zfs_prop_get() of libzfs_dataset.c).
    """
    shown = values.get("mountpoint")
    if altroot in ("", "-", "/") or shown is None or not shown.value.startswith(altroot):
        return values
    rest = shown.value[len(altroot) :] or "/"
    return {**values, "mountpoint": shown._replace(value=rest)} if rest[0] == "/" else values


def _missing(argv: Sequence[str], rc: int, err: str) -> set[str]:
    """The names of what is not there, where that is all that a command failed of."""
    said = [line for line in lines(err) if line.strip()]
    found = [_MISSING.match(line) for line in said]
    if not said or None in found:
        other = [line for line, match in zip(said, found) if match is None]
        raise StorageError(
            "`{}`".format(" ".join(argv)),
            f"it failed with exit status {rc}: {' '.join(other)}",
            "Run it by hand on the host to see more",
            refusal="command_failed",
        )
    return {match["name"] for match in found if match}


def counted(member: Member) -> tuple[str, ...]:
    """What the kernel has counted of a dataset since it was mounted: writes, bytes, removals.

    Content that is overwritten in its place changes nothing else that is shown of it. Empty where
    it is not mounted. No command.
    """
    number = number_in(member.figures[1]) if len(member.figures) > 1 else None
    if number is None:
        return ()
    text = text_of(f"{KSTAT}/{pool_of(member.name)}/objset-0x{number:x}")
    rows = [line.split() for line in text.splitlines()]
    counters = ("writes", "nwritten", "nunlinks", "nunlinked")
    return tuple(f"{row[0]}={row[2]}" for row in rows if len(row) == 3 and row[0] in counters)


def list_members(run: Reader, top: str) -> tuple[Member, ...]:
    """:class:`Member` of a dataset and of everything below it. One command.

    :raises StorageError: its answer cannot be read with certainty.
    """
    argv = (*_LIST, COLUMNS, top)
    return tuple(parse_list(argv, run.read(argv)))
