# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A hard link to a file of a layer below, which a layer of overlay2 cannot have."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import (
    Entry,
    shown,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.proof import unproven
from ansible_collections.containerhost.storage.plugins.module_utils._layers.tree import Tree

_BUFFER = 1 << 20


def same_file(source: Tree, entry: Entry, below: Sequence[str]) -> None:
    """Hold the file at the source against the one of the nearest layer below that has it.

    :param below: folders of layers that are proven, nearest first.
    :raises StorageError: none has it, or with other content.
    """
    found = source.status(entry.path)
    for folder in below:
        with Tree(folder) as layer:
            there = layer.status(entry.target)
            if there is None:
                continue
            if found and stat.S_IFMT(found.st_mode) == stat.S_IFMT(there.st_mode):
                if stat.S_ISLNK(there.st_mode):
                    if _link(source, entry.path) == _link(layer, entry.target):
                        return
                elif found.st_size == there.st_size and _equal(source, layer, entry):
                    return
            break
    wrong = f"the layers below have no such file at {shown(entry.target)!r}, to which it links"
    raise unproven(shown(source.root), wrong, entry)


def _link(tree: Tree, path: bytes) -> bytes:
    fd, name = tree.split(path)
    return os.readlink(name, dir_fd=fd)


def _equal(source: Tree, layer: Tree, entry: Entry) -> bool:
    mine, status = source.open(entry.path)
    try:
        other, _status = layer.open(entry.target)
        try:
            return all(
                os.pread(mine, _BUFFER, at) == os.pread(other, _BUFFER, at)
                for at in range(0, status.st_size, _BUFFER)
            )
        finally:
            os.close(other)
    finally:
        os.close(mine)
