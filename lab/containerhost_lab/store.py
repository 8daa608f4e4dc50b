# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that take long to make: made once, by one process, and whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

RECIPE = "recipe.json"


def obtain(
    shelf: Path,
    key: str,
    recipe: dict,
    build: Callable[[Path], None],
    discard: Callable[[Path], None],
) -> Path:
    """Return the folder ``shelf/key``, having ``build`` fill it if it is not there yet.

    It is built beside its place and renamed when it is on disk: a folder that has its name is
    whole. What is half built, now or by a process that was killed, is thrown away by
    ``discard``. A second process that wants the same waits for the first.
    """
    place = shelf / key
    if is_whole(place):
        os.utime(place / RECIPE)  # when it was last used
        return place
    shelf.mkdir(parents=True, exist_ok=True)
    with locked(shelf / f"{key}.lock", waiting_for=f"{key}, which another process is building"):
        if is_whole(place):
            return place
        scaffold = shelf / f"{key}.building"
        discard(scaffold)
        try:
            scaffold.mkdir()
            build(scaffold)
            (scaffold / RECIPE).write_text(json.dumps(recipe, indent=2) + "\n")
            sync(scaffold)
            scaffold.rename(place)
            sync_folder(shelf)
        except BaseException:
            discard(scaffold)
            raise
    return place


def is_whole(place: Path) -> bool:
    """Return whether ``place`` was finished; its recipe is the last thing written."""
    return (place / RECIPE).is_file()


@contextlib.contextmanager
def locked(path: Path, waiting_for: str) -> Iterator[None]:
    """Hold the lock file ``path``; say what is waited for when somebody else has it.

    The kernel lets go of the lock when its process ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for {waiting_for}.", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove(folder: Path) -> None:
    """Remove a folder and all in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def sync(folder: Path) -> None:
    """Have every file of ``folder``, and the folder, on disk."""
    for path in folder.iterdir():
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
