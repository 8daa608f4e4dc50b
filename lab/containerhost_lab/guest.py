# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running guest, as one reaches it: over SSH."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import qemu, shell
from .errors import LabError, PanicError

# Guests come and go on the same ports with the same host key: there is nothing to know about.
OPTIONS = [
    "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
    "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
]  # fmt: skip

# An emulated host that is cold and shares its processor takes its time.
BOOT_LIMIT = 600
SETTLE_LIMIT = 60
PANIC = b"Kernel panic - not syncing"


def ssh(port: int, key: Path, *words: str, options: Sequence[str] = ()) -> list[str]:
    """Return the command that runs ``words`` as root in the guest, or a shell without any."""
    return [
        "ssh", "-i", str(key), "-p", str(port), *OPTIONS, *options, "root@127.0.0.1", *words,
    ]  # fmt: skip


def try_script(
    port: int, key: Path, script: str, limit: float, hopeless: Callable[[], bool]
) -> subprocess.CompletedProcess:
    """Run a shell script in the guest; an exit code of 255 is ssh's own: nobody answers.

    It is broken off after ``limit`` seconds, or as soon as it is ``hopeless``.
    """
    command = ssh(port, key, "sh", "-s", options=["-o", "BatchMode=yes", "-o", "ConnectTimeout=5"])
    pipe, deadline, given = subprocess.PIPE, time.monotonic() + limit, script
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        while not hopeless() and time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(given, timeout=1)
                return subprocess.CompletedProcess(command, process.returncode, out, err)
            given = None  # it has been sent
        process.kill()
    return subprocess.CompletedProcess(command, 255, "", f"no answer within {limit} s")


def wait(name: str, folder: Path, port: int, key: Path, script: str) -> str:
    """Run ``script`` in the guest as soon as it answers, and return what it printed.

    Raises LabError where the guest does not answer in time, or the script fails; a PanicError where
    its kernel has given up meanwhile.
    """
    deadline = time.monotonic() + BOOT_LIMIT
    console = folder / qemu.CONSOLE
    panicked = panic_watch(console)
    while True:
        done = try_script(port, key, script, BOOT_LIMIT, panicked)
        if done.returncode == 0:
            return done.stdout
        if done.returncode != 255:
            raise LabError(f"{name} is not in order: {(done.stderr or done.stdout).strip()}")
        last_words = f"The end of its console:\n{shell.tail(str(console))}"
        if panicked():
            raise PanicError(f"The kernel of {name} panicked. {last_words}")
        if time.monotonic() > deadline:
            raise LabError(
                f"{name} did not answer over SSH within {BOOT_LIMIT} s ({done.stderr.strip()}). "
                + last_words
            )
        time.sleep(0.2)


def panic_watch(console: Path) -> Callable[[], bool]:
    """Return what tells whether the kernel has panicked since, by the file of its console."""
    start = console.stat().st_size if console.exists() else 0

    def panicked() -> bool:
        if not console.exists():
            return False
        with console.open("rb") as stream:
            stream.seek(start)
            return PANIC in stream.read()

    return panicked


def identity_script(name: str, machine_id: str, now: float) -> str:
    """Return the script that makes a restored guest one of its own: name, number and clock.

    The clock stood still in the saved state.
    """
    name = shlex.quote(name)
    return f"""
date -u -s @{now:.3f} >/dev/null
echo {name} >/etc/hostname
echo {name} >/proc/sys/kernel/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n' {name} >/etc/hosts
echo {machine_id} >/etc/machine-id
sync
# The journal is kept below the machine's id: until it is opened anew, nobody finds it.
systemctl restart systemd-journald
"""


# A boot has ended, well or with units that failed: which those are is the user's business.
BOOTED = "systemctl is-system-running --wait >/dev/null || true\n"


def disks_script(disks: Sequence[str]) -> str:
    """Return the script that ends when the disks with these ids are there."""
    links = " ".join(shlex.quote(f"/dev/disk/by-id/virtio-{disk}") for disk in disks)
    return f"""
tries={SETTLE_LIMIT * 5}
all_there() {{
    for link in {links}; do
        [ -b "$link" ] || return 1
    done
}}
until all_there; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || {{ echo "$link does not come up" >&2; exit 1; }}
    sleep 0.2
done
"""
