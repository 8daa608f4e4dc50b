# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of datasets, as a table: what is there, what is wanted, what is done."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    destroyed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import GIB, KIB, MIB
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Use, Value
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.values import canonical
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import Wanted
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


ROOT = host()
MADE = host(dataset("tank/a"))
VOLUME = host(dataset("tank/a", "volume"))
SNAPSHOT = host(dataset("tank/a"), dataset("tank/a@s", "snapshot"))
CLONE = host(
    dataset("tank/o"),
    dataset("tank/o@s", "snapshot"),
    dataset("tank/a", origin="tank/o@s"),
)
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
        ["zfs create -V 1073741824 -o refreservation=0 -o volblocksize=65536 tank/a"],
    ),
    (ROOT, to(volsize=10000), ["zfs create -V 16384 tank/a"]),  # to whole blocks
    (ROOT, to(volsize="1G", refreservation="auto"), ["zfs create -V 1073741824 tank/a"]),
    (
        ROOT,
        to(volsize="100G", refreservation=0),
        ["zfs create -V 107374182400 -o refreservation=0 tank/a"],
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
    (ROOT, to(keyformat="passphrase"), "key_at_prompt", "its key would be asked for at a prompt"),
    (MADE, to(keylocation="file:///root/key"), "dataset_not_encrypted", "it is not encrypted"),
    (MADE, want(inherit=("quota",)),
     "property_not_inheritable", "it is never inherited, so there is nothing to go back to"),
    (MADE, to(refreservation="auto"), "property_not_applicable", "only a volume can have that"),
    # sizes
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
    assert destroyed(steps) == (
        f"filesystem tank/a/b (guid {guid['tank/a/b']})",
        f"snapshot tank/a@1 (guid {guid['tank/a@1']})",
        f"filesystem tank/a (guid {guid['tank/a']})",
    )


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
