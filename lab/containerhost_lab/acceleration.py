# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether guests can run on the hardware here; found out by running one."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from . import paths, qemu, shell, store
from .progress import Step

DEVICE = "/dev/kvm"
TRIAL_LIMIT = 20

# The kernel says this when it hands over to user space: firmware alone does not get there.
SIGN_OF_LIFE = b"Run /init as init process"


def choose(image: Path) -> tuple[str, str]:
    """Return the accelerator to use, kvm or tcg, and why in words.

    The device's presence proves nothing: there are machines that have it where a guest's
    kernel never comes up. So the kernel of ``image`` is tried once, and the outcome kept for as
    long as this machine's kernel and qemu stay the same.
    """
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return "tcg", f"in software: {DEVICE} is not there for this user"
    memory = paths.cache() / "acceleration.json"
    key = f"{platform.release()} {platform.version()} | {qemu_version()}"
    known = recall(memory)
    if key not in known:
        lock = memory.with_suffix(".lock")
        with store.locked(lock, waiting_for="another process, which is trying a guest"):
            known = recall(memory)
            if key not in known:
                with Step("trying a guest on the hardware (kvm)"):
                    known[key] = runs_on_hardware(image)
                draft = memory.with_suffix(".new")
                draft.write_text(json.dumps(known, indent=2) + "\n")
                draft.rename(memory)
    if known[key]:
        return "kvm", "on the hardware (kvm): a guest was seen to run on it"
    return "tcg", f"in software: {DEVICE} is there, but no guest came up on it (see {memory})"


def recall(memory: Path) -> dict[str, bool]:
    """Return what was found out before; nothing where that can't be read."""
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def runs_on_hardware(image: Path) -> bool:
    """Boot the kernel of ``image`` on the hardware and return whether it got to user space."""
    command = [
        qemu.PROGRAM, "-nodefaults", "-display", "none", "-machine", "q35", "-accel", "kvm",
        "-cpu", "max,la57=off", "-smp", "2", "-m", "512M", "-no-reboot", "-serial", "stdio",
        "-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initrd.img"),
        "-append", "console=ttyS0 panic=-1 mitigations=off",
    ]  # fmt: skip
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    os.set_blocking(child.stdout.fileno(), False)
    said, deadline = b"", time.monotonic() + TRIAL_LIMIT
    try:
        while time.monotonic() < deadline:
            ended = child.poll() is not None
            said += child.stdout.read() or b""
            if SIGN_OF_LIFE in said:
                return True
            if ended:
                return False
            time.sleep(0.1)
        return False
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def qemu_version() -> str:
    """Return qemu's version and build, which a saved state depends on."""
    return shell.run([qemu.PROGRAM, "--version"], doing="asking qemu for its version").split("\n")[
        0
    ]


def numbers(version: str) -> tuple[int, ...]:
    """Return ``QEMU emulator version 7.2.22 (Debian ...)`` as ``(7, 2, 22)``."""
    found = re.search(r"version (\d+(?:\.\d+)*)", version)
    return tuple(int(number) for number in found[1].split(".")) if found else ()


def processor() -> str:
    """Return the processor's model and features, which a state saved on hardware depends on."""
    lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    return "\n".join(line for line in lines if line.startswith(("model name", "flags")))
