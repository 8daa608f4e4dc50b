# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The qemu processes that the lab started, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from . import qemu, shell
from .errors import LabError
from .qmp import Qmp, QmpError

START_LIMIT = 60
END_LIMIT = 20


def start(command: list[str], folder: Path) -> None:
    """Start qemu in ``folder``, out of reach of the terminal's signals, until it takes commands.

    Raises LabError with what qemu said where it does not come up.
    """
    log = folder / "qemu.log"
    (folder / qemu.SOCKET).unlink(missing_ok=True)
    with open(log, "wb") as sink:
        child = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise LabError(f"The emulator in {folder} ended: {shell.tail(str(log))}")
        try:
            with Qmp(folder / qemu.SOCKET):
                return
        except QmpError:
            time.sleep(0.02)
    child.kill()
    child.wait()
    raise LabError(f"The emulator in {folder} took no command within {START_LIMIT} s.")


def pid(folder: Path) -> int | None:
    """Return the process of the machine in ``folder``, or None where none runs.

    A pidfile may be stale and its number taken by a stranger: it counts only if that process is
    a qemu that was given this very pidfile.
    """
    pidfile = folder / qemu.PIDFILE
    try:
        number = int(pidfile.read_text())
        arguments = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    ours = os.path.basename(arguments[0]) == qemu.PROGRAM.encode() and (
        str(pidfile).encode() in arguments
    )
    return number if ours else None


def stop(folder: Path) -> None:
    """End the machine in ``folder`` as if its power went; nothing happens if it is off."""
    number = pid(folder)
    if number is None:
        return
    try:
        with Qmp(folder / qemu.SOCKET, timeout=5) as qmp:
            qmp.quit()
    except QmpError:
        pass  # it hangs; it is killed below
    if wait_end(folder, END_LIMIT):
        return
    if pid(folder) == number:
        os.kill(number, signal.SIGKILL)
    if not wait_end(folder, END_LIMIT):
        raise LabError(f"The emulator in {folder} (process {number}) does not end.")


def wait_end(folder: Path, seconds: float) -> bool:
    """Wait until the machine in ``folder`` has ended; return whether it has."""
    deadline = time.monotonic() + seconds
    while pid(folder) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
