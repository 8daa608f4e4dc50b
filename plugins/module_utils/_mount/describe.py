# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""A mount as the user gets it. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import MountState


def describe_mount(mount: MountState) -> dict[str, Any]:
    """``{"mount": ..., "guarded": [...]}`` as the user gets it."""
    return {
        "mount": None
        if not mount.ours
        else {"path": mount.live.path, "options": sorted(mount.live.options)},
        "guarded": list(mount.guarded),
    }
