# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are members of a pool, as thinpool sees them."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def refusal(module):
    """Return a function that has thinpool refuse a disk, and gives its words."""

    def run(disk):
        result = module("thinpool", vg="docker", name="pool", devices=[disk])
        assert result["failed"], result
        assert result["steps"] == []
        assert disk in result["msg"]
        return result["msg"]

    return run


def test_a_member_of_a_pool_that_is_in_use(host, disks, refusal):
    partitions = host.check_output("sfdisk --dump %s", disks[1])
    assert "it is a member of ZFS pool tank" in refusal(disks[1])
    assert host.check_output("sfdisk --dump %s", disks[1]) == partitions
    host.check_output("zpool scrub -w tank")
    assert "errors: No known data errors" in host.check_output("zpool status tank")


def test_a_member_of_a_pool_that_is_not_imported(host, disks, refusal):
    """Neither a mount nor the kernel tells of it: only what is on the disk does."""
    host.check_output("zpool export small")
    before = host.check_output("sha256sum %s", disks[2])
    try:
        assert "it is a member of ZFS pool small" in refusal(disks[2])
        assert host.check_output("sha256sum %s", disks[2]) == before
    finally:
        host.check_output("zpool import small")
