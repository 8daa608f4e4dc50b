# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of volume groups, as a table."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, KIB
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.volume_group import (
    plan_group,
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
        "the signature of a physical volume of LVM",
    ),
    # a copy of a disk: LVM would write to one of the two, and nobody knows to which
    (
        groups(
            disks=[disk(signatures=("LVM2_member",))], orphans=[pv(in_use=False, duplicate=True)]
        ),
        "docker",
        "the signature of a physical volume of LVM",
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


def test_a_step_claims_the_disks_that_it_writes_to():
    [step], _after = plan_group(groups(disks=[disk(), disk(2)]), "docker")
    assert step.claims == (disk().claim, disk(2).claim)
