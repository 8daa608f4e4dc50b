# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: this collection against commands by hand and the usual modules."""

from __future__ import annotations

import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parent.parent
ROOT = BENCHMARK.parent.parent
CACHE = ROOT / ".cache" / "bench"
VENV = CACHE / "venv"
COLLECTIONS = CACHE / "collections"
LATEST = CACHE / "latest.json"

# The lab is a program of its own in this checkout; its hosts are paused through its QMP client.
sys.path.append(str(ROOT / "lab"))
