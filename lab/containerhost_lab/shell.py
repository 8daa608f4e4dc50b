# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands on this machine."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence

from .errors import LabError

# A user's PATH often lacks the folders that mke2fs and its like are in.
SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])

STOP_LIMIT = 60.0


def find(program: str) -> str | None:
    """Return the path of ``program``, or None."""
    return shutil.which(program, path=SEARCH)


def as_root(argv: Sequence[str]) -> list[str]:
    """Return ``argv`` so that it runs as root: as it is, or through sudo without a question."""
    return list(argv) if os.geteuid() == 0 else ["sudo", "-n", *argv]


def run(
    argv: Sequence[str], *, doing: str, log: str | None = None, patience: float = STOP_LIMIT
) -> str:
    """Run ``argv`` and return what it printed.

    ``doing`` names the work for the error: "building the bookworm image". With ``log``, all
    output goes to that file instead, and the error says where it is.
    When the lab is interrupted, the command has ``patience`` seconds to end by itself.
    Raises LabError where the command is missing or fails.
    """
    env = dict(os.environ, LC_ALL="C.UTF-8", PATH=SEARCH)
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(open(log, "ab")) if log else subprocess.PIPE
        try:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, text=True, env=env
            )
        except FileNotFoundError as error:
            raise LabError(f"{doing} needs the command {argv[0]}, which is not there.") from error
        try:
            out, err = child.communicate()
        except KeyboardInterrupt:
            interrupt(child, patience)
            raise
    if child.returncode:
        said = tail(log) + f"\nThe whole output is in {log}." if log else (err or out).strip()
        raise LabError(f"{doing} failed: {shlex.join(argv)} ended with {child.returncode}.\n{said}")
    return out or ""


def isolated(argv: Sequence[str]) -> list[str]:
    """Return ``argv`` so that it runs as root, and ends whole when its first process is killed.

    All that it starts and mounts is in namespaces of its own, which end with it; and it ends
    when the process that started it does.
    """
    namespaces = ["unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"]
    return as_root(["setpriv", "--pdeathsig", "KILL", *namespaces, *argv])


def interrupt(child: subprocess.Popen, patience: float) -> None:
    """End a command: let it clear away after itself for ``patience`` seconds, then kill it."""
    # What runs through sudo is root's and can't be signalled; the terminal has told it already.
    with contextlib.suppress(PermissionError):
        child.send_signal(signal.SIGINT)
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        subprocess.run(as_root(["kill", "-KILL", str(child.pid)]), check=False)
        child.wait()
        time.sleep(1)  # the kernel ends the rest of an isolated command a little later


def tail(path: str, lines: int = 15) -> str:
    """Return the last lines of a file; nothing where it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:]).rstrip()
    except OSError:
        return ""
