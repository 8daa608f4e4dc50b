# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pool as a layer of a stack: what it tells those above it."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool import (
    keeper as _keeper,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    Wanted,
)
from support.lvm_hosts import disk, group, groups, pool

WANTED = Wanted("docker", "thin-pool")
BLANK = State(groups(disks=[disk()]), LvmConfig(), {}, True)
MADE = BLANK._replace(groups=groups(group(pool()._replace(name="thin-pool"))))


def test_it_keeps_the_pool_that_is_wanted(monkeypatch):
    monkeypatch.setattr(_keeper, "observe", lambda run, wanted: (run, wanted))
    it = _keeper.keeper(WANTED)
    assert it.name == "thinpool"
    assert it.observe("the host") == ("the host", WANTED)
    assert it.plan(BLANK) == plan(BLANK, WANTED)
    assert it.describe(MADE) == describe(MADE, WANTED)


def test_it_promises_a_device_and_offers_the_group_that_the_pool_is_in():
    it = _keeper.keeper(WANTED)
    assert it.promise == {"pool": "docker-thin--pool"}
    assert it.offer(MADE) == {"groups": MADE.groups}
