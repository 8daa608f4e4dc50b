# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A folder as a layer: where it really lies, and what its filesystem can carry."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import read_superblock
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import (
    read_config,
)

# What the kernel keeps in a workdir by itself (fs/overlayfs/super.c).
_OWN_OF_WORK = {"work", "index"}

# What counts for the depth of a stack, and a depth that none has: fs/overlayfs, fs/ecryptfs.
_STACKED = ("overlay", "ecryptfs")
_DEEPEST = 4

# The attribute that says whether a kind of them can be kept; reading it changes nothing.
_PROBES = {"trusted": "trusted.overlay.opaque", "user": "user.overlay.opaque"}


class Place(NamedTuple):
    """Where a folder lies, whatever mount it is seen through: bind mounts make no difference."""

    devno: str  # of the filesystem, "major:minor"
    path: str  # within the filesystem

    def holds(self, other: Place) -> bool:
        """Tell whether the other place is this one, or below it."""
        inside = self.path == "/" or (other.path + "/").startswith(self.path + "/")
        return self.devno == other.devno and inside


class Layer(NamedTuple):
    """A folder as it is; of one that is not there yet, the folder in which it is to be."""

    path: str  # as it was given
    real: str  # without links
    kind: str  # "folder", "other" or "missing"
    place: Place
    mount: Mount
    device: int  # st_dev: a btrfs has one for each subvolume
    attributes: tuple[str, ...] = ()  # of "trusted", "user": what extended attributes can be kept
    ftype: bool = True  # whether directory entries carry a file type; only XFS may lack it
    foreign: tuple[str, ...] = ()  # some entries that are not the kernel's own in a workdir
    was_volatile: bool = False  # as a workdir: a volatile mount has left its mark in it
    stacked: int = 0  # how many filesystems lie on each other below it, by s_stack_depth


def examine_layer(path: str, table: Sequence[Mount]) -> Layer:
    """The :class:`Layer` at a path. No command, and nothing is written.

    :param table: the host's mounts, without an overlay mount that covers its own layer.
    :raises StorageError: none of them is what the folder lies on.
    """
    real = os.path.realpath(path)
    kind = "folder" if os.path.isdir(real) else "other" if os.path.lexists(real) else "missing"
    there = real
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    mount = nearest(there, table)
    if mount is None:
        raise StorageError(
            path,
            "this process does not see what it is mounted on, as in a chroot",
            "Run on the host itself",
            refusal="mount_not_visible",
        )
    probe = os.path.isdir(there)
    return Layer(
        path=path,
        real=real,
        kind=kind,
        place=place(real, mount),
        mount=mount,
        device=os.stat(there).st_dev,
        attributes=tuple(name for name in _PROBES if probe and _carries(there, _PROBES[name])),
        ftype=_ftype(mount),
        foreign=_foreign(real) if kind == "folder" else (),
        was_volatile=os.path.lexists(real + "/work/incompat/volatile"),
        stacked=depth(mount, table) if mount.fstype in _STACKED else 0,
    )


def depth(mount: Mount, table: Sequence[Mount], known: int = 0) -> int:
    """How many stacked filesystems a mount is, and lies on; 0 for one that is none.

    One deeper than its deepest layer (ovl_fill_super() and ovl_get_layers(), fs/overlayfs/super.c).

    :param known: how deep the question is already: the kernel has no more than a few.
    """
    if mount.fstype not in _STACKED or known > _DEEPEST:
        return 0
    layers = read_config(mount.options).layers if mount.fstype == "overlay" else ()
    below = (nearest(os.path.realpath(path), table) for _role, path in layers if path[0] == "/")
    return 1 + max((depth(it, table, known + 1) for it in below if it and it != mount), default=0)


def place(real: str, mount: Mount) -> Place:
    """The :class:`Place` of a path without links that lies on a mount."""
    below = os.path.relpath(real, mount.path)
    return Place(mount.devno, os.path.normpath(os.path.join(mount.root, below)))


def nearest(real: str, table: Iterable[Mount]) -> Mount | None:
    """The mount that a path without links lies on: the longest, and of equals the last."""
    best = None
    for mount in table:
        inside = mount.path == "/" or (real + "/").startswith(mount.path + "/")
        if inside and (best is None or len(mount.path) >= len(best.path)):
            best = mount
    return best


def _carries(path: str, attribute: str) -> bool:
    try:
        os.getxattr(path, attribute)
    except OSError as error:
        return error.errno == errno.ENODATA
    return True


def _ftype(mount: Mount) -> bool:
    if mount.fstype != "xfs":
        return True
    try:
        found = read_superblock(mount.source)
    except OSError:  # a device that this process cannot read
        return True
    return found is None or found.ftype


def _foreign(real: str) -> tuple[str, ...]:
    try:
        with os.scandir(real) as entries:
            names = (entry.name for entry in entries if entry.name not in _OWN_OF_WORK)
            return tuple(itertools.islice(names, 3))
    except OSError:
        return ()
