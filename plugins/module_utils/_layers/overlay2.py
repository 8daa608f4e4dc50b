# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Layers of overlay2: what a layer changes is in ``diff``, and its frame says what lies below.

The frame (``graphdriver/overlay2/overlay.go``)::

    overlay2/<id>/diff/       the layer's own files
    overlay2/<id>/link        26 characters, a short name for mount(2)
    overlay2/<id>/lower       l/<parent's link>:<parent's lower>; not in the lowest
    overlay2/<id>/work/       not in the lowest
    overlay2/<id>/committed   empty, once it has children (since 19.03)
    overlay2/l/<link>         -> ../<id>/diff
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._layers.driver import (
    Driver,
    checked,
)

DRIVER = Driver("overlay2", folder="{id}/diff", whole=False, layered_marks=True, writable=True)

# More the engine mounts over no other ("max depth exceeded").
DEEPEST = 128
_LINK = re.compile("[A-Z0-9]{26}")
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def make_home(home: str, version: tuple[int, ...], gid: int = 0) -> None:
    """Make ``overlay2/`` and its folder of links, where they are not there yet.

    :param version: the engine's, such as ``(20, 10, 24)``.
    :param gid: the group that root in a container is on the host.
    """
    _make(home, folder_mode(version), 0, gid)
    _make(os.path.join(home, "l"), 0o700, 0, 0)


def begin(
    home: str,
    temporary: str,
    parent: str,
    version: tuple[int, ...],
    owner: tuple[int, int] = (0, 0),
) -> str:
    """Make the frame of a layer under a temporary name; the empty folder for its files.

    :param temporary: a name beside the layers, where nothing is yet.
    :param parent: the parent's name in the folder, which is in place; '' for the lowest layer.
    :param owner: the user and group that root in a container is on the host.
    :raises StorageError: the stack would be too deep, or the parent has no frame.
    """
    lower = _lower(home, parent) if parent else ""
    folder = os.path.join(home, temporary)
    if os.path.lexists(folder):
        raise _taken(folder)
    _make(folder, folder_mode(version), 0, owner[1])
    diff = os.path.join(folder, "diff")
    _make(diff, 0o755, *owner)
    link = "".join(secrets.choice(_CHARACTERS) for _at in range(26))
    _write(os.path.join(folder, "link"), link, 0o644)
    if parent:
        _make(os.path.join(folder, "work"), 0o700, *owner)
        _write(os.path.join(folder, "lower"), lower, 0o644)
    return diff


def put_in_place(
    home: str, temporary: str, cache_id: str, parent: str, version: tuple[int, ...]
) -> None:
    """Give a layer its name and its link, and mark its parent; to be done again after a crash.

    The caller has synced the layer before, and syncs the folder after.

    :raises StorageError: another layer has the name.
    """
    there, wanted = os.path.join(home, temporary), os.path.join(home, checked(cache_id))
    if os.path.lexists(there):
        if os.path.lexists(wanted):
            raise _taken(wanted)
        os.rename(there, wanted)
    link = os.path.join(home, "l", read_link(wanted))
    with contextlib.suppress(FileExistsError):
        os.symlink(os.path.join("..", cache_id, "diff"), link)
    if parent and version >= (19, 3):
        with contextlib.suppress(FileExistsError):
            _write(os.path.join(home, checked(parent), "committed"), "", 0o600)


def below(home: str, cache_id: str) -> list[str]:
    """The folders of the layers below one, nearest first."""
    names = _read(os.path.join(home, checked(cache_id), "lower")) or ""
    return [os.path.realpath(os.path.join(home, name)) for name in names.split(":") if name]


def read_link(folder: str) -> str:
    """The short name of a layer.

    :raises StorageError: it has none.
    """
    link = _read(os.path.join(folder, "link")) or ""
    if not _LINK.fullmatch(link):
        raise StorageError(
            folder,
            "this layer of overlay2 has no link of 26 characters",
            "Find out what made it, and move it away",
            refusal="layer_unproven",
        )
    return link


def folder_mode(version: tuple[int, ...]) -> int:
    """The rights of a layer's folder: engines have narrowed them."""
    return 0o710 if version >= (20, 10) else 0o701 if version >= (19, 3) else 0o700


def _lower(home: str, parent: str) -> str:
    folder = os.path.join(home, checked(parent))
    names = [f"l/{read_link(folder)}"]
    more = _read(os.path.join(folder, "lower"))
    names += more.split(":") if more else []
    if len(names) > DEEPEST:
        raise StorageError(
            folder,
            f"this stack of layers is deeper than the {DEEPEST} that overlay2 mounts",
            "Build the image with fewer layers, or choose another driver",
            refusal="layers_too_deep",
        )
    return ":".join(names)


def _taken(path: str) -> StorageError:
    return StorageError(
        path,
        "there is a layer of this name already",
        "Find out what made it, and move it away",
        refusal="layer_exists",
    )


def _make(path: str, mode: int, uid: int, gid: int) -> None:
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        if os.path.islink(path) or not os.path.isdir(path):
            raise
        return
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def _write(path: str, text: str, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(fd, "w", encoding="ascii") as stream:
        os.fchmod(fd, mode)
        stream.write(text)


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read(1 << 16)
    except (FileNotFoundError, UnicodeDecodeError):
        return None
