# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine as the top of a stack: what it takes for granted, and when it is changed."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import NOTHING
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    StorageError,
    describe_step,
    moves,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    Pool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    plan as engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.keeper import (
    assume,
    keeper,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
)
from support.engine_hosts import (
    BTRFS,
    DM,
    FSNAME,
    NOTE,
    RESET,
    RESTART,
    ROOT,
    USED,
    WRITE,
    XFS,
    ZFS,
    host,
    outcome,
    refuses,
    want,
)

OWN_FOLDER = Backing(ROOT + "/btrfs", "btrfs", ("rw",))
NO_POOL = Prerequisites(pool=Pool("d-p", False))
THE_POOL = Pool("d-p", True, thin=True)


def bare(**prerequisites):
    """A host with an engine that something is about to change on."""
    return host(prerequisites=Prerequisites(**prerequisites))


# What is there, what is offered, and the fields of the state (or else of its prerequisites) that
# are assumed to be otherwise.
ASSUMED = [
    (State(None, daemon_json.File(None, {})), {"backing": XFS}, {}),
    (host(), NOTHING, {}),
    # a filesystem is going to be mounted at the data root, or above it
    (host(), {"backing": XFS}, {"backing": XFS, "file_types": True}),
    (
        host(),
        {"backing": XFS, "unseen": True},
        {"backing": XFS, "unseen": True, "file_types": True},
    ),
    (host()._replace(prerequisites=None), {"backing": XFS}, {"backing": XFS}),
    (bare(file_types=False), {"backing": XFS}, {"backing": XFS}),
    # it is mounted there already, so that its content has been seen
    (host(backing=XFS), {"backing": XFS, "unseen": True}, {"file_types": True}),
    (
        host(backing=XFS._replace(options=("rw",), devno="254:1")),
        {"backing": XFS},
        {"backing": XFS._replace(devno="254:1"), "file_types": True},
    ),
    (
        host(backing=OWN_FOLDER),
        {"backing": BTRFS._replace(options=("rw", "noatime"))},
        {"file_types": True},
    ),
    # a folder whose name only begins like it is another one
    (
        host(backing=XFS._replace(mount_point=ROOT + "2")),
        {"backing": XFS},
        {"backing": XFS, "file_types": True},
    ),
    # a pool
    (bare(pool=Pool("d-p", False)), {"pool": "d-p"}, {"pool": THE_POOL}),
    (bare(pool=Pool("d-p", False)), {"pool": "d-q"}, {}),
    (bare(pool=Pool("d-p", True)), {"pool": "d-p"}, {}),
    (bare(), {"pool": "d-p"}, {}),
    # a dataset
    (bare(dataset=False), {"dataset": "tank/b"}, {"dataset": True}),
    (bare(dataset=None), {"dataset": "tank/b"}, {"dataset": True}),
    (bare(dataset=False), NOTHING, {}),
    # modules of the kernel, and programs that bring them
    (bare(unloaded_modules=("zfs",)), {"modules": ("zfs",)}, {"unloaded_modules": ()}),
    (bare(unloaded_modules=("zfs",)), {"modules": ("btrfs",)}, {}),
    (bare(missing_modules=("zfs",)), {"modules": ("zfs",)}, {}),
    (
        bare(
            missing_programs=("zfs",), missing_modules=("zfs", "btrfs"), unloaded_modules=("zfs",)
        ),
        {"programs_to_come": True},
        {"missing_programs": (), "missing_modules": ("btrfs",), "unloaded_modules": ()},
    ),
    (bare(missing_programs=("zfs",), missing_modules=("zfs",)), {"programs_to_come": False}, {}),
    # the programs are there, so that the packages are: nobody is to build the module any more
    (bare(missing_modules=("zfs",)), {"programs_to_come": True}, {}),
]


@pytest.mark.parametrize(("state", "offer", "otherwise"), ASSUMED)
def test_assume(state, offer, otherwise):
    of_state = {name: it for name, it in otherwise.items() if name in State._fields}
    of_rest = {name: it for name, it in otherwise.items() if name not in State._fields}
    expected = state._replace(**of_state)
    if of_rest:
        expected = expected._replace(prerequisites=state.prerequisites._replace(**of_rest))
    assert assume(state, offer) == expected


CHANGED = [NOTE, WRITE, RESET, RESTART]
CASES = [
    (host(), {"backing": XFS}, want("overlay2", {"overlay2.size": "1g"}), CHANGED),
    (host(), {"backing": BTRFS}, want("btrfs"), CHANGED),
    (host(), {"backing": ZFS, "modules": ("zfs",)}, want("zfs"), CHANGED),
    (host(prerequisites=NO_POOL), {"pool": "d-p"}, DM, CHANGED),
    (
        bare(missing_modules=("zfs",), missing_programs=("zfs",), dataset=False),
        {"dataset": "tank/b", "backing": ZFS, "programs_to_come": True},
        FSNAME,
        CHANGED,
    ),
    # what it does not get from below
    (host(), {"backing": XFS}, want("btrfs"), refuses("Mount a filesystem of type btrfs")),
    (
        host(prerequisites=NO_POOL),
        {"pool": "d-q"},
        DM,
        refuses("there is no /dev/mapper/d-p on this host"),
    ),
    (host(), {"pool": "d-p"}, want("devicemapper"), refuses("(loop-lvm)")),
    (
        bare(missing_modules=("aufs",)),
        {"programs_to_come": True},
        want("aufs"),
        refuses("it has no aufs"),
    ),
    (
        bare(missing_modules=("btrfs",)),
        {"backing": BTRFS, "programs_to_come": True},
        want("btrfs"),
        refuses("it has no btrfs"),
    ),
    (
        bare(left_out=("zfs",), missing_modules=("zfs",), missing_programs=("zfs",)),
        {"backing": ZFS, "programs_to_come": True},
        want("zfs"),
        refuses("it was built without the zfs driver: Debian's package has none from 28.5.2"),
    ),
    # the pool is still to be made, and is not the one that this data root knows
    (
        bare(pool=Pool("d-p", False), remembers_pool=True),
        {"pool": "d-p"},
        DM,
        refuses("holds the notes of another pool"),
    ),
    (
        bare(pool=Pool("d-p", False), remembers_pool=True, loop_file="/x/data"),
        {"pool": "d-p"},
        DM,
        refuses("/var/lib/docker/image/devicemapper away"),
    ),
]


@pytest.mark.parametrize(("state", "offer", "wish", "wanted"), CASES)
def test_plan_on_what_is_offered(state, offer, wish, wanted):
    state = assume(state, offer)
    if isinstance(wanted, list):
        assert outcome(state, wish) == wanted
        return
    with pytest.raises(StorageError) as error:
        engine.plan(state, wish)
    assert wanted in str(error.value)


def test_the_keeper_keeps_what_is_wanted():
    made = keeper(want("vfs"))
    assert made.plan(host()) == engine.plan(host(), want("vfs"))
    assert (made.name, made.describe(host())["driver"], made.assume) == (
        "engine",
        "overlay2",
        assume,
    )


STOPPED = Pause(
    "docker.service",
    stop=(Command("Stop it", ("systemctl", "stop", "docker.service")),),
    start=(Command("Start it", ("systemctl", "start", "docker.service")),),
)
MOUNTED = Part((Command("Mount it", ("systemctl", "start", "x.mount")),), pauses=(STOPPED,))
WINDOW = [
    (want("vfs"), ["restart"]),
    (want("overlay2"), ["start"]),  # pinned: by itself it would not be restarted
]


@pytest.mark.parametrize(("wish", "last"), WINDOW)
def test_the_file_is_written_while_the_engine_is_stopped_for_its_storage(wish, last):
    parts = (MOUNTED, *engine.plan(host(), wish).parts)
    actions = [describe_step(move.step)["action"] for move in moves(parts)]
    stop, mount, *_note, write = actions[: actions.index(WRITE) + 1]
    assert (stop, mount, write) == (
        "systemctl stop docker.service",
        "systemctl start x.mount",
        WRITE,
    )
    started = [action.split()[1] for action in actions[actions.index(WRITE) + 1 :]]
    assert [verb for verb in started if verb != "reset-failed"] == last


CHECKED = [
    (host(backing=XFS), None),
    (host(backing=XFS, held=USED), "data_hidden"),
]


@pytest.mark.parametrize(("there", "refusal"), CHECKED)
def test_a_data_root_that_nobody_has_seen_is_looked_at_before_the_first_step(
    monkeypatch, there, refusal
):
    unseen = assume(host(), {"backing": XFS, "unseen": True})
    parts = engine.plan(unseen, want("vfs")).parts
    asked = []
    monkeypatch.setattr(engine, "observe", lambda run, wanted: asked.append((run, wanted)) or there)
    for part in parts:
        if refusal is None:
            part.check("run")
            continue
        with pytest.raises(StorageError) as error:
            part.check("run")
        assert error.value.details["refusal"] == refusal
    assert asked == [("run", want("vfs"))]


@pytest.mark.parametrize("offer", [NOTHING, {"backing": XFS}, {"backing": XFS, "unseen": False}])
def test_what_has_been_seen_is_not_looked_at_again(offer):
    parts = engine.plan(assume(host(), offer), want("vfs")).parts
    assert [part.check for part in parts] == [None]
