# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a host offers to an engine: kernel modules, programs, the data root's filesystem, a pool.

Read from /proc, /sys and /lib/modules where that can tell; two commands where it cannot, and
those are run only when something is about to change.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts


class Backing(NamedTuple):
    """The filesystem that a folder is on, or would be on."""

    mount_point: str
    fstype: str
    options: tuple


class Pool(NamedTuple):
    """What device-mapper has under a name."""

    name: str
    exists: bool
    thin: bool = False  # whether it is a thin pool
    used: bool = False  # whether it has data blocks or transactions: the engine takes no such one


def backing_of(folder):
    """The :class:`Backing` of a folder, whether it exists yet or not."""
    mount = mounts.mount_of(folder)
    if mount is None:
        return Backing("/", "unknown", ())
    return Backing(mount.path, mount.fstype, mount.options)


def missing_modules(names, release):
    """Those of the kernel's modules that it neither has nor can load.

    :param names: filesystems, or "dm_mod" for device-mapper.
    :param release: of the running kernel.
    """
    present = set(_read("/proc/filesystems").split())
    if "device-mapper" in _read("/proc/devices").split():
        present.add("dm_mod")
    wanted = [name for name in names if name not in present]
    if not wanted:
        return ()
    folder = os.path.join("/lib/modules", release)
    known = _read(os.path.join(folder, "modules.dep")) + _read(
        os.path.join(folder, "modules.builtin")
    )
    stems = set(re.findall(r"/([\w-]+)\.ko", known))
    return tuple(name for name in wanted if not {name, name.replace("_", "-")} & stems)


def missing_programs(names):
    """Those of the programs that are not on the path."""
    return tuple(name for name in names if not shutil.which(name))


def file_types(run, mount_point):
    """Whether the directories of an xfs hold file types (``ftype=1``); None where unknown."""
    if not shutil.which("xfs_info"):
        return None
    rc, out, _err = run(("xfs_info", mount_point))
    found = re.search(r"\bftype=([01])", out)
    return found[1] == "1" if found and not rc else None


def observe_pool(run, name):
    """The :class:`Pool` of a device-mapper name; None where device-mapper cannot be asked."""
    if not os.path.exists("/dev/mapper/" + name):
        return Pool(name, exists=False)
    if not shutil.which("dmsetup"):
        return None
    rc, out, _err = run(("dmsetup", "status", "--", name))
    return None if rc else parse_pool(name, out)


def parse_pool(name, status):
    """A line of ``dmsetup status``, as the kernel's thin-provisioning.rst describes it.

    ``0 2097152 thin-pool <transaction id> <metadata used>/<total> <data used>/<total> ...``
    """
    words = status.split()
    if len(words) < 6 or words[2] != "thin-pool":
        return Pool(name, exists=True)
    used = words[3] != "0" or not words[5].startswith("0/")
    return Pool(name, exists=True, thin=True, used=used)


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""
