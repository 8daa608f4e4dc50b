# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are kept.

In the cache, outside the checkout: what is costly to make and alike for everyone, the images
and saved states. In the checkout: what belongs to its hosts.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
LAB = PACKAGE.parent
CHECKOUT = LAB.parent
GUEST = LAB / "guest"
EXTRAS = LAB / "extras"

WORK = CHECKOUT / ".cache" / "lab"
HOSTS = WORK / "hosts"
INVENTORY = WORK / "inventory.yml"


def cache() -> Path:
    """Return the lab's folder in the user's cache, made if missing."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(base).absolute() / "containerhost-lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
