# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Which host this is, which boot of it, and which of its processes are steps of a run."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import NamedTuple

# Every step's process, and what it starts in turn, has this in its environment.
MARK = "CONTAINERHOST_STORAGE_RUN"

PROC = "/proc"
MACHINE_ID = "/etc/machine-id"
# A disk that was cloned for another virtual machine brings the same machine id with it.
PRODUCT_ID = "/sys/class/dmi/id/product_uuid"


class Process(NamedTuple):
    """A process, as no later one of the same number can be."""

    pid: int
    started: int  # clock ticks after boot (proc_pid_stat(5), starttime)
    session: int


def host_identity() -> str:
    """A hash that another host does not have, also where its disk is a copy of this one's."""
    names = _text(MACHINE_ID).strip(), _text(PRODUCT_ID).strip()
    return hashlib.sha256(os.fsencode("\n".join(names))).hexdigest()


def boot_id() -> str:
    """What changes with every boot."""
    return _text(os.path.join(PROC, "sys/kernel/random/boot_id")).strip()


def process(pid: int | None = None) -> Process | None:
    """The process with a number, or this one; None where there is none."""
    pid = os.getpid() if pid is None else pid
    # The name in parentheses may hold anything, parentheses and blanks too.
    fields = _text(os.path.join(PROC, str(pid), "stat")).rpartition(")")[2].split()
    return Process(pid, int(fields[19]), int(fields[3])) if len(fields) > 19 else None


def lives(known: Process) -> bool:
    """Whether it is still there."""
    return process(known.pid) == known


def marked(run: str, session: int) -> list[tuple[int, str]]:
    """The processes that a run's steps are: ``(pid, command line)``.

    A daemon that a step has started has the mark too, and a session of its own.
    """
    mark, found = f"{MARK}={run}".encode(), []
    for name in filter(str.isdigit, os.listdir(PROC)):
        if mark in _bytes(os.path.join(PROC, name, "environ")).split(b"\0"):
            it = process(int(name))
            if it and it.session == session and it.pid != os.getpid():
                words = _bytes(os.path.join(PROC, name, "cmdline")).replace(b"\0", b" ").strip()
                found.append((it.pid, words.decode(errors="surrogateescape")))
    return sorted(found)


def _text(path: str) -> str:
    return _bytes(path).decode(errors="surrogateescape")


def _bytes(path: str) -> bytes:
    with contextlib.suppress(OSError), open(path, "rb") as stream:
        return stream.read()
    return b""
