# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Where the journals are: all that a run looks at while there is none."""

from __future__ import annotations

import os

from ansible_collections.containerhost.storage.plugins.module_utils._core.owned import own_folder

# It outlives a reboot, and is for root's eyes only: a configuration may hold secrets.
FOLDER = "/var/lib/containerhost-storage"
ENDING = ".journal"


def journals() -> list[str]:
    """The paths of all journals, one for each change that is open. Nothing is written.

    :raises StorageError: the folder is not root's alone.
    """
    try:
        if not own_folder(FOLDER, None, "journal_folder"):
            return []
        return [os.path.join(FOLDER, name) for name in os.listdir(FOLDER) if name.endswith(ENDING)]
    except PermissionError:
        return []  # who may not see this can change nothing either
