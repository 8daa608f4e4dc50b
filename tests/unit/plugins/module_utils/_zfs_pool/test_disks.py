# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks of a pool, as a table: made, added, grown, and every reason not to."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    Boot,
    Importable,
)
from support.invariants import INVARIANTS, Technology, outcome
from support.lvm_hosts import disk
from support.zfs_pool_hosts import host, member, mirrors, pool, want

ONE, TWO, THREE, FOUR = (f"/dev/disk/by-id/virtio-disk{number}" for number in range(1, 5))
CREATE = "zpool create -o ashift=12 -O mountpoint=none docker"
RAIDZ = pool(*(member(number, "raidz1-0") for number in (1, 2, 3)))


def disks(*numbers, **more):
    return [disk(number, **more) for number in numbers]


def room(*numbers, size=GIB):
    """What these disks have behind their members."""
    return MappingProxyType({disk(number).devno: size for number in numbers})


def called(state, name):
    """The host, with its pool under another name."""
    return state._replace(pools=tuple(it._replace(name=name) for it in state.pools))


def want_called(name):
    return lambda **more: want(**more)._replace(name=name)


CASES = [
    # made anew; a kernel name is taken, and ZFS is given the one that stays
    (host(disks=disks(1)), want(), [f"{CREATE} {ONE}"]),
    (host(disks=[disk(path="/dev/vdb")]), want(), [f"{CREATE} {ONE}"]),
    (host(disks=disks(1, 2)), want(), [f"{CREATE} {ONE} {TWO}"]),
    (host(disks=disks(1, 2)), want(layout="mirror"), [f"{CREATE} mirror {ONE} {TWO}"]),
    (host(disks=disks(1, 2, 3)), want(layout="raidz1"), [f"{CREATE} raidz1 {ONE} {TWO} {THREE}"]),
    (host(disks=disks(1)), want(ashift=9), [CREATE.replace("12", "9") + f" {ONE}"]),
    (host(disks=[disk(), disk(2, size=20 * GIB)]), want(), [f"{CREATE} {ONE} {TWO}"]),
    (
        host(disks=[disk(), disk(2, size=10 * GIB + 16 * MIB)]),
        want(layout="mirror"),
        [f"{CREATE} mirror {ONE} {TWO}"],
    ),
    *(
        (
            host(disks=disks(1)),
            want_called(name)(),
            [f"{CREATE.replace(' docker', ' ' + name)} {ONE}"],
        )
        for name in ("cache", "logs", "special", "dedup", "c0")  # words of `zpool status` are free
    ),
    # what only old pools are called
    *(
        (called(host(pool(), disks=disks(1)), name), want_called(name)(), [])
        for name in ("log", "spares", "mirror1", "raidz-a", "cache")
    ),
    # others on the host are none of ours
    (
        host(
            pool(member(2), name="other"),
            disks=disks(1),
            importable=(Importable("old", "7", "ONLINE"),),
        ),
        want(),
        [f"{CREATE} {ONE}"],
    ),
    # as it should be, however it is said; what is left out stays
    (host(pool(), disks=disks(1)), want(), []),
    (host(pool(), disks=disks(1)), want(layout="stripe", ashift=13), []),
    (host(pool()), want(), []),
    (host(pool(member(), member(2)), disks=disks(2)), want(), []),
    (host(mirrors((1, 2)), disks=disks(2, 1)), want(layout="mirror"), []),
    (host(pool(health="DEGRADED"), disks=disks(1)), want(), []),
    (host(pool(member(), member(2, role="log")), disks=disks(1, 2)), want(), []),
    (host(pool(member(group="replacing-0")), disks=disks(1)), want(layout="stripe"), []),
    # grown by disks
    (host(pool(), disks=disks(1, 2)), want(), [f"zpool add docker {TWO}"]),
    (host(pool(), disks=disks(2, 3)), want(), [f"zpool add docker {TWO} {THREE}"]),
    (host(pool(), disks=disks(1, 2)), want(ashift=13), [f"zpool add -o ashift=13 docker {TWO}"]),
    (
        host(mirrors((1, 2)), disks=disks(1, 2, 3, 4)),
        want(layout="mirror"),
        [f"zpool add docker mirror {THREE} {FOUR}"],
    ),
    (
        host(mirrors((1, 2)), disks=disks(3, 4, 5, 6)),
        want(),
        [f"zpool add docker mirror {THREE} {FOUR} mirror {FOUR[:-1]}5 {FOUR[:-1]}6"],
    ),
    (
        host(RAIDZ, disks=disks(4, 5, 6)),
        want(),
        [f"zpool add docker raidz1 {FOUR} {FOUR[:-1]}5 {FOUR[:-1]}6"],
    ),
    # grown with their disks
    (
        host(pool(), disks=disks(1), room=room(1)),
        want(),
        [f"zpool online -e docker {ONE}"],
    ),
    (
        host(pool(member(path="/dev/vdb1")), disks=disks(1), room=room(1)),
        want(),
        ["zpool online -e docker /dev/vdb"],
    ),
    (
        host(mirrors((1, 2)), disks=disks(1, 2), room=room(1, 2)),
        want(),
        [f"zpool online -e docker {ONE} {TWO}"],
    ),
    (host(pool(), disks=disks(1), room=room(1, size=2 * MIB)), want(), []),
    (host(pool(), room=room(1)), want(), []),
    (
        host(pool(), disks=disks(1, 2), room=room(1)),
        want(),
        [f"zpool add docker {TWO}", f"zpool online -e docker {ONE}"],
    ),
    # the boot
    (
        host(pool(), boot=Boot(missing=("zfs-mount.service", "zfs.target"))),
        want(),
        ["systemctl enable --quiet -- zfs-mount.service zfs.target"],
    ),
]

ALREADY = Importable("docker", "7", "ONLINE")
READ_ONLY = MappingProxyType({"health": "ONLINE", "readonly": "on"})

REFUSALS = [
    *(
        (host(disks=disks(1)), want_called(name)(), f"name={name}: ZFS keeps such names for itself")
        for name in ("log", "spares", "mirror1", "raidz-a", "draid")
    ),
    (
        host(disks=disks(1)),
        want_called("p" * 240)(),
        "it has 240 characters, and ZFS takes 239 for a pool",
    ),
    # no disk, not the one that was meant, not enough of them
    (host(), want(), "no disk was named to make it from"),
    (host(disks=[disk(exists=False)]), want(), "there is no such disk"),
    (host(pool(), disks=[disk(3, exists=False)]), want(), "there is no such disk"),
    (host(disks=[disk(), disk(path="/dev/vdb")]), want(), "Name each disk once"),
    (host(pool(), disks=[disk(2, "/dev/vdc")]), want(), f"name it {TWO}"),
    (
        host(disks=disks(1)),
        want(layout="mirror"),
        "a mirror takes 2 disks at least, and 1 is named",
    ),
    (host(disks=disks(1, 2)), want(layout="raidz2"), "a raidz2 takes 3 disks at least, and 2 are"),
    (host(disks=disks(1, 2, 3)), want(layout="raidz3"), "a raidz3 takes 4 disks at least"),
    # not free
    (host(disks=disks(1, signatures=("ext4",))), want(), "other data (ext4)"),
    (host(disks=disks(1, content=4096)), want(), "unknown data (first seen at byte 4096)"),
    (host(disks=disks(1, mounts=("/srv",))), want(), "it is mounted at /srv"),
    (host(disks=disks(1, pools=("old",))), want(), "it is a member of ZFS pool old"),
    (host(pool(), disks=disks(2, pools=("old",))), want(), "it is a member of ZFS pool old"),
    (host(pool(), disks=disks(1, 2, holders=("md0",))), want(), "it is part of md0"),
    (host(disks=disks(1, size=127 * MIB)), want(), "ZFS needs 128 MiB"),
    # what `zpool` would have to be forced to
    (
        host(disks=[disk(), disk(2, size=11 * GIB)]),
        want(layout="mirror"),
        "the disks differ in size (10 GiB, 11 GiB)",
    ),
    (
        host(mirrors((1, 2)), disks=[disk(3), disk(4, size=11 * GIB)]),
        want(),
        "the disks differ in size",
    ),
    (host(mirrors((1, 2)), disks=disks(3)), want(), "made of mirrors of 2 disks, and 1 more is"),
    (host(RAIDZ, disks=disks(4, 5)), want(), "made of raidz1s of 3 disks, and 2 more are named"),
    (
        host(pool(member(), *mirrors((2, 3)).members), disks=disks(4)),
        want(),
        "its vdevs are not all alike",
    ),
    (
        host(pool(*mirrors((1, 2), (3, 4)).members, member(5, "mirror-0")), disks=disks(6)),
        want(),
        "its vdevs are not all alike, so there is no telling how it is to grow: mirror-0 of 3",
    ),
    (host(pool(member(group="draid1:1d:2c:0s-0")), disks=disks(2)), want(), "not all alike"),
    # another layout
    (host(pool(), disks=disks(1)), want(layout="mirror"), "by hand makes a mirror of a disk"),
    (host(mirrors((1, 2))), want(layout="stripe"), "it is a mirror, and not a stripe"),
    # in no state to grow
    (host(pool(health="DEGRADED"), disks=disks(2)), want(), "it is DEGRADED, and does not grow"),
    (
        host(pool(health="DEGRADED"), disks=disks(1), room=room(1)),
        want(),
        "it is DEGRADED, and does not grow",
    ),
    (host(pool(), disks=disks(2), values=READ_ONLY), want(), "it is imported read-only"),
    # there, and not imported
    (host(disks=disks(1), importable=(ALREADY,)), want(), "`zpool import docker` takes it in use"),
    (
        host(disks=disks(1), importable=(ALREADY._replace(foreign=True),)),
        want(),
        "Another system used it last",
    ),
    (
        host(disks=disks(1), importable=(ALREADY._replace(health="UNAVAIL"),)),
        want(),
        "says which disks it lacks",
    ),
    (
        host(importable=(ALREADY, ALREADY._replace(guid="8"))),
        want(),
        "(id 7, ONLINE; id 8, ONLINE). Import the right one by its id",
    ),
]


@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_plan(state, wanted, steps):
    assert outcome(plan, state, wanted) == steps


@pytest.mark.parametrize(("state", "wanted", "refusal"), REFUSALS)
def test_refusal(state, wanted, refusal):
    assert refusal in outcome(plan, state, wanted)


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_invariant(holds, state, wanted, steps):
    holds(Technology(plan, describe), state, wanted)


RECORDED = [
    "/dev/vdb1", "/dev/disk/by-id/virtio-disk1-part1", "/dev/disk/by-path/pci-0000:01:00.0-part1",
    "/dev/disk/by-partuuid/568c031a-b40c-0647-bf4a-46c27974a4f4", "/dev/vdb",
]  # fmt: skip
NAMED = ["/dev/disk/by-id/virtio-disk1", "/dev/disk/by-path/pci-0000:01:00.0", "/dev/vdb"]


@pytest.mark.parametrize("named", NAMED)
@pytest.mark.parametrize("recorded", RECORDED)
def test_cg_10744_a_disk_is_a_member_by_any_name_on_both_sides(recorded, named):
    """The peer added the disk a second time by its other name, and removed it by the first.

    Nor does another ashift, which no disk that is taken can have, make it begin anew.
    """
    state = host(pool(member(path=recorded)), disks=[disk(path=named)])
    assert outcome(plan, state, want(ashift=9)) == []
    grown = state._replace(disks=(*state.disks, disk(2)))
    assert outcome(plan, grown, want()) == [f"zpool add docker {TWO}"]


def test_a_step_claims_the_disks_that_it_takes():
    [create] = plan(host(disks=disks(1, 2)), want()).steps
    assert create.claims == tuple(disk(number).claim._replace(locked=False) for number in (1, 2))
    [add] = plan(host(pool(), disks=disks(1, 2)), want()).steps
    assert add.claims == (disk(2).claim._replace(locked=False),)


FINDINGS = [
    (host(pool()), []),
    (host(pool(health="DEGRADED")), ["pool_health"]),
    (host(pool(member(path="/dev/vdb1"))), ["pool_member_name"]),
    (host(pool(member(errors=2))), ["pool_errors"]),
    (host(pool(), boot=Boot(masked=("zfs-mount.service",))), ["not_at_boot"]),
]


@pytest.mark.parametrize(("state", "topics"), FINDINGS)
def test_findings(state, topics):
    assert [finding.topic for finding in plan(state, want()).findings] == topics
