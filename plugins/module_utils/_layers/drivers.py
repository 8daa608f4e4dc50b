# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The drivers whose layers can be read: a new one is a file, and its name here."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._layers import (
    aufs,
    btrfs,
    devicemapper,
    overlay,
    overlay2,
    vfs,
    zfs,
)

DRIVERS = {
    it.DRIVER.name: it.DRIVER for it in (vfs, overlay2, btrfs, zfs, overlay, aufs, devicemapper)
}
