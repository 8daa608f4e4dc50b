# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reset of a data root, as a table: what is there, what is wanted, what is done."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    destroyed,
    seal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.hold import (
    hold_text,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Below,
    Image,
    Leftover,
    Network,
    Volume,
)
from support.invariants import INVARIANTS, Technology, outcome
from support.reset_hosts import (
    ASIDE,
    ENTRIES,
    FRESH,
    HOLD,
    ROOT,
    USED,
    WORKER,
    engine,
    host,
    root,
    want,
)

CONFIG = "/etc/docker/daemon.json"
MAKE = f"mkdir --mode 0700 -- {ASIDE}"
GONE = f"remove all of {ASIDE}"
RELOAD = "systemctl daemon-reload"
UNITS = "-- docker.socket docker.service"
STOP = [HOLD, RELOAD, f"systemctl stop {UNITS}"]
START = [HOLD, RELOAD, f"systemctl reset-failed {UNITS}", f"systemctl start {UNITS}"]


def renames(*entries, path=ROOT, to=""):
    return [f"rename {path}/{it} to {ASIDE}/{to}{it}" for it in entries]


ALL = [MAKE, *STOP, *renames(*ENTRIES), *START, GONE]
HELD = hold_text("docker.service", ROOT)
MAPPED = f"{ROOT}/165536.165536"

CASES = [
    # nothing to do
    (host(root(holds=FRESH)), want(), []),
    (host(root((), FRESH)), want(), []),
    (host(), want(only_of=("devicemapper",)), [MAKE, *renames(*ENTRIES), GONE]),
    (host(root(holds=FRESH._replace(below=(Below("thin_device", "", "1"),)))), want(), []),
    (host(root(holds=FRESH), driver="devicemapper", pool=True), want(), []),
    # what an engine does not make again goes also where nothing is in it
    (
        host(root(("vfs",), FRESH), leftovers=True),
        want(only_of=("vfs",)),
        [MAKE, *renames("vfs"), GONE],
    ),
    # all of it, while the engine and its socket stand still
    (host(), want(), ALL),
    (host(root(holds=USED._replace(swarm=WORKER))), want(), ALL),
    (host(triggers=()), want(), [it.replace("docker.socket ", "") for it in ALL]),
    (
        host(engine=engine("inactive")),
        want(),
        [it.replace("docker.socket docker.service", "docker.socket") for it in ALL],
    ),
    (
        host(engine=engine("inactive"), triggers=()),
        want(),
        [MAKE, HOLD, RELOAD, *renames(*ENTRIES), HOLD, RELOAD, GONE],
    ),
    (
        host(),
        want(start=False),
        [MAKE, *STOP, *renames(*ENTRIES), *START[:2], GONE],
    ),
    # an engine that is on another data root, or not there, is left alone
    (host(used=False), want(), [MAKE, *renames(*ENTRIES), GONE]),
    (host(engine=None, used=False, triggers=()), want(), [MAKE, *renames(*ENTRIES), GONE]),
    # with user namespaces
    (
        host(root(("network",), FRESH), root(("overlay2",), USED, MAPPED)),
        want(),
        [
            MAKE, *STOP, *renames("network"),
            *renames("overlay2", path=MAPPED, to="165536.165536@"), *START, GONE,
        ],
    ),
    # what an engine would not choose again is written down
    (host(told=False), want(), ALL),
    (
        host(told=False, driver="btrfs"),
        want(),
        [MAKE, *STOP, *renames(*ENTRIES), CONFIG, *START, GONE],
    ),
    (
        host(told=False, engine=engine(version=(29, 0, 1)), text='{"debug": true}'),
        want(),
        [MAKE, *STOP, *renames(*ENTRIES), CONFIG, *START, GONE],
    ),
    (host(told=False, driver=""), want(), ALL),
    # a pool outside of the data root
    (host(pool=True), want(), ALL),
    (
        host(driver="devicemapper", pool=True),
        want(start=False),
        [MAKE, *STOP, *renames(*ENTRIES), *START[:2], GONE],
    ),
    # what an earlier run has left
    (host(root((), FRESH), aside=True), want(), [GONE]),
    (host(aside=True), want(), [GONE, *ALL]),
    (host(root((), FRESH), hold=HELD), want(), [HOLD, RELOAD]),
    (host(hold=HELD), want(), ALL),
]  # fmt: skip


@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_what_is_done(state, wanted, steps):
    assert outcome(plan, state, wanted) == steps


TECHNOLOGY = Technology(plan, describe.describe)


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
def test_invariant(holds, state, wanted, steps):
    holds(TECHNOLOGY, state, wanted)


LIVING = {"LiveRestoreEnabled": True, "ContainersRunning": 2}
REFUSED = [
    (host(leads_to="/srv/docker"), want(), "data_root_link", "leads through a link to /srv/docker"),
    (host(fstype="nfs4"), want(), "data_root_shared", "it lies on nfs4"),
    (host(fstype="fuse.sshfs"), want(), "data_root_shared", "fuse.sshfs"),
    (host(mounts=(f"{ROOT}/backup",)), want(), "data_root_mounts", f"({ROOT}/backup)"),
    (host(), want(only_of=("overlay2",)), "driver_in_use", "only_of=overlay2"),
    (host(store=True), want(), "store_elsewhere", "containerd's image store"),
    (host(engine=engine(**LIVING)), want(), "containers_live_on", "2 containers would go on"),
    (
        host(root(holds=USED._replace(swarm=WORKER._replace(manager=True)))),
        want(),
        "swarm_manager",
        "a manager of a swarm",
    ),
    (
        host(root(holds=USED._replace(below=(Below("dataset", "", "tank/docker/x"),)))),
        want(),
        "datasets_left",
        "datasets of ZFS",
    ),
    (host(driver="devicemapper", pool=True), want(), "pool_left", "a thin pool"),
]


@pytest.mark.parametrize(("state", "wanted", "refusal", "words"), REFUSED)
def test_what_is_refused(state, wanted, refusal, words):
    with pytest.raises(StorageError) as error:
        plan(state, wanted)
    assert error.value.details["refusal"] == refusal
    assert words in str(error.value)


NOT_REFUSED = [
    (host(engine=engine(LiveRestoreEnabled=True, ContainersRunning=0)), want()),
    (host(engine=engine(LiveRestoreEnabled=False, ContainersRunning=2)), want()),
    (host(store=True, used=False), want()),
    (host(store=True), want(only_of=("vfs",))),
    (host(store=True, driver="overlay2"), want(only_of=("overlay2",))),
    (host(used=False), want(only_of=("overlay2",))),
]


@pytest.mark.parametrize(("state", "wanted"), NOT_REFUSED)
def test_what_is_no_reason_to_refuse(state, wanted):
    assert plan(state, wanted).steps


def test_the_pinned_driver_joins_what_the_file_has():
    state = host(told=False, engine=engine(version=(29, 0, 1)), text='{"debug": true}')
    (step,) = [it for it in plan(state, want()).steps if getattr(it, "path", "") == CONFIG]
    assert json.loads(step.content) == {"debug": True, "storage-driver": "overlay2"}
    assert step.old == '{"debug": true}'


def test_what_is_lost_is_told_kind_by_kind():
    holds = USED._replace(
        images=(*USED.images, Image("overlay2", "sha256:x"), Image("vfs", "sha256:y")),
        volumes=(Volume("data"),),
        networks=(Network("n", "front", "bridge", "local", False, (), False),),
        leftovers=(Leftover("other_driver", f"{ROOT}/vfs", "vfs"),),
        below=(Below("thin_device", "", "7"), Below("mount", "/x", "y")),
        swarm=WORKER,
    )
    *told, mark = destroyed(plan(host(root(holds=holds)), want()).steps)
    assert told == [
        "2 images of overlay2 (shop:1, sha256:x; 3 MiB)",
        "1 image of vfs (sha256:y)",
        "1 container (web)",
        "1 volume (data)",
        "1 network (front)",
        "the membership of a swarm",
        f"1 leftover ({ROOT}/vfs)",
        "1 thin device (7)",
    ]
    assert mark.startswith(f"all of that is in {ROOT}, content ")


def test_the_seal_is_for_what_goes_and_for_nothing_else():
    seals = [
        seal(plan(state, want()).steps)
        for state in (
            host(),
            host(root(holds=USED._replace(images=()))),
            host(root(("image",))),
            host(engine=engine(ContainersRunning=3)),
            host(triggers=()),
        )
    ]
    first, other_content, other_names, running, no_socket = seals
    assert first == running == no_socket
    assert other_content != first
    assert other_names == first  # a name that holds nothing of value


FINDINGS = [
    (host(), want(), []),
    (host(engine=engine(ContainersRunning=1)), want(), ["containers_stopped"]),
    (host(), want(start=False), ["engine_left_stopped"]),
    (host(pool=True), want(), ["thin_devices_left"]),
    (
        host(driver="devicemapper", pool=True),
        want(start=False),
        ["engine_left_stopped", "thin_devices_left"],
    ),
    (host(root((), FRESH), engine=engine(ContainersRunning=1)), want(), []),
]


@pytest.mark.parametrize(("state", "wanted", "topics"), FINDINGS)
def test_what_a_person_should_know(state, wanted, topics):
    assert [it.topic for it in plan(state, wanted).findings] == topics
