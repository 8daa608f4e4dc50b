# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A thin pool as it is on the host: LVM, its configuration, and the disks that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._host.kernel import (
    lacks_module,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import (
    observe_lvm_config,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    observe_group,
    with_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.content import (
    observe_content,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.profiles import (
    read_own,
    read_profile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def observe(run: Reader, wanted: Wanted) -> State:
    """Read the pool and all it depends on. One command where nothing is to be done.

    One more, and it is known what is in a pool that is to be gone.
    """
    groups = observe_group(run, wanted.vg, wanted.devices)
    config = observe_lvm_config(run)
    names, own = set(), None
    content = None
    for group in groups.lvm.named(wanted.vg):
        pool = group.lv(wanted.name)
        names |= {group.profile, pool.profile if pool else ""}
        own = pool if pool and pool.kind == "thin-pool" else own
        if pool and not wanted.present:
            content = observe_content(run, wanted.vg, pool)
    to_be_started = wanted.present and not (own and own.active)
    if to_be_started:
        groups = with_rules(run, groups)
    texts = {name: read_profile(config.profile_dir, name) for name in sorted(names) if name}
    texts.update(read_own(config.profile_dir, groups.lvm, wanted.vg, wanted.name, own))
    return State(
        groups=groups,
        config=config,
        profiles={name: text for name, text in texts.items() if text is not None},
        thin_check=find_program("thin_check") is not None,
        kernel=not (to_be_started and lacks_module("dm-thin-pool")),
        content=content,
    )
