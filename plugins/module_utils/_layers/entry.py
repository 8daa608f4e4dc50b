# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""An entry of a layer's tar: what an engine makes of it on disk.

The rules are the engine's: how a name is cleaned and what a whiteout is (moby/go-archive,
``archive.go``, ``diff.go``, ``whiteouts.go``), which times a file can have (``time.go``).
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

WHITEOUT = b".wh."
OPAQUE = b".wh..wh..opq"
OWN_OF_AUFS = b".wh..wh."

# The engine sets a time outside of these to 0 (os.Chtimes has no other).
_LATEST = (1 << 63) - 1


class Entry(NamedTuple):
    """One entry, with names as bytes."""

    name: bytes  # as the tar has it
    path: bytes  # below the layer's root, cleaned; b"" is the root itself
    kind: str  # "file", "folder", "symlink", "link", "char", "block", "fifo" or "global"
    mode: int  # permissions with setuid, setgid and sticky
    uid: int
    gid: int
    mtime: int  # ns since the epoch
    size: int  # of the file, in bytes; 0 for all others
    target: bytes = b""  # of a symlink, as it is; of a hard link, cleaned like a path
    device: tuple[int, int] = (0, 0)  # major, minor
    xattrs: tuple[tuple[bytes, bytes], ...] = ()
    extents: tuple[tuple[int, int], ...] | None = None  # what the tar has of a sparse file


class Mark(NamedTuple):
    """What an entry's name says about what lies below the layer."""

    kind: str  # "whiteout", "opaque" or "own" (of aufs, which no engine lays out)
    path: bytes  # what is hidden, or the opaque folder


def mark_of(path: bytes) -> Mark | None:
    """The :class:`Mark` that a path is; None for an entry of its own.

    :raises StorageError: a whiteout of nothing.
    """
    folder, slash, base = path.rpartition(b"/")
    # What lies in aufs' own folders is its own as well.
    if WHITEOUT not in path:
        return None
    if base == OPAQUE:
        return Mark("opaque", folder)
    if any(part.startswith(OWN_OF_AUFS) for part in path.split(b"/")):
        return Mark("own", path)
    if not base.startswith(WHITEOUT):
        return None
    hidden = base[len(WHITEOUT) :]
    if hidden in (b"", b".", b".."):
        raise unsupported(path, "is a whiteout of nothing")
    return Mark("whiteout", folder + slash + hidden)


def cleaned(name: bytes) -> bytes:
    """A name as the engine lays it out: below the root, without dots; b"" for the root.

    :raises StorageError: it leads out of the root.
    """
    if b"/." not in name and b"//" not in name and name[:1] != b".":  # most names, and quickly
        return name.strip(b"/")
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not parts:
                raise StorageError(
                    shown(name),
                    "this entry of a layer leads out of the layer",
                    "No engine lays it out. Take the image for damaged, and remove it",
                    refusal="entry_outside",
                )
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


def bounded(mtime: int) -> int:
    """A time in ns as the engine sets it."""
    return mtime if 0 <= mtime <= _LATEST else 0


def shown(name: bytes) -> str:
    """A name as text, from which its bytes can be had again (PEP 383)."""
    return name.decode("utf-8", "surrogateescape")


def unsupported(name: bytes, wrong: str) -> StorageError:
    """An entry that no engine lays out, or that cannot be laid out twice alike."""
    return StorageError(
        shown(name),
        f"this entry of a layer {wrong}",
        "Pull or build the image again, or leave its layers where they are",
        refusal="entry_unsupported",
        entry=shown(name),
    )
