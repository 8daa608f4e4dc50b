# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: one host of the lab, provisioned and shown."""

from __future__ import annotations

import os
from pathlib import Path

# As the shell gives it, so that what is printed can be typed.
ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".cache" / "demo"
BIN = ROOT / ".venv" / "bin"
LAB = ROOT / "lab" / "lab"
INVENTORY = ROOT / ".cache" / "lab" / "inventory.yml"

PREFIX = "demo"
HOST = "demo1"
DISK = "/dev/disk/by-id/virtio-disk1"


def environment() -> dict[str, str]:
    """Return the environment that commands run in."""
    return {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }
