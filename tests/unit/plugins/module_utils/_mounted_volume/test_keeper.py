# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mounted volume as a layer of a stack: what it takes from below, and tells those above it."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import Xfs
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import HostRules
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import LogicalVolume
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    MountState,
    Place,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import (
    keeper as _keeper,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    State,
    Wanted,
)
from support.lvm_hosts import EXTENT, group, groups

ROOT = "/var/lib/docker"
UNIT = MountUnit("/dev/mapper/docker-data", ROOT, "xfs", ("noatime",))
WANTED = Wanted("docker", "data", None, None, Place("docker/data", UNIT, (), False))
LIVE = Mount("252:0", "/", ROOT, "xfs", UNIT.what, ("rw", "noatime"))
MADE = State(
    groups(group(LogicalVolume("data", "u", 100, "linear", "public"))),
    None,
    Xfs("5f", 4096, 100 * EXTENT // 4096, 0, True),
    MountState(LIVE, True, UNIT.text, False, None, (), {}, (), None, True),
    100 * EXTENT,
)


def test_it_keeps_the_volume_that_is_wanted(monkeypatch):
    monkeypatch.setattr(_keeper, "observe", lambda run, wanted: (run, wanted))
    it = _keeper.keeper(WANTED)
    assert it.name == "volume"
    assert it.observe("the host") == ("the host", WANTED)
    assert it.plan(MADE) == plan(MADE, WANTED)
    assert it.describe(MADE) == describe.describe(MADE, WANTED)


def test_it_promises_what_is_wanted_and_offers_what_will_be_there():
    it = _keeper.keeper(WANTED)
    assert it.promise == {"backing": Backing(ROOT, "xfs", ("noatime",))}
    offer = it.offer(MADE)
    assert offer["backing"] == Backing(ROOT, "xfs", ("rw", "noatime"))
    assert offer["groups"] == MADE.groups


@pytest.mark.parametrize(("uuid", "unseen"), [("5f", True), (None, False)])
def test_a_filesystem_that_is_made_in_this_run_holds_nothing_that_nobody_has_seen(uuid, unseen):
    found = MADE._replace(xfs=MADE.filesystem._replace(uuid=uuid))
    assert _keeper.keeper(WANTED).offer(found)["unseen"] is unseen


def test_it_lies_in_the_groups_of_the_pool_below_it():
    it = _keeper.keeper(WANTED)
    below = groups(group())
    assert it.assume(MADE, {"groups": below}) == MADE._replace(groups=below)
    rules = HostRules(volume_list=())
    known = MADE._replace(groups=MADE.groups._replace(rules=rules))
    assert it.assume(known, {"groups": below}).groups == below._replace(rules=rules)
    assert it.assume(MADE, {"pool": "docker-thinpool"}) == MADE
