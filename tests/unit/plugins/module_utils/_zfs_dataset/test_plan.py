# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of datasets, as a table: what is there, what is wanted, what is done."""

from __future__ import annotations

import re
from types import MappingProxyType

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    destroyed,
    seal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, KIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Use, Value
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import canonical
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    Kernel,
    Wanted,
)
from hypothesis import given
from hypothesis import strategies as st
from support.invariants import INVARIANTS, Technology, outcome
from support.zfs_hosts import FEATURES, dataset, host, member


def want(name="tank/a", properties=None, **more):
    """A wish for tank/a; what is not said is to stay as it is."""
    values = {prop: canonical(prop, value) for prop, value in (properties or {}).items()}
    return Wanted(name, properties=MappingProxyType(values), **more)


def gone(name="tank/a", **more):
    return want(name, present=False, **more)


def to(**properties):
    return want(properties=properties)


def temporary(mountpoint="/tank/a", **shown):
    """A host whose tank/a is mounted with options that go against what is set."""
    values = {prop: Value(value, "temporary") for prop, value in shown.items()}
    return host(dataset("tank/a", mountpoint=mountpoint).changed(values))


def knows(state, features=(), **more):
    """The host, with a kernel that takes no more than this."""
    values = {**state.pool.values, **{f"feature@{name}": "enabled" for name in features}}
    return state._replace(
        kernel=Kernel(**more), pool=state.pool._replace(values=MappingProxyType(values))
    )


ROOT = host()
MADE = host(dataset("tank/a"))
VOLUME = host(dataset("tank/a", "volume"))
SNAPSHOT = host(dataset("tank/a"), dataset("tank/a@s", "snapshot"))
CLONE = host(
    dataset("tank/o"),
    dataset("tank/o@s", "snapshot"),
    dataset("tank/a", origin="tank/o@s"),
)
RAW = to(encryption=True, keyformat="raw", keylocation="file:///k")
KEYED = host(
    dataset("tank/a", encryption="aes-256-gcm", encryptionroot="tank/a", keylocation="file:///k")
)
CHILD = host(dataset("tank/a", encryption="aes-256-gcm", encryptionroot="tank/k"))
LZ4 = {"compression": Value("lz4", "inherited from tank")}
FOLLOWS = host(dataset("tank/a", above=LZ4), root=dataset("tank", compression="lz4"))
OWN = host(dataset("tank/a", compression="zstd"), root=dataset("tank", compression="lz4"))
EIGHT = {
    "quota": "10G",
    "recordsize": "1M",
    "compression": "lz4",
    "atime": False,
    "xattr": "sa",
    "mountpoint": "/srv/a",
    "org.example:owner": "docker",
    "refreservation": "none",
}

CASES = [
    # made anew
    (ROOT, want(), ["zfs create tank/a"]),
    (
        ROOT,
        to(quota="10G", atime="no"),
        ["zfs create -o quota=10737418240 -o atime=off tank/a"],
    ),
    (ROOT, want("tank/a/b/c", parents=True), ["zfs create -p tank/a/b/c"]),
    (MADE, want("tank/a/b", parents=True), ["zfs create tank/a/b"]),
    (ROOT, to(volsize="1G"), ["zfs create -V 1073741824 tank/a"]),
    (
        ROOT,
        to(volsize="1G", refreservation="none", volblocksize="64K"),
        ["zfs create -V 1073741824 -o refreservation=none -o volblocksize=65536 tank/a"],
    ),
    (ROOT, to(volsize=10000), ["zfs create -V 16384 tank/a"]),  # to whole blocks
    (ROOT, to(volsize="1G", refreservation="auto"), ["zfs create -V 1073741824 tank/a"]),
    (
        ROOT,
        to(volsize="100G", refreservation=0),
        ["zfs create -V 107374182400 -o refreservation=none tank/a"],
    ),
    (MADE, want("tank/a@s"), ["zfs snapshot tank/a@s"]),
    (MADE, want("tank/a@s", recursive=True), ["zfs snapshot -r tank/a@s"]),
    (MADE, want("tank/a@s", {"x:y": 1}), ["zfs snapshot -o x:y=1 tank/a@s"]),
    (SNAPSHOT, want("tank/b", origin="tank/a@s"), ["zfs clone tank/a@s tank/b"]),
    (
        SNAPSHOT,
        want("tank/b", {"atime": "off"}, origin="tank/a@s", promote=True),
        ["zfs clone -o atime=off tank/a@s tank/b", "zfs promote tank/b"],
    ),
    (
        host(dataset("tank/v", "volume"), dataset("tank/v@s", "snapshot", volsize=GIB)),
        want("tank/b", {"volsize": "2G"}, origin="tank/v@s"),
        ["zfs clone tank/v@s tank/b", "zfs set volsize=2147483648 tank/b"],
    ),
    (
        ROOT,
        to(encryption="on", keyformat="passphrase", keylocation="file:///root/key"),
        [
            "zfs create -o encryption=on -o keyformat=passphrase "
            "-o keylocation=file:///root/key tank/a"
        ],
    ),
    # as it should be, however it is said
    (MADE, want(), []),
    (MADE, to(quota="none", atime="off", recordsize="128K"), []),
    (FOLLOWS, to(compression="lz4"), []),  # what is inherited is in order
    (host(dataset("tank/a", compression="gzip")), to(compression="gzip-6"), []),
    (host(dataset("tank/a", acltype="posix")), to(acltype="posixacl"), []),
    (MADE, to(filesystem_limit="none", snapshot_limit="none"), []),
    (VOLUME, to(volsize="1024M", volmode="default"), []),
    (host(dataset("tank/a", "volume", refreservation=GIB + MIB)), to(refreservation="auto"), []),
    (MADE, to(mountpoint="/tank/a/"), []),
    (MADE, want(inherit=("compression", "x:y")), []),
    (SNAPSHOT, want("tank/a@s"), []),
    (CLONE, want(origin="tank/o@s"), []),
    (MADE, want(promote=True), []),
    (MADE, want(origin="tank/o@s", promote=True), []),
    (MADE, want(rename_from="tank/old"), []),
    # each way to drift; all that differs goes into one command
    (MADE, to(quota="10G"), ["zfs set quota=10737418240 tank/a"]),
    (
        host(dataset("tank/a"), features=(*FEATURES, "lz4_compress")),
        want(properties=EIGHT),
        [
            "zfs set quota=10737418240 recordsize=1048576 compression=lz4 xattr=sa "
            "mountpoint=/srv/a org.example:owner=docker tank/a"
        ],
    ),
    (OWN, to(compression="lz4"), ["zfs set compression=lz4 tank/a"]),
    (OWN, want(inherit=("compression",)), ["zfs inherit compression tank/a"]),
    (
        host(dataset("tank/a", **{"x:y": "1", "mountpoint": "/srv"})),
        want(inherit=("x:y", "mountpoint")),
        ["zfs inherit x:y tank/a", "zfs inherit mountpoint tank/a"],
    ),
    (VOLUME, to(volsize="2G"), ["zfs set volsize=2147483648 tank/a"]),
    (CLONE, want(promote=True), ["zfs promote tank/a"]),
    (MADE, want("tank/b", rename_from="tank/a"), ["zfs rename tank/a tank/b"]),
    (MADE, want("tank/n/b", rename_from="tank/a", parents=True), ["zfs rename -p tank/a tank/n/b"]),
    (
        MADE,
        want("tank/b", {"quota": "1G", "mountpoint": "/tank/b"}, rename_from="tank/a"),
        ["zfs rename tank/a tank/b", "zfs set quota=1073741824 tank/b"],
    ),
    (SNAPSHOT, want("tank/a@t", rename_from="tank/a@s"), ["zfs rename tank/a@s tank/a@t"]),
    (
        host(dataset("tank/a"), health="DEGRADED"),
        to(quota="1G"),
        ["zfs set quota=1073741824 tank/a"],
    ),
    # limits that are taken away are told so: ZFS refuses a quota of 0
    (
        host(dataset("tank/a", quota=GIB, refquota=GIB, reservation=MIB, snapshot_limit=7)),
        to(quota="none", refquota=0, reservation="None", snapshot_limit="none"),
        ["zfs set quota=none refquota=none reservation=none snapshot_limit=none tank/a"],
    ),
    (
        ROOT,
        to(refquota="none", filesystem_limit="none"),
        ["zfs create -o refquota=none -o filesystem_limit=none tank/a"],
    ),
    (host(dataset("tank/a", snapshot_limit=1000)), to(snapshot_limit="1000"), []),
    (host(dataset("tank/a", snapshot_limit=1024)), to(snapshot_limit="1K"), []),
    # what only the present mount has is not kept
    (temporary(readonly="on"), to(readonly=True), ["zfs set readonly=on tank/a"]),
    (temporary(readonly="on"), to(readonly=False), ["zfs set readonly=off tank/a"]),
    (temporary(atime="off"), want(inherit=("atime",)), ["zfs inherit atime tank/a"]),
    (temporary(atime="off", mountpoint="legacy"), to(atime="off"), ["zfs set atime=off tank/a"]),
    (temporary(atime="off", mountpoint="legacy"), want(inherit=("atime",)), []),
    (temporary(atime="off"), to(exec="off"), []),
    # whatever is in a value goes as one word, as it is
    (
        ROOT,
        to(**{"x:a": "-o quota=1", "x:b": "a=b = c", "x:c": "$HOME/x `id` %s", "x:d": ""}),
        ["zfs create -o x:a=-o quota=1 -o x:b=a=b = c -o x:c=$HOME/x `id` %s -o x:d= tank/a"],
    ),
    (MADE, to(mountpoint="//tank//a/"), []),
    (host(dataset("tank/a", mountpoint="/srv//a/")), to(mountpoint="/srv/a"), []),
    (host(dataset("tank/a", sharenfs="on")), to(sharenfs="yes"), []),
    (host(dataset("tank/a", sharesmb="off")), to(sharesmb=False), []),
    (
        SNAPSHOT,
        want(
            "tank/b",
            {"casesensitivity": "sensitive", "encryption": "off", "exec": "off"},
            origin="tank/a@s",
        ),
        ["zfs clone -o exec=off tank/a@s tank/b"],  # it takes no wish for what is fixed
    ),
    (
        ROOT,
        to(keyformat="none", keylocation="none", pbkdf2iters=0),
        ["zfs create tank/a"],  # all of which it would take for a wish for a key
    ),
    (
        host(root=dataset("tank", encryption="aes-256-gcm", encryptionroot="tank")),
        to(encryption=True),
        ["zfs create -o encryption=on tank/a"],  # with the key from above
    ),
    (
        host(dataset("tank/a", quota=GIB, reservation=MIB)),
        to(quota="200M", reservation="150M"),
        ["zfs set quota=209715200 reservation=157286400 tank/a"],
    ),
    # gone
    (ROOT, gone(), []),
    (ROOT._replace(pool=None), gone(), []),  # not even the pool is there
    (ROOT, gone("tank/a@s"), []),
    (
        host(dataset("tank/a"), members=[member("tank/a")]),
        gone(),
        ["zfs destroy tank/a"],
    ),
    (
        host(
            dataset("tank/a"),
            members=[
                member("tank/a"),
                member("tank/a@1"),
                member("tank/a@2"),
                member("tank/a/b"),
                member("tank/a/b@1"),
                member("tank/a/b/c", "volume"),
            ],
        ),
        gone(recursive=True),
        [
            "zfs destroy tank/a/b/c",
            "zfs destroy tank/a/b@1",
            "zfs destroy tank/a/b",
            "zfs destroy tank/a@1,2",
            "zfs destroy tank/a",
        ],
    ),
    (  # Docker's own tree: layers are clones of each other's snapshots
        host(
            dataset("tank/a"),
            members=[
                member("tank/a"),
                member("tank/a/l1"),
                member("tank/a/l1@x", clones=("tank/a/l2",)),
                member("tank/a/l2", origin="tank/a/l1@x"),
            ],
        ),
        gone(recursive=True),
        [
            "zfs destroy tank/a/l2",
            "zfs destroy tank/a/l1@x",
            "zfs destroy tank/a/l1",
            "zfs destroy tank/a",
        ],
    ),
    (
        host(
            dataset("tank/a@s", "snapshot"),
            members=[member("tank/a@s", clones=("tank/c",)), member("tank/c"), member("tank/c@z")],
        ),
        gone("tank/a@s", clones=True),
        ["zfs destroy tank/c@z", "zfs destroy tank/c", "zfs destroy tank/a@s"],
    ),
    (
        host(
            dataset("tank/a@s", "snapshot"),
            members=[member("tank/a@s"), member("tank/a/b@s")],
        ),
        gone("tank/a@s", recursive=True),
        ["zfs destroy tank/a@s", "zfs destroy tank/a/b@s"],
    ),
]

BUSY = Use("tank/a", "mounted at /x in the mount namespace of process 41 (sleep)", foreign=True)
OPEN = Use("tank/a", "/tank/a/log is held open by process 7 (dd)")
TREE = [member("tank/a"), member("tank/a@1"), member("tank/a/b")]
ALONE = [member("tank/a")]
CLONED = [member("tank/a@s", clones=("tank/c",)), member("tank/c")]

REFUSALS = [
    # the pool
    (ROOT._replace(pool=None), want(),
     "pool_not_imported", "no pool tank is imported on this host"),
    (host(health="SUSPENDED"), want(), "pool_suspended", "Pool tank: it is SUSPENDED"),
    (host(health="FAULTED"), want(), "pool_unavailable", "Bring its disks back"),
    (host(readonly="on"), want(), "pool_readonly", "it is imported read-only"),
    (host(root=dataset("tank", available=0)), want(), "no_space", "there is no space left in tank"),
    (host(root=dataset("tank", available=216 * KIB)), want(),
     "no_space", "there is no space left in tank"),
    (
        host(dataset("tank/q", quota=1, available=0)),
        want("tank/q/a"),
        "no_space", "there is no space left in tank/q. Remove snapshots or raise its quota",
    ),
    (
        host(dataset("tank/a"), members=ALONE, health="DEGRADED"),
        gone(),
        "pool_degraded", "its pool tank is DEGRADED, and nothing is destroyed in such a pool",
    ),
    # the place
    (
        ROOT,
        want("tank/a/b"),
        "parent_missing", "its parent tank/a is not there. Make that one first, or set `parents",
    ),
    (VOLUME, want("tank/a/b"),
     "parent_not_filesystem", "tank/a is a volume, and only filesystems have datasets below them"),
    (ROOT, want("tank/a@s"), "source_missing", "there is no tank/a to take it of"),
    (
        host(root=dataset("tank", keystatus="unavailable")),
        want(),
        "key_not_loaded", "the key of tank is not loaded. Load it with `zfs load-key tank`",
    ),
    (ROOT, to(volsize="9G"), "no_space", "it reserves 9 GiB, and tank has 8 GiB available"),
    (ROOT, to(reservation="9G"), "no_space", "it reserves 9 GiB, and tank has 8 GiB available"),
    (ROOT, to(refreservation="9G"), "no_space", "it reserves 9 GiB, and tank has 8 GiB available"),
    (ROOT, to(volsize="1G", reservation="9G"), "no_space", "it reserves 9 GiB"),
    (ROOT, to(refreservation="auto"), "property_not_applicable", "only a volume can have that"),
    (ROOT, want(origin="tank/o@s"), "source_missing", "its origin tank/o@s is not there"),
    (MADE, want(origin="tank/o@s"), "origin_differs", "it is there and no clone of tank/o@s"),
    (CLONE, want(origin="tank/o@t"), "origin_differs", "no clone of tank/o@t but of tank/o@s"),
    # properties
    (ROOT, to(compresion="lz4"), "property_unknown", "Did you mean compression?"),
    (MADE, to(compresion="lz4"), "property_unknown", "the ZFS of this host does not know it"),
    (MADE, to(prefetch="none"),
     "property_unknown", "Property prefetch: the ZFS of this host does not know it"),
    (MADE, to(volsize="1G"),
     "property_not_applicable", "it is one of volumes, and tank/a is a filesystem"),
    (VOLUME, to(quota="1G"),
     "property_not_applicable", "it is one of filesystems, and tank/a is a volume"),
    (SNAPSHOT, want("tank/a@s", {"atime": "off"}), "snapshot_immutable", "tank/a@s is a snapshot"),
    (MADE, to(casesensitivity="mixed"),
     "property_fixed", "it is sensitive, not mixed, and is chosen when"),
    (MADE, to(encryption="on"),
     "property_fixed", "it is off, not on, and is chosen when a dataset is made"),
    (VOLUME, to(volblocksize="16K"), "property_fixed", "it is 8192, not 16384, and is chosen when"),
    (MADE, to(dnodesize="auto"),
     "pool_feature_missing", "pool tank does not have feature@large_dnode"),
    (MADE, to(checksum="skein"),
     "pool_feature_missing", "`zpool set feature@skein=enabled tank` adds it for good"),
    (MADE, to(checksum="blake3"),
     "pool_feature_missing", "feature@blake3, and the ZFS of this host does not know it"),
    (ROOT, to(checksum="blake3"),
     "pool_feature_missing", "feature@blake3, and the ZFS of this host does not know it"),
    (ROOT, to(encryption="on"), "key_format_missing", "nothing says what its key looks like"),
    (ROOT, to(encryption="on", keyformat="passphrase"),
     "key_at_prompt", "its key would be asked for at a prompt"),
    (MADE, to(keylocation="file:///root/key"), "dataset_not_encrypted", "it is not encrypted"),
    (MADE, want(inherit=("quota",)),
     "property_not_inheritable", "it is never inherited, so there is nothing to go back to"),
    (MADE, to(refreservation="auto"), "property_not_applicable", "only a volume can have that"),
    (ROOT, to(keyformat="raw", keylocation="file:///k"),
     "dataset_not_encrypted", "it is to have keyformat, and it is not to be encrypted"),
    (ROOT, to(encryption=True, keylocation="file:///k"),
     "key_format_missing", "nothing says what its key looks like"),
    (ROOT, to(encryption=True, keyformat="raw", keylocation="file:///k", pbkdf2iters=100000),
     "property_not_applicable", "only a passphrase has it, and keyformat is raw"),
    (ROOT._replace(key_size=0), RAW, "key_file_unusable", "there is no such file, or it is empty"),
    (ROOT._replace(key_size=33), RAW,
     "key_file_unusable", "the file has 33 bytes, and a key of format raw has 32 bytes"),
    (ROOT, to(encryption=True, keyformat="raw", keylocation="file:///k", copies=3),
     "property_value_invalid", "what is encrypted has two copies at most"),
    (host(dataset("tank/a", encryption="aes-256-gcm")), to(copies=3),
     "property_value_invalid", "what is encrypted has two copies at most"),
    (KEYED, to(keylocation="none"), "property_value_invalid", "its key has to be somewhere"),
    (CHILD, to(keylocation="file:///k"), "key_inherited", "its key is that of tank/k"),
    (CHILD, want("tank/b", rename_from="tank/a"),
     "key_inherited", "its key is that of tank/k, and tank/b does not lie below that"),
    (ROOT, to(normalization="formD", utf8only="off"),
     "options_conflict", "with normalization=formD all names are in UTF-8"),
    (host(dataset("tank/a", zoned="on")), to(mountpoint="/srv"), "dataset_zoned", "is zoned=on"),
    (host(dataset("tank/a", zoned="on")), to(sharenfs=True), "dataset_zoned", "is zoned=on"),
    (host(dataset("tank/a", zoned="on", mountpoint="/s")), want(inherit=("mountpoint",)),
     "dataset_zoned", "is zoned=on"),
    (host(root=dataset("tank", zoned="on")), to(mountpoint="/srv"), "dataset_zoned", "is zoned=on"),
    (temporary(atime="off", mountpoint="legacy"), to(atime="on"),
     "property_overridden", "it is mounted with atime=off, and on is wanted"),
    (SNAPSHOT, want("tank/b", {"casesensitivity": "mixed"}, origin="tank/a@s"),
     "property_fixed", "it is sensitive, not mixed"),
    # what the ZFS of this host does not have
    (knows(MADE, words={"snapdir": ("hidden", "visible")}), to(snapdir="disabled"),
     "property_value_invalid", "the ZFS of this host takes no such value for it. Give one"),
    (knows(MADE, words={"special_small_blocks": ("zero or 512 to 1M, power of 2",)},
           features=("allocation_classes",)), to(special_small_blocks="100K"),
     "property_value_invalid", "Give 0, or a power of two from 512 on"),
    (knows(MADE, largest_block=MIB), to(recordsize="2M"),
     "property_value_invalid", "Give 1 MiB at most, or raise zfs_max_recordsize"),
    (knows(ROOT, properties=frozenset({"volsize"})), to(volsize="1G", compress="lz4"),
     "property_unknown", "Did you mean compression?"),
    (knows(ROOT, types={"special_small_blocks": ("filesystem",)},
           features=("allocation_classes",)), to(volsize="1G", special_small_blocks=0),
     "property_not_applicable", "with the ZFS of this host it is one of filesystems"),
    # sizes
    (host(dataset("tank/a", reservation=GIB)), to(quota="512M"),
     "quota_below_reservation", "reservation is 1 GiB, and a limit cannot be below"),
    (ROOT, to(refquota="1G", refreservation="2G"),
     "quota_below_reservation", "refreservation is 2 GiB, and a limit cannot be below"),
    (VOLUME, to(volsize="512M"), "would_shrink", "it has 1 GiB, and a volume is never shrunk"),
    (VOLUME, to(volsize=GIB - 16384), "would_shrink", "a volume is never shrunk"),
    (
        host(dataset("tank/a", "volume", refreservation=GIB)),
        to(volsize="20G"),
        "no_space", "reserve 19 GiB more",
    ),
    (MADE, to(quota="99M"), "quota_below_usage", "100 MiB are used already. Give 100 MiB or more"),
    (MADE, to(refquota="1M"), "quota_below_usage", "100 MiB are referenced already"),
    (MADE, to(reservation="9G"), "no_space", "8 GiB are available. Give 8.1 GiB at most"),
    # names
    (MADE, want("tank/b", rename_from="tank/o"),
     "source_missing", "there is neither it nor tank/o"),
    (host(dataset("tank/a"), dataset("tank/b")), want(rename_from="tank/b"),
     "target_exists", "both are there"),
    (MADE, want("tank/n/b", rename_from="tank/a"),
     "parent_missing", "its parent tank/n is not there"),
    (
        host(dataset("tank/a"), members=[member("tank/a"), member("tank/a/b@s")]),
        want("tank/a@s", recursive=True),
        "snapshot_exists", "tank/a/b@s is there already, of another moment",
    ),
    # in use
    (host(dataset("tank/a"), uses=[OPEN]), to(mountpoint="/srv"),
     "dataset_busy", "is held open by process 7 (dd)"),
    (host(dataset("tank/a"), uses=[OPEN]), want("tank/b", rename_from="tank/a"),
     "dataset_busy", "it is in use"),
    (
        host(dataset("tank/a"), members=ALONE, uses=[BUSY]),
        gone(),
        "dataset_busy",
        "tank/a is mounted at /x in the mount namespace of process 41 (sleep). End those",
    ),
    (
        host(
            dataset("tank/a", "volume"),
            members=[member("tank/a", "volume")],
            uses=[Use("tank/a", "swap")],
        ),
        gone(),
        "dataset_busy", "Volume tank/a: it is in use: tank/a is swap",
    ),
    # what was not asked for
    (host(members=[member("tank")]), gone("tank"),
     "pool_root_dataset", "it is the root of its pool"),
    (
        host(dataset("tank/a"), members=TREE),
        gone(),
        "children_exist", "there is more below it: tank/a/b, tank/a@1. Set `recursive: true`",
    ),
    (
        host(dataset("tank/a"), members=TREE),
        gone(clones=True),
        "children_exist", "there is more below it",
    ),
    (
        host(dataset("tank/a@s", "snapshot"), members=CLONED),
        gone("tank/a@s", recursive=True),
        "clones_exist", "others were cloned from it and need it: tank/c. Promote them",
    ),
    (
        host(dataset("tank/a@s", "snapshot"), members=[member("tank/a@s", holds=1)]),
        gone("tank/a@s"),
        "snapshot_held", "snapshots are held: tank/a@s",
    ),
    (
        host(
            dataset("tank/a"),
            members=[
                member("tank/a", origin="tank/a/b@s"),
                member("tank/a/b"),
                member("tank/a/b@s", clones=("tank/a",)),
            ],
        ),
        gone(recursive=True),
        "circular_dependency", "depend on each other",
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
    holds(Technology(plan, describe), state, wanted)


def test_a_value_is_one_word_whatever_is_in_it():
    values = {"x:a": "-o quota=1", "x:b": "a = b", "mountpoint": "/$HOME/-x = 1"}
    for state in (ROOT, MADE):
        (step,) = plan(state, to(**values)).steps
        assert [word for word in step.argv[2:-1] if word != "-o"] == [
            f"{name}={value}" for name, value in values.items()
        ]


@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_no_flag_destroys_more_than_it_names(state, wanted, steps):
    for step in plan(state, wanted).steps:
        if step.argv[1] == "destroy":
            assert len(step.argv) == 3
            names = step.argv[2].partition("@")
            assert len(step.destroys) == (len(names[2].split(",")) if names[2] else 1)


def test_what_is_lost_is_named_with_its_identity():
    steps = plan(host(dataset("tank/a"), members=TREE), gone(recursive=True)).steps
    guid = {it.name: it.guid for it in TREE}
    told = [re.sub("content [0-9a-f]{8}", "content X", lost) for lost in destroyed(steps)]
    assert told == [
        f"filesystem tank/a/b (guid {guid['tank/a/b']}, 1 MiB, content X)",
        f"snapshot tank/a@1 (guid {guid['tank/a@1']}, 1 MiB, content X)",
        f"filesystem tank/a (guid {guid['tank/a']}, 1 MiB, content X)",
    ]


FIGURES = {  # createtxg, objsetid, referenced, written, and what the kernel counts
    "what was written": ("7", "54", "2097152", "1048576"),
    "what was removed": ("7", "54", "0", "1048576"),
    "what was written since its snapshot": ("7", "54", "1048576", "2097152"),
    "what was overwritten in its place": ("7", "54", "1048576", "1048576", "nwritten=4096"),
    "another of the same name": ("8", "54", "1048576", "1048576"),
}


@pytest.mark.parametrize("figures", FIGURES.values(), ids=FIGURES)
def test_the_seal_is_of_the_content_as_it_was(figures):
    def sealed(member):
        return seal(plan(host(dataset("tank/a"), members=[member]), gone()).steps)

    was = member("tank/a")
    assert sealed(was) == sealed(member("tank/a"))
    assert sealed(was) != sealed(was._replace(figures=figures))


def test_clones_that_are_not_listed_go_first_all_the_same():
    found = [member("tank/a"), member("tank/a@s"), member("tank/a/c", origin="tank/a@s")]
    state = host(dataset("tank/a"), members=found)
    assert outcome(plan, state, gone(recursive=True)) == [
        "zfs destroy tank/a/c",
        "zfs destroy tank/a@s",
        "zfs destroy tank/a",
    ]


def test_a_name_that_would_be_too_long_below_is_refused_before_the_first():
    found = [member("tank/a"), member("tank/a/" + "b" * 240)]
    with pytest.raises(StorageError, match="would be longer than ZFS takes") as refused:
        plan(host(dataset("tank/a"), members=found), want("tank/a@before-it", recursive=True))
    assert refused.value.details == {"refusal": "name_invalid"}


def test_what_shares_a_filesystem_has_to_be_there():
    for state in (ROOT, MADE):
        (step,) = plan(state, to(sharenfs="rw=@10.0.0.0/8,async", sharesmb=True)).steps
        assert step.needs == ("exportfs", "net")
    assert plan(ROOT, to(sharenfs="off")).steps[0].needs == ()


def test_layers_may_be_cloned_from_each_other_however_deep():
    layers = [member("tank/a")]
    for number in range(2000):
        layers.append(member(f"tank/a/{number}", origin=f"tank/a/{number - 1}@x"))
        layers.append(member(f"tank/a/{number}@x", clones=(f"tank/a/{number + 1}",)))
    steps = plan(host(dataset("tank/a"), members=layers), gone(recursive=True)).steps
    assert [step.argv[2] for step in (steps[0], steps[-1])] == ["tank/a/1999@x", "tank/a"]
    assert len(steps) == len(layers)


def test_use_elsewhere_does_not_keep_a_filesystem_from_being_renamed():
    state = host(dataset("tank/a"), uses=[BUSY])
    assert outcome(plan, state, want("tank/b", rename_from="tank/a")) == [
        "zfs rename tank/a tank/b"
    ]


WEB = "https://keys.example/a"
FINDINGS = [
    (MADE, want(), []),
    (host(dataset("tank/a"), health="DEGRADED"), want(), ["pool_health"]),
    (host(dataset("tank/a"), capacity="89"), want(), []),
    (host(dataset("tank/a"), capacity="90"), want(), ["pool_almost_full"]),
    (  # ZFS keeps half of a small pool for itself
        host(dataset("tank/a"), root=dataset("tank", used=120 * MIB, available=0), capacity="49"),
        want(),
        ["pool_almost_full"],
    ),
    (host(dataset("tank/a", mounted="no")), want(), ["not_mounted"]),
    (host(dataset("tank/a", mounted="no", canmount="noauto")), want(), []),
    (host(dataset("tank/a", mounted="no", mountpoint="legacy")), want(), []),
    (host(dataset("tank/a", mounted="no", keystatus="unavailable")), want(), ["key_not_loaded"]),
    (
        host(dataset("tank/a", mounted="no", receive_resume_token="1-abc")),
        want(),
        ["receive_not_ended"],
    ),
    (
        host(
            dataset("tank/a"),
            dataset("tank/a@s", "snapshot"),
            members=[member("tank/a"), member("tank/a@s"), member("tank/a/b")],
        ),
        want("tank/a@s", recursive=True),
        ["snapshot_incomplete"],
    ),
]


@pytest.mark.parametrize(("state", "wanted", "topics"), FINDINGS)
def test_findings(state, wanted, topics):
    planned = plan(state, wanted)
    assert [finding.topic for finding in planned.findings] == topics
    assert planned.steps == []


def test_a_key_that_only_zfs_fetches_is_told_to_be_unseen():
    planned = plan(ROOT, to(encryption=True, keyformat="raw", keylocation=WEB))
    assert [finding.topic for finding in planned.findings] == ["key_unseen"]


def test_what_a_rename_changes_of_inherited_values_is_foreseen():
    state = host(
        dataset("tank/a", above=LZ4),
        dataset("tank/b", compression="zstd"),
        root=dataset("tank", compression="lz4"),
    )
    planned = plan(state, want("tank/b/a", {"compression": "zstd"}, rename_from="tank/a"))
    assert [step.argv[1] for step in planned.steps] == ["rename"]
    after = planned.after.dataset("tank/b/a")
    assert after.values["compression"] == Value("zstd", "inherited from tank/b")
    assert after.shown("mountpoint") == "/tank/b/a"


# The peers' open defects (community.general), each shown right.


@pytest.mark.parametrize("quota", ["10G", "10240M", 10 * GIB, str(10 * GIB), "10 GiB", "10.0g"])
def test_cg_975_a_size_is_no_change_on_the_second_run(quota):
    state = host(dataset("tank/a", quota=10 * GIB))
    assert outcome(plan, state, to(quota=quota)) == []


def test_cg_7959_a_property_is_inherited_again():
    planned = plan(OWN, want(inherit=("compression",)))
    assert planned.after.dataset("tank/a").values["compression"] == Value(
        "lz4", "inherited from tank"
    )


@pytest.mark.parametrize("wanted", [True, "on", "yes"])
def test_cg_10226_encryption_that_is_on_is_on(wanted):
    state = host(dataset("tank/a", encryption="aes-256-gcm", encryptionroot="tank/a"))
    assert outcome(plan, state, to(encryption=wanted)) == []


def test_cg_4699_the_block_size_of_a_volume_stays():
    state = host(dataset("tank/a", "volume", volblocksize=16384, volsize=GIB))
    assert outcome(plan, state, to(volblocksize="16K", volsize="1G")) == []


def test_cg_a_missing_pool_has_no_such_dataset():
    assert outcome(plan, ROOT._replace(pool=None), gone(recursive=True)) == []


def test_cg_user_properties_stay_under_their_own_key():
    state = host(dataset("tank/a", **{"org.x:y": "1"}))
    described = describe(state, want(properties={"org.x:y": "1"}))
    assert described["dataset"]["properties"] == {"org.x:y": {"value": "1", "source": "local"}}
    assert set(described) == {"pool", "dataset"}
    assert "org.x:y" not in described["dataset"]


@given(
    now=st.integers(1, 64),
    wanted=st.integers(1, 64 * 1024 * 1024),
    block=st.sampled_from([512, 8192, 131072]),
)
def test_a_volume_grows_to_whole_blocks_and_never_shrinks(now, wanted, block):
    state = host(dataset("tank/a", "volume", volsize=now * MIB, volblocksize=block))
    wish = to(volsize=wanted)
    result = outcome(plan, state, wish)
    if isinstance(result, str):
        assert "a volume is never shrunk" in result
        assert wanted < now * MIB
        return
    after = plan(state, wish).after
    size = after.dataset("tank/a").number("volsize")
    assert size >= max(now * MIB, wanted)
    assert size % block == 0
    assert plan(after, wish).steps == []
