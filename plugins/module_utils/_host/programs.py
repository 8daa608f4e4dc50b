# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Finding programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

# A user's PATH often lacks these, and the tools of an administrator are there; systemd's has them.
FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find_program(name: str) -> str | None:
    """Where a program is that is on the path, or beside it; None for none."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *FOLDERS)))


def missing_programs(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the programs that are neither on the path nor beside it."""
    return tuple(name for name in names if not find_program(name))
