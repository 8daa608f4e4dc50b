# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running guest, as one reaches it: over SSH."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from . import shell
from .errors import LabError

# Guests come and go on the same ports with the same host key: there is nothing to know about.
OPTIONS = [
    "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
    "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
]  # fmt: skip

# An emulated host that is cold and shares its processor takes its time.
BOOT_LIMIT = 600
SETTLE_LIMIT = 60


def ssh(port: int, key: Path, *words: str, options: Sequence[str] = ()) -> list[str]:
    """Return the command that runs ``words`` as root in the guest, or a shell without any."""
    return [
        "ssh", "-i", str(key), "-p", str(port), *OPTIONS, *options, "root@127.0.0.1", *words,
    ]  # fmt: skip


def try_script(port: int, key: Path, script: str, limit: float) -> subprocess.CompletedProcess:
    """Run a shell script in the guest; an exit code of 255 is ssh's own: nobody answers."""
    command = ssh(port, key, "sh", "-s", options=["-o", "BatchMode=yes", "-o", "ConnectTimeout=5"])
    try:
        return subprocess.run(
            command, input=script, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 255, "", f"no answer within {limit} s")


def wait(name: str, folder: Path, port: int, key: Path, script: str) -> str:
    """Run ``script`` in the guest as soon as it answers, and return what it printed.

    Raises LabError where the guest does not answer in time, or the script fails.
    """
    deadline = time.monotonic() + BOOT_LIMIT
    while True:
        done = try_script(port, key, script, BOOT_LIMIT)
        if done.returncode == 0:
            return done.stdout
        if done.returncode != 255:
            raise LabError(f"{name} is not in order: {(done.stderr or done.stdout).strip()}")
        if time.monotonic() > deadline:
            raise LabError(
                f"{name} did not answer over SSH within {BOOT_LIMIT} s ({done.stderr.strip()}). "
                f"The end of its console:\n{shell.tail(str(folder / 'console.log'))}"
            )
        time.sleep(0.2)


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
