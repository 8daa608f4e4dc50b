# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the terminal can show: colour, characters, a line that is written again."""

from __future__ import annotations

import os
import shutil
import sys
from typing import NamedTuple

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"


class Look(NamedTuple):
    """How to draw: whether with colour, and with more than ASCII."""

    colour: bool
    unicode: bool

    def paint(self, text: str, code: str) -> str:
        """Return text in a colour, where there is colour."""
        return f"\033[{code}m{text}\033[0m" if self.colour and text else text

    @property
    def tick(self) -> str:
        """Return the mark of what went well."""
        return self.paint("\u2713" if self.unicode else "*", GREEN)

    @property
    def cross(self) -> str:
        """Return the mark of what did not."""
        return self.paint("\u2717" if self.unicode else "!", RED)


def look() -> Look:
    """Return how to draw on the standard output."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return Look(colour and os.environ.get("TERM") != "dumb", encoding == "utf8")


def columns() -> int:
    """Return the width of the terminal, 80 at most."""
    return min(80, shutil.get_terminal_size().columns)
