# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What the running kernel can do, without loading anything."""

from __future__ import annotations

import os

from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of

LOADED = "/sys/module"
MODULES = "/lib/modules"


def lacks_module(name: str) -> bool:
    """Whether the running kernel certainly has no module of that name, as a file or built in.

    :param name: as in its file's name: "dm-thin-pool"
    """
    if os.path.isdir(os.path.join(LOADED, name.replace("-", "_"))):
        return False
    folder = os.path.join(MODULES, os.uname().release)
    lists = [text_of(os.path.join(folder, it)) for it in ("modules.dep", "modules.builtin")]
    return any(lists) and not any(f"/{name}.ko" in text for text in lists)
