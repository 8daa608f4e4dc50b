# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way in which a pool drifts, put in by hand: the next run mends it, in that one step."""

from __future__ import annotations

import pytest

POOL = {
    "vg": "docker",
    "name": "thinpool",
    "size": "1g",
    "metadata_size": "8m",
    "chunk_size": "512k",
    "zero": False,
    "discards": "passdown",
    "error_when_full": False,
    "autoextend": {"threshold": 80, "percent": 20},
}
PROFILE = "/etc/lvm/profile/docker-thinpool.profile"
LVS = "lvs --noheadings --nosuffix --units m --options {} docker/thinpool"

# what is done by hand (disks by number), what is wanted besides, the one step, how it is read
# afterwards, and what that gives
DRIFTS = {
    "profile changed": (
        f"sed -i s/threshold=80/threshold=95/ {PROFILE}",
        {},
        f"write {PROFILE}",
        f"grep -c threshold=80 {PROFILE}",
        "1",
    ),
    "profile lost": (
        f"rm {PROFILE}",
        {},
        f"write {PROFILE}",
        f"grep -c threshold=80 {PROFILE}",
        "1",
    ),
    "profile detached": (
        "lvchange --detachprofile docker/thinpool",
        {},
        "lvchange --metadataprofile docker-thinpool docker/thinpool",
        LVS.format("lv_profile"),
        "docker-thinpool",
    ),
    "monitoring off": (
        "lvchange --monitor n docker/thinpool",
        {},
        "lvchange --monitor y docker/thinpool",
        LVS.format("seg_monitor"),
        "monitored",
    ),
    "zeroing": (
        "lvchange --zero y docker/thinpool",
        {},
        "lvchange --zero n docker/thinpool",
        LVS.format("zero"),
        "",
    ),
    "discards": (
        "lvchange --discards nopassdown docker/thinpool",
        {},
        "lvchange --discards passdown docker/thinpool",
        LVS.format("discards"),
        "passdown",
    ),
    "when full": (
        "lvchange --errorwhenfull y docker/thinpool",
        {},
        "lvchange --errorwhenfull n docker/thinpool",
        LVS.format("lv_when_full"),
        "queue",
    ),
    "metadata too small": (
        "true",
        {"metadata_size": "16m"},
        "lvextend --poolmetadatasize 16384k docker/thinpool",
        LVS.format("lv_metadata_size"),
        "16.00",
    ),
    "new disk": (
        "true",
        {"devices": [0, 1]},
        "vgextend docker /dev/disk/by-id/virtio-disk2",
        "vgs --noheadings --options pv_count docker",
        "2",
    ),
    "group grown by hand": (
        "vgextend docker /dev/disk/by-id/virtio-disk3",
        {"size": "50%VG"},
        "lvextend --extents 510 docker/thinpool",
        LVS.format("lv_size"),
        "2040.00",
    ),
}


@pytest.fixture(scope="module")
def converge(module, disks):
    """Return a function that runs the module with some options changed, and gives its steps."""

    def run(devices=(0,), **options):
        named = [disks[number] for number in devices]
        result = module("thinpool", devices=named, **{**POOL, **options})
        assert not result["failed"], result
        return [step["action"] for step in result["steps"]]

    return run


@pytest.fixture(scope="module", autouse=True)
def pool(converge):
    """Make the pool."""
    assert converge()


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_mended_in_one_step(host, converge, drift):
    command, options, step, read, value = DRIFTS[drift]
    host.check_output(command)
    assert converge(**options) == [step]
    assert host.check_output(read).strip() == value


def test_equal_meaning_is_no_drift(host, converge, module, disks):
    same = {"size": "1048576k", "metadata_size": "0.0078125g", "chunk_size": "0.5m"}
    assert converge(**same) == []
    kernel_name = host.check_output("realpath %s", disks[0])
    assert module("thinpool", devices=[kernel_name], **POOL)["steps"] == []
