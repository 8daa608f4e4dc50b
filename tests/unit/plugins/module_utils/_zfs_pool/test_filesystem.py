# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filesystem at the data root, as a table: made, mounted, taken as it is, or refused."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import (
    TableLine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._mount.state import Folder
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.plan import plan
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    wanted_from,
)
from support.invariants import INVARIANTS, Technology, outcome
from support.lvm_hosts import disk
from support.zfs_hosts import dataset
from support.zfs_pool_hosts import (
    GUARD,
    LIVE,
    NOTHING,
    ROOT,
    done,
    filesystem,
    filesystems,
    host,
    mounted,
    pool,
    unmounted,
    want,
    want_mounted,
)

ONE = "/dev/disk/by-id/virtio-disk1"
POOL = f"zpool create -o ashift=12 -O mountpoint=none docker {ONE}"
CREATE = f"zfs create -o mountpoint={ROOT} -o canmount=off docker/data"
RELOAD, STOP = "systemctl daemon-reload", "systemctl stop -- docker.service"
ALLOW, MOUNT = "zfs set canmount=on docker/data", "zfs mount docker/data"
FORGIVE = "systemctl reset-failed -- docker.service"
START, MKDIR = "systemctl start -- docker.service", f"mkdir --parents --mode 0711 -- {ROOT}"
GUARDED = [GUARD, RELOAD, STOP]
TABLE = TableLine("docker/data", ROOT, "zfs", ("defaults",))
OWN_UNIT = "[Mount]\nWhat=docker/data\nWhere=/var/lib/docker\nType=zfs\n"


def blank(**more):
    return host(**{"disks": [disk()], "mount": unmounted(), **more})


def there(*found, **more):
    """A host with the pool, on which nothing is mounted yet."""
    return done(*found, **{"datasets": filesystems(*found), "mount": unmounted(), **more})


def idle(state):
    """The host, without an engine that runs."""
    return state._replace(mount=state.mount._replace(active=()))


def not_mounted(**own):
    return filesystem(**{"mounted": "no", **own})


def mounted_read_only():
    """As it is where its pool was imported so."""
    found = filesystem(readonly="on")
    return found.changed({"readonly": found.values["readonly"]._replace(source="temporary")})


def by_itself(name, mountpoint, **own):
    """A filesystem whose mountpoint nobody chose."""
    found = dataset(name, mounted="no", **own)
    value = found.values["mountpoint"]._replace(value=mountpoint, source="inherited from docker")
    return found.changed({"mountpoint": value})


ALTROOT = MappingProxyType({"health": "ONLINE", "readonly": "off", "altroot": "/mnt"})
WHOLE = LIVE._replace(source="docker")

CASES = [
    # made anew
    (
        blank(),
        want_mounted(),
        [POOL, CREATE, *GUARDED, ALLOW, MOUNT, FORGIVE, START],
    ),
    (there(), want_mounted(), [CREATE, *GUARDED, ALLOW, MOUNT, FORGIVE, START]),
    (idle(there()), want_mounted(units=()), [CREATE, ALLOW, MOUNT]),
    (
        idle(there()),
        want_mounted("docker/engines/docker", units=()),
        [
            f"zfs create -p -o mountpoint={ROOT} -o canmount=off docker/engines/docker",
            "zfs set canmount=on docker/engines/docker",
            "zfs mount docker/engines/docker",
        ],
    ),
    # the pool's own filesystem
    (
        idle(blank()),
        want_mounted("docker", units=()),
        [
            f"zpool create -o ashift=12 -O mountpoint={ROOT} -O canmount=off docker {ONE}",
            "zfs set canmount=on docker",
            "zfs mount docker",
        ],
    ),
    (
        idle(there()),
        want_mounted("docker", units=()),
        [
            f"zfs set mountpoint={ROOT} canmount=off docker",
            "zfs set canmount=on docker",
            "zfs mount docker",
        ],
    ),
    # what a run that broke off has left is gone on from
    (there(not_mounted(canmount="off")), want_mounted(), [*GUARDED, ALLOW, MOUNT, FORGIVE, START]),
    (
        there(not_mounted(), mount=mounted(mounted=None, ours=False, folder=NOTHING)),
        want_mounted(),
        [MOUNT],
    ),
    # as it should be, whoever has made it so
    (done(), want_mounted(), []),
    (done(filesystem(mountpoint="legacy"), mount=mounted(table=TABLE), values=ALTROOT),
     want_mounted(), []),
    (done(), want_mounted(units=()), []),
    (done(), want(), []),
    (
        done(dataset("docker", mountpoint=ROOT, mounted="yes"), mount=mounted(mounted=WHOLE)),
        want_mounted("docker"),
        [],
    ),
    (done(filesystem(mountpoint="legacy"), mount=mounted(table=TABLE)), want_mounted(), []),
    (
        done(mount=mounted(table=TABLE._replace(options=("zfsutil",)))),
        want_mounted(),
        [],
    ),
    (done(filesystem(mountpoint="legacy"), mount=mounted(unit_text=OWN_UNIT)), want_mounted(), []),
    (done(by_itself("docker/data", ROOT)), want_mounted(), []),
    # each way to drift
    (done(filesystem(canmount="noauto")), want_mounted(), [ALLOW]),
    (done(mount=mounted(guarded=(), guard_texts={})), want_mounted(), [GUARD, RELOAD]),
    (
        there(not_mounted(canmount="off"), mount=mounted(mounted=None, ours=False, folder=NOTHING)),
        want_mounted(),
        [ALLOW, MOUNT],
    ),
    # a place for a filesystem that has none of its own
    (
        there(not_mounted(mountpoint="none")),
        want_mounted(),
        [
            f"zfs set mountpoint={ROOT} canmount=off docker/data",
            *GUARDED, ALLOW, MOUNT, FORGIVE, START,
        ],
    ),
    (
        idle(there(by_itself("docker/data", "/docker/data"))),
        want_mounted(units=()),
        [f"zfs set mountpoint={ROOT} canmount=off docker/data", ALLOW, MOUNT],
    ),
    # mounted by a line of fstab, or a unit, that a person has written
    (
        blank(mount=unmounted(table=TABLE, folder_exists=False)),
        want_mounted(),
        [POOL, "zfs create -o mountpoint=legacy docker/data", *GUARDED, MKDIR, f"mount -- {ROOT}",
         FORGIVE, START],
    ),
    (
        idle(blank(mount=unmounted(table=TABLE._replace(source="docker")))),
        want_mounted("docker", units=()),
        [POOL.replace("none", "legacy"), f"mount -- {ROOT}"],
    ),
    (
        idle(there(not_mounted(mountpoint="legacy"), mount=unmounted(table=TABLE))),
        want_mounted(units=()),
        [f"mount -- {ROOT}"],
    ),
    (
        idle(there(not_mounted(), mount=unmounted(table=TABLE._replace(options=("zfsutil",))))),
        want_mounted(units=()),
        [f"mount -- {ROOT}"],
    ),
    (
        idle(there(not_mounted(mountpoint="legacy"), mount=unmounted(unit_text=OWN_UNIT))),
        want_mounted(units=()),
        ["systemctl restart -- var-lib-docker.mount"],
    ),
    # data below the mount, with the user's leave
    (
        there(mount=unmounted(folder=Folder(Holdings(ROOT, {"overlay2": 1})))),
        want_mounted(keep=True),
        [CREATE, *GUARDED, ALLOW, MOUNT, FORGIVE, START],
    ),
    # a pool that has lost a disk still serves
    (
        done(mount=mounted(guarded=(), guard_texts={}))._replace(pools=(pool(health="DEGRADED"),)),
        want_mounted(),
        [GUARD, RELOAD],
    ),
]  # fmt: skip

FULL = Folder(Holdings(ROOT, {"overlay2": 3}, {"overlay2": 1}, 2), size=5 * 1024**2)
READ_ONLY = MappingProxyType({"health": "ONLINE", "readonly": "on"})
NO_ROOM = MappingProxyType({"docker": dataset("docker", mountpoint="none", available=0)})

REFUSALS = [
    (blank(mount=unmounted(folder=FULL)), want_mounted(), "would hide 3 images, 1 containers"),
    (
        there(not_mounted(), mount=unmounted(folder=Folder(Holdings(ROOT), ("x", "y")))),
        want_mounted(),
        "files that are no engine's (x, y)",
    ),
    (
        blank(mount=unmounted(mounted=LIVE._replace(source="/dev/sdz", fstype="xfs"))),
        want_mounted(),
        "/dev/sdz (xfs) is mounted there, not docker/data",
    ),
    (
        blank(mount=unmounted(table=TABLE._replace(source="/dev/sdz"))),
        want_mounted(),
        "it mounts /dev/sdz",
    ),
    (there(dataset("docker/data", "volume")), want_mounted(), "it is a volume, and only"),
    (
        there(not_mounted(keystatus="unavailable", encryptionroot="docker/data")),
        want_mounted(),
        "`zfs load-key docker/data`",
    ),
    (there(not_mounted(readonly="on")), want_mounted(), "it is read-only. `zfs inherit readonly"),
    (done(mounted_read_only()), want_mounted(), "it is mounted read-only"),
    (
        there(dataset("docker/data", mountpoint="/srv"), elsewhere=("/srv",)),
        want_mounted(),
        f"it is mounted at /srv, and wanted at {ROOT}",
    ),
    (
        there(not_mounted(mountpoint="legacy"), elsewhere=("/srv",), mount=unmounted(table=TABLE)),
        want_mounted(),
        "Stop what uses it there and unmount it",
    ),
    (
        there(not_mounted(mountpoint="/srv")),
        want_mounted(),
        f"its mountpoint is /srv, which somebody chose, and {ROOT} is wanted",
    ),
    (
        there(not_mounted(), mount=unmounted(table=TABLE)),
        want_mounted(),
        f"its mountpoint is {ROOT}, which somebody chose, and legacy is wanted",
    ),
    (
        done(filesystem(mountpoint="legacy")),
        want_mounted(),
        "nothing mounts it there at boot: its mountpoint is legacy. ",
    ),
    (
        done(filesystem(mountpoint="/srv")),
        want_mounted(),
        f"its mountpoint is /srv, and {ROOT} is wanted",
    ),
    (
        there(values=ALTROOT),
        want_mounted(),
        "Pool docker: it is imported with the alternate root /mnt: until it is exported",
    ),
    (
        there(not_mounted(receive_resume_token="1-abc")),
        want_mounted(),
        "a `zfs receive` into it has not ended, so that it cannot be mounted",
    ),
    (there(values=READ_ONLY), want_mounted(), "it is imported read-only"),
    (there(not_mounted(), values=READ_ONLY), want_mounted(), "it is imported read-only"),
    (there(datasets=NO_ROOM), want_mounted(), "there is no space left in docker"),
    (
        there(dataset("docker/a", "volume")),
        want_mounted("docker/a/b"),
        "docker/a is a volume, and only filesystems have datasets below them",
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


WAYS_BACK = [
    # the host, how many steps stay, the steps of the way back
    # pool and filesystem are kept; the engine gets back what it had
    (blank(), 2, ["zfs set canmount=off docker/data", GUARD, RELOAD, FORGIVE, START]),
    # it was to be mounted before as well, so it stays mounted
    (
        there(not_mounted(), mount=mounted(mounted=None, ours=False, active=("docker.service",))),
        1,
        [FORGIVE, START],
    ),
    (
        there(not_mounted(), mount=unmounted()),
        1,
        [GUARD, RELOAD, FORGIVE, START],
    ),
    (done(mount=mounted(guarded=(), guard_texts={})), 0, [GUARD, RELOAD]),
    # it is mounted already, and is not unmounted
    (done(filesystem(canmount="noauto")), 1, []),
    (done(), 0, []),
]


@pytest.mark.parametrize(("state", "stays", "back"), WAYS_BACK)
def test_the_way_back_starts_the_engine_on_what_it_had(state, stays, back):
    parts = plan(state, want_mounted()).parts
    undo = [step for part in reversed(parts) for step in part.undo]
    engine = [step for pause in pauses_of(parts) for step in pause.back]
    assert [getattr(it, "path", None) or " ".join(it.argv) for it in (*undo, *engine)] == back
    assert all(it.content is None for it in undo if hasattr(it, "content"))
    assert sum(len(part.steps) for part in parts if not part.undo) == stays


def test_data_below_the_mount_is_told():
    state = blank(mount=unmounted(folder=FULL))
    topics = [it.topic for it in plan(state, want_mounted(keep=True)).findings]
    assert topics == ["hidden_data"]


PARAMS = {
    "devices": [],
    "name": "docker", "layout": None, "ashift": None, "dataset": None, "path": None,
    "required_by": [], "existing_data": "refuse", "arc_max": None,
}  # fmt: skip

NAMES = [
    ({"path": ROOT, "dataset": "data"}, "docker/data"),
    ({"path": ROOT, "dataset": "engines/docker"}, "docker/engines/docker"),
    ({"path": ROOT}, "docker"),
    ({}, None),
]


@pytest.mark.parametrize(("params", "name"), NAMES)
def test_the_filesystem_is_named_below_the_pool(params, name):
    assert wanted_from({**PARAMS, **params}).filesystem == name


WRONG = [
    ({"name": "a/b"}, "it is the name of a dataset"),
    ({"name": "a@b"}, "it is the name of a dataset"),
    ({"name": "-f"}, "begins with a letter"),
    ({"name": "../a"}, "ZFS takes no . and no .."),
    ({"name": "a b"}, "with a space in its name"),
    ({"name": "mirror"}, "keeps that name for itself"),
    ({"name": "raidz"}, "keeps that name for itself"),
    ({"dataset": "data"}, "dataset=data: it is of use only with `path`"),
    ({"required_by": ["docker.service"]}, "it is of use only with `path`"),
    ({"path": "data"}, "it is not a plain absolute path"),
    ({"path": ROOT, "dataset": "a//b"}, "a part of the name is empty"),
    ({"path": ROOT, "dataset": ""}, "a part of the name is empty"),
    ({"path": ROOT, "dataset": "a@b"}, "it is a snapshot"),
    ({"arc_max": "50%"}, "arc_max=50%"),
    ({"arc_max": "1000"}, "it has no unit"),
]


@pytest.mark.parametrize(("params", "wrong"), WRONG)
def test_what_no_host_could_have_is_refused(params, wrong):
    with pytest.raises(StorageError) as refused:
        wanted_from({**PARAMS, **params})
    assert wrong in str(refused.value)


@pytest.mark.parametrize("name", ["docker", "logs", "c", "tank-1", "zpool-docker", "a:b"])
def test_names_that_pools_have(name):
    assert wanted_from({**PARAMS, "name": name}).name == name
