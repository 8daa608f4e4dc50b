# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of mounted volumes, as a table."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import parse_amount
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    MountUnit,
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._host.xfs import Xfs
from ansible_collections.containerhost.storage.plugins.module_utils._lvm.report import LogicalVolume
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import (
    Folder,
    MountState,
    Place,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume import describe
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mounted_volume.state import (
    State,
    Wanted,
)
from support.failures import WAYS_TO_FAIL, fail
from support.invariants import INVARIANTS, Technology, outcome
from support.lvm_hosts import EXTENT, disk, group, groups, pool

ROOT = "/var/lib/docker"
UNIT = MountUnit("/dev/mapper/docker-data", ROOT, "xfs", ("noatime", "prjquota"))
GUARD = "/etc/systemd/system/docker.service.d/50-var-lib-docker.conf"
SIZE = 2047  # extents: 80 % of 10 GiB

PLAIN = LogicalVolume("data", "u", SIZE, "linear", "public")
THIN = PLAIN._replace(kind="thin", pool="thinpool")
XFS = Xfs("5f", 4096, SIZE * EXTENT // 4096, 2560, ftype=True)
LIVE = Mount("252:0", "/", ROOT, "xfs", "/dev/mapper/docker-data", ("rw", "noatime", "prjquota"))
NOTHING = Folder(Holdings(ROOT))


def want(pool_name=None, size=None, keep=False, units=("docker.service",), **more):
    unit = UNIT._replace(**more)
    amount = size and parse_amount(size, "size")
    place = Place("docker/data", unit, units, keep)
    return Wanted("docker", "data", pool_name, amount, place)


def host(found=(), disks=(), **more):
    """A host on which the volume is not mounted, and Docker runs on the empty folder below."""
    values = {
        "groups": groups(*found, disks=disks),
        "device": None,
        "xfs": None,
        "filesystem_size": 0,
    }
    mount = {
        "mounted": None,
        "ours": False,
        "unit_text": None,
        "enabled": False,
        "table": None,
        "guarded": (),
        "guard_texts": {},
        "active": ("docker.service",),
        "folder": NOTHING,
        "folder_exists": True,
    }
    mount.update((key, more.pop(key)) for key in mount.keys() & more.keys())
    return State(mount=MountState(**mount), **{**values, **more})


def mounted(found=None, **more):
    """A host on which all is done."""
    values = {
        "xfs": XFS,
        "mounted": LIVE,
        "ours": True,
        "filesystem_size": SIZE * EXTENT,
        "unit_text": UNIT.text,
        "enabled": True,
        "guarded": ("docker.service",),
        "guard_texts": {"docker.service": UNIT.guard_text},
        "active": (),
        "folder": None,
    }
    return host(found or [group(PLAIN)], **{**values, **more})


TAG = "--addtag containerhost.storage.unfinished"
MARK = f"lvchange {TAG} docker/data"
WHOLE = "lvchange --deltag containerhost.storage.unfinished docker/data"
LVCREATE = f"lvcreate --name data {TAG} --yes --wipesignatures y --extents {SIZE} docker"
LVCREATE_THIN = (
    f"lvcreate --name data {TAG} --virtualsize {SIZE * 4096}k --thinpool thinpool docker"
)
MKFS = ["mkfs.xfs -q -n ftype=1 /dev/mapper/docker-data", WHOLE]
AGAIN = ["mkfs.xfs -f -q -n ftype=1 /dev/mapper/docker-data", WHOLE]
RELOAD, STOP = "systemctl daemon-reload", "systemctl stop -- docker.service"
ENABLE = "systemctl enable --quiet --no-reload -- var-lib-docker.mount"
FORGIVE = "systemctl reset-failed -- docker.service"
MOUNT, START = "systemctl restart -- var-lib-docker.mount", "systemctl start -- docker.service"
FILES = [UNIT.path, GUARD, RELOAD]
GROW_FS = f"xfs_growfs {ROOT}"
REMOUNT = [f"umount -- {ROOT}", MOUNT]
ON = [*FILES, STOP, ENABLE, MOUNT, FORGIVE, START]
MARKED = PLAIN._replace(tags=("containerhost.storage.unfinished",))
HALF = XFS._replace(unfinished=True)
HALF_MADE = disk(path=UNIT.what, signatures=("xfs",), content=0)
FSTAB = TableLine("UUID=5f", ROOT, "xfs", ("noatime", "prjquota"))
NO_QUOTA = LIVE._replace(options=("rw", "noatime", "noquota"))


def test_a_filesystem_that_is_made_anew_is_told_as_such():
    for xfs, anew in ((HALF, True), (None, False)):
        state = host([group(MARKED)], device=HALF_MADE if anew else disk(), xfs=xfs)
        (step,) = [
            it for it in plan(state, want()).steps if getattr(it, "argv", "")[:1] == ("mkfs.xfs",)
        ]
        assert ("anew: mkfs.xfs was broken off there" in step.reason) is anew


CASES = [
    # made anew
    (host([group()]), want(), [LVCREATE, *MKFS, *FILES, STOP, ENABLE, MOUNT, FORGIVE, START]),
    (
        host([group(pool(2047))]),
        want("thinpool"),
        [LVCREATE_THIN, *MKFS, *FILES, STOP, ENABLE, MOUNT, FORGIVE, START],
    ),
    (
        host([group()], active=(), folder_exists=False),
        want(units=()),
        [
            LVCREATE, *MKFS, f"mkdir --parents --mode 0711 -- {ROOT}",
            UNIT.path, RELOAD, ENABLE, MOUNT,
        ],
    ),
    # what a run that broke off has left is gone on from
    (
        host([group(PLAIN)], device=disk()),
        want(),
        [MARK, *MKFS, *ON],
    ),
    # the mark tells that nothing is on it but what a run of ours has begun: killed before mkfs,
    # with what a removed volume has left behind the first 4 KiB; within it; right after it
    (host([group(MARKED)], device=disk()), want(), [*MKFS, *ON]),
    (host([group(MARKED)], device=disk(content=4096)), want(), [*MKFS, *ON]),
    (host([group(MARKED)], xfs=HALF, device=HALF_MADE), want(), [*AGAIN, *ON]),
    (
        host([group(pool(), THIN._replace(tags=MARKED.tags))], xfs=HALF, device=HALF_MADE),
        want("thinpool"),
        [*AGAIN, *ON],
    ),
    (
        host([group(MARKED)], xfs=HALF, device=HALF_MADE),
        want(size="9g"),
        ["lvextend --extents 2304 docker/data", *AGAIN, *ON],
    ),
    (host([group(MARKED)], xfs=XFS, device=HALF_MADE), want(), [WHOLE, *ON]),
    (mounted([group(MARKED)]), want(), [WHOLE]),
    # marks of others are theirs
    (mounted([group(PLAIN._replace(tags=("backup",)))]), want(), []),
    (host([group(PLAIN)], xfs=XFS), want(), [*FILES, STOP, ENABLE, MOUNT, FORGIVE, START]),
    (
        mounted(mounted=None, ours=False, filesystem_size=0, folder=NOTHING),
        want(),
        [MOUNT],
    ),
    # as it should be, however it is said
    (mounted(), want(), []),
    (mounted(), want(size="80%VG"), []),
    (mounted(), want(size="8188m"), []),
    (mounted(), want(size="1g"), []),
    (mounted([group(pool(), THIN)]), want("thinpool"), []),
    (mounted(), want(options=("noatime", "prjquota")), []),
    (mounted(table=FSTAB, unit_text=None), want(), []),
    (mounted(table=FSTAB._replace(source="/dev/docker/data"), unit_text=None), want(), []),
    (mounted(filesystem_size=SIZE * EXTENT - 63 * 4096), want(), []),
    # each way to drift
    (mounted(enabled=False), want(), [ENABLE]),
    (mounted(guarded=(), guard_texts={}), want(), [GUARD, RELOAD]),
    (mounted(unit_text="[Mount]\n"), want(), [UNIT.path, RELOAD]),
    (mounted(filesystem_size=SIZE * EXTENT // 2), want(), [GROW_FS]),
    (mounted(filesystem_size=SIZE * EXTENT - 64 * 4096), want(), [GROW_FS]),
    (
        mounted(mounted=NO_QUOTA, active=("docker.service",)),
        want(),
        [STOP, *REMOUNT, FORGIVE, START],
    ),
    (mounted(), want(size="9g"), ["lvextend --extents 2304 docker/data", GROW_FS]),
    (
        mounted([group(PLAIN._replace(active=False))]),
        want(),
        ["lvchange --activate y --ignoreactivationskip docker/data"],
    ),
    # data below the mount, with the user's leave
    (
        host([group()], folder=Folder(Holdings(ROOT, {"overlay2": 1}))),
        want(keep=True),
        [LVCREATE, *MKFS, *FILES, STOP, ENABLE, MOUNT, FORGIVE, START],
    ),
]  # fmt: skip

FULL = Folder(Holdings(ROOT, {"overlay2": 3}, {"overlay2": 1}, 2), size=5 * 1024**2)

REFUSALS = [
    (host([]), want(), "no disk was named"),
    (host([group()], folder=FULL), want(), "would hide 3 images, 1 containers, 2 volumes (5 MiB)"),
    (
        host([group()], folder=Folder(Holdings(ROOT, others={"network": 1}))),
        want(),
        "would hide 1 network (0 B)",
    ),
    (
        host([group()], folder=Folder(Holdings(ROOT), ("x", "y"))),
        want(),
        "files that are no engine's (x, y)",
    ),
    (
        host([group()], mounted=LIVE._replace(source="/dev/sdz")),
        want(),
        "/dev/sdz (xfs) is mounted",
    ),
    (host([group()], table=FSTAB._replace(source="/dev/sdz")), want(), "it mounts /dev/sdz"),
    (host([group()]), want("thinpool"), "Thin pool docker/thinpool: there is none of that name"),
    (host([group()]), want(size="11g"), "it needs 11 GiB more"),
    (host([group()]), want(size="100m"), "XFS needs 300 MiB"),
    # what would be lost from sight comes before what would not fit
    (host([group()], folder=FULL), want(size="100m"), "would hide"),
    (mounted([group(pool(), THIN)]), want(), "it is a thin volume in pool thinpool"),
    (mounted(), want("thinpool"), "it is a linear volume"),
    (
        mounted([group(pool(), THIN._replace(pool="other"))]),
        want("thinpool"),
        "it is a thin volume in pool other, and a thin one in pool thinpool is wanted",
    ),
    (host([group(PLAIN)], device=disk(signatures=("ext4",))), want(), "it carries ext4"),
    (host([group(PLAIN)], device=disk(content=4096)), want(), "unknown data from byte 4096 on"),
    (host([group(PLAIN)], xfs=XFS._replace(ftype=False)), want(), "it was made with ftype=0"),
    (host([group(MARKED)], device=disk(content=4095)), want(), "unknown data from byte 4095 on"),
    (host([group(MARKED)], device=disk(signatures=("ext4",))), want(), "it carries ext4"),
    (
        host([group(PLAIN)], xfs=HALF, device=HALF_MADE),
        want(),
        "it is not whole: mkfs.xfs, xfs_copy or xfs_mdrestore was broken off on it",
    ),
    (host([group(PLAIN._replace(active=False))]), want(), "it is not active, so what is on it"),
    (
        mounted(xfs=None, mounted=LIVE._replace(fstype="ext4"), filesystem_size=0),
        want(),
        "it is mounted at /var/lib/docker, as ext4 and not as XFS",
    ),
    (host([group(), group(name="b", missing=1)]), want(), "Volume group b"),
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


def test_what_is_written_over_is_claimed_as_it_will_be_then():
    planned = plan(host([group(MARKED)], xfs=HALF, device=HALF_MADE), want(size="9g"))
    (claim,) = (it for step in planned.steps for it in getattr(step, "claims", ()))
    assert claim == HALF_MADE.claim._replace(size=2304 * EXTENT)


def test_the_volume_that_is_promised_is_the_one_that_will_be_seen():
    made = plan(host([group()]), want()).after.volume(want())[1]
    assert made == PLAIN._replace(uuid=None, path=UNIT.what)
    made = plan(host([group(pool())]), want("thinpool")).after.volume(want())[1]
    assert made == THIN._replace(uuid=None, path=UNIT.what)


def test_the_filesystem_that_is_promised_is_the_one_that_will_be_seen():
    after = plan(host([group(PLAIN)], device=disk()), want()).after
    assert after.xfs == XFS._replace(uuid=None, log_blocks=0)  # nobody knows its log yet
    assert after.device is None  # it is mounted: its content is the filesystem's affair


def test_the_way_back_starts_the_engine_on_what_it_had():
    made, mount = plan(host([group()]), want()).parts
    assert made.undo == ()
    assert mount.ready[0].path == UNIT.path
    (engine,) = mount.pauses
    back = [getattr(it, "path", None) or " ".join(it.argv) for it in (*mount.undo, *engine.back)]
    assert back == [
        "systemctl disable --quiet --no-reload --now -- var-lib-docker.mount",
        UNIT.path,
        GUARD,
        RELOAD,
        FORGIVE,
        START,
    ]
    assert all(step.content is None for step in mount.undo if hasattr(step, "content"))


LETS_GO = [
    # a mount that systemd or fstab were to make at boot anyhow: it is unmounted, and stays theirs
    {"unit_text": UNIT.text, "enabled": True},
    {"table": FSTAB, "enabled": True},
]


@pytest.mark.parametrize("more", LETS_GO)
def test_the_way_back_lets_go_of_a_mount_that_is_made_at_boot(more):
    (mount,) = plan(host([group(PLAIN)], xfs=XFS, **more), want()).parts
    back = [getattr(it, "path", None) or " ".join(it.argv) for it in mount.undo]
    assert back == [GUARD, RELOAD, "systemctl stop -- var-lib-docker.mount"]


def test_a_filesystem_that_cannot_grow_leaves_the_mount_and_the_engine_on_it():
    small = XFS._replace(blocks=XFS.blocks // 2)
    planned = plan(host([group(PLAIN)], xfs=small), want())
    words = [getattr(step, "path", None) or " ".join(step.argv) for step in planned.steps]
    assert words[-2:] == [START, GROW_FS]
    failure = fail(planned, len(words) - 1, WAYS_TO_FAIL[0])
    assert failure.back == []
    assert failure.result["kept"] == failure.result["done"]
    assert [step["action"] for step in failure.result["kept"]][-3:] == [MOUNT, FORGIVE, START]
    assert failure.result["changed"] is True
    assert "undone" not in failure.result
    assert "as it was before" not in failure.text


def test_data_below_the_mount_is_told():
    state = host([group()], folder=FULL)
    assert [one.topic for one in plan(state, want(keep=True)).findings] == ["hidden_data"]


# What is wanted of a volume of 2047 extents, and how much of the group is free afterwards.
TAKEN = [
    (group(PLAIN), want(), 2559 - 2047),
    (group(PLAIN), want(size="9g"), 2559 - 2304),
    (group(), want(size="9g"), 2559 - 2304),
    # a thin volume takes from its pool, and only what is written
    (group(pool(), THIN), want("thinpool"), 2559 - 2049),
    (group(pool(), THIN), want("thinpool", size="9g"), 2559 - 2049),
    (group(pool()), want("thinpool", size="9g"), 2559 - 2049),
]


@pytest.mark.parametrize(("found", "wanted", "free"), TAKEN)
def test_what_a_volume_takes_from_its_group(found, wanted, free):
    state = mounted([found]) if found.lv("data") else host([found])
    after = plan(state, wanted).after
    group_after, volume = after.volume(wanted)
    assert group_after.free == free
    assert after.filesystem_size == volume.extents * EXTENT
    assert (after.device, after.mount.ours) == (None, True)


# What is there of a volume in a group of 10236 MiB, what is wanted, whether there is room for it.
FITS = [
    (group(), want(size="10236m"), True),
    (group(), want(size="10237m"), False),
    (group(PLAIN), want(size="10236m"), True),
    (group(PLAIN), want(size="10237m"), False),
    (group(), want(size="300m"), True),
    (group(), want(size="296m"), False),
    (group(PLAIN._replace(extents=10)), want(), True),  # smaller than XFS takes, but there already
]


@pytest.mark.parametrize(("found", "wanted", "fits"), FITS)
def test_a_volume_fits_to_the_extent(found, wanted, fits):
    state = host([found], xfs=XFS if found.lv("data") else None)
    assert isinstance(outcome(plan, state, wanted), list) is fits


@pytest.mark.parametrize(("given", "topics"), [(1, []), (1047, []), (1048, ["overcommitted_pool"])])
def test_a_pool_that_could_not_hold_its_volumes_is_told(given, topics):
    other = THIN._replace(name="other", extents=given)
    volume = THIN._replace(extents=1000)
    found = plan(mounted([group(pool(), volume, other)], xfs=XFS), want("thinpool")).findings
    assert [one.topic for one in found] == topics
