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
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Dataset,
    Member,
    Pool,
    Value,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

DEVICE = "/dev/zfs"
MODULE = "/sys/module/zfs"
KSTAT = "/proc/spl/kstat/zfs"

_MISSING = re.compile(r"cannot open '.*': (dataset does not exist|no such pool.*)")
_COLUMNS = "name,type,guid,origin,clones,userrefs"


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
    """The :class:`Pool` of that name, None if none is imported. One command."""
    argv = ("zpool", "get", "-H", "-p", "-o", "property,value", "all", name)
    rc, out, err = run(argv)
    if rc:
        _require_only_missing(argv, rc, err)
        return None
    rows = (line.split("\t", 1) for line in out.splitlines() if "\t" in line)
    return Pool(name, MappingProxyType(dict(rows)))


def read_datasets(run: Reader, asked: Iterable[str]) -> dict[str, Dataset]:
    """Those of the datasets that exist: name -> :class:`Dataset`. One command for all of them.

    With several names `zfs get` goes on after one that is not there.
    """
    argv = ("zfs", "get", "-H", "-p", "-o", "name,property,value,source", "all", *asked)
    rc, out, err = run(argv)
    if rc:
        _require_only_missing(argv, rc, err)
    return parse_get(out, asked)


def parse_get(text: str, asked: Iterable[str]) -> dict[str, Dataset]:
    """What `zfs get -H -p -o name,property,value,source` printed: name -> :class:`Dataset`.

    A value may hold tabs and line ends: other tools set user properties to whatever they like.
    """
    heads = tuple(name + "\t" for name in asked)
    rows = []
    for line in text.split("\n"):
        if line.startswith(heads):
            rows.append(line)
        elif rows and line:
            rows[-1] += "\n" + line
    found: dict[str, dict[str, Value]] = {}
    for row in rows:
        name, prop, rest = row.split("\t", 2)
        value, _tab, source = rest.rpartition("\t")
        found.setdefault(name, {})[prop] = Value(value, source)
    return {name: Dataset(name, MappingProxyType(values)) for name, values in found.items()}


def _require_only_missing(argv: Sequence[str], rc: int, err: str) -> None:
    other = [line for line in err.splitlines() if line.strip() and not _MISSING.match(line)]
    if other or not err.strip():
        raise StorageError(
            "`{}`".format(" ".join(argv)),
            f"it failed with exit status {rc}: {' '.join(other)}",
            "Run it by hand on the host to see more; nothing has been changed",
            refusal="command_failed",
        )


def list_members(run: Reader, top: str) -> tuple[Member, ...]:
    """:class:`Member` of a dataset and of everything below it. One command."""
    argv = ("zfs", "list", "-H", "-p", "-r", "-t", "filesystem,volume,snapshot")
    return parse_list(run.read((*argv, "-o", _COLUMNS, top)))


def parse_list(text: str) -> tuple[Member, ...]:
    """What :func:`list_members` reads, from what `zfs list` printed."""
    found = []
    for line in text.splitlines():
        name, kind, guid, origin, clones, holds = line.split("\t")
        found.append(
            Member(
                name,
                kind,
                guid,
                origin=origin.strip("-") and origin,
                clones=tuple(clones.split(",")) if clones.strip("-") else (),
                holds=int(holds) if holds.isdigit() else 0,
            )
        )
    return tuple(found)
