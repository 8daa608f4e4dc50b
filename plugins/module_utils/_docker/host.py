# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a host offers to an engine: kernel modules, programs, the data root's filesystem, a pool.

Read from /proc, /sys, /lib/modules and superblocks where those can tell; a command where they
cannot, and that is run only when something is about to change.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    option_values as values,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts, xfs
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
    missing_programs,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

MODULES = "/sys/module"  # what is loaded, or built in with parameters
_EXT = ("ext2", "ext3", "ext4")


class Backing(NamedTuple):
    """The filesystem that a folder is on, or would be on."""

    mount_point: str
    fstype: str
    options: tuple[str, ...]
    devno: str = ""  # "major:minor"; of no device for btrfs, zfs and what has none


class Pool(NamedTuple):
    """What device-mapper has under a name."""

    name: str
    exists: bool
    thin: bool = False  # whether it is a thin pool
    used: bool = False  # whether it has data blocks or transactions: the engine takes no such one


def backing_of(folder: str) -> Backing:
    """The :class:`Backing` of a folder, whether it exists yet or not."""
    mount = mounts.mount_of(folder)
    if mount is None:
        return Backing("/", "unknown", ())
    return Backing(mount.path, mount.fstype, mount.options, mount.devno)


def missing_modules(names: Iterable[str], release: str) -> tuple[str, ...]:
    """Those of the kernel's modules that it neither has nor can load.

    :param names: filesystems, or "dm_mod" for device-mapper.
    :param release: of the running kernel.
    """
    present = set(text_of("/proc/filesystems").split())
    if "device-mapper" in text_of("/proc/devices").split():
        present.add("dm_mod")
    wanted = [name for name in names if name not in present]
    if not wanted:
        return ()
    folder = os.path.join("/lib/modules", release)
    known = text_of(os.path.join(folder, "modules.dep")) + text_of(
        os.path.join(folder, "modules.builtin")
    )
    stems = set(re.findall(r"/([\w-]+)\.ko", known))
    return tuple(name for name in wanted if not {name, name.replace("_", "-")} & stems)


def left_out(program: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the drivers that the engine was built without.

    A program in Go tells which packages it was made of, also where it is stripped. One that does
    not even tell of vfs, which no build is without, is packed or only a wrapper, and tells nothing.

    :param program: the path of dockerd.
    """
    try:
        with open(program, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as text:
            if text.find(b"graphdriver/vfs") >= 0:
                return tuple(it for it in names if text.find(f"graphdriver/{it}".encode()) < 0)
    except (OSError, ValueError):  # ValueError: it is empty
        pass
    return ()


def unloaded_modules(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the modules that are not loaded.

    Their device files may be there all the same: systemd makes those of every module that could
    be loaded (kmod-static-nodes.service).
    """
    return tuple(name for name in names if not os.path.exists(os.path.join(MODULES, name)))


def file_types(backing: Backing) -> bool | None:
    """Whether the directories of an xfs or ext4 hold file types; None where unknown.

    Read from the superblock: fs/xfs/libxfs/xfs_format.h, and fs/ext4/ext4.h
    (``s_feature_incompat``, EXT4_FEATURE_INCOMPAT_FILETYPE).
    """
    device = f"/dev/block/{backing.devno}"
    with contextlib.suppress(OSError):
        if backing.fstype == "xfs":
            found = xfs.read_superblock(device)
            return found.ftype if found else None
        if backing.fstype in _EXT:
            with open(device, "rb") as stream:
                stream.seek(1024)
                return ext_file_types(stream.read(1024))
    return None


def ext_file_types(superblock: bytes) -> bool | None:
    """Whether the directories of an ext4 hold file types; None if that is no superblock of one."""
    if superblock[56:58] != b"\x53\xef":
        return None
    return bool(struct.unpack_from("<I", superblock, 96)[0] & 2)


def zfs_module() -> values.Version:
    """The version of the kernel's zfs, such as ``(2, 2, 7)``; () where it is not loaded."""
    return values.version(text_of(os.path.join(MODULES, "zfs/version")))


def dataset_exists(run: Reader, name: str) -> bool | None:
    """Whether there is a ZFS filesystem of that name; None where ZFS cannot be asked."""
    if missing_programs(("zfs",)) or unloaded_modules(("zfs",)):
        return None
    rc, _out, _err = run(("zfs", "list", "-H", "-o", "name", "-t", "filesystem", "--", name))
    return not rc


def containerd_images(run: Reader) -> int:
    """How many images containerd keeps for the engine; 0 where it cannot be asked.

    The engine counts them itself while it runs. The namespace is the engine's default.
    """
    program = find_program("ctr")
    if not program:
        return 0
    rc, out, _err = run((program, "--namespace", "moby", "images", "list", "--quiet"))
    return 0 if rc else len(out.split())


def observe_pool(run: Reader, name: str) -> Pool | None:
    """The :class:`Pool` of a device-mapper name; None where device-mapper cannot be asked."""
    if not os.path.exists("/dev/mapper/" + name):
        return Pool(name, exists=False)
    program = find_program("dmsetup")
    if not program:
        return None
    rc, out, _err = run((program, "status", "--", name))
    return None if rc else parse_pool(name, out)


def parse_pool(name: str, status: str) -> Pool:
    """A line of ``dmsetup status``, as the kernel's thin-provisioning.rst describes it.

    ``0 2097152 thin-pool <transaction id> <metadata used>/<total> <data used>/<total> ...``
    """
    words = status.split()
    if len(words) < 6 or words[2] != "thin-pool":
        return Pool(name, exists=True)
    used = words[3] != "0" or not words[5].startswith("0/")
    return Pool(name, exists=True, thin=True, used=used)
