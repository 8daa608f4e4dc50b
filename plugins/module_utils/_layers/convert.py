# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""One layer, from one driver's form to another's: proven at its source, written, compared."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._layers.compare import (
    Difference,
    compare,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.entry import Entry
from ansible_collections.containerhost.storage.plugins.module_utils._layers.proof import (
    Proof,
    Source,
    prove,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.whole import (
    WholeWriter,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layers.writer import Writer


class Converted(NamedTuple):
    """What became of a layer."""

    proof: Proof
    linked_below: list[bytes]  # hard links into layers below, which became files
    differences: list[Difference]  # none: it may be put in place


def convert_layer(
    source: str,
    split: str,
    diff_id: str,
    target: str,
    *,
    whole: bool = False,
    below: Iterable[str] = (),
    share: str = "copy",
    marks: str = "trusted.overlay.",
) -> Converted:
    """Write a layer from its proven tar, and compare it. It is not synced, and not in place yet.

    Until this returns, what lies in the target is not proven; after an error it is worth nothing.

    :param source: the folder of the layer's own files, by :meth:`Driver.files`.
    :param split: its ``tar-split.json.gz``.
    :param diff_id: its digest.
    :param target: an empty folder; for a whole tree, one with the parent's.
    :param whole: whether the target is a whole tree.
    :param below: the target's layers below, nearest first; only where it is none.
    :param share: as of :class:`Writer`.
    :raises StorageError: the layer is not what its digest says, or may not be taken.
    :raises OSError: the target cannot be written.
    """
    entries: list[Entry] = []
    kind = WholeWriter if whole else Writer
    with kind(target, source, below=below, share=share, marks=marks) as writer:

        def take(entry: Entry, content: Source | None) -> None:
            entries.append(entry)
            writer.take(entry, content)

        proof = prove(source, split, diff_id, take)
        writer.finish()
    differences = compare(target, entries, source, whole=whole, shared=share == "link", marks=marks)
    return Converted(proof, writer.linked_below, differences)


def sync(path: str) -> None:
    """Bring all of a path's filesystem to its disk (syncfs(2)): one call for a layer's files.

    :raises OSError: the disk has failed.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(fd):
            raise OSError(ctypes.get_errno(), "syncfs", path)
    finally:
        os.close(fd)
