# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""An aufs tree as Docker left it on disk: read where no kernel can mount it any more.

Docker's driver (daemon/graphdriver/aufs/aufs.go, removed in 24.0) keeps below its data root:

* ``aufs/layers/<id>``: the ids of a layer's parents, nearest first, one on a line;
* ``aufs/diff/<id>/``: what the layer holds, with the marks of aufs in it;
* ``aufs/mnt/<id>/``: the mount points.

The marks (aufs(5), "Whiteout"): an empty file ``.wh.NAME`` hides NAME below, and ``.wh..wh..opq``
in a folder hides all that is below it. ``.wh..wh.aufs``, ``.wh..wh.orph`` and ``.wh..wh.plnk`` are
its own, and so is whatever is in them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Finding
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.below import (
    open_folder,
)

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_OWN = ".wh..wh."


def read_tree(root: str) -> dict[str, Any] | None:
    """What an aufs tree holds; None where there is none.

    :param root: the data root of the engine, such as ``/var/lib/docker``.
    :returns: ``{"path": str, "layers": int, "entries": int, "whiteouts": int, "opaque": int,
        "bytes": int, "mounted": int, "details": [...]}``. A detail is a layer: ``id``, ``parents``
        (nearest first), ``missing_parents``, ``diff`` (whether its folder is there), and its own
        ``entries``, ``whiteouts``, ``opaque``, ``bytes`` and ``unread``. Bytes are those on disk.
    """
    base = os.path.join(os.path.realpath(root), "aufs")
    listed, kept = _names(base, "layers"), _names(base, "diff")
    if listed is None and kept is None:
        return None
    listed, kept = listed or [], kept or []
    crossed = {mount.path for mount in mounts() if mount.path.startswith(base + "/")}
    details = [_layer(base, name, set(listed), crossed) for name in sorted({*listed, *kept})]
    total = {
        key: sum(layer[key] for layer in details)
        for key in ("entries", "whiteouts", "opaque", "bytes")
    }
    mounted = sum(os.path.dirname(path) == base + "/mnt" for path in crossed)
    return dict(total, path=base, layers=len(details), mounted=mounted, details=details)


def tree_findings(tree: Mapping[str, Any] | None) -> list[Finding]:
    """What a person should know about a tree, as :class:`Finding`."""
    if tree is None:
        return []
    found = [
        Finding(
            "info",
            "aufs_tree",
            f"{tree['path']} holds {tree['layers']} layers of aufs ({human(tree['bytes'])}): no "
            "engine since Docker 24.0 reads them, and it starts without them.",
        )
    ]
    torn = [one["id"] for one in tree["details"] if one["missing_parents"] or not one["diff"]]
    if torn:
        found.append(
            Finding(
                "warning",
                "aufs_torn",
                f"{len(torn)} layers in {tree['path']} lack a parent or their folder: "
                + ", ".join(torn[:5]) + (", ..." if len(torn) > 5 else "") + ".",
            )
        )  # fmt: skip
    return found


def _layer(
    base: str, name: str, listed: Collection[str], crossed: Collection[str]
) -> dict[str, Any]:
    parents = text_of(os.path.join(base, "layers", name)).split()
    counts = {"entries": 0, "whiteouts": 0, "opaque": 0, "bytes": 0, "unread": 0}
    folder = os.path.join(base, "diff", name)
    there = os.path.isdir(folder) and not os.path.islink(folder)
    if there:
        _count(folder, counts, crossed)
    return dict(
        counts,
        id=name,
        parents=parents,
        missing_parents=[parent for parent in parents if parent not in listed],
        diff=there,
    )


def _count(folder: str, counts: dict[str, int], crossed: Collection[str]) -> None:
    """Add up what is in a folder, depth first: no link is followed, no mount crossed."""
    linked: set[int] = set()  # inodes that have been counted
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    stack = [(descriptor, folder, iter(_entries(descriptor, counts, linked)))]
    try:
        while stack:
            fd, path, subfolders = stack[-1]
            name = next(subfolders, None)
            if name is None:
                os.close(stack.pop()[0])
                continue
            below = path + "/" + name
            try:
                if below in crossed:
                    raise PermissionError
                fd = open_folder(name, fd)
            except OSError:
                counts["unread"] += 1
                continue
            stack.append((fd, below, iter(_entries(fd, counts, linked))))
    finally:
        for fd, _path, _rest in stack:
            os.close(fd)


def _entries(fd: int, counts: dict[str, int], linked: set[int]) -> list[str]:
    subfolders = []
    with os.scandir(fd) as entries:
        for entry in entries:
            name = entry.name
            if name == _OPAQUE:
                counts["opaque"] += 1
                continue
            if name.startswith(_OWN):
                continue
            if name.startswith(_WHITEOUT):
                counts["whiteouts"] += 1
                continue
            counts["entries"] += 1
            if entry.is_dir(follow_symlinks=False):
                subfolders.append(name)
            elif entry.is_file(follow_symlinks=False):
                _weigh(entry, counts, linked)
    return subfolders


def _weigh(entry: os.DirEntry[str], counts: dict[str, int], linked: set[int]) -> None:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:  # gone meanwhile
        return
    if found.st_nlink > 1:
        if found.st_ino in linked:
            return
        linked.add(found.st_ino)
    counts["bytes"] += found.st_blocks * 512


def _names(*parts: str) -> list[str] | None:
    """The names in a folder; None where there is no such folder."""
    path = os.path.join(*parts)
    try:
        return os.listdir(path)
    except OSError:
        return None
