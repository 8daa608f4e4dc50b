# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blank hosts of the lab; one of them runs at a time, so that none slows down another."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from containerhost_lab import guest as lab_guest
from containerhost_lab import host as lab_host

from . import ROOT
from .errors import BenchError
from .guest import GuestShell

RELEASE = "bookworm"
DISKS = "10G"
DISK = "/dev/disk/by-id/virtio-disk1"
INVENTORY = ROOT / ".cache" / "lab" / "inventory.yml"


def lab(*words: str) -> None:
    """Run lab/lab; its words are shown if it fails."""
    done = subprocess.run(
        [str(ROOT / "lab" / "lab"), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchError(f"lab/lab {' '.join(words)}:\n{done.stderr or done.stdout}")


def name_of(contender: str) -> str:
    """Return the name of a contender's host."""
    return f"bench-{contender}1"


def restore(contender: str, extra: str = "") -> float:
    """Give a contender a blank host; return how long it took to answer, in seconds.

    :param extra: what the lab's image has to have besides, such as zfs
    """
    throw_away(contender)
    started = time.monotonic()
    words = [f"--name=bench-{contender}", f"--release={RELEASE}", f"--disks={DISKS}"]
    lab("up", *words, f"--with={extra}")
    return time.monotonic() - started


def throw_away(contender: str) -> None:
    """Throw away a contender's host, if there is one."""
    if name_of(contender) in lab_host.folders():
        lab("down", name_of(contender))


def pause(contender: str) -> None:
    """Stop a host's processors."""
    with lab_host.read(name_of(contender)).qmp() as qmp:
        qmp("stop")


def go_on(contender: str) -> None:
    """Let a paused host run again."""
    with lab_host.read(name_of(contender)).qmp() as qmp:
        qmp("cont")


@contextlib.contextmanager
def running(contender: str) -> Iterator[None]:
    """Let a host run inside, and be paused otherwise."""
    go_on(contender)
    try:
        yield
    finally:
        pause(contender)


def ssh(contender: str, *words: str) -> list[str]:
    """Return the command that runs ``words`` in a contender's host."""
    host = lab_host.read(name_of(contender))
    return lab_guest.ssh(host.ssh_port, Path(host.key), *words)


def run(contender: str, *words: str, script: str) -> str:
    """Run ``words`` in a contender's host with ``script`` as input; return what it printed."""
    command = ssh(contender, *words)
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{name_of(contender)}: {' '.join(words)} failed:\n{done.stderr}")
    return done.stdout


def shell(contender: str) -> GuestShell:
    """Return a shell in a contender's host that stays open."""
    return GuestShell(ssh(contender, "sh"))


def accelerator(contender: str) -> str:
    """Return what a contender's host runs on: kvm or tcg."""
    return "kvm" if "kvm" in " ".join(lab_host.read(name_of(contender)).machine) else "tcg"
