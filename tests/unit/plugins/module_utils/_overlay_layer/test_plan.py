# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of overlay mounts, as a table."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.config import Config
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.kernel import Kernel
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.layer import (
    Layer,
    Place,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay.mounted import Use
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.state import (
    State,
    Wanted,
    require_sane,
)
from ansible_collections.containerhost.storage.plugins.module_utils._overlay_layer.unit import (
    OverlayUnit,
)
from support.invariants import INVARIANTS, Technology, outcome

PARAMETERS = {
    "redirect_dir": False, "redirect_always_follow": True, "index": False, "metacopy": False,
    "xino_auto": False,
}  # fmt: skip
KERNEL = Kernel("6.12.1-amd64", overlay=True, parameters=PARAMETERS, user_namespace=False)
UNLOADED = KERNEL._replace(parameters={})
DISK = Mount("8:1", "/", "/", "ext4", "/dev/sda1", ("rw", "relatime"))
DATA = Mount("8:2", "/", "/data", "xfs", "/dev/sda2", ("rw", "relatime"))
MEMORY = Mount("0:25", "/", "/run", "tmpfs", "tmpfs", ("rw", "nosuid"))
BOTH = ("trusted", "user")

BASE = Config(lower=("/l1", "/l2"), upper="/u", work="/w")
READ_ONLY = Config(lower=("/l1", "/l2"))
VOLATILE = BASE._replace(volatile=True)
UNIT = OverlayUnit.of("/m", BASE)
FSTAB = TableLine("overlay", "/m", "overlay", ("lowerdir=/l1:/l2", "upperdir=/u", "workdir=/w"))


def layer(path, kind="folder", mount=DISK, real=None, device=1, **more):
    real = real or path
    return Layer(path, real, kind, Place(mount.devno, real), mount, device, BOTH)._replace(**more)


def want(config=BASE, state="mounted", persistent=None, **more):
    return Wanted("/m", config._replace(**more), state, persistent)


def host(*layers, **more):
    """A host with systemd, where nothing is mounted, and no layer but these is out of order."""
    usual = ("/l1", "/l2", "/l3", "/u", "/w", "/u2", "/w2", "/d")
    values = {
        "kernel": KERNEL,
        "mounted": None,
        "current": None,
        "unit_text": None,
        "enabled": False,
        "systemd": True,
        "table": None,
        "layers": {**{path: layer(path) for path in usual}, **{one.path: one for one in layers}},
        "folder": layer("/m"),
    }
    return State(**{**values, **more})


def mounted(*layers, config=BASE, unit=UNIT, **more):
    """A host on which it is mounted, and kept by its unit."""
    values = {
        "mounted": Mount("0:50", "/", "/m", "overlay", "overlay", config.written()),
        "current": config,
        "unit_text": unit and unit.text,
        "enabled": unit is not None,
    }
    return host(*layers, **{**values, **more})


def by_hand(*layers, **more):
    return mounted(*layers, unit=None, **more)


RELOAD = "systemctl daemon-reload"
ENABLE, DISABLE = "systemctl enable --quiet -- m.mount", "systemctl disable --quiet -- m.mount"
START, UMOUNT = "systemctl restart -- m.mount", "umount -- /m"
FORGIVE = "systemctl reset-failed -- m.[m]ount"
PATH = "/etc/systemd/system/m.mount"
MAKE = "mkdir --parents --mode 0755 --"
MOUNT = "env LIBMOUNT_FORCE_MOUNT2=always mount --types overlay --options {} -- overlay /m"
LAYERS = "lowerdir=/l1:/l2,upperdir=/u,workdir=/w"

CASES = [
    # mounted anew: by a unit where systemd runs the host, else until the next boot
    (host(), want(), [PATH, RELOAD, ENABLE, START]),
    (host(), want(persistent=False), [MOUNT.format(LAYERS)]),
    (host(systemd=False), want(), [MOUNT.format(LAYERS)]),
    (host(systemd=False), want(READ_ONLY), [MOUNT.format("lowerdir=/l1:/l2")]),
    (host(), want(VOLATILE), [MOUNT.format(LAYERS + ",volatile")]),
    (host(layer("/u", mount=MEMORY), layer("/w", mount=MEMORY)), want(), [MOUNT.format(LAYERS)]),
    (
        host(layer("/u", "missing"), layer("/w", "missing"), folder=layer("/m", "missing")),
        want(persistent=False),
        [f"{MAKE} /u", f"{MAKE} /w", f"{MAKE} /m", MOUNT.format(LAYERS)],
    ),
    (
        host(),
        want(persistent=False, redirect_dir="on", index=True, metacopy=True, xino="auto"),
        [MOUNT.format(LAYERS + ",redirect_dir=on,index=on,metacopy=on,xino=auto")],
    ),
    (host(kernel=UNLOADED), want(persistent=False, index=False),
     [MOUNT.format(LAYERS + ",index=off")]),
    # what a run that broke off has left is gone on from
    (host(unit_text=UNIT.text), want(), [ENABLE, START]),
    (host(unit_text=UNIT.text, enabled=True), want(), [START]),
    (host(unit_text=UNIT.text, enabled=True), want(Config()), [START]),
    # paths are escaped as the kernel wants it
    (
        host(*map(layer, ("/a:b", "/c,d", "/e f", "/g\\h"))),
        want(persistent=False, lower=("/a:b", "/c,d", "/e f", "/g\\h")),
        [MOUNT.format(r"lowerdir=/a\:b:/c\,d:/e f:/g\\h,upperdir=/u,workdir=/w")],
    ),
    # as it should be, however it is said
    (mounted(), want(), []),
    (mounted(), want(Config()), []),
    (mounted(), want(persistent=True), []),
    (by_hand(), want(redirect_dir="off"), []),
    (by_hand(), want(redirect_dir="follow"), []),
    (by_hand(), want(index=False, metacopy=False, volatile=False, userxattr=False), []),
    (by_hand(), want(xino="on"), []),  # all layers are on one filesystem: it means nothing
    # mountinfo shows what nobody asked for, and not what is the default
    (mounted(config=BASE._replace(extra=("uuid=on",))), want(), []),
    (mounted(unit=OverlayUnit.of("/m", BASE._replace(index=False))), want(), []),
    (mounted(), want(index=False), [PATH, RELOAD]),
    (mounted(layer("/link", real="/l1")), want(lower=("/link", "/l2")), []),
    (mounted(layer("/link", real="/u")), want(upper="/link"), []),
    (by_hand(), want(), []),
    (by_hand(), want(persistent=False), []),
    (by_hand(table=FSTAB), want(), []),
    (by_hand(table=FSTAB), want(persistent=True), []),
    (by_hand(systemd=False), want(), []),
    (by_hand(config=BASE._replace(redirect_dir="on", metacopy=True)), want(metacopy=True), []),
    (by_hand(config=VOLATILE), want(), []),
    (by_hand(config=READ_ONLY._replace(redirect_dir="on")), want(READ_ONLY, redirect_dir="follow"),
     []),
    # rules are for mounting: what is mounted is left alone, whatever became of its layers
    (mounted(layer("/w", foreign=("x",)), uses=()), want(), []),
    # each way to drift
    (by_hand(), want(persistent=True), [PATH, RELOAD, ENABLE]),
    (mounted(enabled=False), want(), [ENABLE]),
    (mounted(unit_text=UNIT.text + "#"), want(), [PATH, RELOAD]),
    (mounted(), want(persistent=False), [DISABLE, PATH, RELOAD, FORGIVE]),
    (mounted(), want(metacopy=True), [UMOUNT, PATH, RELOAD, START]),
    (by_hand(), want(index=True), [UMOUNT, MOUNT.format(LAYERS + ",index=on")]),
    (
        by_hand(config=BASE._replace(index=True, extra=("nfs_export=on",))),
        want(redirect_dir="on"),
        [UMOUNT, MOUNT.format(LAYERS + ",redirect_dir=on,index=on,nfs_export=on")],
    ),
    (
        by_hand(),
        want(lower=("/l2", "/l1")),
        [UMOUNT, MOUNT.format("lowerdir=/l2:/l1,upperdir=/u,workdir=/w")],
    ),
    (
        by_hand(layer("/l2", mount=DATA)),
        want(xino="on"),
        [UMOUNT, MOUNT.format(LAYERS + ",xino=on")],
    ),
    # away
    (mounted(), want(Config(), "unmounted"), [UMOUNT]),
    (host(unit_text=UNIT.text, enabled=True), want(Config(), "unmounted"), []),
    (mounted(), want(Config(), "absent"), [UMOUNT, DISABLE, PATH, RELOAD, FORGIVE]),
    (by_hand(), want(Config(), "absent"), [UMOUNT]),
    (host(unit_text=UNIT.text), want(Config(), "absent"), [PATH, RELOAD, FORGIVE]),
    (host(), want(state="absent"), []),
    (host(), want(state="unmounted"), []),
]  # fmt: skip

BTRFS = Mount("0:40", "/", "/b", "btrfs", "/dev/sdb", ("rw",))
OTHER = Use("upper", Place("8:1", "/u"), "/elsewhere", "0:77")
LONG = tuple(f"/layers/{number:04}{'x' * 40}" for number in range(90))
FAIR = LONG[:20]
MANY = tuple(f"/{number}" for number in range(501))
BUSY = ("process 7 (bash)",)

REFUSALS = [
    # what is kept from the present mount goes against what is wanted
    (by_hand(config=BASE._replace(redirect_dir="nofollow")), want(Config(), metacopy=True),
     "options_conflict", "metacopy=on and redirect_dir=nofollow exclude each other"),
    (by_hand(config=BASE._replace(userxattr=True)), want(Config(), metacopy=True),
     "options_conflict", "userxattr=on and metacopy=on exclude each other"),
    (by_hand(config=BASE._replace(extra=("nfs_export=on",), index=True)),
     want(Config(), metacopy=True),
     "options_conflict", "metacopy=on and nfs_export=on exclude each other"),
    (by_hand(config=BASE._replace(extra=("nfs_export=on",), index=True)),
     want(Config(), index=False),
     "options_conflict", "index=off and nfs_export=on exclude each other"),
    (host(layer("/l1", stacked=2)), want(),
     "stack_too_deep", "an overlay that lies on another one, and the kernel stacks 2"),
    # which folders are mounted cannot be told
    (by_hand(unclear=("l/ABC",)), want(), "overlay_unclear", "(l/ABC)"),
    (by_hand(moved=("/u",)), want(Config(), metacopy=True),
     "overlay_unclear", "folders that are no longer at /u"),
    (host(uses=(Use("upper", Place("8:1", "/u"), "/m2", "0:51", "/proc/self/fd/7"),)), want(),
     "layer_busy", "it may be the upper layer of the overlay at /m2, which was mounted with"),

    # lists that make no overlay
    (host(), want(Config()), "option_missing", "no lower layer was named"),
    (host(), want(READ_ONLY, lower=("/l1",)), "too_few_layers", "it needs two lower ones at least"),
    (host(), want(work=None), "options_incomplete", "it has upper=/u and no work"),
    (host(), want(upper=None), "options_incomplete", "it has work=/w and no upper"),
    (host(), want(READ_ONLY, index=True),
     "options_conflict", "index means nothing without an upper layer"),
    (host(), want(READ_ONLY, volatile=True),
     "options_conflict", "volatile means nothing without an upper layer"),
    (host(*map(layer, MANY)), want(lower=MANY),
     "too_many_layers", "it has 501 lower layers, and the kernel"),
    (host(*map(layer, LONG)), want(lower=LONG),
     "mount_options_too_long", "and mount(2) takes 4095 and cuts off the rest"),
    (
        host(*map(layer, FAIR), mount_version=(2, 39)),
        want(lower=FAIR),
        "mount_options_too_long", "util-linux 2.39 can hand over 255",
    ),
    # layers that overlap
    (host(layer("/l1/u")), want(upper="/l1/u"),
     "layers_overlap", "lower=/l1 and upper=/l1/u: layers of an overlay "
     "must not overlap, and /l1/u lies in /l1"),
    (host(layer("/u/l")), want(lower=("/u/l",)), "layers_overlap", "and /u/l lies in /u"),
    (host(), want(work="/u"),
     "layers_overlap", "upper=/u and work=/u: layers of an overlay must not overlap, and "
     "they are one folder"),
    (host(layer("/u/w")), want(work="/u/w"), "layers_overlap", "and /u/w lies in /u"),
    (host(), want(lower=("/l1", "/l1")), "layers_overlap", "they are one folder"),
    (host(layer("/link", real="/l1")), want(lower=("/l1", "/link")),
     "layers_overlap", "they are one folder"),
    (
        host(layer("/bind", place=Place("8:1", "/l1/deep"))),
        want(lower=("/l1", "/bind")),
        "layers_overlap", "/bind lies in /l1",
    ),
    # work and upper
    (host(layer("/w", mount=DATA)), want(),
     "filesystems_differ", "upper=/u lies on / (ext4), and work=/w on /data (xfs)"),
    (
        host(layer("/b/u", mount=BTRFS), layer("/b/w", mount=BTRFS, device=2)),
        want(upper="/b/u", work="/b/w"),
        "filesystems_differ", "in another subvolume",
    ),
    (host(layer("/w", foreign=("a", "b"))), want(),
     "directory_not_empty", "work=/w: it is not empty (a, b, ...)"),
    (host(layer("/w", was_volatile=True)), want(),
     "overlay_volatile", "work=/w: a volatile mount has used it"),
    # what cannot be a layer
    (host(layer("/l1", "missing")), want(), "layer_missing", "lower=/l1: it is not there"),
    (host(layer("/l1", "other")), want(), "not_a_directory", "lower=/l1: it is no folder"),
    (host(layer("/u", "other")), want(), "not_a_directory", "upper=/u: it is no folder"),
    (host(layer("/l1", mount=DISK._replace(fstype="vfat"))), want(),
     "filesystem_unsupported", "lies on vfat, which cannot"),
    (host(layer("/u", mount=DISK._replace(fstype="overlay"))), want(),
     "filesystem_unsupported", "it is an overlay itself"),
    (host(layer("/u", mount=DISK._replace(fstype="nfs4"))), want(),
     "filesystem_unsupported", "it is on another machine"),
    (host(layer("/u", mount=DISK._replace(fstype="fuse.sshfs"))), want(),
     "filesystem_unsupported", "lies on fuse.sshfs"),
    (host(layer("/u", mount=DISK._replace(options=("ro",)))), want(),
     "filesystem_readonly", "/ is mounted read only"),
    (host(layer("/u", mount=DATA, ftype=False)), want(),
     "file_types_missing", "was made with ftype=0"),
    (host(layer("/u", attributes=("user",))), want(),
     "xattr_unsupported", "keeps no trusted attributes"),
    (host(layer("/u", attributes=("trusted",))), want(userxattr=True),
     "xattr_unsupported", "keeps no user attributes"),
    # layers of other overlays
    (host(uses=(OTHER,)), want(),
     "layer_busy", "upper=/u: the overlay at /elsewhere has /u as its upper layer"),
    (host(uses=(OTHER._replace(role="lower"),)), want(), "layer_busy", "has /u as its lower layer"),
    (host(uses=(OTHER._replace(place=Place("8:1", "/u/x")),)), want(),
     "layer_busy", "has /u/x as its upper"),
    (host(uses=(OTHER._replace(place=Place("8:1", "/w"), role="work"),)), want(),
     "layer_busy", "work=/w: the"),
    (host(uses=(OTHER._replace(place=Place("8:1", "/l2")),)), want(),
     "layer_busy", "lower=/l2: the overlay at"),
    # the kernel, and a namespace
    (host(kernel=KERNEL._replace(overlay=False)), want(),
     "kernel_module_missing", "kernel 6.12.1-amd64 has no overlay"),
    (host(kernel=UNLOADED._replace(release="5.9.0")), want(persistent=False, volatile=True),
     "kernel_too_old", "kernel 5.9.0 does not know volatile, which came with 5.10"),
    (host(kernel=KERNEL._replace(parameters={"index": True})), want(metacopy=True),
     "kernel_too_old", "does not know metacopy"),
    (host(kernel=UNLOADED._replace(release="5.10.0")), want(userxattr=True),
     "kernel_too_old", "came with 5.11"),
    (host(kernel=KERNEL._replace(user_namespace=True)), want(),
     "user_namespace_unsupported", "this is a user namespace"),
    # what is there already
    (host(mounted=DATA._replace(path="/m")), want(),
     "mount_point_occupied", "/dev/sda2 (xfs) is mounted there"),
    (host(folder=layer("/m", "other")), want(), "not_a_directory", "/m: it is no folder"),
    (mounted(), want(upper="/u2", work="/w2"), "other_overlay_mounted", "that is another overlay"),
    (mounted(), want(work="/w2"),
     "other_overlay_mounted", "it is mounted with work=/w, and /w2 is wanted"),
    (mounted(holders=BUSY), want(index=True), "mount_busy", "it is in use by process 7 (bash)"),
    (mounted(holders=BUSY), want(Config(), "absent"),
     "mount_busy", "it is in use by process 7 (bash)"),
    (by_hand(config=VOLATILE), want(persistent=False, metacopy=True),
     "overlay_volatile", "it is volatile, and cannot"),
    (by_hand(config=BASE._replace(data=("/d",))), want(lower=("/l2",)),
     "data_only_layers", "data-only layers (/d)"),
    # persistent
    (host(systemd=False), want(persistent=True),
     "systemd_missing", "systemd does not run this host"),
    (host(), want(VOLATILE, persistent=True), "overlay_volatile", "so it cannot come back at boot"),
    (host(layer("/g\\h")), want(lower=("/g\\h",)),
     "path_invalid", "it has a backslash in it, which systemd takes"),
    (host(layer("/l1 ")), want(lower=("/l1 ",)),
     "path_invalid", "lower=/l1 : it has a space at its end"),
    (host(layer("/l1", mount=MEMORY)), want(persistent=True),
     "layer_not_persistent", "lower=/l1: it lies on /run (tmpfs), which is empty after a boot"),
    (host(), want()._replace(path="/" + "-" * 64),
     "path_too_long", "too long for the name of a unit"),
    (host(table=FSTAB._replace(fstype="xfs")), want(),
     "fstab_conflict", "/etc/fstab: its line for /m mounts overlay (xfs) there at boot"),
    (by_hand(table=FSTAB), want(Config(), "absent"),
     "fstab_conflict", "/etc/fstab: its line for /m mounts overlay"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_plan(state, wanted, steps):
    assert outcome(plan, state, wanted) == steps


@pytest.mark.parametrize(("state", "wanted", "refusal", "words"), REFUSALS)
def test_refusal(state, wanted, refusal, words):
    with pytest.raises(StorageError) as refused:
        plan(state, wanted)
    assert words in str(refused.value)
    assert refused.value.details == {"refusal": refusal}


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_invariant(holds, state, wanted, steps):
    holds(Technology(plan, describe), state, wanted)


@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_no_step_touches_a_layer(state, wanted, steps):
    """But to make it where it is missing."""
    for step in plan(state, wanted).steps:
        assert step.destroys == ()
        words = getattr(step, "argv", ())
        assert words[:1] == ("mkdir",) or not {"/l1", "/l2", "/u", "/w"} & set(words)


INSANE = [
    (Config(lower=("l1",)), "path_invalid", "lower=l1: it is no absolute path"),
    (Config(lower=("/a\nb",)), "path_invalid", r"lower='/a\nb': it has '\n' in it"),
    (Config(upper='/a"b'), "path_invalid", "which mount(8) and the kernel's tables cannot carry"),
    (
        Config(metacopy=True, redirect_dir="nofollow"),
        "options_conflict",
        "metacopy=on needs redirect_dir=on",
    ),
    (
        Config(metacopy=True, userxattr=True),
        "options_conflict",
        "userxattr and metacopy=on exclude each other",
    ),
    (
        Config(redirect_dir="on", userxattr=True),
        "options_conflict",
        "userxattr and redirect_dir=on exclude each other",
    ),
]


@pytest.mark.parametrize(("config", "refusal", "words"), INSANE)
def test_what_no_host_could_have(config, refusal, words):
    with pytest.raises(StorageError) as refused:
        require_sane(config, "/m")
    assert words in str(refused.value)
    assert refused.value.details == {"refusal": refusal}


def test_the_root_is_no_mount_point():
    with pytest.raises(StorageError, match="the root of the host") as refused:
        require_sane(BASE, "/")
    assert refused.value.details == {"refusal": "path_is_root"}


def test_the_way_back_mounts_what_there_was():
    (mount,) = plan(mounted(), want(metacopy=True)).parts
    back = [getattr(step, "path", None) or " ".join(step.argv) for step in mount.undo]
    assert back == [PATH, RELOAD, FORGIVE, MOUNT.format(LAYERS)]
    assert mount.undo[0].content == UNIT.text
    assert mount.undo[-1].unless_mounted == "/m"  # it may be the unmounting that failed


def test_the_way_back_of_a_new_mount_takes_the_unit_away():
    folders, mount = plan(host(folder=layer("/m", "missing")), want()).parts
    back = [getattr(step, "path", None) or " ".join(step.argv) for step in mount.undo]
    assert back == [DISABLE, PATH, RELOAD, FORGIVE]
    assert mount.undo[1].content is None
    assert mount.steps[0].path == PATH
    assert folders.undo == ()


FINDINGS = [
    (by_hand(config=VOLATILE), {}, ["overlay_volatile"]),
    (host(folder=layer("/m", foreign=("x",))), {}, ["hidden_data"]),
    (host(folder=layer("/m", real="/l1", foreign=("x",))), {}, []),
    (mounted(), {"orphan_whiteouts": 2, "upper": "/u"}, ["orphan_whiteouts"]),
    (mounted(), {"foreign_marks": 2, "upper": "/u"}, ["foreign_marks"]),
]


@pytest.mark.parametrize(("state", "changes", "topics"), FINDINGS)
def test_findings(state, changes, topics):
    planned = plan(state._replace(changes=changes), want())
    assert [finding.topic for finding in planned.findings] == topics
    assert planned.facts == {"changes": changes}
