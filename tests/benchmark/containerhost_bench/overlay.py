# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast it is read what a layer changes, on this machine's own kernel."""

from __future__ import annotations

import json
import os
import subprocess

from . import BENCHMARK, COLLECTIONS, VENV
from .campaign import Campaign
from .errors import BenchError


def measure(campaign: Campaign) -> None:
    """Run overlay_read.py on the installed collection; it needs root, to make whiteouts."""
    if os.geteuid():
        print("overlay: not measured, because only root can make a layer with whiteouts.")
        return
    argv = [str(VENV / "bin" / "python"), str(BENCHMARK / "overlay_read.py"), "--json"]
    argv += ["--repeat", str(campaign.counts.runs)]
    env = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    if not done.stdout:
        raise BenchError(f"{' '.join(argv)} failed:\n{done.stderr[-2000:]}")
    read = json.loads(done.stdout)
    for name in ("rate", "median", "cpu_rate"):
        campaign.add("overlay", name, round(read[name]))
    campaign.add("overlay", "memory", round(read["memory"] / 1024**2, 1))
