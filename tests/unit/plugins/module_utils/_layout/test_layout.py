# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole stacks, as a table: from a blank host, by storage, the steps of all layers in order."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    describe_steps,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import Choice
from ansible_collections.containerhost.storage.plugins.module_utils._host import files
from ansible_collections.containerhost.storage.plugins.module_utils._layout import (
    observe as observing,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout import state as states
from ansible_collections.containerhost.storage.plugins.module_utils._layout.describe import describe
from ansible_collections.containerhost.storage.plugins.module_utils._layout.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._selinux import (
    state as selinux,
)
from support import btrfs_disks, zfs_pool_hosts
from support.engine_hosts import CONFIG, IN_STORE, NOTE, engine_29
from support.invariants import INVARIANTS, Technology, outcome
from support.layout_hosts import (
    DISK,
    LIVE,
    NO_POOL,
    ON_XFS,
    OVERLAY2,
    PLAIN,
    PROFILE,
    ROOT,
    STACKS,
    THIN,
    THIN_GROUP,
    UNIT,
    engine,
    layout,
    lvm_pool,
    mounted_volume,
    options,
    volume,
)
from support.lvm_hosts import disk, group, pool

GUARD = "/etc/systemd/system/docker.service.d/50-var-lib-docker.conf"
UNREAD = NOTE.rpartition(" ")[2]
RELOAD, STOP = "systemctl daemon-reload", "systemctl stop -- docker.service"
ENABLE = "systemctl enable --quiet --no-reload -- var-lib-docker.mount"
MOUNT = "systemctl restart -- var-lib-docker.mount"
# The mount stops the engine and starts it, and the driver has it restarted: one start at the end.
START = ["systemctl reset-failed -- docker.service", "systemctl start -- docker.service"]
RESTART = ["systemctl reset-failed -- docker.service", "systemctl restart -- docker.service"]
MOUNTED = [UNIT.path, GUARD, RELOAD, STOP, ENABLE, MOUNT]
VGCREATE = f"vgcreate docker {DISK}"
LVCREATE_POOL = (
    "lvcreate --type thin-pool --name thinpool --extents 2047 --poolmetadatasize 4096k "
    "--poolmetadataspare y --chunksize 512k --zero n --discards passdown "
    "--metadataprofile docker-thinpool --monitor y docker"
)
TAG = "--addtag containerhost.storage.unfinished"
MARK = f"lvchange {TAG} docker/data"
MKFS = [
    "mkfs.xfs -q -n ftype=1 /dev/mapper/docker-data",
    "lvchange --deltag containerhost.storage.unfinished docker/data",
]

BLANK = {
    "pool": [VGCREATE, PROFILE, LVCREATE_POOL, UNREAD, CONFIG, *RESTART],
    "thin": [
        VGCREATE,
        PROFILE,
        LVCREATE_POOL,
        f"lvcreate --name data {TAG} --virtualsize 9957376k --thinpool thinpool docker",
        *MKFS,
        *MOUNTED,
        CONFIG,
        *START,
    ],
    "plain": [
        VGCREATE,
        f"lvcreate --name data {TAG} --yes --wipesignatures y --extents 2047 docker",
        *MKFS,
        *MOUNTED,
        CONFIG,
        *START,
    ],
    "btrfs": [
        f"mkfs.btrfs --quiet --label docker {DISK}",
        *MOUNTED,
        UNREAD,
        CONFIG,
        *RESTART,
    ],
    "zfs": [
        f"zpool create -o ashift=12 -O mountpoint=none docker {DISK}",
        f"zfs create -o mountpoint={ROOT} -o canmount=off docker/data",
        GUARD,
        RELOAD,
        STOP,
        "zfs set canmount=on docker/data",
        "zfs mount docker/data",
        UNREAD,
        CONFIG,
        *RESTART,
    ],
    "none": [CONFIG],
}
DOCUMENTED = LVCREATE_POOL.replace("2047", "2431").replace("4096k", "102400k")
POOL_WISH, POOL_BLANK, POOL_DONE = STACKS["pool"]
THIN_WISH, THIN_BLANK, THIN_DONE = STACKS["thin"]
CHOICE = Choice("overlay2", "It suits.", True, {"vfs": "slow"})

CASES = [
    *((host, wish, BLANK[kind]) for kind, (wish, host, _done) in STACKS.items()),
    *((done, wish, []) for wish, _host, done in STACKS.values()),
    # where the wish leaves the driver open
    (THIN_BLANK._replace(choice=CHOICE), options(driver="auto", devices=[DISK]), BLANK["thin"]),
    (THIN_DONE._replace(choice=CHOICE), options(driver="auto", devices=[DISK]), []),
    # sizes go to the layer that they are for
    (
        POOL_BLANK,
        {**POOL_WISH, "sizing": "documented"},
        [VGCREATE, PROFILE, DOCUMENTED, UNREAD, CONFIG, *RESTART],
    ),
    # what a run that broke off has left is gone on from, at each layer
    (layout(lvm_pool(group(), profiles={}), volume(), engine()), THIN_WISH, BLANK["thin"][1:]),
    (
        layout(THIN_DONE.layers[0], volume(THIN_GROUP, device=disk()), engine()),
        THIN_WISH,
        [MARK, *MKFS, *MOUNTED, CONFIG, *START],
    ),
    (layout(*THIN_DONE.layers[:2], engine(backing=ON_XFS)), THIN_WISH, [CONFIG]),
    # an engine that is stopped need not be stopped, and is started on what it is to have
    (
        layout(
            volume(disks=[disk()], mount=btrfs_disks.host(active=()).mount),
            engine(active="inactive"),
        ),
        STACKS["plain"][0],
        [
            *(step for step in BLANK["plain"] if step not in (STOP, *START)),
            "systemctl start -- docker.service",
        ],
    ),
]


def plan_only(state, params):
    """The plan without the look at a filesystem that has just been mounted: it is not pure."""
    planned = plan(state, params)
    return planned._replace(parts=tuple(part._replace(check=None) for part in planned.parts))


RUNS = {STOP: "stop", START[1]: "start", RESTART[1]: "start"}


@pytest.mark.parametrize(("state", "params", "steps"), CASES)
def test_plan(state, params, steps):
    assert outcome(plan, state, params) == steps


@pytest.mark.parametrize(("kind", "looks"), [("thin", 0), ("plain", 0), ("btrfs", 0), ("zfs", 1)])
def test_the_engine_looks_at_what_was_there_before_once_that_is_mounted(kind, looks):
    """A dataset may hold data from before; a filesystem that is made in this run is empty."""
    wish, host, _done = STACKS[kind]
    assert sum(bool(part.check) for part in plan(host, wish).parts) == looks


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize(("state", "params", "steps"), CASES)
def test_invariant(holds, state, params, steps):
    holds(Technology(plan_only, describe), state, params)


@pytest.mark.parametrize("kind", ["thin", "plain", "btrfs", "zfs"])
def test_the_engine_is_stopped_once_and_started_once(kind):
    wish, host, _done = STACKS[kind]
    assert [RUNS[step] for step in outcome(plan, host, wish) if step in RUNS] == ["stop", "start"]


# Each is refused by one layer, and so that nothing of any other has been planned to be done.
REFUSALS = [
    # the engine's refusal comes before there is a pool for it
    (
        layout(
            lvm_pool(),
            engine(version=(25, 0, 1), prerequisites=NO_POOL._replace(version=(25, 0, 1))),
        ),
        POOL_WISH,
        "devicemapper",
    ),
    (layout(lvm_pool(), volume(), engine_29(held=IN_STORE)), THIN_WISH, "overlayfs"),
    (layout(lvm_pool(), volume(), engine()._replace(engine=None)), THIN_WISH, "docker.service"),
    # one of those below it, in the middle of the stack and at its bottom
    (
        layout(
            lvm_pool(),
            volume(mount=btrfs_disks.host(mounted=LIVE._replace(source="/dev/vdc")).mount),
            engine(),
        ),
        THIN_WISH,
        f"{ROOT}: /dev/vdc (xfs) is mounted there, not docker/data",
    ),
    (
        layout(lvm_pool(group(pool(), PLAIN._replace(extents=100))), volume(), engine()),
        THIN_WISH,
        "Logical volume docker/data: it is a linear volume, and a thin one",
    ),
    (
        layout(
            zfs_pool_hosts.host(disks=[disk(partitions=("vdb1",))]),
            engine(),
        ),
        STACKS["zfs"][0],
        DISK,
    ),
]


def refusal(state, params):
    with pytest.raises(StorageError) as refused:
        plan(state, params)
    return refused.value


@pytest.mark.parametrize(("state", "params", "words"), REFUSALS)
def test_refusal(state, params, words):
    assert words in str(refusal(state, params))


def test_what_the_engine_refuses_is_told_before_what_its_storage_does():
    occupied = btrfs_disks.host(mounted=LIVE._replace(source="/dev/vdc")).mount
    state = layout(lvm_pool(), volume(mount=occupied), engine()._replace(engine=None))
    first, second = str(refusal(state, THIN_WISH)).splitlines()
    assert "docker.service" in first
    assert "/dev/vdc (xfs) is mounted there" in second


def test_each_layer_is_described_by_its_name():
    told = {kind: describe(done, wish) for kind, (wish, _host, done) in STACKS.items()}
    layers = {kind: it.keys() & {"thinpool", "volume", "btrfs", "zfs"} for kind, it in told.items()}
    assert layers == {
        "pool": {"thinpool"},
        "thin": {"thinpool", "volume"},
        "plain": {"volume"},
        "btrfs": {"btrfs"},
        "zfs": {"zfs"},
        "none": set(),
    }
    assert all(it["storage"] == kind for kind, it in told.items())
    assert all(it["missing_tools"] == [] and it["installed"] for it in told.values())


def test_facts_of_all_layers_and_of_the_choice():
    planned = plan(THIN_BLANK._replace(choice=CHOICE), options(driver="auto", devices=[DISK]))
    assert planned.facts["choice"] == CHOICE._asdict()
    assert planned.facts["packages"] == []
    assert planned.facts["autoextend"]
    assert "choice" not in plan(THIN_BLANK, THIN_WISH).facts


MISSING = ("lvm", "mkfs.xfs")
LACKING = layout(engine(), missing=MISSING, packages=("lvm2", "xfsprogs"))
REPORT = {"missing_tools": "report"}


def test_missing_tools_are_refused_with_their_names():
    error = refusal(LACKING, THIN_WISH)
    assert str(error).startswith("`lvm`, `mkfs.xfs`: not on this host")
    assert error.details["refusal"] == "program_missing"


def test_missing_tools_are_reported_with_their_packages():
    planned = plan(LACKING, {**THIN_WISH, **REPORT})
    assert planned.steps == []
    assert planned.facts["packages"] == ["lvm2", "xfsprogs"]
    assert planned.after == LACKING
    assert describe(LACKING, {**THIN_WISH, **REPORT})["missing_tools"] == list(MISSING)


@pytest.mark.parametrize("how", ["refuse", "report"])
def test_what_the_engine_refuses_is_told_before_the_missing_tools(how):
    state = LACKING._replace(layers=(engine()._replace(engine=None),))
    assert "docker.service" in str(refusal(state, {**THIN_WISH, "missing_tools": how}))


@pytest.mark.parametrize(("missing", "names"), [((), "all"), (("lvm",), "the engine's")])
def test_without_its_tools_only_the_engine_is_looked_at(monkeypatch, missing, names):
    """What the storage's keepers would ask for is not there to be asked."""
    seen = []

    class Stack:
        def __init__(self, *keepers):
            self.names = [it.name for it in keepers]

        def observe(self, run):
            seen.append((run, self.names))
            return tuple(self.names)

    monkeypatch.setattr(states, "stack", Stack)
    monkeypatch.setattr(observing, "missing_programs", lambda tools: missing)
    monkeypatch.setattr(observing, "read_release", lambda: {"ID": "debian"})
    found = observing.observe("run", {**THIN_WISH, **REPORT})
    assert found.layers == {"all": ("thinpool", "volume", "engine")}.get(names, ("engine",))
    assert found.packages == (("lvm2",) if missing else ())
    assert seen == [("run", list(found.layers))]


def test_options_of_the_user_go_on_top_of_those_of_the_pool():
    wish = {**POOL_WISH, "options": {"dm.use_deferred_removal": False, "dm.basesize": "20G"}}
    *_rest, config, _reset, _restart = plan(POOL_BLANK, wish).steps
    for option in (
        "dm.thinpooldev=/dev/mapper/docker-thinpool",
        "dm.use_deferred_removal=false",
        "dm.use_deferred_deletion=true",
        "dm.basesize=20G",
    ):
        assert f'"{option}"' in config.content


def test_containerd_is_a_switch_and_no_driver():
    wish = options(driver="containerd")
    state = layout(engine(text=OVERLAY2, version=(26, 1, 5)))
    actions = [step["action"] for step in describe_steps(plan(state, wish).steps)]
    assert f"write {CONFIG}" in actions
    config = next(step for step in plan(state, wish).steps if getattr(step, "path", "") == CONFIG)
    assert '"containerd-snapshotter": true' in config.content


def test_a_thin_volume_leaves_the_disks_to_its_pool():
    assert VGCREATE in outcome(plan, THIN_BLANK, THIN_WISH)
    grown = layout(lvm_pool(THIN_GROUP), mounted_volume(THIN_GROUP, THIN), THIN_DONE.layers[-1])
    assert outcome(plan, grown, {**THIN_WISH, "devices": []}) == []


@pytest.mark.parametrize("kind", ["thin", "plain", "btrfs", "zfs"])
def test_the_guard_is_that_of_the_unit_that_is_named(kind):
    wish, host, _done = STACKS[kind]
    steps = outcome(plan, host, {**wish, "service": "other.service"})
    assert GUARD.replace("docker.service", "other.service") in steps
    assert GUARD not in steps


def test_the_unit_that_is_named_is_asked_whichever_driver_is_left_open(monkeypatch):
    from ansible_collections.containerhost.storage.plugins.module_utils._info import (
        disks,
        drivers,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._info import (
        engine as engine_topic,
    )

    asked = []

    def observe_engine(_run, service):
        asked.append(service)
        return engine_topic.Seen(None, True)

    monkeypatch.setattr(engine_topic, "observe", observe_engine)
    monkeypatch.setattr(disks, "observe", lambda _run: ())
    monkeypatch.setattr(drivers, "observe", lambda *_seen: None)
    monkeypatch.setattr(drivers, "choose", lambda _seen: CHOICE)
    stack = SimpleNamespace(observe=lambda _run: ())
    monkeypatch.setattr(observing, "stack_of", lambda *_layers: stack)
    monkeypatch.setattr(observing, "missing_programs", lambda tools: ())
    observing.observe("run", options(driver="auto", service="other.service"))
    assert asked == ["other.service"]


# A host with SELinux, whose data root the policy knows, before and after the mount comes over it.
LABELLED = selinux.State(True, True, False, "x_t", "x_t", "x_t")


def with_label(state, label=LABELLED):
    return state._replace(layers=(*state.layers[:-1], label, state.layers[-1]), selinux=True)


@pytest.mark.parametrize("kind", ["thin", "plain", "btrfs", "zfs"])
def test_a_new_data_root_has_its_label_before_the_engine_starts_on_it(kind):
    wish, host, _done = STACKS[kind]
    steps = outcome(plan, with_label(host), wish)
    assert [step for step in steps if step != f"restorecon {ROOT}"] == BLANK[kind]
    mounted = MOUNT if MOUNT in steps else "zfs mount docker/data"
    assert steps.index(mounted) < steps.index(f"restorecon {ROOT}")
    starts = [steps.index(step) for step in steps if RUNS.get(step) == "start"]
    assert steps.index(f"restorecon {ROOT}") < min(starts)


@pytest.mark.parametrize("kind", sorted(STACKS))
def test_a_host_that_needs_nothing_needs_no_label(kind):
    wish, _host, done = STACKS[kind]
    done = with_label(done, LABELLED._replace(fresh=False, mounted=True))
    assert outcome(plan, done, wish) == []
    assert describe(done, wish)["selinux"] == {"path": ROOT, "type": "x_t"}


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize("kind", sorted(STACKS))
def test_invariant_with_a_label(holds, kind):
    wish, host, _done = STACKS[kind]
    holds(Technology(plan_only, describe), with_label(host), wish)


@pytest.mark.parametrize("there", [True, False])
def test_only_a_host_with_selinux_has_a_label(monkeypatch, tmp_path, there):
    monkeypatch.setattr(files, "SELINUX", str(tmp_path if there else tmp_path / "none"))
    found = []
    stack = SimpleNamespace(observe=lambda _run: ())
    monkeypatch.setattr(observing, "stack_of", lambda *given: found.append(given[-1]) or stack)
    monkeypatch.setattr(observing, "missing_programs", lambda tools: ())
    assert observing.observe("run", options()).selinux is there
    assert found == [there]


def test_what_is_in_the_engines_place_is_told_also_where_the_driver_is_left_open(monkeypatch):
    from ansible_collections.containerhost.storage.plugins.module_utils._info import (
        engine as engine_topic,
    )

    def refuse(_run, _service):
        raise StorageError("Docker", "it is here as a snap", "Look", refusal="engine_in_snap")

    monkeypatch.setattr(engine_topic, "observe_engine", refuse)
    monkeypatch.setattr(engine_topic, "find_program", lambda _name: None)
    with pytest.raises(StorageError, match="it is here as a snap"):
        observing.observe("run", options(driver="auto"))
