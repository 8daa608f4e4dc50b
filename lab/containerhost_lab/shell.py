# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands on this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from .errors import LabError

# A user's PATH often lacks the folders that mke2fs and its like are in.
SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def find(program: str) -> str | None:
    """Return the path of ``program``, or None."""
    return shutil.which(program, path=SEARCH)


def as_root(argv: Sequence[str]) -> list[str]:
    """Return ``argv`` so that it runs as root: as it is, or through sudo without a question."""
    return list(argv) if os.geteuid() == 0 else ["sudo", "-n", *argv]


def run(argv: Sequence[str], *, doing: str, log: str | None = None) -> str:
    """Run ``argv`` and return what it printed.

    ``doing`` names the work for the error: "building the bookworm image". With ``log``, all
    output goes to that file instead, and the error says where it is.
    Raises LabError where the command is missing or fails.
    """
    env = dict(os.environ, LC_ALL="C.UTF-8", PATH=SEARCH)
    try:
        if log:
            with open(log, "ab") as sink:
                done = subprocess.run(
                    argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=env, check=False
                )
            said = tail(log)
        else:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, check=False
            )
            said = (done.stderr or done.stdout).strip()
    except FileNotFoundError as error:
        raise LabError(f"{doing} needs the command {argv[0]}, which is not there.") from error
    if done.returncode:
        where = f"\nThe whole output is in {log}." if log else ""
        raise LabError(
            f"{doing} failed: {shlex.join(argv)} ended with {done.returncode}.\n{said}{where}"
        )
    return "" if log else done.stdout


def tail(path: str, lines: int = 15) -> str:
    """Return the last lines of a file; nothing where it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:]).rstrip()
    except OSError:
        return ""
