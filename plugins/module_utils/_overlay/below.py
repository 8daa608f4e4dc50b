# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The folders below a folder of a layer: what a name in it stands for in the layers underneath.

A folder of the upper layer is merged with those of its name in the lower ones, down to the first
that is opaque, or is no folder, or is deleted there (overlayfs.rst, "Directories"). All is read
through descriptors: no link is followed, and nothing outside of the layers is opened.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# How the names of overlay's attributes begin: without and with ``userxattr``.
BEGINNINGS = ("trusted.overlay.", "user.overlay.")

# After so many names that a lower folder does not have, its whole listing is cheaper to ask than
# the kernel; a listing longer than this is not kept, for the sake of memory.
_MISSES = 16
_LONGEST_LISTING = 20_000


class Below:
    """A folder of a lower layer that a folder above is merged with."""

    __slots__ = ("_misses", "_names", "fd", "layer")

    def __init__(self, fd: int, layer: int) -> None:
        self.fd, self.layer = fd, layer  # layer: its number, 0 for the uppermost lower
        self._misses = 0
        self._names: set[str] | None = None

    def stat(self, name: str) -> os.stat_result | None:
        """The ``os.stat_result`` of an entry, or None."""
        if self._names and name not in self._names:
            return None
        try:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except OSError:
            self._misses += 1
            if self._misses == _MISSES:
                self._names = self._listing()
            return None

    def _listing(self) -> set[str] | None:
        names = set()
        with os.scandir(self.fd) as entries:
            for entry in entries:
                names.add(entry.name)
                if len(names) > _LONGEST_LISTING:
                    return None
        return names or {""}


class Lowers:
    """The lower layers of an overlay, uppermost first."""

    def __init__(self, paths: Iterable[str], marks: str) -> None:
        """Open the layers.

        :param marks: how the names of the attributes begin, such as ``trusted.overlay.``.
        """
        self._marks, self.roots, self._devices = marks, [], []
        try:
            for number, path in enumerate(paths):
                fd = os.open(path, _FOLDER & ~os.O_NOFOLLOW)  # the layer itself may be a link
                self.roots.append(Below(fd, number))
                self._devices.append(os.fstat(fd).st_dev)
        except OSError:
            self.close()
            raise

    def find(self, folders: Iterable[Below], name: str) -> os.stat_result | None:
        """What a name stands for below: its ``os.stat_result``, or None where it is deleted."""
        for folder in folders:
            found = folder.stat(name)
            if found is not None:
                return None if self._is_whiteout(folder, name, found) else found
        return None

    def merged(
        self, folders: Iterable[Below], name: str, redirect: str | None = None
    ) -> list[Below]:
        """The folders that a folder of this name is merged with; the caller closes them.

        :param redirect: where it comes from, if it was renamed: a name, or a path from the root.
        """
        found: list[Below] = []
        try:
            self._merge(found, folders, name, redirect)
        except OSError:
            close(found)
            raise
        return found

    def _merge(
        self, found: list[Below], folders: Iterable[Below], name: str, redirect: str | None
    ) -> None:
        """Look the name up layer by layer, as ovl_lookup() in fs/overlayfs/namei.c does."""
        wanted = redirect or name
        layers = self.roots if wanted[0] == "/" else list(folders)
        number = 0
        while number < len(layers):
            folder = layers[number]
            number += 1
            fd, wanted, stop = self._walk(folder, wanted)
            if fd is not None:
                found.append(Below(fd, folder.layer))
            if stop:
                return
            if fd is not None and wanted[0] == "/" and layers is not self.roots:
                layers, number = self.roots, folder.layer + 1

    def _walk(self, folder: Below, path: str) -> tuple[int | None, str, bool]:
        """Look up a folder in one layer, each component with its marks: ovl_lookup_layer().

        No link is followed, and no mount is crossed.

        :param path: a name, or a path from the root of the layer.
        :returns: ``(fd, path, stop)``: a descriptor, or None; what to look up in the layers below;
            and whether nothing below is merged with it.
        """
        last = folder.layer == len(self.roots) - 1
        begin = "/" if path[0] == "/" else ""
        done: list[str] = []  # the components so far, as the layers below have them
        parts = path.strip("/").split("/")
        fd, stop = folder.fd, False
        opened: list[int] = []
        try:
            for number, part in enumerate(parts):
                try:
                    fd = os.open(part, _FOLDER, dir_fd=fd) if _is_name(part) else -1
                except OSError as error:
                    if error.errno in (errno.EMFILE, errno.ENFILE):
                        raise
                    fd = -1
                if fd < 0:
                    there = _is_name(part) and _is_there(part, opened[-1] if opened else folder.fd)
                    return None, begin + "/".join([*done, *parts[number:]]), stop or there
                opened.append(fd)
                if not self._is_of(fd, folder.layer):  # something is mounted there
                    return None, path, True
                done.append(part)
                marks = {} if last else read_marks(fd, self._marks)
                if marks.get("opaque") == b"y":
                    stop = True
                elif "redirect" in marks:
                    redirect = os.fsdecode(marks["redirect"])
                    if redirect.startswith("/"):
                        done, begin, stop = redirect.strip("/").split("/"), "/", False
                    elif "/" not in redirect:
                        done[-1] = redirect
            return opened.pop(), begin + "/".join(done), stop
        finally:
            for one in opened:
                os.close(one)

    def _is_of(self, fd: int, layer: int) -> bool:
        """Whether a folder lies on the mount of its layer: a subvolume of btrfs does."""
        return os.fstat(fd).st_dev == self._devices[layer] or (
            mount_id(fd) is not None and mount_id(fd) == mount_id(self.roots[layer].fd)
        )

    def close(self) -> None:
        """Close the layers."""
        close(self.roots)

    def _is_whiteout(self, folder: Below, name: str, found: os.stat_result) -> bool:
        if stat.S_ISCHR(found.st_mode):
            return found.st_rdev == 0
        return (
            stat.S_ISREG(found.st_mode)
            and found.st_size == 0
            and "whiteout" in read_marks(entry_of(folder.fd, name), self._marks)
        )


def _is_name(part: str) -> bool:
    return part not in ("", ".", "..")


def _is_there(name: str, fd: int) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except OSError:
        return False
    return True


def mount_id(fd: int) -> str | None:
    """What the kernel numbers the mount by that a descriptor is of: proc_pid_fdinfo(5)."""
    match = re.search(r"^mnt_id:\s*(\d+)$", text_of(f"/proc/self/fdinfo/{fd}"), re.M)
    return match[1] if match else None


def close(folders: Iterable[Below]) -> None:
    """Close the descriptors of some folders."""
    for folder in folders:
        os.close(folder.fd)


def open_folder(name: str, parent: int) -> int:
    """A descriptor of a folder, which must be no link."""
    return os.open(name, _FOLDER, dir_fd=parent)


def read_marks(where: int | str, begin: str) -> dict[str, bytes]:
    """The attributes of overlay on a file: ``{"opaque": b"y", ...}``, without the beginning.

    :param where: a descriptor, or a path whose last part is not followed.
    """
    return read_all_marks(where, begin)[0]


def read_all_marks(where: int | str, begin: str) -> tuple[dict[str, bytes], set[str]]:
    """``(marks, foreign)``: as above, and the names of those that begin in the other way."""
    follow = isinstance(where, int)
    marks, foreign = {}, set()
    with contextlib.suppress(OSError):
        for name in os.listxattr(where, follow_symlinks=follow):
            if name.startswith(begin):
                marks[name[len(begin) :]] = os.getxattr(where, name, follow_symlinks=follow)
            elif name.startswith(BEGINNINGS):
                foreign.add(name.partition(".overlay.")[2])
    return marks, foreign


def entry_of(fd: int, name: str) -> str:
    """The path of an entry of a folder: no call for attributes takes a descriptor and a name."""
    return f"/proc/self/fd/{fd}/{name}"
