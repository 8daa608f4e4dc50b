# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host while others work on it, without adding to what is counted."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from . import counting
from .errors import BenchError

Result = TypeVar("Result")

END = "--end-of-answer--"
LIMIT = 120

TRACING = "/sys/kernel/tracing/instances/bench"

PREPARE = f"""
mkdir -p {TRACING}
echo 4096 >{TRACING}/buffer_size_kb
echo 0 >{TRACING}/tracing_on
echo 1 >{TRACING}/events/sched/sched_process_exec/enable
"""
# Only what the shell does itself: nothing may be executed between start and stop but the work.
START = f"""
echo >{TRACING}/trace
while read -r line; do echo "$line"; done </proc/net/dev
echo 1 >{TRACING}/tracing_on
"""
STOP = f"""
echo 0 >{TRACING}/tracing_on
while read -r line; do echo "$line"; done </proc/net/dev
"""
TRACE = f"cat {TRACING}/trace"


class GuestShell:
    """A root shell in a host, over one SSH connection that stays open."""

    def __init__(self, command: list[str]):
        """Start ``command``, the ssh that runs a shell in the host."""
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace"
        )

    def __enter__(self) -> GuestShell:
        """Make the kernel ready to write down every command that is executed."""
        self.run(PREPARE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the shell."""
        self.process.kill()
        self.process.communicate()

    def run(self, script: str) -> str:
        """Run lines of shell and return what they printed."""
        self.process.stdin.write(f"{script.strip()}\necho {END}\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.strip() == END:
                return "".join(lines)
            lines.append(line)
        raise BenchError("The connection to the host broke off: see `lab/lab list`.")

    def watch(self, work: Callable[[], Result]) -> tuple[Result, Counter[str], int]:
        """Do ``work``; return its result, the programs that the host executed, and bytes it got."""
        before = counting.received(self.run(START))
        result = work()
        after = counting.received(self.run(STOP))
        return result, counting.executed(self.run(TRACE)), after - before
