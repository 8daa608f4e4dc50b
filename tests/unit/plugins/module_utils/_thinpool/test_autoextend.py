# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies, profiles and headroom."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.autoextend import (
    Headroom,
    InForce,
    Policy,
    check_policy,
    findings,
    headroom,
    parse_profile,
    profile_text,
    report,
)
from hypothesis import given
from hypothesis import strategies as st
from support.lvm_hosts import EXTENT, pool

SEEDS = (
    "activation {\n    thin_pool_autoextend_threshold=80\n    thin_pool_autoextend_percent=20\n}\n"
)
ONE_LINE = "activation { thin_pool_autoextend_threshold = 80 thin_pool_autoextend_percent=20 }"
FLAT = "activation/thin_pool_autoextend_threshold=80\nactivation/thin_pool_autoextend_percent=20\n"
COMMENTED = "# thin_pool_autoextend_threshold=80\nallocation {\n\tthin_pool_zero=0\n}\n"


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (SEEDS, Policy(80, 20)),
        (ONE_LINE, Policy(80, 20)),
        (FLAT, Policy(80, 20)),
        (SEEDS + FLAT.replace("80", "70"), Policy(70, 20)),  # the last one counts, as in LVM
        (COMMENTED, Policy(None, None)),
        ("", Policy(None, None)),
    ],
)
def test_a_profile_is_read_as_lvm_reads_it(text, policy):
    assert parse_profile(text) == policy


@pytest.mark.parametrize("text", ["", SEEDS, ONE_LINE, FLAT, COMMENTED])
@given(threshold=st.integers(50, 100), percent=st.integers(1, 100))
def test_what_is_written_is_read_back_and_the_rest_stays(text, threshold, percent):
    written = profile_text(Policy(threshold, percent), text)
    assert parse_profile(written) == (threshold, percent)
    assert ("thin_pool_zero=0" in written) == ("thin_pool_zero=0" in text)
    assert profile_text(Policy(threshold, percent), written) == written


@pytest.mark.parametrize(
    ("policy", "in_force"),
    [
        (Policy(), (80, 20)),
        (Policy(70), (70, 20)),
        (Policy(None, 5), (80, 5)),
        (Policy(0, 0), (0, 0)),
    ],
)
def test_what_a_policy_leaves_open_is_taken_from_another(policy, in_force):
    assert policy.over(InForce(80, 20)) == in_force


@pytest.mark.parametrize(
    ("policy", "refusal"),
    [
        (Policy(49, 20), "silently treats less as 50"),
        (Policy(101, 20), "silently treats less as 50"),
        (Policy(-1, 20), "silently treats less as 50"),
        (Policy(80, 0), "LVM fails when the pool has to grow"),
        (Policy(80, -5), "LVM fails when the pool has to grow"),
        (Policy(80, 101), "at most double it"),
    ],
)
def test_values_that_lvm_changes_or_fails_on_are_refused(policy, refusal):
    with pytest.raises(StorageError, match=refusal):
        check_policy(policy)


@pytest.mark.parametrize("policy", [Policy(), Policy(50, 1), Policy(100, 100), Policy(80, None)])
def test_values_that_lvm_takes_are_taken(policy):
    check_policy(policy)


@pytest.mark.parametrize(
    ("used", "spare", "percent", "data", "metadata", "grows_spare"),
    [
        (0.0, 1, 20, 49, 1, 1),  # 48.6 extents are 49, as dmeventd's own log has it
        (0.0, 8, 20, 49, 1, 0),  # the spare is larger than it has to be
        (0.0, 1, 100, 243, 1, 1),
        (100.0, 1, 1, 61, 1, 1),  # what gets it below 80 percent again, not 1 percent
    ],
)
def test_a_step_is_counted_as_lvm_counts_it(used, spare, percent, data, metadata, grows_spare):
    room = headroom(pool(243, data_percent=used), spare, 9, Policy(80, percent))
    assert room == Headroom(data, metadata, grows_spare, 9, 243)


@pytest.mark.parametrize(
    ("policy", "data"),
    # beyond its threshold a pool needs what gets it below again; with 100 there is none
    [(Policy(50, 1), 9900), (Policy(98, 1), 203), (Policy(99, 1), 100), (Policy(100, 1), 99)],
)
def test_a_full_pool_needs_more_than_the_percent(policy, data):
    assert headroom(pool(9900, data_percent=100.0), 1, 9, policy).data == data


def test_a_pool_that_is_not_active_does_not_say_how_full_it_is():
    assert headroom(pool(9900, data_percent=None), 1, 9, Policy(80, 1)).data == 99


def test_the_report_is_in_bytes():
    assert report(Headroom(10, 1, 1, 12), Policy(80, 20), EXTENT) == {
        "threshold": 80,
        "percent": 20,
        "next_step_size": 12 * EXTENT,
        "free_size": 12 * EXTENT,
        "can_extend": True,
    }


@pytest.mark.parametrize(
    ("room", "policy", "can"),
    [
        (Headroom(10, 1, 1, 12), Policy(99, 20), True),
        (Headroom(10, 1, 1, 11), Policy(99, 20), False),
        (Headroom(10, 1, 1, 12), Policy(100, 20), False),
    ],
)
def test_whether_a_pool_can_grow_is_reported(room, policy, can):
    assert report(room, policy, EXTENT)["can_extend"] is can


@pytest.mark.parametrize(
    ("room", "policy", "topics"),
    [
        (Headroom(10, 1, 1, 12), Policy(80, 20), []),
        (Headroom(10, 1, 1, 11), Policy(80, 20), ["autoextend_headroom"]),
        (Headroom(10, 1, 1, 99), Policy(100, 20), ["autoextend_off"]),
    ],
)
def test_what_cannot_grow_is_found(room, policy, topics):
    found = findings("docker/thinpool", "docker", room, policy, EXTENT)
    assert [finding.topic for finding in found] == topics


def test_the_finding_has_the_numbers():
    [found] = findings("d/p", "d", Headroom(49, 1, 1, 9, 243), Policy(80, 20), EXTENT)
    assert "needs 204 MiB (data 196 MiB, metadata 4 MiB, spare 4 MiB)" in found.message
    assert "group d has 36 MiB free. Add a disk of more than 168 MiB" in found.message


def test_a_pool_that_is_still_to_come_has_nothing_yet():
    assert Headroom(3, 1, 1, 8).most(20) == 5


def test_what_is_advised_leaves_room_to_the_extent():
    """Pools of all sizes in small groups: made with what is advised, no finding is left."""
    for extents in range(6, 120):
        for percent in (1, 20, 33, 100):
            policy = Policy(80, percent)
            data = extents * 8 // 10
            room = headroom(pool(data, data_percent=0.0), 1, extents - data - 2, policy)
            most = room.most(percent)
            for size, fits in ((most, True), (most + 1, False)):
                free = extents - size - 2
                again = headroom(pool(size, data_percent=0.0), 1, free, policy)
                assert (again.step <= again.free) is fits or (most == 0 and size == 0)


@pytest.mark.parametrize(
    ("room", "words"),
    [
        # a disk of 64 MiB: 80 percent of 15 extents are 12, and leave no room for a step
        (Headroom(3, 1, 1, 1, 12), "a pool that is made with at most 36m leaves room for a step"),
        (Headroom(1, 1, 1, 1, 1), "no pool leaves room for a step of 20 percent in a group of"),
        (Headroom(3, 1, 1, 0, 1), "no pool leaves room for a step of 20 percent in a group of"),
    ],
)
def test_what_would_leave_room_is_computed(room, words):
    [found] = findings("d/p", "d", room, Policy(80, 20), EXTENT)
    assert words in found.message
    assert "80%VG" not in found.message
