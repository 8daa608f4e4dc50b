# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long steps say that they live: a running clock on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time

LINE_EVERY = 10.0
TICK_EVERY = 0.2


class Step:
    """A step that takes a while; used as ``with Step("building the bookworm image"):``."""

    def __init__(self, title: str, stream=None, announce: bool = True):
        """``announce`` is false where the caller says itself that it is done."""
        self.title = title
        self.announce = announce
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.done = threading.Event()

    def __enter__(self) -> Step:
        """Start the clock."""
        self.started = time.monotonic()
        self.thread = threading.Thread(target=self._report, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, kind, error, trace) -> None:
        """Stop the clock and say how it ended."""
        self.done.set()
        self.thread.join()
        outcome = "done" if kind is None else "stopped" if kind is KeyboardInterrupt else "failed"
        # What comes and goes in a blink is not worth a line, unless it went wrong.
        if kind is not None or (self.announce and self.elapsed >= 1):
            self._write(f"{self.title}: {outcome} after {self.elapsed:.1f} s", end="\n")
        elif self.live:
            self._write("", end="")

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started

    def _report(self) -> None:
        every = TICK_EVERY if self.live else LINE_EVERY
        while not self.done.wait(every):
            self._write(f"{self.title} ... {self.elapsed:.0f} s", end="" if self.live else "\n")

    def _write(self, text: str, end: str) -> None:
        # Back to the start of the line and clear it, so that the clock stays in one place.
        start = "\r\033[K" if self.live else ""
        self.stream.write(f"{start}{text}{end}")
        self.stream.flush()
