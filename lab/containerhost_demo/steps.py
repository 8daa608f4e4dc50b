# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step after the other: a heading in plain words, a running clock, the output in a log."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence

from . import LOGS, ROOT, environment
from .terminal import DIM, Look, columns

TICK = 0.2
WORD_EVERY = 20  # seconds between signs of life where no line can be written again
TAIL = 15
# What Ansible and the lab say that they do at the moment.
NOW = re.compile(r"TASK \[(?:[\w.]+ : )?(?P<task>[^\]]+)\]|(?P<step>.+) \.\.\. \d+ s$")


class StepError(Exception):
    """A step that failed: the end of its log, and what to do."""


def doing(line: str) -> str | None:
    """Return what a line of output says is being done, or None."""
    found = NOW.match(line)
    return (found["task"] or found["step"]) if found else None


class Steps:
    """Runs the steps and numbers them."""

    def __init__(self, total: int, view: Look):
        """Expect ``total`` steps."""
        self.total, self.view = total, view
        self.live = sys.stdout.isatty()
        self.number = 0

    def run(self, title: str, log: str, argv: Sequence[str], advice: str, words: str = "") -> str:
        """Run a command to its end, its output into a log, and return what it printed.

        :param words: its standard input
        :raises StepError: it failed
        """
        self.number += 1
        heading = f"{self.number}/{self.total}  {title}"
        path = LOGS / f"{log}.log"
        command = Command(argv, words)
        started = time.monotonic()
        if not self.live:
            print(heading, end="", flush=True)
        try:
            self.watch(command, heading, started)
        finally:
            command.stop()
            path.write_text(command.output, encoding="utf-8")
        good = command.status == 0
        self.conclude(heading, time.monotonic() - started, good)
        if not good:
            tail = "\n".join(f"    {line}" for line in command.output.splitlines()[-TAIL:])
            raise StepError(f"{tail}\n\nAll of it: {path.relative_to(ROOT)}\nWhat to do: {advice}")
        return command.output

    def watch(self, command: Command, heading: str, started: float) -> None:
        """Show that the command lives until it ends."""
        told = started
        while not command.wait(TICK):
            seconds = time.monotonic() - started
            if self.live:
                now = f"{heading}  {seconds:.0f} s"
                room = columns() - len(now) - 4
                print(f"\r\033[K{now}  {self.view.paint(command.now[:room], DIM)}", end="")
            elif time.monotonic() - told > WORD_EVERY:
                told = time.monotonic()
                print(f" ... {seconds:.0f} s", end="")
            sys.stdout.flush()

    def conclude(self, heading: str, seconds: float, good: bool) -> None:
        """Write the line of a step that has ended."""
        took = f"{seconds:.1f} s"
        mark = self.view.tick if good else self.view.cross
        if self.live:
            gap = " " * max(2, 76 - len(heading) - len(took))
            print(f"\r\033[K{heading}{gap}{took} {mark}", flush=True)
        else:
            print(f"  {took} {mark}", flush=True)


class Command:
    """A command that runs, its output collected line by line."""

    def __init__(self, argv: Sequence[str], words: str):
        """Start it."""
        self.lines: deque[str] = deque()
        self.now = ""
        self.process = subprocess.Popen(
            [str(word) for word in argv],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE if words else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if words:
            self.process.stdin.write(words)
            self.process.stdin.close()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Collect what it prints."""
        for line in self.process.stdout:
            self.lines.append(line)
            self.now = doing(line.strip()) or self.now

    def wait(self, seconds: float) -> bool:
        """Wait so long, and tell whether it has ended."""
        self.reader.join(seconds)
        return not self.reader.is_alive()

    def stop(self) -> None:
        """End it, if it runs still."""
        if self.reader.is_alive():
            self.process.terminate()
        self.process.wait()

    @property
    def status(self) -> int:
        """Return its exit status."""
        return self.process.returncode

    @property
    def output(self) -> str:
        """Return all that it printed."""
        return "".join(self.lines)
