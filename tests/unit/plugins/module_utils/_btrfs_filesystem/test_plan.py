# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of a btrfs over disks, as a table."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.profiles import Profiles
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
    describe,
    mount_source,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import Folder
from support.btrfs_disks import (
    BY_UUID,
    LIVE,
    ONE,
    ROOT,
    THREE,
    TWO,
    UUID,
    btrfs,
    host,
    member,
    mounted,
    part,
    want,
)
from support.failures import WAYS_TO_FAIL, fail
from support.invariants import INVARIANTS, Technology, outcome
from support.lvm_hosts import disk

UNIT = "/etc/systemd/system/var-lib-docker.mount"
GUARD = "/etc/systemd/system/docker.service.d/50-var-lib-docker.conf"
MKFS = "mkfs.btrfs --quiet --label docker"
RELOAD, STOP = "systemctl daemon-reload", "systemctl stop -- docker.service"
ENABLE = "systemctl enable --quiet --no-reload -- var-lib-docker.mount"
MOUNT, START = "systemctl restart -- var-lib-docker.mount", "systemctl start -- docker.service"
FORGIVE = "systemctl reset-failed -- docker.service"
MOUNTING = [UNIT, GUARD, RELOAD, STOP, ENABLE, MOUNT, FORGIVE, START]
REMOUNT = [f"umount -- {ROOT}", MOUNT]
ADD = "btrfs device add"
GROW = f"btrfs filesystem resize 1:max {ROOT}"

BOTH = (disk(), disk(2))
PAIR = btrfs(member(), member(2), profiles=Profiles(("single",), ("raid1",)))
FULL = Folder(Holdings(ROOT, {"overlay2": 3}, {"overlay2": 1}, 2), size=5 * 1024**2)
LINE = TableLine(f"UUID={UUID}", ROOT, "btrfs", ("noatime",))
AT_DOCKER = LIVE._replace(root="/@docker", options=("rw", "noatime", "subvol=/@docker"))
AT_MNT = LIVE._replace(path="/mnt", options=("rw", "relatime", "subvol=/"))
ZSTD = ("noatime", "compress=zstd")
COMPRESSED = LIVE._replace(options=(*LIVE.options, "compress=zstd:3"))


def by_hand(**more):
    """A host on which a person has mounted it, and nothing keeps the mount."""
    return mounted(unit_text=None, enabled=False, **more)


def in_table(source=LINE.source, options=LINE.options, **more):
    """A host whose fstab keeps the mount."""
    return by_hand(table=LINE._replace(source=source, options=options), **more)


CASES = [
    # made anew
    (host(disks=[disk()]), want(), [f"{MKFS} {ONE}", *MOUNTING]),
    (host(disks=BOTH), want(), [f"{MKFS} {ONE} {TWO}", *MOUNTING]),
    (
        host(disks=BOTH),
        want(data="single", metadata="raid1"),
        [f"{MKFS} --data single --metadata raid1 {ONE} {TWO}", *MOUNTING],
    ),
    # a kernel name is taken for a new one, and the stable name is what is used
    (host(disks=[disk(path="/dev/vdb")]), want(), [f"{MKFS} {ONE}", *MOUNTING]),
    (
        host(disks=[disk()], active=(), folder_exists=False),
        want(required_by=()),
        [f"{MKFS} {ONE}", f"mkdir --parents --mode 0711 -- {ROOT}", UNIT, RELOAD, ENABLE, MOUNT],
    ),
    # what a run that broke off has left is gone on from
    (host(btrfs(member(used=None)), [disk()]), want(), MOUNTING),
    (host(PAIR, BOTH), want(metadata="raid1"), MOUNTING),
    (mounted(mounted=None, ours=False, there=None), want(), [MOUNT]),
    (
        host(btrfs(), BOTH),
        want(),
        [*MOUNTING, f"{ADD} {TWO} {ROOT}"],
    ),
    # as it should be, however it is said
    (mounted(), want(), []),
    (mounted(what=ONE), want(), []),
    (mounted(what=f"UUID={UUID}"), want(), []),
    (mounted(disks=()), want(), []),
    (mounted(disks=[disk(path="/dev/vdb")]), want(), []),
    (mounted(PAIR, BOTH), want(data="single", metadata="raid1"), []),
    (mounted(PAIR), want(), []),  # what is left out stays
    # mounted elsewhere too: each mount has some options, and its subvolume, for itself
    (mounted(btrfs(elsewhere=(AT_MNT,))), want(), []),
    (host(btrfs(elsewhere=(AT_MNT,)), [disk()]), want(subvolume="/@docker"), MOUNTING),
    (mounted(options=("noatime", "subvol=/")), want(subvolume="/"), []),
    (mounted(mounted=COMPRESSED, options=ZSTD), want(options=ZSTD), []),
    (mounted(btrfs(member(disk_size=10 * GIB + 4095))), want(), []),
    # kept by a line of fstab
    (in_table(), want(), []),
    (in_table("LABEL=docker"), want(), []),
    (in_table("/dev/disk/by-label/docker"), want(), []),
    (in_table(BY_UUID), want(), []),
    (in_table(ONE), want(), []),
    (in_table("/dev/vdb"), want(), []),
    (in_table(options=("noatime", "subvol=@docker"), mounted=AT_DOCKER), want(), []),
    (
        in_table(options=("noatime", "subvol=@docker"), mounted=AT_DOCKER),
        want(subvolume="/@docker"),
        [],
    ),
    (in_table(mounted=None, ours=False, there=None), want(), [f"mount -- {ROOT}"]),
    # a subvolume that a person has mounted is what is mounted at the next boot
    (by_hand(mounted=AT_DOCKER), want(), [UNIT, RELOAD, ENABLE]),
    (mounted(mounted=AT_DOCKER, options=("noatime", "subvol=@docker")), want(), [UNIT, RELOAD]),
    (mounted(mounted=AT_DOCKER, options=("noatime", "subvol=/@docker")), want(), []),
    (by_hand(mounted=AT_DOCKER), want(subvolume="/@docker"), [UNIT, RELOAD, ENABLE]),
    (mounted(mounted=AT_DOCKER), want(), []),  # it is the default one
    (
        host(btrfs(), [disk()]),
        want(subvolume="/@docker"),
        MOUNTING,
    ),
    # each way to drift
    (mounted(enabled=False), want(), [ENABLE]),
    (mounted(guarded=(), guard_texts={}), want(), [GUARD, RELOAD]),
    (mounted(unit_text="[Mount]\n"), want(), [UNIT, RELOAD]),
    (mounted(what="/dev/disk/by-label/docker"), want(), [UNIT, RELOAD]),
    (mounted(what=THREE), want(), [UNIT, RELOAD]),
    (mounted(), want(subvolume="/"), [UNIT, RELOAD]),  # whatever the default is later on
    (
        mounted(active=("docker.service",)),
        want(options=ZSTD),
        [UNIT, RELOAD, STOP, *REMOUNT, FORGIVE, START],
    ),
    (mounted(disks=BOTH), want(), [f"{ADD} {TWO} {ROOT}"]),
    (
        mounted(disks=(*BOTH, disk(3))),
        want(),
        [f"{ADD} {TWO} {THREE} {ROOT}"],
    ),
    (mounted(disks=[disk(2)]), want(), [f"{ADD} {TWO} {ROOT}"]),  # at its path there is no doubt
    (mounted(btrfs(member(disk_size=12 * GIB))), want(), [GROW]),
    (mounted(btrfs(member(disk_size=10 * GIB + 4096))), want(), [GROW]),
    (
        mounted(btrfs(member(), member(2, disk_size=12 * GIB)), disks=()),
        want(),
        [f"btrfs filesystem resize 2:max {ROOT}"],
    ),
    (mounted(btrfs(member(disk_size=GIB))), want(), []),  # never smaller
    (
        mounted(btrfs(member(disk_size=12 * GIB)), disks=BOTH),
        want(),
        [f"{ADD} {TWO} {ROOT}", GROW],
    ),
    # profiles are told and not converted; disks for them are added
    (mounted(disks=BOTH), want(metadata="raid1"), [f"{ADD} {TWO} {ROOT}"]),
    (mounted(PAIR, BOTH), want(data="raid1"), []),
    # data below the mount, with the user's leave
    (host(disks=[disk()], folder=FULL), want(keep_existing=True), [f"{MKFS} {ONE}", *MOUNTING]),
]

OTHER = UUID.replace("6b", "7c")

REFUSALS = [
    # disks
    (host(), want(), "no disk was named to make it from"),
    (host(disks=[disk(exists=False)]), want(), "there is no such disk"),
    (host(disks=[disk(), disk(path="/dev/vdb")]), want(), "Name each disk once"),
    (host(disks=[disk(signatures=("xfs",))]), want(), "other data (xfs)"),
    (host(disks=[disk(content=4096)]), want(), "it holds unknown data"),
    (host(disks=[disk(size=100 * MIB)]), want(), "100 MiB is too small: btrfs needs 109 MiB"),
    (
        host(disks=[disk(size=200 * MIB)]),
        want(data="dup"),
        "data in profile dup and metadata in dup",
    ),
    (mounted(disks=[disk(), disk(2, exists=False)]), want(), "there is no such disk"),
    (mounted(disks=[disk(), disk(2, "/dev/vdc")]), want(), f"name it {TWO}"),
    (mounted(disks=[disk(), disk(2, signatures=("xfs",))]), want(), "other data (xfs)"),
    (mounted(disks=[disk(), disk(2, busy="in use by the kernel")]), want(), "in use by the kernel"),
    # which filesystem
    (
        host(disks=[disk()], parts=[part(label="backup")]),
        want(),
        f"it is in another btrfs: label backup, UUID {UUID}",
    ),
    (host(disks=[disk()], parts=[part(label="")]), want(), "label (none)"),
    (
        mounted(disks=BOTH, parts=[part(), part(2, uuid=OTHER, label="backup")]),
        want(),
        f"{TWO} ({TWO}): it is in another btrfs: label backup",
    ),
    (
        host(disks=BOTH, parts=[part(), part(2, uuid=OTHER)]),
        want(),
        f"2 filesystems of that label: {UUID} on /dev/vdb; {OTHER} on /dev/vdc",
    ),
    (host(parts=[part(), part(2, uuid=OTHER)]), want(), "2 filesystems of that label"),
    (
        host(btrfs(), [disk(2)]),
        want(),
        "there is one on /dev/vdb already, which is not named",
    ),
    # whole and single
    (
        host(btrfs(devices=2), BOTH),
        want(),
        f"it is not whole; not found: 1 of its 2 devices; found: {ONE} (device 1)",
    ),
    (
        host(btrfs(devices=2), [disk(), disk(2, exists=False)]),
        want(),
        f"not found: 1 of its 2 devices, {TWO}; found: {ONE} (device 1)",
    ),
    (
        mounted(btrfs(member(), member(2, there=False))),
        want(),
        f"not found: device 2 (/dev/vdc); found: {ONE} (device 1)",
    ),
    (
        mounted(btrfs(strangers=(part(3, id=1),))),
        want(),
        f"its device 1 is there twice, {ONE} and /dev/vdd",
    ),
    (
        host(btrfs(strangers=(part(3),)), [disk()]),
        want(),
        "/dev/vdd says that it is its device 3, and the filesystem does not know it",
    ),
    (host(btrfs(member(seed=True)), [disk()]), want(), "it is, or grew from, a seed"),
    # profiles
    (host(disks=[disk()]), want(metadata="raid1"), "it needs 2 devices, and btrfs docker has 1"),
    (host(disks=BOTH), want(data="raid1c3"), "data_profile=raid1c3: it needs 3 devices"),
    (host(disks=BOTH), want(metadata="raid1c4"), "metadata_profile=raid1c4: it needs 4 devices"),
    (host(disks=[disk()]), want(data="raid10"), "it needs 2 devices"),
    (host(disks=[disk()]), want(data="raid5"), "it needs 2 devices"),
    (host(disks=BOTH), want(data="raid6"), "it needs 3 devices"),
    (mounted(), want(data="raid1"), "it needs 2 devices, and btrfs docker has 1"),
    # the mount
    (
        mounted(ours=False, there=OTHER, folder=Folder(Holdings(ROOT))),
        want(),
        "/dev/vdb (btrfs) is mounted there, not btrfs docker",
    ),
    (in_table("UUID=5f"), want(), "it mounts UUID=5f"),
    (in_table("LABEL=other"), want(), "it mounts LABEL=other"),
    (
        in_table(mounted=None, ours=False, there=None),
        want(options=ZSTD),
        "its line for /var/lib/docker lacks the options compress=zstd",
    ),
    (
        in_table(options=("noatime", "subvol=@docker"), mounted=AT_DOCKER),
        want(subvolume="/@other"),
        "mounts /@docker, and /@other is wanted there",
    ),
    (in_table(), want(subvolume="/@docker"), "mounts the default subvolume, and /@docker"),
    (
        by_hand(mounted=AT_DOCKER._replace(root="/@docker/in")),
        want(),
        "a folder of btrfs docker is mounted there (/@docker/in)",
    ),
    (mounted(), want(subvolume="/@docker"), "subvolume / of btrfs docker is mounted there"),
    (
        mounted(options=("noatime", "subvol=/@docker")),
        want(),
        "subvolume / of btrfs docker is mounted there, and /@docker is to be",
    ),
    (
        mounted(btrfs(elsewhere=(AT_MNT,))),
        want(options=ZSTD),
        "mounted at /mnt too, without compress=zstd",
    ),
    (
        host(btrfs(elsewhere=(AT_MNT,)), [disk()]),
        want(options=ZSTD),
        "Run `mount -o remount,compress=zstd /mnt`",
    ),
    (host(disks=[disk()]), want(subvolume="/@docker"), "btrfs docker is still to be made"),
    (host(disks=[disk()], folder=FULL), want(), "would hide 3 images, 1 containers, 2 volumes"),
    # what the host can do
    (host(disks=[disk()], kernel=False), want(), "the running kernel has no btrfs"),
    (host(disks=[disk()], missing=("mkfs.btrfs",)), want(), "mkfs.btrfs is not on this host"),
    (mounted(disks=BOTH, missing=("btrfs",)), want(), "btrfs is not on this host"),
    (
        mounted(disks=BOTH, mounted=LIVE._replace(options=("ro", "noatime"))),
        want(),
        "it is mounted read-only",
    ),
    (mounted(btrfs(operation="balance"), BOTH), want(), "it is busy (balance)"),
    (
        mounted(btrfs(member(disk_size=12 * GIB), operation="device replace")),
        want(),
        "it is busy (device replace)",
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
    holds(Technology(plan, describe.describe), state, wanted)


# as the kernel's table has it
WITH_SPACE = LIVE._replace(root="/a b", options=("rw", "noatime", r"subvol=/a\040b"))

UNITS = [
    # a new filesystem has no UUID yet, one that exists has; never the label
    (host(disks=BOTH), want(), ONE, "noatime"),
    (host(btrfs(), [disk()]), want(), BY_UUID, "noatime"),
    (host(btrfs(), [disk()]), want(subvolume="/@docker"), BY_UUID, "noatime,subvol=/@docker"),
    (by_hand(mounted=AT_DOCKER), want(), BY_UUID, "noatime,subvol=/@docker"),
    (by_hand(mounted=WITH_SPACE), want(), BY_UUID, "noatime,subvol=/a b"),
    (by_hand(), want(), BY_UUID, "noatime"),
    (mounted(what="/dev/disk/by-label/docker"), want(), BY_UUID, "noatime"),
    (mounted(what=ONE), want(options=ZSTD), ONE, "noatime,compress=zstd"),
]


@pytest.mark.parametrize(("state", "wanted", "what", "options"), UNITS)
def test_the_unit(state, wanted, what, options):
    unit = next(step for step in plan(state, wanted).steps if getattr(step, "path", "") == UNIT)
    assert f"What={what}\nWhere={ROOT}\nType=btrfs\nOptions={options}\n" in unit.content


def test_a_percent_sign_is_doubled_in_a_unit_and_is_one_all_the_same():
    found = mounted(mounted=LIVE._replace(root="/a%b", options=("noatime", "subvol=/a%b")))
    text = found.mount.unit_text.replace("Options=noatime", "Options=noatime,subvol=/a%%b")
    state = found._replace(mount=found.mount._replace(unit_text=text))
    assert mount_source.subvolume_of(state, want()) == "/a%b"


@pytest.mark.parametrize("state", [host(disks=BOTH), mounted(disks=BOTH)])
def test_a_step_claims_the_disks_that_it_takes(state):
    claims = [claim for step in plan(state, want()).steps for claim in step.claims]
    new = state.disks if state.found is None else state.disks[1:]
    assert claims == [one.claim for one in new]


def test_the_way_back_keeps_the_filesystem_and_starts_the_engine_on_what_it_had():
    made, mount = plan(host(disks=[disk()]), want()).parts
    assert made.undo == ()
    assert mount.ready[0].path == UNIT
    (engine,) = mount.pauses
    back = [getattr(it, "path", None) or " ".join(it.argv) for it in (*mount.undo, *engine.back)]
    assert back == [
        "systemctl disable --quiet --no-reload --now -- var-lib-docker.mount",
        UNIT,
        GUARD,
        RELOAD,
        FORGIVE,
        START,
    ]
    assert [part.undo for part in plan(mounted(disks=BOTH), want()).parts] == [()]


def test_a_filesystem_that_cannot_grow_leaves_the_mount_and_the_disk_that_was_added():
    grown = mounted(btrfs(member(disk_size=12 * GIB)), disks=[disk(2)])
    planned = plan(grown._replace(mount=host().mount), want())
    words = [getattr(step, "path", None) or " ".join(step.argv) for step in planned.steps]
    add = f"{ADD} {TWO} {ROOT}"
    assert words[-5:] == [MOUNT, FORGIVE, START, add, GROW]
    failure = fail(planned, len(words) - 1, WAYS_TO_FAIL[0])
    assert failure.back == []
    assert failure.result["kept"] == failure.result["done"]
    assert [step["action"] for step in failure.result["kept"]][-3:] == [FORGIVE, START, add]
    assert planned.steps[-2].reason in failure.text
    assert failure.result["changed"] is True
    assert "undone" not in failure.result
    assert "as it was before" not in failure.text


def test_check_mode_tells_what_is_known_of_a_filesystem_to_be_made():
    planned = describe.describe(plan(host(disks=BOTH), want()).after, want())["filesystem"]
    assert planned == {
        "type": "btrfs",
        "uuid": None,
        "label": "docker",
        "devices": [
            {"id": 1, "device": ONE, "size": 10 * GIB},
            {"id": 2, "device": TWO, "size": 10 * GIB},
        ],
        "data_profiles": ["single"],
        "metadata_profiles": ["raid1"],
    }
