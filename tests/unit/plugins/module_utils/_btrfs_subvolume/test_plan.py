# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of subvolumes, as a table: what is there, what is wanted, what is done."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs.filesystem import (
    Filesystem,
)
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume import describe
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_subvolume.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    destroyed,
    seal,
)
from support.btrfs_hosts import OFF, ON, WRONG, going, held, host, place, quota, subvolume, want
from support.invariants import INVARIANTS, Technology, outcome

MIB = 1024**2
CREATE = "btrfs subvolume create /srv/a"
SNAPSHOT = "btrfs subvolume snapshot /srv/base /srv/a"
READONLY = "btrfs property set -t subvol /srv/a ro true"
WRITABLE = "btrfs property set -t subvol /srv/a ro false"
ZSTD = "btrfs property set -t inode /srv/a compression zstd"
PLAIN = "btrfs property set -t inode /srv/a compression none"
NOCOW = "chattr +C /srv/a"

BASE = place(subvolume("base"), name="base")
LIMITED_BASE = place(subvolume("base", quota=quota(MIB)), name="base")
ZSTD_BASE = place(subvolume("base", compression="zstd", empty=False), name="base")
EXT4 = Filesystem("ext4", "8:1", "/", False)
OTHER = Filesystem("btrfs", "0:41", "/mnt", False, "other-uuid")
READ_ONLY = Filesystem("btrfs", "0:40", "/srv", True, "srv-uuid")


def snapshot(**more):
    """/srv/a as a snapshot of /srv/base."""
    return subvolume(parent_uuid="base-uuid", **more)


def delete(number):
    return f"btrfs subvolume delete --commit-after --subvolid {number} /srv"


def limits(**wanted):
    return want(limits=tuple(sorted(wanted.items())))


CASES = [
    # made anew
    (host(), want(), [CREATE]),
    (host(), want(readonly=False, compression="none", nodatacow=False), [CREATE, PLAIN]),
    (host(), want(compression="zstd", readonly=True), [CREATE, ZSTD, READONLY]),
    (host(inherited="zstd"), want(compression="zstd:3"), [CREATE]),
    (host(inherited="zstd"), want(), [CREATE]),
    (host(inherited="zstd"), want(compression="none"), [CREATE, PLAIN]),
    (host(), want(nodatacow=True), [CREATE, NOCOW]),
    (host(), want(nodatacow=True, compression="none"), [CREATE, NOCOW]),
    (
        host(inherited="zstd"),
        want(nodatacow=True, compression="none"),
        [CREATE, "chattr -c -m /srv/a", NOCOW],
    ),
    (host(quotas=ON), limits(referenced=MIB), [CREATE, "btrfs qgroup limit 1048576 /srv/a"]),
    (host(quotas=ON), limits(exclusive=MIB), [CREATE, "btrfs qgroup limit -e 1048576 /srv/a"]),
    (
        host(quotas=ON),
        want(limits=(("referenced", MIB),), compression="zstd", readonly=True),
        [CREATE, ZSTD, "btrfs qgroup limit 1048576 /srv/a", READONLY],
    ),
    # made as a snapshot
    (host(source=BASE), want(snapshot_of="/srv/base"), [SNAPSHOT]),
    (
        host(source=BASE),
        want(snapshot_of="/srv/base", readonly=True),
        ["btrfs subvolume snapshot -r /srv/base /srv/a"],
    ),
    (
        host(source=BASE),
        want(snapshot_of="/srv/base", readonly=True, compression="zstd"),
        [SNAPSHOT, ZSTD, READONLY],
    ),
    (host(source=ZSTD_BASE), want(snapshot_of="/srv/base", compression="zstd"), [SNAPSHOT]),
    (
        host(source=place(subvolume("base", readonly=True, received_uuid="r"), name="base")),
        want(snapshot_of="/srv/base", readonly=False),
        [SNAPSHOT],
    ),
    (host(source=BASE), want(snapshot_of="/srv/base", nodatacow=True), [SNAPSHOT, NOCOW]),
    # a snapshot takes over the limits of its source
    (
        host(source=LIMITED_BASE, quotas=ON),
        want(snapshot_of="/srv/base", limits=(("referenced", None),)),
        [SNAPSHOT, "btrfs qgroup limit none /srv/a"],
    ),
    (
        host(source=LIMITED_BASE, quotas=ON),
        want(snapshot_of="/srv/base", limits=(("referenced", MIB),)),
        [SNAPSHOT],
    ),
    (
        host(source=LIMITED_BASE, quotas=ON),
        want(snapshot_of="/srv/base", limits=(("exclusive", MIB),)),
        [SNAPSHOT, "btrfs qgroup limit -e 1048576 /srv/a"],
    ),
    # as it should be, however it is said
    (host(subvolume()), want(), []),
    (host(snapshot(), source=BASE), want(snapshot_of="/srv/base"), []),
    (host(subvolume(compression="zstd")), want(compression="zstd:3"), []),
    (host(subvolume(compression="zlib:3")), want(compression="zlib"), []),
    (host(subvolume(nodatacow=True, empty=False)), want(nodatacow=True), []),
    (host(subvolume(nodatacow=True)), want(compression="none"), []),
    (host(subvolume()), limits(referenced=None), []),
    (host(subvolume(), ON), limits(referenced=None, exclusive=None), []),
    (host(subvolume(quota=quota(MIB)), WRONG), limits(referenced=MIB), []),
    (host(subvolume(), writable=False), want(), []),
    (host(subvolume(), tool=False), want(), []),
    (host(subvolume(), filesystem=READ_ONLY), want(), []),
    # what is left out is kept
    (
        host(subvolume(readonly=True, compression="lzo", quota=quota(MIB, MIB)), ON),
        limits(referenced=MIB),
        [],
    ),
    # each way to drift, with the one step that mends it
    (host(subvolume()), want(readonly=True), [READONLY]),
    (host(subvolume(readonly=True)), want(readonly=False), [WRITABLE]),
    (host(subvolume(), writable=False), want(readonly=True), [READONLY]),
    (host(subvolume(readonly=True)), want(readonly=False, compression="zstd"), [WRITABLE, ZSTD]),
    (host(subvolume(empty=False)), want(compression="zstd"), [ZSTD]),
    (host(subvolume(compression="zstd")), want(compression="none"), [PLAIN]),
    (host(subvolume()), want(nodatacow=True), [NOCOW]),
    (host(subvolume(compression="none")), want(nodatacow=True), ["chattr -c -m /srv/a", NOCOW]),
    (
        host(subvolume(nodatacow=True)),
        want(nodatacow=False, compression="zstd"),
        ["chattr -C /srv/a", ZSTD],
    ),
    (
        host(subvolume(quota=quota(MIB)), ON),
        limits(referenced=2 * MIB),
        ["btrfs qgroup limit 2097152 /srv/a"],
    ),
    (
        host(subvolume(quota=quota(MIB, MIB), readonly=True), ON),
        limits(referenced=None),
        ["btrfs qgroup limit none /srv/a"],
    ),
    (
        host(subvolume(quota=quota(MIB, MIB)), ON),
        limits(referenced=2 * MIB, exclusive=None),
        ["btrfs qgroup limit -e none /srv/a", "btrfs qgroup limit 2097152 /srv/a"],
    ),
    # gone
    (host(), want(present=False), []),
    (host(parent=False), want(present=False), []),
    (going(), want(present=False), [delete(256)]),
    (going(), want(present=False, recursive=True), [delete(256)]),
    (going(found=subvolume(readonly=True), writable=False), want(present=False), [delete(256)]),
    (
        going(held(258, 257, "b/c"), held(257, 256, "b")),
        want(present=False, recursive=True),
        [delete(258), delete(257), delete(256)],
    ),
    (
        going(held(257, 256, "b"), around="/srv/a"),
        want(present=False, recursive=True),
        [
            "btrfs subvolume delete --commit-after --subvolid 257 /srv/a",
            "btrfs subvolume delete --commit-after /srv/a",
        ],
    ),
    (
        going(held(258, 257, "b/c", writable=False), held(257, 256, "b")),
        want(present=False, recursive=True),
        [delete(258), delete(257), delete(256)],
    ),
]

REFUSALS = [
    (host(filesystem=EXT4), want(),
     "filesystem_unsupported", "/srv/a: it is not on btrfs: / is mounted there, and is ext4"),
    (host(filesystem=EXT4), want(present=False), "filesystem_unsupported", "it is not on btrfs"),
    (host(kind="folder"), want(), "not_a_subvolume", "it is a plain folder, no subvolume"),
    (host(kind="folder"), want(present=False),
     "not_a_subvolume", "it is a plain folder, no subvolume"),
    (host(kind="placeholder"), want(),
     "not_a_subvolume", "the empty place of one that a snapshot has left out"),
    (host(kind="other"), want(), "not_a_subvolume", "it is no folder"),
    (host(subvolume(), link="/srv"), want(), "path_is_symlink", "/srv is a symbolic link"),
    (host(subvolume(), link="/srv"), want(present=False),
     "path_is_symlink", "/srv is a symbolic link"),
    (host(parent=False), want(), "parent_missing", "the folder that is to hold it is not there"),
    (host(filesystem=READ_ONLY), want(), "filesystem_readonly", "mounted read-only"),
    (host(tool=False), want(),
     "program_missing", "`btrfs` is not on this host, and something is to be changed. Inst"),
    (host(subvolume(), tool=False), want(present=False), "program_missing", "Install btrfs-progs"),
    (host(writable=False), want(),
     "parent_readonly", "it lies in a read-only subvolume, or this is not root"),
    # snapshots
    (host(source=place(name="b")), want(snapshot_of="/srv/b"),
     "source_missing", "of=/srv/b: there is no subvolume"),
    (
        host(subvolume(), source=place(name="b")),
        want(snapshot_of="/srv/b"),
        "source_missing", "leave snapshot_of out to keep /srv/a as it is",
    ),
    (
        host(source=BASE._replace(filesystem=OTHER)),
        want(snapshot_of="/srv/base"),
        "filesystems_differ", "it is on the filesystem at /mnt, and /srv/a on the one at /srv",
    ),
    (
        host(source=place(subvolume(uuid=None), name="base")),
        want(snapshot_of="/srv/base"),
        "subvolume_without_uuid", "it has no UUID",
    ),
    (host(subvolume(), source=BASE), want(snapshot_of="/srv/base"),
     "origin_differs", "it is a snapshot of nothing"),
    (
        host(subvolume(parent_uuid="b"), source=BASE),
        want(snapshot_of="/srv/base"),
        "origin_differs", "it is a snapshot of UUID b, not of /srv/base (UUID base-uuid)",
    ),
    # settings
    (host(subvolume(compression="zstd")), want(nodatacow=True),
     "compression_without_cow", "it would have compression zstd"),
    (host(subvolume(nodatacow=True)), want(compression="zstd"),
     "compression_without_cow", "it would have compression zstd"),
    (host(inherited="lzo"), want(nodatacow=True),
     "compression_without_cow", "it would have compression lzo"),
    (host(subvolume(empty=False)), want(nodatacow=True), "subvolume_not_empty", "it holds data"),
    (
        host(source=place(subvolume("base", empty=False), name="base")),
        want(snapshot_of="/srv/base", nodatacow=True),
        "subvolume_not_empty", "it holds data",
    ),
    (host(subvolume(nodatacow=True, empty=False)), want(nodatacow=False),
     "subvolume_not_empty", "it holds data"),
    (host(subvolume(readonly=True)), want(compression="zstd"),
     "subvolume_readonly", "it is read-only, so this cannot"),
    (
        host(subvolume(readonly=True)),
        want(compression="zstd", readonly=True),
        "subvolume_readonly",
        "it is read-only, so this cannot be done: Set the compression of new files in /srv/a",
    ),
    (
        host(subvolume(readonly=True, received_uuid="r")),
        want(readonly=False),
        "subvolume_received", "it was received (from UUID r)",
    ),
    # quotas
    (host(quotas=OFF), limits(referenced=MIB), "quota_off", "Run `btrfs quota enable /srv`"),
    (host(subvolume()), limits(referenced=MIB),
     "quota_off", "quotas are off on the filesystem at /srv"),
    (
        host(subvolume(quota=quota()), WRONG),
        limits(exclusive=MIB),
        "quota_inconsistent",
        "inconsistent, so a limit would hold on wrong ones. Run `btrfs quota rescan -w /srv`",
    ),
    (host(subvolume(), ON), limits(exclusive=MIB),
     "quota_group_missing", "the subvolume has no quota group 0/256"),
    # removal
    (going(found=subvolume(id=5)), want(present=False),
     "top_level_subvolume", "it is the top of its filesystem"),
    (
        going(mounts=("/mnt", "/srv/a/x")),
        want(present=False),
        "subvolume_busy", "it is in use: mounted, or mounted over, at /mnt, /srv/a/x",
    ),
    (going(holders=("process 41 (btrfs)",)), want(present=False),
     "subvolume_busy", "it is in use by process 41 (btrfs). Stop what uses it; a `btrfs send`"),
    (going(swap=("/srv/a/swap",)), want(present=False),
     "subvolume_busy", "Run `swapoff /srv/a/swap` first"),
    (going(fixed=("/srv/a",)), want(present=False),
     "attribute_immutable", "Run `chattr -i -a /srv/a` for each"),
    (going(default=256), want(present=False),
     "default_subvolume", "`btrfs subvolume set-default 5 /srv`"),
    (
        going(held(257, 256, "b"), default=257),
        want(present=False, recursive=True),
        "default_subvolume", "it is or holds the default subvolume of the filesystem (ID 257)",
    ),
    (
        going(*[held(number, 256, f"x{number}") for number in range(300, 307)]),
        want(present=False),
        "children_exist",
        "it holds 7 other subvolumes: /srv/a/x300, /srv/a/x301, /srv/a/x302, /srv/a/x303, "
        "/srv/a/x304, and 2 more. Remove those first, or set `recursive: true`",
    ),
    (going(held(257, 256, "b")), want(present=False),
     "children_exist", "it holds 1 other subvolume: /srv/a/b."),
    (
        going(held(257, 256, "b"), writable=False),
        want(present=False, recursive=True),
        "subvolume_readonly",
        "read-only subvolumes hold others, which cannot be removed from them: /srv/a.",
    ),
    (
        going(held(258, 257, "b/c"), held(257, 256, "b", writable=False)),
        want(present=False, recursive=True),
        "subvolume_readonly", "Run `btrfs property set -t subvol /srv/a/b ro false`",
    ),
    (
        host(
            subvolume(),
            removal=going().removal,
            filesystem=READ_ONLY,
        ),
        want(present=False),
        "filesystem_readonly", "mounted read-only",
    ),
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
    holds(Technology(plan, describe.describe), state, wanted)


def test_what_is_lost_is_named_with_its_identity():
    state = going(held(257, 256, "b"))
    assert destroyed(plan(state, want(present=False, recursive=True)).steps) == (
        "subvolume /srv/a/b (ID 257, UUID 257-uuid, generation 7)",
        "subvolume /srv/a (ID 256, UUID a-uuid, generation 7)",
    )


@pytest.mark.parametrize(
    "other",
    [
        going(held(257, 256, "b"), generation=8),
        going(held(257, 256, "b", generation=8)),
        going(held(258, 256, "b")),
    ],
)
def test_what_was_written_since_makes_the_seal_stale(other):
    wanted = want(present=False, recursive=True)
    sealed = seal(plan(going(held(257, 256, "b")), wanted).steps)
    assert seal(plan(other, wanted).steps) != sealed
    assert seal(plan(going(held(257, 256, "b")), wanted).steps) == sealed


FINDINGS = [
    (host(), want(compression="zstd"), []),
    (host(), want(compression="zstd:9"), [("info", "compression_level_ignored")]),
    (host(subvolume(quota=quota(MIB, used=MIB - 1)), ON), want(), []),
    (host(subvolume(quota=quota(MIB, used=MIB)), ON), want(), [("warning", "quota_exceeded")]),
    (
        host(subvolume(quota=quota(MIB)), WRONG),
        limits(referenced=MIB),
        [("warning", "quota_inconsistent")],
    ),
    (host(subvolume(quota=quota(MIB)), WRONG), want(), []),
]


@pytest.mark.parametrize(("state", "wanted", "found"), FINDINGS)
def test_findings(state, wanted, found):
    assert [finding[:2] for finding in plan(state, wanted).findings] == found
