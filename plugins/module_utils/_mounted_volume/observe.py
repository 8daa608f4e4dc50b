# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""Reading a volume, its filesystem and its mount: one command where nothing is to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import (
    examine,
    identify,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import (
    mounted_size,
    read_superblock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    observe_group,
    with_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.observe import (
    observe_mount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def observe(run: Reader, wanted: Wanted) -> State:
    """Read the volume, its filesystem and its mount. One command where nothing is to be done."""
    groups = observe_group(run, wanted.vg, wanted.devices)
    volume = identify(wanted.device)
    if not volume.exists:
        groups = with_rules(run, groups)
    mount = observe_mount(
        run, wanted.place, lambda found: volume.exists and found.devno == volume.devno
    )
    xfs = read_superblock(wanted.device) if volume.exists else None
    return State(
        groups=groups,
        device=examine(run, wanted.device) if volume.exists and not mount.ours else None,
        xfs=xfs,
        mount=mount,
        filesystem_size=mounted_size(wanted.place.where, xfs) if mount.ours and xfs else 0,
    )
