# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a btrfs has something to say about its chunks."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import (
    filesystem as _filesystem,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs import usage
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.usage import (
    Allocation,
    Usage,
    balance_threshold,
    describe,
    findings,
    parse_usage,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount

# btrfs-progs 6.2
RAW = """Overall:
    Device size:\t\t         629145600
    Device allocated:\t\t          92274688
    Device unallocated:\t\t         536870912
    Device missing:\t\t                 0
    Device slack:\t\t           1048576
    Used:\t\t\t            524288
    Free (estimated):\t\t         545259520\t(min: 276824064)

Data,single: Size:8388608, Used:0 (0.00%)
   /dev/loop0\t   8388608
"""


def filesystem(size, allocated, data, used, **more):
    """A btrfs with one copy of data and two of 1 GiB of metadata; sizes in bytes."""
    values = {
        "uuid": "u",
        "label": "",
        "devices": ("xvdc",),
        "mount": "/var/lib/docker",
        "data": Allocation(data, used, data, GIB),
        "metadata": Allocation(GIB, GIB // 2, 2 * GIB, 256 * MIB),
        "available": data - used,
        "global_reserve": 64 * MIB,
    }
    return Usage(**{**values, **more}, size=size, allocated=allocated, unallocated=size - allocated)


# The two filesystems of the seeds, as `btrfs filesystem show` has them there.
FINE = filesystem(int(15.25 * GIB), int(6.04 * GIB), 4 * GIB, 3 * GIB)
FULL_OF_AIR = filesystem(int(87.5 * GIB), int(87.5 * GIB), int(85.5 * GIB), int(2.01 * GIB))


def test_a_filesystem_that_is_doing_fine():
    assert findings([FINE]) == []


def test_no_free_chunk_even_though_there_is_not_that_much_data():
    (finding,) = findings([FINE, FULL_OF_AIR])
    assert (finding.level, finding.topic) == ("warning", "btrfs_chunks_allocated")
    assert finding.message == (
        "btrfs at /var/lib/docker (xvdc) has handed out 87.5 GiB of its 87.5 GiB to chunks: no new "
        "chunk of metadata fits. Its data chunks hold 2 GiB of 85.5 GiB, so `df` shows 83.5 GiB "
        "available, but writes fail once the 448 MiB left for metadata are used. Give the emptiest "
        "chunks back: `btrfs balance start -dusage=3 /var/lib/docker`."
    )


def test_nothing_to_give_back():
    (finding,) = findings([filesystem(10 * GIB, 10 * GIB, 8 * GIB, 8 * GIB - MIB)])
    assert finding.topic == "btrfs_full"
    assert "Remove data, or add a device" in finding.message


@pytest.mark.parametrize(("left", "said"), [(512 * MIB, 0), (512 * MIB - 1, 1), (0, 1)])
def test_it_is_said_when_no_chunk_of_metadata_with_its_copies_fits(left, said):
    assert len(findings([filesystem(20 * GIB, 20 * GIB - left, 16 * GIB, GIB)])) == said


def test_a_chunk_is_a_tenth_of_a_small_filesystem():
    assert filesystem(GIB, GIB, GIB, 0).next_chunk == 2 * (GIB // 10)


def test_before_linux_6_0_the_chunk_size_is_not_told():
    old = FULL_OF_AIR._replace(metadata=FULL_OF_AIR.metadata._replace(chunk_size=None))
    assert [finding.topic for finding in findings([old])] == ["btrfs_chunks_allocated"]


def test_in_mixed_chunks_metadata_goes_where_data_was():
    assert findings([FULL_OF_AIR._replace(mixed=True)]) == []


@pytest.mark.parametrize(("used", "percent"), [(0, 1), (1, 1), (50, 6), (999, 100), (1000, 100)])
def test_the_threshold_selects_at_least_one_chunk(used, percent):
    assert balance_threshold(filesystem(2000, 2000, 1000, used)) == percent


def test_without_btrfs_progs_there_is_no_verdict():
    blind = FULL_OF_AIR._replace(size=None, allocated=None, unallocated=None)
    assert findings([blind]) == []
    assert describe([blind])[0]["size"] is None
    assert describe([blind])[0]["data_used"] == int(2.01 * GIB)


def test_one_that_is_unmounted_while_it_is_read_is_left_out(tmp_path, monkeypatch):
    """It is gone from sysfs then."""
    monkeypatch.setattr(_filesystem, "SYSFS", str(tmp_path))
    monkeypatch.setattr(usage, "find_uuid", lambda source: "u")
    assert usage.read_usage(Mount("0:40", "/", "/", "btrfs", "/dev/vdb", ("rw",))) is None


def test_the_slack_of_a_device_is_no_room():
    assert parse_usage(RAW) == {"size": 629145600, "allocated": 92274688, "unallocated": 536870912}
    assert parse_usage("") == {"size": None, "allocated": None, "unallocated": None}
