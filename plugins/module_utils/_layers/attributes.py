# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Owner, rights, attributes, times and blocks of what is written."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Mapping

from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import Entry
from ansible_collections.containerhost.storage.plugins.module_utils._layers.traps import OVERLAY
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tree import (
    by_descriptor,
)

_CLONE = 0x40049409  # FICLONE, ioctl_ficlonerange(2)
# Attributes of a folder or file on the source that are that driver's or that host's own.
_NOT_TAKEN = (*OVERLAY, b"security.selinux", b"system.")


def dress(fd: int, entry: Entry) -> None:
    """Owner, rights, attributes and time, in the order in which none undoes another."""
    os.fchown(fd, entry.uid, entry.gid)
    os.fchmod(fd, entry.mode)
    for name, value in entry.xattrs:
        os.setxattr(fd, name, value)
    os.utime(fd, ns=(entry.mtime, entry.mtime))


def dress_name(fd: int, name: bytes, entry: Entry, mode: int | None) -> None:
    """The same for what cannot be opened; a link has no rights of its own."""
    os.chown(name, entry.uid, entry.gid, dir_fd=fd, follow_symlinks=False)
    if mode is not None:
        os.chmod(name, mode, dir_fd=fd)
    for attribute, value in entry.xattrs:
        os.setxattr(by_descriptor(fd, name), attribute, value, follow_symlinks=False)
    os.utime(name, ns=(entry.mtime, entry.mtime), dir_fd=fd, follow_symlinks=False)


def differs(found: os.stat_result, entry: Entry) -> bool:
    """Tell whether owner, rights or time of something are not those of an entry."""
    same = found.st_uid == entry.uid and found.st_gid == entry.gid
    mode = stat.S_ISLNK(found.st_mode) or stat.S_IMODE(found.st_mode) == entry.mode
    return not (same and mode and found.st_mtime_ns == entry.mtime)


def clone(old: int, new: int) -> bool:
    """Let a new file share the blocks of an old one; tell whether that was possible."""
    try:
        fcntl.ioctl(new, _CLONE, old)
    except OSError:
        return False
    return True


def taken(xattrs: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Attributes without those that are a driver's or a host's own."""
    return {name: value for name, value in xattrs.items() if not name.startswith(_NOT_TAKEN)}


def write_all(fd: int, data: bytes) -> int:
    """Write all of it; the length."""
    done = os.write(fd, data)
    while done < len(data):
        done += os.write(fd, memoryview(data)[done:])
    return done
