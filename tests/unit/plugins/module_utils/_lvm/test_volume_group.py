# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of volume groups, as a table."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, KIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._lvm import (
    volume_group as _volume_group,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import HostRules
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import Lvm
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    observe_group,
    plan_group,
    require_healthy,
)
from support.lvm_hosts import DISK_EXTENTS, disk, group, groups, pv

ONE, TWO = "/dev/disk/by-id/virtio-disk1", "/dev/disk/by-id/virtio-disk2"
PREPARED = {"disks": [disk(signatures=("LVM2_member",))], "orphans": [pv(in_use=False)]}

CASES = [
    (groups(disks=[disk()]), [f"vgcreate docker {ONE}"], DISK_EXTENTS),
    (groups(disks=[disk(), disk(2)]), [f"vgcreate docker {ONE} {TWO}"], 2 * DISK_EXTENTS),
    # a kernel name is taken for a new group, and the stable name is what LVM is given
    (groups(disks=[disk(path="/dev/vdb")]), [f"vgcreate docker {ONE}"], DISK_EXTENTS),
    (groups(group(), disks=[disk()]), [], DISK_EXTENTS),
    (groups(group(), disks=[disk(path="/dev/vdb")]), [], DISK_EXTENTS),
    (groups(group(disks=2), disks=[disk()]), [], 2 * DISK_EXTENTS),  # what is left out stays
    (groups(group(), disks=[disk(), disk(2)]), [f"vgextend docker {TWO}"], 2 * DISK_EXTENTS),
    # the first extent lies at a multiple of the disk's own I/O size
    (groups(disks=[disk(alignment=768 * KIB)]), [f"vgcreate docker {ONE}"], DISK_EXTENTS),
    (
        groups(disks=[disk(alignment=3072 * KIB, size=10 * GIB + 2048 * KIB)]),
        [f"vgcreate docker {ONE}"],
        DISK_EXTENTS,
    ),
    # which may be beyond the end of a small one
    (
        groups(disks=[disk(alignment=128 * MIB, size=64 * MIB)]),
        [f"vgcreate docker {ONE}"],
        0,
    ),
    # a physical volume in no group, such as one that a run which broke off has left
    (groups(**PREPARED), [f"vgcreate docker {ONE}"], DISK_EXTENTS),
]

FOREIGN = group(name="other")

REFUSALS = [
    (groups(), "docker", "no disk was named"),
    (groups(disks=[disk()]), "-docker", "LVM does not take it"),
    (groups(disks=[disk()]), "a b", "LVM does not take it"),
    (groups(disks=[disk()]), "..", "LVM does not take it"),
    (groups(disks=[disk()]), "a" * 128, "LVM does not take it"),
    (groups(disks=[disk()], name_taken=True), "docker", "/dev/docker is something else"),
    (groups(disks=[disk(), disk(path="/dev/vdb")]), "docker", "Name each disk once"),
    (groups(FOREIGN, disks=[disk()]), "docker", "it belongs to volume group other"),
    (groups(group(), disks=[disk(exists=False)]), "docker", "there is no such disk"),
    (groups(group(), disks=[disk(), disk(2, "/dev/vdc")]), "docker", f"name it {TWO}"),
    (groups(group(), disks=[disk(2, signatures=("xfs",))]), "docker", "other data (xfs)"),
    (
        groups(disks=[disk(signatures=("LVM2_member",))], orphans=[pv(in_use=True)]),
        "docker",
        "it says that a volume group uses it, and LVM finds nothing of that group",
    ),
    # a copy of a disk: LVM would write to one of the two, and nobody knows to which
    (
        groups(
            disks=[disk(signatures=("LVM2_member",))], orphans=[pv(in_use=False, duplicate=True)]
        ),
        "docker",
        "it is there twice as a physical volume of LVM",
    ),
    # a label that LVM does not show: hidden from it, or half made
    (groups(disks=[disk(signatures=("LVM2_member",))]), "docker", "and LVM does not show it"),
    (
        groups(disks=[disk(signatures=("LVM2_member",), mounts=("/srv",))]),
        "docker",
        "it is mounted at /srv",
    ),
    (
        groups(disks=[disk(signatures=("LVM2_member", "xfs"))], orphans=[pv(in_use=False)]),
        "docker",
        "a filesystem or other data (xfs)",
    ),
]


@pytest.mark.parametrize(("state", "commands", "extents"), CASES)
def test_plan(state, commands, extents):
    steps, after = plan_group(state, "docker")
    assert [" ".join(step.argv) for step in steps] == commands
    assert after.group("docker").extents == extents
    assert plan_group(after, "docker")[0] == []


@pytest.mark.parametrize(("state", "name", "refusal"), REFUSALS)
def test_refusal(state, name, refusal):
    with pytest.raises(StorageError) as refused:
        plan_group(state, name)
    assert refusal in str(refused.value)


LABELLED = disk(signatures=("LVM2_member",))
LEFT = (
    "what a volume group that is gone has left on /dev/disk/by-id/virtio-disk1 (10 GiB, physical "
    "volume pv1, data from byte 1048576 on)"
)


@pytest.mark.parametrize(
    ("found", "named"), [([], LABELLED), ([group(disks=1, pvs=(pv(2),))], LABELLED)]
)
@pytest.mark.parametrize(("content", "lost"), [(None, ()), (MIB, (LEFT,))])
def test_what_a_group_that_is_gone_has_left_goes_only_with_consent(found, named, content, lost):
    """Its label is gone with `vgremove`, and the data of its volumes is not."""
    disks = [named._replace(content=content)]
    state = groups(*found, disks=disks, orphans=[pv(in_use=False)])
    (step,), after = plan_group(state, "docker")
    assert step.destroys == lost
    assert plan_group(after, "docker")[0] == []


def test_a_step_claims_the_disks_that_it_writes_to():
    [step], _after = plan_group(groups(disks=[disk(), disk(2)]), "docker")
    assert step.claims == (disk().claim, disk(2).claim)
    [step], _after = plan_group(groups(group(), disks=[disk(), disk(2)]), "docker")
    assert step.claims == (disk(2).claim,)


@pytest.mark.parametrize(("state", "commands", "extents"), CASES)
def test_the_group_afterwards(state, commands, extents):
    """What is promised is what LVM will show: its disks are members, and no orphans any more."""
    _steps, after = plan_group(state, "docker")
    before = state.group("docker")
    found = after.group("docker")
    assert found.free - (before.free if before else 0) == extents - (
        before.extents if before else 0
    )
    assert {disk.device for disk in state.disks} <= {one.path for one in found.pvs}
    assert {disk.devno for disk in state.disks} <= after.members.keys()
    assert after.lvm.orphans == ()
    assert not after.name_taken
    added = [one for one in found.pvs if not before or one not in before.pvs]
    assert sum(one.extents for one in added) == found.extents - (before.extents if before else 0)
    for one in added:
        assert (one.allocated, one.missing, one.duplicate, one.in_use) == (0, False, False, True)


def test_a_physical_volume_that_is_not_asked_for_stays_in_no_group():
    other, meant = pv(1), pv(2, in_use=False)
    prepared = [disk(2, signatures=("LVM2_member",))]
    _steps, after = plan_group(groups(disks=prepared, orphans=[other, meant]), "docker")
    assert after.lvm.orphans == (other,)


@pytest.mark.parametrize(
    ("found", "unhealthy"),
    [
        ([group()], ""),
        ([group(), FOREIGN], ""),
        ([group(missing=1)], "Volume group docker: 1 of its physical volumes cannot be found"),
        # a command that changes one group may rewrite what LVM knows of the others
        ([group(), group(name="other", missing=2)], "Volume group other: 2 of its"),
        ([group(pvs=(pv(), pv(2, duplicate=True)))], "Volume group docker: one of its"),
        ([group(), group(name="other", pvs=(pv(duplicate=True),))], "Volume group other: one of"),
        ([group(exported=True)], "Volume group docker: it is exported. Import it"),
        ([group(shared=True)], "Volume group docker: it is shared with other hosts. Use a group"),
        ([group(), group(name="other", exported=True, shared=True)], ""),
        ([], ""),
    ],
)
def test_a_host_on_which_lvm_is_better_left_alone(found, unhealthy):
    if not unhealthy:
        require_healthy(groups(*found), "docker")
        return
    with pytest.raises(StorageError) as refused:
        require_healthy(groups(*found), "docker")
    assert str(refused.value).startswith(unhealthy)


# groups, orphans, the disks that are named (by number): those that are examined
OBSERVED = [
    ([], [], [1], [1]),
    ([group()], [], [1], []),
    ([group()], [], [1, 2], [2]),
    ([FOREIGN], [], [1], [1]),
    ([], [pv()], [1], [1]),
    ([group(pvs=(pv(), pv(2, missing=True)))], [], [1, 2], [2]),
]


@pytest.mark.parametrize(("found", "orphans", "named", "examined"), OBSERVED)
@pytest.mark.parametrize("exists", [True, False])
def test_only_a_disk_that_is_not_in_the_group_is_examined(
    monkeypatch, found, orphans, named, examined, exists
):
    disks = {disk(number).device: disk(number) for number in (1, 2)}
    looked = []

    def examine(run, path, start):
        assert start == (MIB if orphans else 0)
        looked.append(path)
        return disks[path]

    monkeypatch.setattr(_volume_group, "observe_lvm", lambda run: Lvm(tuple(found), tuple(orphans)))
    monkeypatch.setattr(_volume_group, "identify", disks.__getitem__)
    monkeypatch.setattr(_volume_group, "examine", examine)
    monkeypatch.setattr(_volume_group.os.path, "lexists", lambda path: exists)
    monkeypatch.setattr(_volume_group, "observe_host_rules", lambda run: "rules")
    monkeypatch.setattr(_volume_group, "block_size_of", lambda devno: devno)
    paths = [disk(number).device for number in named]
    state = observe_group(None, "docker", paths)
    assert looked == [disk(number).device for number in examined]
    assert state.disks == tuple(disk(number) for number in named)
    assert state.members == groups(*found, orphans=orphans).members
    # LVM's rules are asked for only where a group is made or grown
    assert state.rules == ("rules" if examined or not state.lvm.named("docker") else HostRules())
    assert state.block_sizes == (("254:16",) if state.lvm.named("docker") and examined else ())
    # a node in /dev is the group's own where there is a group
    assert state.name_taken is (exists and not state.lvm.named("docker"))
