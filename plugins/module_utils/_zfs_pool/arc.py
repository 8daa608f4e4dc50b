# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The limit of ZFS's cache: at once, and from every boot on.

The kernel reads it when the module is loaded, from modprobe.d(5) and its own command line; a
person may set it later in the boot as well, by tmpfiles.d(5) or a unit. Whoever set it, it is set.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    Step,
    StorageError,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import MIB, human
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import (
    read_text,
    text_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.pool import (
    ARC_LIMIT,
    Arc,
    observe_arc,
)

FILE = "/etc/modprobe.d/containerhost-zfs.conf"

# In the order in which they come to act: the last one that sets a limit is in force. A file hides
# those of its name in folders that come later. Of units only those that people write are read.
_ADMIN, _ALL = (
    ("/etc", "/run", "/usr/local/lib"),
    ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"),
)
_MODPROBE, _CMDLINE = (_ALL, "modprobe.d/*.conf"), "/proc/cmdline"
_LATER = ((_ALL, "tmpfiles.d/*.conf"), (_ADMIN, "systemd/system/*.service"))

# MIN_ARC_MAX of arc.c; ZFS takes no limit below it, or below its least size of 1/32 of memory.
_LEAST = 64 * MIB


# Of 64 bits: the kernel takes no other, and keeps its default then.
_NUMBER = re.compile(r"[0-9]{1,20}|0x[0-9a-fA-F]{1,16}")


class Setting(NamedTuple):
    """A limit that is set at boot."""

    path: str
    value: int  # bytes


class ArcState(NamedTuple):
    """The cache, and what limits it."""

    live: Arc | None = None  # None where ZFS is not loaded
    text: str | None = None  # our file
    settings: tuple[Setting, ...] = ()  # the last one is in force


def observe(limit: int | None) -> ArcState:
    """Read the :class:`ArcState`. No command.

    :param limit: the limit that is wanted; None to leave unread who sets one.
    """
    live = observe_arc()
    if limit is None:
        return ArcState(live)
    found = [*_in_files(*_MODPROBE), *_in_text(_CMDLINE)]
    for source in _LATER:
        found += _in_files(*source)
    return ArcState(live, read_text(FILE), tuple(found))


def _in_files(folders: Iterable[str], pattern: str) -> list[Setting]:
    files: dict[str, str] = {}
    for folder in folders:
        for path in glob.glob(f"{folder}/{pattern}"):
            files.setdefault(os.path.basename(path), path)
    return [setting for name in sorted(files) for setting in _in_text(files[name])]


def _in_text(path: str) -> Iterator[Setting]:
    """Each line that sets the limit, however it does so: as NAME=BYTES, or BYTES to its file."""
    lines = text_of(path).replace("\\\n", " ").splitlines()
    for line in lines:
        if "zfs_arc_max" not in line or line.lstrip().startswith("#"):
            continue
        given = re.findall(r"zfs_arc_max=(\w+)", line) or re.findall(r"(?<![\w.])\d+\b", line)
        if given and _NUMBER.fullmatch(given[-1]):
            yield Setting(path, int(given[-1], 0 if given[-1].startswith("0x") else 10))


def plan_arc(state: ArcState, limit: int | None) -> tuple[list[Step], ArcState]:
    """The steps that keep the cache below ``limit`` bytes, and the state after them.

    :raises StorageError: ZFS would not take the limit, or another file would set it back.
    """
    if limit is None:
        return [], state
    live = state.live
    steps: list[Step] = []
    if live:
        _require_taken(live, limit)
    if not state.settings or state.settings[-1].value != limit:
        _require_not_contradicted(state, limit)
        text = f"# Kept by containerhost.storage\noptions zfs zfs_arc_max={limit}\n"
        reason = f"Limit the cache of ZFS to {human(limit)} at every boot"
        steps.append(WriteFile(reason, FILE, text, old=state.text))
        state = state._replace(text=text, settings=(*state.settings, Setting(FILE, limit)))
    if live and live.limit != limit:
        reason = f"Limit the cache of ZFS to {human(limit)} from now on"
        steps.append(WriteFile(reason, ARC_LIMIT, f"{limit}\n", old=f"{live.limit}\n"))
        state = state._replace(live=live._replace(limit=limit, largest=limit))
    return steps, state


def _require_taken(live: Arc, limit: int) -> None:
    least = max(_LEAST, live.memory // 32 + 1)
    if not least <= limit < live.memory:
        raise StorageError(
            f"arc_max={human(limit)}",
            f"ZFS takes no notice of a limit below {human(least)}, or of one that is not below the "
            f"{human(live.memory)} of memory that this host has",
            "Choose one between; an eighth of the memory is a good start where containers need it",
            refusal="option_value_invalid",
        )


def _require_not_contradicted(state: ArcState, limit: int) -> None:
    others = [it for it in state.settings if it.path != FILE and it.value != limit]
    if others:
        raise StorageError(
            others[-1].path,
            f"it sets zfs_arc_max to {others[-1].value} ({human(others[-1].value)}), and "
            f"{human(limit)} is wanted",
            "Take that line out, or ask for what it says",
            refusal="setting_conflict",
        )


def arc_findings(state: ArcState, limit: int | None) -> Iterator[Finding]:
    """What a person should know about the memory that ZFS takes."""
    live = state.live
    if live is None:
        return
    if limit is None and 2 * live.largest >= live.memory:
        yield Finding(
            "warning",
            "arc_unlimited",
            f"ZFS may take {human(live.largest)} of the {human(live.memory)} of memory for its "
            "cache, and gives it back to containers slowly: it is memory hungry, and not for a "
            "tiny virtual machine. `arc_max` sets a limit.",
        )
    elif limit is not None and live.limit == limit != live.largest:
        yield Finding(
            "warning",
            "arc_limit_ignored",
            f"ZFS was given {human(limit)} as the limit of its cache and goes by "
            f"{human(live.largest)}: look at zfs_arc_min, which may be above it.",
        )
