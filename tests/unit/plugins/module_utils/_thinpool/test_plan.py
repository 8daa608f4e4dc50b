# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of thin pools, as a table: what is there, what is wanted, what is done."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    destroyed,
    seal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import (
    GIB,
    KIB,
    MIB,
    parse_amount,
)
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.config import LvmConfig
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.host_rules import HostRules
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import LogicalVolume
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.autoextend import (
    Policy,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.content import (
    Content,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.sizes import (
    default_chunk,
    estimate_metadata,
)
from ansible_collections.containerhost.storage.plugins.module_utils._thinpool.state import (
    State,
    Wanted,
)
from hypothesis import given
from hypothesis import strategies as st
from support.invariants import INVARIANTS, Technology, outcome
from support.lvm_hosts import DISK_EXTENTS, disk, group, groups, pool, pv

PROFILE = "/etc/lvm/profile/docker-thinpool.profile"
TEXT = "activation {\n\tthin_pool_autoextend_threshold=80\n\tthin_pool_autoextend_percent=20\n}\n"
OTHER = TEXT.replace("80", "70")


def host(*found, profiles=None, thin_check=True, config=None, **more):
    """A host with these volume groups, and with the profile of 80 and 20 percent."""
    profiles = {"docker-thinpool": TEXT} if profiles is None else profiles
    return State(groups(*found, **more), config or LvmConfig(), profiles, thin_check)


def ruled(state, **rules):
    """The same host with these rules in its lvm.conf."""
    return state._replace(groups=state.groups._replace(rules=HostRules(**rules)))


def want(size=None, metadata_size=None, **more):
    """A wish for docker/thinpool; what is not said is to stay as it is."""
    return Wanted(
        vg="docker",
        name="thinpool",
        size=size and parse_amount(size, "size"),
        metadata_size=metadata_size and parse_amount(metadata_size, "metadata_size"),
        **more,
    )


def lvcreate(extents=2047, metadata="4096k", chunk="512k", zero="y", monitor="y"):
    return (
        f"lvcreate --type thin-pool --name thinpool --extents {extents} --poolmetadatasize "
        f"{metadata} --poolmetadataspare y --chunksize {chunk} --zero {zero} --discards passdown "
        f"--metadataprofile docker-thinpool --monitor {monitor} docker"
    )


VGCREATE = "vgcreate docker /dev/disk/by-id/virtio-disk1"
BLANK = host(disks=[disk()], profiles={})
MADE = host(group(pool()), disks=[disk()])
LINEAR = LogicalVolume("thinpool", "u", 10, "linear", "public")
HALF = LogicalVolume("thinpool", "u", 1, "linear", "public", profile="docker-thinpool")
NO_SPARE = group(pool(), free=DISK_EXTENTS - 2048)._replace(lvs=(pool(),))
THIN = LogicalVolume("x1", "x1-uuid", 25, "thin", "public", pool="thinpool")

CASES = [
    # made anew
    (BLANK, want(), [VGCREATE, PROFILE, lvcreate()]),
    (BLANK, want("95%VG", "1%VG"), [VGCREATE, PROFILE, lvcreate(2431, "102400k")]),
    (BLANK, want("1g"), [VGCREATE, PROFILE, lvcreate(256)]),
    (BLANK, want("0.04%VG"), [VGCREATE, PROFILE, lvcreate(1)]),
    (BLANK, want("1g", monitor=False), [VGCREATE, PROFILE, lvcreate(256, monitor="n")]),
    (BLANK, want("9g", chunk_size=65536), [VGCREATE, PROFILE, lvcreate(2304, "12288k", "64k")]),
    (BLANK, want("1g", zero=False), [VGCREATE, PROFILE, lvcreate(256, zero="n")]),
    (
        BLANK,
        want("1g", when_full="error"),
        [VGCREATE, PROFILE, lvcreate(256), "lvchange --errorwhenfull y docker/thinpool"],
    ),
    (host(disks=[disk(path="/dev/vdb")]), want("1g"), [VGCREATE, lvcreate(256)]),
    (host(group(), disks=[disk()], profiles={}), want("1g"), [PROFILE, lvcreate(256)]),
    # of extents as lvm.conf wants them, 319 of 32 MiB
    (ruled(BLANK, extent_size=32 * MIB), want(), [VGCREATE, PROFILE, lvcreate(255, "32768k")]),
    (ruled(host(group()), volume_list=("docker/thinpool",)), want("1g"), [lvcreate(256)]),
    (ruled(host(group(disks=2)), separate_metadata=True), want("1g"), [lvcreate(256)]),
    # LVM's bounds for metadata: 16188 MiB, and an extent
    (host(group(extents=10000, free=10000)), want("1g", "90%VG"), [lvcreate(256, "16576512k")]),
    (host(group()), want("1g", "0.01%VG"), [lvcreate(256, "4096k")]),
    # what a run that broke off has left is gone on from
    (host(group(), disks=[disk()]), want("1g"), [lvcreate(256)]),
    (
        host(disks=[disk(signatures=("LVM2_member",))], orphans=[pv(in_use=False)]),
        want("1g"),
        [VGCREATE, lvcreate(256)],
    ),
    # lvcreate was killed while it cleared the metadata: what there is by then has the pool's name
    (host(group(HALF)), want("1g"), ["lvremove --yes docker/thinpool", lvcreate(256)]),
    (host(group(HALF)), want(present=False), ["lvremove --yes docker/thinpool", PROFILE]),
    # as it should be, however it is said
    (MADE, want(), []),
    (MADE, want("80%VG"), []),
    (MADE, want("8188m"), []),
    (MADE, want("80%VG", "4m", chunk_size=524288, zero=False, discards="passdown"), []),
    (MADE, want("80%VG", policy=Policy(80, 20), when_full="queue"), []),
    (host(group(pool()), disks=[disk(path="/dev/vdb")]), want("80%VG"), []),
    (host(group(pool(profile="by-hand")), profiles={"by-hand": TEXT}), want(policy=Policy(80)), []),
    (host(group(pool(profile=""), profile="all"), profiles={"all": TEXT}), want(), []),
    (
        host(group(pool(profile="")), profiles={}, config=LvmConfig(threshold=80)),
        want(policy=Policy(80, 20)),
        [],
    ),
    # it never shrinks: dmeventd has grown it, or a person
    (MADE, want("1g"), []),
    (MADE, want("1g", "2m"), []),
    # each way to drift, with the one step that mends it
    (
        host(group(pool()), profiles={"docker-thinpool": OTHER}),
        want(policy=Policy(80, 20)),
        [PROFILE],
    ),
    (
        host(group(pool(profile=""))),
        want(policy=Policy(80, 20)),
        ["lvchange --metadataprofile docker-thinpool docker/thinpool"],
    ),
    (
        host(group(pool(monitored=False))),
        want(),
        ["lvchange --monitor y docker/thinpool"],
    ),
    (MADE, want(monitor=False), ["lvchange --monitor n docker/thinpool"]),
    (MADE, want(zero=True), ["lvchange --zero y docker/thinpool"]),
    (MADE, want(discards="nopassdown"), ["lvchange --discards nopassdown docker/thinpool"]),
    (MADE, want(when_full="error"), ["lvchange --errorwhenfull y docker/thinpool"]),
    (MADE, want(metadata_size="1%VG"), ["lvextend --poolmetadatasize 102400k docker/thinpool"]),
    (
        host(group(pool(chunk_size=65536))),
        want("80%VG"),
        ["lvextend --poolmetadatasize 8192k docker/thinpool"],
    ),
    (MADE, want("8g"), ["lvextend --extents 2048 docker/thinpool"]),
    # the spare grows with the metadata, and is nobody's matter where that stays: the last extent
    (host(NO_SPARE), want("10232m"), ["lvextend --extents 2558 docker/thinpool"]),
    (
        host(group(pool(), disks=2)),  # the group was grown by hand
        want("80%VG"),
        ["lvextend --extents 4094 docker/thinpool"],
    ),
    (
        host(group(pool()), disks=[disk(), disk(2)]),
        want("80%VG"),
        [
            "vgextend docker /dev/disk/by-id/virtio-disk2",
            "lvextend --extents 4094 docker/thinpool",
        ],
    ),
    (
        host(group(pool()), disks=[disk(), disk(2)]),
        want(),
        ["vgextend docker /dev/disk/by-id/virtio-disk2"],
    ),
    (
        host(group(pool(active=False, monitored=False))),
        want(),
        ["lvchange --activate y --ignoreactivationskip --monitor y docker/thinpool"],
    ),
    # a profile that others use too is left to them
    (
        host(
            group(pool(900, profile="all"), pool(900, profile="all")._replace(name="b", uuid="b")),
            profiles={"all": OTHER},
        ),
        want(policy=Policy(80, 20)),
        [PROFILE, "lvchange --metadataprofile docker-thinpool docker/thinpool"],
    ),
    # gone
    (host(profiles={}), want(present=False), []),
    (host(group(), profiles={}), want(present=False), []),
    (host(group()), want(present=False), [PROFILE]),
    (MADE, want(present=False), ["lvremove --yes docker/thinpool", PROFILE]),
    (host(group(pool(), THIN)), want(present=False), ["lvremove --yes docker/thinpool", PROFILE]),
]

REFUSALS = [
    (host(), want(), "no disk was named to make it from"),
    (host(disks=[disk(exists=False)]), want(), "there is no such disk on this host"),
    (host(disks=[disk(), disk(path="/dev/vdb")]), want(), "the same disk as /dev/disk/by-id"),
    (host(disks=[disk(mounts=("/srv",))]), want(), "it is mounted at /srv"),
    (host(disks=[disk()], name_taken=True), want(), "/dev/docker is something else"),
    (BLANK, want("11g"), "it needs 11 GiB more"),
    (BLANK, want("0.03%VG"), "its size is less than an extent of its group (4 MiB)"),
    (BLANK, want("100%VG"), "Ask for 10 GiB of data at most"),
    (BLANK._replace(thin_check=False), want(), "`thin_check` is not on this host"),
    (BLANK._replace(config=LvmConfig(monitoring=False)), want(), "activation/monitoring=0"),
    (MADE, want("90%VG", "10%VG"), "it needs"),
    (host(group(free=1)), want("1g"), "Ask for 0 B of data at most"),
    (host(group(free=2)), want("1g"), "Ask for 0 B of data at most"),
    (host(group(free=3)), want("1g"), "Ask for 4 MiB of data at most"),
    (host(NO_SPARE), want("10232m", "8m"), "(data 2 GiB, metadata 4 MiB, spare 8 MiB)"),
    (BLANK._replace(kernel=False), want(), "the running kernel has no thin pools"),
    (host(group(pool(active=False)))._replace(kernel=False), want(), "kernel has no thin pools"),
    (ruled(BLANK, unchangeable=True), want(), "it is told to change nothing on this host"),
    (ruled(BLANK, separate_metadata=True), want(), "it has one disk, and LVM is told to put"),
    (ruled(host(group()), volume_list=("x",)), want("1g"), "LVM is told not to activate it"),
    (
        ruled(host(group(pool(active=False))), auto_activation=()),
        want(),
        "LVM is told not to activate it at boot",
    ),
    (host(group(HALF._replace(open=True))), want(), "has left it of the thin pool, and it is in"),
    (host(group(HALF._replace(profile="by-hand"))), want(), "it is no thin pool but a linear"),
    (host(group(HALF._replace(kind="raid1"))), want(), "it is no thin pool but a raid1 volume"),
    (host(group(HALF, missing=1)), want(present=False), "cannot be found"),
    (MADE, want(chunk_size=65536), "its chunk size is 512 KiB, not 64 KiB"),
    (MADE, want(discards="ignore"), "only while the pool is inactive"),
    (host(group(LINEAR)), want(), "it is no thin pool but a linear volume"),
    (host(group(pool()), disks=[disk(2, "/dev/vdc")]), want(), "name it /dev/disk/by-id/virtio-di"),
    (host(group(pool(), missing=1)), want("8g"), "1 of its physical volumes cannot be found"),
    (host(group(pool()), group(name="b", missing=1)), want("8g"), "Volume group b"),
    (host(group(pool()), group(name="docker")), want(), "this host has 2 groups of that name"),
    (host(group(pool(), exported=True)), want("8g"), "it is exported"),
    (host(group(pool(check_needed=True))), want("8g"), "its metadata needs a check"),
    (host(group(pool(health="failed"))), want("8g"), "LVM calls it failed"),
    (
        host(group(pool(2431))),
        want(require_headroom=True),
        "Autoextension of docker/thinpool cannot fire: the next step needs 1.9 GiB",
    ),
    (host(group(pool(open=True))), want(present=False), "it is in use (thinpool open)"),
    (host(group(pool(), missing=1)), want(present=False), "cannot be found"),
    (
        host(group(pool(), THIN._replace(open=True))),
        want(present=False),
        "it is in use (x1 open)",
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


def test_what_is_lost_is_named_with_its_identity():
    steps = plan(host(group(pool(data_percent=42.4), THIN)), want(present=False)).steps
    assert destroyed(steps) == (
        "thin pool docker/thinpool (8 GiB, UUID pool-uuid, 42.4 percent used, metadata 10 percent, "
        "transaction 0) and its volume x1 (UUID x1-uuid)",
    )


def test_what_a_killed_run_has_left_of_the_pool_goes_only_with_consent():
    lost = destroyed(plan(host(group(HALF)), want("1g")).steps)
    assert lost == (
        "volume docker/thinpool (4 MiB, UUID u), which was to be the metadata of the thin pool",
    )
    assert plan(host(group(HALF)), want("1g")).after.groups.group("docker").free == 2559 - 256 - 2


def sealed(*found, **more):
    return seal(plan(host(group(*found), **more), want(present=False)).steps)


FULL = (pool(data_percent=0.0, metadata_percent=10.0, transaction_id=7), THIN)
# What has come into the pool, or gone, since the plan was looked at
OTHER_CONTENT = [
    (FULL[0]._replace(transaction_id=8), THIN),
    (FULL[0]._replace(data_percent=0.49), THIN),
    (FULL[0]._replace(data_percent=0.01), THIN),
    (FULL[0]._replace(metadata_percent=10.02), THIN),
    (FULL[0]._replace(data_percent=None, metadata_percent=None), THIN),
    (FULL[0]._replace(uuid="other"), THIN),
    (FULL[0], THIN._replace(uuid="other")),
    (FULL[0],),
    (FULL[0], THIN, THIN._replace(name="x2", uuid="x2")),
]


@pytest.mark.parametrize("content", [None, (8, 3, 11), (7, 4, 11), (7, 3, 12)])
def test_the_seal_is_for_what_the_kernel_has_mapped(content):
    """A chunk in a pool of 10 TB, or a volume that only another program knows of."""
    states = [host(group(*FULL)), host(group(*FULL))]
    states[0] = states[0]._replace(content=Content(7, 3, 11))
    states[1] = states[1]._replace(content=content and Content(*content))
    first, second = (seal(plan(state, want(present=False)).steps) for state in states)
    assert first != second


def test_what_the_kernel_has_mapped_is_told():
    state = host(group(pool()))._replace(content=Content(7, 3, 11))
    (lost,) = destroyed(plan(state, want(present=False)).steps)
    assert lost == (
        "thin pool docker/thinpool (8 GiB, UUID pool-uuid, 1.5 MiB used: 3 chunks, 11 blocks of "
        "metadata, transaction 7)"
    )


@pytest.mark.parametrize("found", OTHER_CONTENT)
def test_the_seal_is_for_this_pool_with_this_content(found):
    assert sealed(*found) != sealed(*FULL)


def test_what_the_removal_does_not_depend_on_leaves_the_seal_as_it_is():
    other = LogicalVolume("c", "c", 10, "linear", "public")
    assert sealed(*FULL, other) == sealed(*FULL)
    assert sealed(FULL[0]._replace(monitored=False, when_full="error"), THIN) == sealed(*FULL)
    assert sealed(*FULL, profiles={}) == sealed(*FULL)
    assert sealed(*FULL, disks=[disk(2)]) == sealed(*FULL)
    # the order in which LVM tells of them
    two = THIN._replace(name="x2", uuid="x2")
    assert sealed(FULL[0], two, THIN) == sealed(FULL[0], THIN, two)


def test_the_pool_that_is_promised_is_the_one_that_will_be_seen():
    made = plan(BLANK, want()).after.pool(want())[1]
    assert made == pool(uuid=None, zero=True, data_percent=None, metadata_percent=None)
    asked = want(zero=False, discards="nopassdown", when_full="error", monitor=False)
    made = plan(BLANK, asked).after.pool(asked)[1]
    assert (made.zero, made.discards) == (False, "nopassdown")
    assert (made.when_full, made.monitored) == ("error", False)


def test_a_profile_that_is_removed_or_replaced_is_the_one_that_was_read():
    gone = plan(MADE, want(present=False)).steps[-1]
    assert (gone.path, gone.old) == (PROFILE, TEXT)
    drifted = host(group(pool()), profiles={"docker-thinpool": OTHER})
    (mended,) = plan(drifted, want(policy=Policy(80, 20))).steps
    assert (mended.path, mended.old, mended.content) == (PROFILE, OTHER, TEXT)


@pytest.mark.parametrize(
    ("data_percent", "words"),
    [
        (0.0, "0 percent used, metadata 10 percent"),
        (0.49, "0.49 percent used, metadata 10 percent"),
        (None, "nobody knows how full"),
    ],
)
def test_a_pool_that_does_not_say_how_full_it_is_is_not_said_to_be_empty(data_percent, words):
    found = pool(active=data_percent is not None, data_percent=data_percent)
    (lost,) = destroyed(plan(host(group(found)), want(present=False)).steps)
    assert lost == f"thin pool docker/thinpool (8 GiB, UUID pool-uuid, {words}, transaction 0)"


def test_metadata_that_nobody_has_counted_is_told_as_none():
    found = pool(metadata_percent=None)
    (lost,) = destroyed(plan(host(group(found)), want(present=False)).steps)
    assert "percent used, metadata 0 percent" in lost


@pytest.mark.parametrize(
    ("data", "topics"), [(2047, []), (2100, []), (2131, ["autoextend_headroom"])]
)
def test_headroom_is_found_out_to_the_extent(data, topics):
    # 2559 extents: 2047 + 1 + 1, and a step of 410 + 1 + 1, leaves 98.
    found = plan(host(group(pool(data))), want())
    assert [finding.topic for finding in found.findings] == topics
    assert found.facts["autoextend"]["can_extend"] == (topics == [])


@pytest.mark.parametrize("extents", [*range(100, 140), 1000, 25600, 10**6, 10**7])
def test_the_default_size_leaves_room_for_a_step_in_a_group_of_100_extents(extents):
    planned = plan(host(group(extents=extents, free=extents)), want())
    assert planned.facts["autoextend"]["can_extend"]


@pytest.mark.parametrize(
    ("size", "topics"),
    [(None, []), ("1g", ["larger_than_wanted"]), ("8187m", []), ("8184m", ["larger_than_wanted"])],
)
def test_a_grown_pool_is_said_to_be_larger(size, topics):
    assert [finding.topic for finding in plan(MADE, want(size)).findings] == topics


@pytest.mark.parametrize(
    ("size", "chunk", "metadata"),
    [
        (GIB, 512 * 1024, 2 * MIB),
        (100 * GIB, 64 * 1024, 100 * MIB),
        (1024 * GIB, 512 * 1024, 128 * MIB),
        (10**6 * GIB, 64 * 1024, 16188 * MIB),
    ],
)
def test_metadata_is_64_bytes_a_chunk_within_lvms_bounds(size, chunk, metadata):
    assert estimate_metadata(size, chunk) == metadata


@pytest.mark.parametrize(
    ("size", "chunk"),
    [
        (GIB, 512 * KIB),
        (1024 * GIB, 512 * KIB),  # 128 MiB of metadata
        (1025 * GIB, 1024 * KIB),
        (4096 * GIB, 2048 * KIB),
        (10**6 * GIB, 512 * MIB),
        (10**7 * GIB, GIB),  # a chunk is never larger
    ],
)
def test_a_chunk_doubles_until_the_metadata_is_comfortable(size, chunk):
    assert default_chunk(size) == chunk


# How much of a group of 2559 extents is free afterwards.
TAKEN = [
    (MADE, want(), 2559 - 2049),
    (host(group()), want("8g"), 2559 - 2048 - 2),  # metadata and its spare, an extent each
    (MADE, want("8g"), 2559 - 2048 - 2),
    # another pool has brought a spare that is large enough for both
    (
        host(group(pool(100, 4)._replace(name="b", uuid="b"))),
        want("8g"),
        2559 - 2048 - 1 - 100 - 2 * 4,
    ),
    (MADE, want(metadata_size="16m"), 2559 - 2047 - 2 * 4),
    (host(NO_SPARE), want(metadata_size="16m"), 2559 - 2047 - 2 * 4),
    (
        host(group(pool(), pool(100, 8)._replace(name="b", uuid="b"))),
        want(metadata_size="16m"),
        2559 - 2047 - 4 - 100 - 2 * 8,
    ),
    (MADE, want("8g", "16m"), 2559 - 2048 - 2 * 4),
    (MADE, want(zero=True), 2559 - 2049),
    (MADE, want(present=False), 2559),
    # the spare serves another pool too
    (
        host(group(pool(), pool(100)._replace(name="b", uuid="b"))),
        want(present=False),
        2559 - 102,
    ),
]


@pytest.mark.parametrize(("state", "wanted", "free"), TAKEN)
def test_what_a_pool_takes_from_its_group(state, wanted, free):
    after = plan(state, wanted).after.groups.group("docker")
    assert after.free == free
    kept = [lv for lv in after.lvs if lv.kind != "thin"]
    assert sum(lv.extents + lv.metadata_extents for lv in kept) == 2559 - free


@given(
    extents=st.integers(1, DISK_EXTENTS - 60),
    wanted=st.one_of(
        st.integers(1, 100).map(lambda share: f"{share}%VG"),
        st.integers(1, 10240).map(lambda size: f"{size}m"),
    ),
)
def test_no_plan_shrinks_and_every_plan_settles(extents, wanted):
    state = host(group(pool(extents)))
    try:
        planned = plan(state, want(wanted))
    except Exception as error:
        assert "it needs" in str(error)  # noqa: PT017 - a refusal is the other good end
        return
    after = planned.after.pool(want())[1]
    assert after.extents >= extents
    assert plan(planned.after, want(wanted)).steps == []
