# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Layers of aufs: what a layer changes is in ``diff``, with the marks that its tar has.

``.wh..wh.plnk`` has the names of hard links over several layers; ``layers/<id>`` has the parents
(``graphdriver/aufs/aufs.go``, removed in 24.0).
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._layers.driver import Driver

DRIVER = Driver("aufs", folder="diff/{id}", whole=False)
