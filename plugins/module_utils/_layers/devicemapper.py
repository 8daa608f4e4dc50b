# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Layers of devicemapper: each one is a thin snapshot of its parent, mounted by whoever reads it.

The tree is ``rootfs`` in it, beside a file ``id`` (``graphdriver/devmapper/driver.go``, removed in
25.0).
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._layers.driver import Driver

DRIVER = Driver("devicemapper", folder="rootfs", whole=True, mounted=True)
