# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with an engine, for tables of the storage driver: what is there, and what is wanted."""

from __future__ import annotations

import json

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    WriteFile,
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    Pool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    flatten,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag, Unit
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
    Wanted,
)
from support.invariants import INVARIANTS as EVERYWHERE
from support.invariants import Technology

CONFIG = "/etc/docker/daemon.json"
ROOT = "/var/lib/docker"
EXT4 = Backing("/", "ext4", ("rw",))
XFS = Backing(ROOT, "xfs", ("rw", "prjquota"))


def host(
    driver="overlay2",
    text=None,
    version=(20, 10, 24),
    active="active",
    flags=(),
    unread="",
    backing=EXT4,
    held=None,
    status=(),
    root=ROOT,
    roots=None,
    prerequisites=None,
    load="loaded",
):
    """A host with an engine on ``driver``, and ``text`` in its daemon.json."""
    info = {"Driver": driver, "DriverStatus": status, "DockerRootDir": root}
    unit = Unit("docker.service", load, active, "now", "/usr/sbin/dockerd", tuple(flags))
    return State(
        engine=Engine(unit, version, info if active == "active" else None),
        config=daemon_json.File(text, daemon_json.parse(CONFIG, text) if text else {}),
        unread=unread,
        kernel="6.1.0-49-amd64",
        backing=backing,
        roots=roots or (Holdings(ROOT, **(held or {})),),
        prerequisites=prerequisites or Prerequisites(version=version),
    )


def want(driver=None, options=None, **more):
    """What is wanted; what is left out stays as it is."""
    return Wanted(driver=driver, options=None if options is None else flatten(options), **more)


def refuses(text):
    """A text instead of a list of steps: the plan is refused with it."""
    return text


NOTE = "write /run/containerhost-storage/docker.service.unread"
WRITE, START = "write " + CONFIG, "systemctl start"
RESET, RESTART = "systemctl reset-failed", "systemctl restart"

PINNED = '{"storage-driver": "overlay2"}'
SIZED = '{"storage-driver": "overlay2", "storage-opts": ["overlay2.size=10G"]}'
ON_DM = '{"storage-driver": "devicemapper", "storage-opts": ["dm.thinpooldev=/dev/mapper/d-p"]}'
DM = want("devicemapper", {"dm.thinpooldev": "/dev/mapper/d-p"})
ON_LOOPS = [["Pool Name", "docker-254:0-12-pool"], ["Data loop file", "/var/lib/x/data"]]
LOOPS = want("devicemapper", {"dm.loopdatasize": "20G"})
WITH_LOOPS = '{"storage-driver": "devicemapper", "storage-opts": ["dm.loopdatasize=20G"]}'
USED = {"images": {"overlay2": 3}, "containers": {"overlay2": 1}, "volumes": 2}
CONTAINERD = [["driver-type", "io.containerd.snapshotter.v1"]]
FLAG = Flag("storage-driver", "vfs", "--storage-driver", "/etc/default/docker")
OPT_FLAG = Flag("storage-opts", "size=0", "--storage-opt", "/etc/x.conf")
NEW_POOL = Prerequisites(pool=Pool("d-p", True, thin=True))
STORE_ON = '{"features": {"containerd-snapshotter": true}}'
STORE_ON_OVERLAY2 = STORE_ON[:-1] + ', "storage-driver": "overlay2"}'
STORE_ON_BTRFS = STORE_ON[:-1] + ', "storage-driver": "btrfs"}'
STORE_OFF = '{"features": {"containerd-snapshotter": false}}'
STORE_FLAG = Flag("features", "containerd-snapshotter=true", "--feature", "/etc/x.conf")
ON_STORE = want(containerd_store=True)
OFF_STORE = want(containerd_store=False)
IN_STORE = {"images": {"overlayfs": 3}, "containers": {"overlayfs": 1}}
BTRFS = Backing(ROOT, "btrfs", ("rw",))
ZFS = Backing(ROOT, "zfs", ("rw",))
FSNAME = want("zfs", {"zfs.fsname": "tank/b"})
TANK_A = [["Zpool", "tank"], ["Parent Dataset", "tank/a"]]


def engine_26(driver="overlay2", text=None, **more):
    """A host with Docker 26, where the containerd image store is there to be chosen."""
    return host(driver, text, version=(26, 1, 5), **more)


def engine_29(driver="overlayfs", text=None, **more):
    """A host with Docker 29, which is on the containerd image store if nobody says otherwise."""
    return host(driver, text, **{"version": (29, 0, 1), "status": CONTAINERD, **more})


def outcome(state, wish):
    """What the planner does: the files and the commands, each by its first words."""
    return [
        f"write {step.path}" if isinstance(step, WriteFile) else " ".join(step.argv[:2])
        for step in plan(state, wish).steps
    ]


def good(cases):
    """Those of a table's cases that are not refused."""
    return [case for case in cases if isinstance(case[2], list)]


def the_unit_is_named_after_a_double_dash(_technology, state, wish):
    """Nobody's name of a unit is an option of systemctl."""
    for step in plan(state, wish).steps:
        if not isinstance(step, WriteFile):
            assert step.argv[2:] == ("--", "docker.service")


def nothing_is_destroyed(_technology, state, wish):
    """No change of a driver destroys anything, so that none needs consent."""
    assert not any(step.destroys for step in plan(state, wish).steps)


def the_way_back_restores_the_file(_technology, state, wish):
    """The way back is the old file and the engine as it was, once the file was written."""
    parts = plan(state, wish).parts
    files = [step for part in parts for step in part.steps if isinstance(step, WriteFile)]
    written = any(step.path == CONFIG for step in files)
    back = [(step.path, step.content) for part in parts for step in part.undo]
    assert back == [(step.path, step.old) for step in reversed(files)]
    assert ((CONFIG, state.config.text) in back) is written
    for pause in pauses_of(parts):
        assert bool(pause.back) is (written and bool(pause.start))
        if pause.back:
            verb = "restart" if state.engine.unit.running else "stop"
            *named, again, last = pause.back
            assert [again.argv[1], last.argv[1]] == ["reset-failed", verb]
            for step in named:  # the file as it was, with the driver that was chosen without it
                before = json.loads(state.config.text or "{}")
                assert "storage-driver" not in before
                named = {**before, "storage-driver": state.present.driver}
                assert (step.path, step.old) == (CONFIG, state.config.text)
                assert json.loads(step.content) == named


INVARIANTS = [
    *EVERYWHERE,
    the_unit_is_named_after_a_double_dash,
    nothing_is_destroyed,
    the_way_back_restores_the_file,
]
TECHNOLOGY = Technology(plan, describe.describe)
