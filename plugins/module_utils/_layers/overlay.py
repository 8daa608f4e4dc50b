# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Layers of overlay, the first of its name: an image is a whole tree of hard links.

A container has ``upper``, and what it changes is in there, that of its init layer too
(``graphdriver/overlay/overlay.go``, removed in 24.0).
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._layers.driver import Driver

DRIVER = Driver("overlay", folder="{id}/root", whole=True, container="{id}/upper")
