# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What would not mean the same on another driver: refused by name before it is written.

Docker in Docker leaves whiteouts and marks of overlay *within* a layer: real devices 0:0, and
attributes ``trusted.overlay.*``. Below another overlay these hide files, or lead elsewhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    shown,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tree import (
    Tree,
    xattrs_at,
)

# What the kernel's overlay takes for its own (fs/overlayfs/overlayfs.h), also with userxattr.
OVERLAY = (b"trusted.overlay.", b"user.overlay.")
# Where a layer cannot be read without a mount: the content, or the name, is another layer's.
_ELSEWHERE = (b"redirect", b"metacopy")


class Trap(NamedTuple):
    """Something in a tree that has another meaning on another driver."""

    path: bytes
    refusal: str  # "nested_overlay" or "layer_redirected"
    wrong: str


def refuse_entry(entry: Entry) -> None:
    """Refuse an entry of a tar that is overlay's own.

    :raises StorageError: it is (``nested_overlay``).
    """
    if entry.kind == "char" and entry.device == (0, 0):
        raise refused(Trap(entry.path, "nested_overlay", _DEVICE), "")
    for name, _value in entry.xattrs:
        if name.startswith(OVERLAY):
            wrong = f"has the attribute {shown(name)} in the image itself"
            raise refused(Trap(entry.path, "nested_overlay", wrong), "")


_DEVICE = "is a device 0:0, which overlay2 takes for a deleted file"


def traps(root: str, layered: bool) -> Iterator[Trap]:
    """What is in a tree that may not be taken to another driver as it is.

    :param root: the folder of a layer's own files.
    :param layered: whether marks of overlay in it are the driver's own (overlay2). Then only those
        are traps that lead elsewhere; in a whole tree all of them are.
    """
    with Tree(root) as tree:
        folders = [b""]
        while folders:
            folder = folders.pop()
            fd = os.dup(tree.folder(folder))
            try:
                yield from _of_names(fd, b".", folder, layered)
                with os.scandir(fd) as entries:
                    names = sorted((os.fsencode(it.name), it) for it in entries)
                for name, it in names:
                    path = folder + b"/" + name if folder else name
                    if it.is_dir(follow_symlinks=False):
                        folders.append(path)
                        continue
                    yield from _of_names(fd, name, path, layered)
                    status = it.stat(follow_symlinks=False)
                    nothing = stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
                    if nothing and not layered:
                        yield Trap(path, "nested_overlay", _DEVICE)
            finally:
                os.close(fd)


def _of_names(fd: int, name: bytes, path: bytes, layered: bool) -> Iterator[Trap]:
    for attribute in xattrs_at(fd, name):
        if not attribute.startswith(OVERLAY):
            continue
        last = attribute.rpartition(b".")[2]
        if last in _ELSEWHERE:
            wrong = f"has the attribute {shown(attribute)}: its content or name is another layer's"
            yield Trap(path, "layer_redirected", wrong)
        elif not layered:
            yield Trap(path, "nested_overlay", f"has the attribute {shown(attribute)}")


def refused(trap: Trap, root: str) -> StorageError:
    """A trap as a refusal."""
    where = os.path.join(root, shown(trap.path)) if root else shown(trap.path)
    if trap.refusal == "layer_redirected":
        return StorageError(
            where,
            f"this entry of a layer {trap.wrong}",
            "It can only be read through a mount. Commit the container, or remove it",
            refusal="layer_redirected",
            entry=shown(trap.path),
        )
    return StorageError(
        where,
        f"this entry of a layer {trap.wrong}: another driver would take it for its own mark",
        "It comes from an engine within a container. Remove that one's data, or the image",
        refusal="nested_overlay",
        entry=shown(trap.path),
    )
