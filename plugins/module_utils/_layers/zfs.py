# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Layers of zfs: each one is a dataset, cloned from its parent, mounted by whoever reads it.

The engine has them at ``mountpoint=legacy``, and mounts those that it uses below ``zfs/graph``
(``graphdriver/zfs/zfs.go``).
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._layers.driver import Driver

DRIVER = Driver("zfs", folder="", whole=True, mounted=True)
