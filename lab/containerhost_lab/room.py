# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room on the disk of the cache: old images go when it gets short, those in use never."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

from . import paths, store
from .errors import LabError
from .sizes import format_size

# What building an image takes at its peak: the tree, the raw disk and the qcow2 disk.
NEEDED = 6 * 2**30
USERS = "users"


def mark_used(saved: Path, host_folder: Path) -> None:
    """Note in the saved state ``saved`` that the host in ``host_folder`` stands on it."""
    users = saved / USERS
    users.mkdir(exist_ok=True)
    link = users / hashlib.sha256(str(host_folder).encode()).hexdigest()[:16]
    link.unlink(missing_ok=True)
    link.symlink_to(host_folder)


def in_use(saved: Path) -> bool:
    """Return whether any host, of any checkout, stands on this saved state."""
    return any(link.exists() for link in (saved / USERS).glob("*"))


def make(keep: str = "") -> None:
    """See to it that there is room for a build; ``keep`` is the name of an image it needs.

    What was not used for longest goes first. Raises LabError where there is not enough.
    """
    cache = paths.cache()
    for place in removable(cache, keep):
        if free(cache) >= NEEDED:
            return
        print(f"The disk is short of space: removing the cached {place}.", file=sys.stderr)
        store.remove(place)
    if free(cache) < NEEDED:
        raise LabError(
            f"{cache} needs {format_size(NEEDED)} of free space to build an image, and has "
            f"{free(cache) // 2**20}M. Make room, or set XDG_CACHE_HOME to a folder that has it."
        )


def removable(cache: Path, keep: str) -> list[Path]:
    """Return what no host stands on, the least recently used first."""
    states = [place for place in (cache / "states").glob("*") if store.is_whole(place)]
    images = [place for place in (cache / "images").glob("*") if store.is_whole(place)]
    used_states = [place for place in states if in_use(place)]
    used_images = {json.loads((place / store.RECIPE).read_text())["image"] for place in used_states}
    unused = [place for place in states if place not in used_states]
    unused += [place for place in images if place.name not in used_images | {keep}]
    return sorted(unused, key=lambda place: (place / store.RECIPE).stat().st_mtime)


def free(folder: Path) -> int:
    """Return the bytes that can be written to the disk of ``folder``."""
    return shutil.disk_usage(folder).free
