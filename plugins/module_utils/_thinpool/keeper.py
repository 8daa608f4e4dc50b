# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A thin pool in a stack: what it offers to the volume, or to the engine, that lies on it."""

from __future__ import annotations

from functools import partial

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import Keeper
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import mapper_name
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.observe import (
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import Wanted


def keeper(wanted: Wanted) -> Keeper:
    """The :class:`Keeper` of a pool."""
    return Keeper(
        name="thinpool",
        observe=partial(observe, wanted=wanted),
        plan=partial(plan, wanted=wanted),
        describe=partial(describe, wanted=wanted),
        promise={"pool": mapper_name(wanted.vg, wanted.name)},
        offer=lambda after: {"groups": after.groups},
    )
