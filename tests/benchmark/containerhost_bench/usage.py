# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command takes, with everything that it starts and waits for."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Usage(NamedTuple):
    """What was taken, and what was said."""

    seconds: float  # by the clock
    cpu: float  # seconds, user and system, of all processes
    memory: float  # MiB, of the largest single process
    code: int  # the exit status; below zero for a signal
    output: str  # standard output and standard error


def run(argv: Sequence[str], env: Mapping[str, str]) -> Usage:
    """Run a command to its end.

    The output goes to a file: reading it meanwhile would take time of the same processors.
    """
    with tempfile.TemporaryFile() as stream:
        started = time.monotonic()
        process = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        )
        try:
            _, status, taken = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stream.seek(0)
        output = stream.read().decode(errors="replace")
    cpu = taken.ru_utime + taken.ru_stime
    return Usage(seconds, cpu, taken.ru_maxrss / 1024, process.returncode, output)
