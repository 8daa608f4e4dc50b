# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner of the storage driver, as a table: what is there, what is wanted, what is done."""

from __future__ import annotations

import re

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    Backing,
    Pool,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    flatten,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag, Unit
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import (
    describe,
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Closer,
    Desired,
    State,
)
from hypothesis import given
from hypothesis import strategies as st

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
    closer=None,
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
        closer=closer or Closer(version=version),
    )


def want(driver=None, options=None, **more):
    return Desired(driver=driver, options=None if options is None else flatten(options), **more)


def refuses(text):
    return text  # a text instead of a list: the plan is refused with it


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
NEW_POOL = Closer(pool=Pool("d-p", True, thin=True))
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
    return host(driver, text, version=(26, 1, 5), **more)


def engine_29(driver="overlayfs", text=None, status=CONTAINERD, **more):
    return host(driver, text, **{"version": (29, 0, 1), "status": status, **more})


CASES = [
    # nothing to do
    (host(), want(), []),
    (host("vfs"), want(), []),
    (host(text=PINNED), want("overlay2"), []),
    (host(text=SIZED, backing=XFS), want("overlay2", {"overlay2.size": "10240m"}), []),
    (host(text=SIZED, backing=XFS), want("overlay2"), []),
    (host(held={"images": {"vfs": 1}}, text=PINNED), want("overlay2"), []),
    (host(flags=[FLAG._replace(value="overlay2")]), want("overlay2"), []),
    (host(root="/real"), want(data_root=ROOT), [RESET, RESTART]),
    (host(root="/real")._replace(same_root=True), want(data_root=ROOT), []),
    # the driver that it runs on anyway is written down, and nobody's containers are stopped
    (host(), want("overlay2"), [WRITE]),
    # changes
    (host(), want("vfs"), [NOTE, WRITE, RESET, RESTART]),
    (host(text=PINNED), want("vfs"), [NOTE, WRITE, RESET, RESTART]),
    (host("vfs", text=PINNED), want("overlay2"), [RESET, RESTART]),
    (
        host(backing=XFS, text=PINNED),
        want(options={"overlay2.size": "1g"}),
        [NOTE, WRITE, RESET, RESTART],
    ),
    (host(backing=XFS, text=SIZED), want(options={}), [NOTE, WRITE, RESET, RESTART]),
    (host(), want(data_root="/srv/docker"), [NOTE, WRITE, RESET, RESTART]),
    (host(text='{"graph": "/old"}'), want(data_root="/srv"), [NOTE, WRITE, RESET, RESTART]),
    (host(closer=NEW_POOL), DM, [NOTE, WRITE, RESET, RESTART]),
    (host("devicemapper", ON_DM, status=[["Pool Name", "d-p"]]), DM, []),
    (
        host("devicemapper", ON_DM, status=[["Pool Name", "old"]], closer=NEW_POOL),
        DM,
        [RESET, RESTART],
    ),
    # in check mode the pool or the filesystem may be another task's to make
    (
        host(),
        want("overlay2", {"overlay2.size": "1g"}, pending=True),
        [NOTE, WRITE, RESET, RESTART],
    ),
    (
        host(closer=Closer(pool=Pool("d-p", False))),
        DM._replace(pending=True),
        [NOTE, WRITE, RESET, RESTART],
    ),
    # the filesystem that a driver is made for
    (host(backing=BTRFS), want("btrfs"), [NOTE, WRITE, RESET, RESTART]),
    (host(backing=BTRFS), want("btrfs", {"btrfs.min_space": "1G"}), [NOTE, WRITE, RESET, RESTART]),
    (host(backing=BTRFS), want("overlay2"), [WRITE]),
    (host("vfs", backing=BTRFS), want("overlay2"), [NOTE, WRITE, RESET, RESTART]),
    (host(backing=ZFS), want("zfs"), [NOTE, WRITE, RESET, RESTART]),
    (host(closer=Closer(dataset=True)), FSNAME, [NOTE, WRITE, RESET, RESTART]),
    (host(closer=Closer(dataset=None)), FSNAME, [NOTE, WRITE, RESET, RESTART]),
    (host(), want("overlay"), [NOTE, WRITE, RESET, RESTART]),
    # a filesystem, a dataset and the programs for it may be another task's to make
    (host(), want("btrfs", pending=True), [NOTE, WRITE, RESET, RESTART]),
    (host(), want("zfs", pending=True), [NOTE, WRITE, RESET, RESTART]),
    (
        host(closer=Closer(missing_modules=("zfs",), missing_programs=("zfs",), dataset=False)),
        FSNAME._replace(pending=True),
        [NOTE, WRITE, RESET, RESTART],
    ),
    (
        host(closer=Closer(missing_devices=("/dev/zfs",))),
        want("zfs", pending=True),
        [NOTE, WRITE, RESET, RESTART],
    ),
    # the engine's dataset is another one, and holds nothing
    (
        host("zfs", text='{"storage-driver": "zfs"}', status=TANK_A, closer=Closer(dataset=True)),
        FSNAME,
        [NOTE, WRITE, RESET, RESTART],
    ),
    (
        host(
            "zfs",
            text='{"storage-driver": "zfs", "storage-opts": ["zfs.fsname=tank/b"]}',
            status=TANK_A,
            closer=Closer(dataset=True),
        ),
        FSNAME,
        [RESET, RESTART],
    ),
    # loop-lvm: by name, or because it is there
    (host(), LOOPS, [NOTE, WRITE, RESET, RESTART]),
    (host("devicemapper", WITH_LOOPS, status=ON_LOOPS), LOOPS, []),
    (host("devicemapper", WITH_LOOPS, status=ON_LOOPS), want("devicemapper"), []),
    (
        host("devicemapper", status=ON_LOOPS, closer=Closer(loop_file="/x/data")),
        want("devicemapper"),
        [WRITE],
    ),
    (
        host(active="inactive", closer=Closer(loop_file="/x/data", remembers_pool=True)),
        want("devicemapper"),
        [WRITE, START],
    ),
    # the containerd image store
    (engine_26(), ON_STORE, [NOTE, WRITE, RESET, RESTART]),
    (engine_26("overlayfs", STORE_ON, status=CONTAINERD), ON_STORE, []),
    (engine_26("overlayfs", STORE_ON, status=CONTAINERD), want(), []),
    (engine_26("overlayfs", STORE_ON, status=CONTAINERD), want(options={}), []),
    (
        engine_26("overlayfs", STORE_ON, status=CONTAINERD),
        want("overlay2", containerd_store=False),
        [NOTE, WRITE, RESET, RESTART],
    ),
    (engine_26("overlayfs", STORE_ON, status=CONTAINERD), OFF_STORE, [NOTE, WRITE, RESET, RESTART]),
    (engine_26(text=STORE_ON), ON_STORE, [RESET, RESTART]),
    (engine_26(), OFF_STORE, [WRITE]),
    (host(), OFF_STORE, [WRITE]),
    (engine_26(text=STORE_OFF), OFF_STORE, []),
    (engine_26(text=STORE_OFF), want("vfs"), [NOTE, WRITE, RESET, RESTART]),
    (engine_26(text=STORE_OFF), ON_STORE, [NOTE, WRITE, RESET, RESTART]),
    (engine_26(flags=[STORE_FLAG], status=CONTAINERD), ON_STORE, []),
    (engine_26(active="inactive"), ON_STORE, [WRITE, START]),
    (engine_26(active="inactive", text=STORE_ON), ON_STORE, [START]),
    # names that the image store cannot have go
    (
        engine_26("overlay2", '{"storage-driver": "overlay2"}'),
        ON_STORE,
        [NOTE, WRITE, RESET, RESTART],
    ),
    (
        engine_26("overlay2", STORE_ON_OVERLAY2, status=CONTAINERD),
        ON_STORE,
        [NOTE, WRITE, RESET, RESTART],
    ),
    (engine_26("btrfs", STORE_ON_BTRFS, status=CONTAINERD), ON_STORE, []),
    (
        engine_26(
            "native",
            '{"storage-driver": "native", "features": {"containerd-snapshotter": true}}',
            status=CONTAINERD,
        ),
        OFF_STORE,
        [NOTE, WRITE, RESET, RESTART],
    ),
    # from 29 on it is the default, and naming a driver is enough to leave it
    (engine_29(), want(), []),
    (engine_29(), ON_STORE, [WRITE]),
    (engine_29(), want("overlay2"), [NOTE, WRITE, RESET, RESTART]),
    (engine_29("overlay2", PINNED, status=()), want("overlay2"), []),
    (engine_29("overlay2", status=()), OFF_STORE, [WRITE]),
    (
        engine_29(version=(29, 0, 0), closer=Closer(version=(29, 0, 0)), backing=ZFS),
        want("zfs"),
        [NOTE, WRITE, RESET, RESTART],
    ),
    # options of the driver that is left behind go with it
    (host("devicemapper", ON_DM), want("overlay2"), [NOTE, WRITE, RESET, RESTART]),
    # the engine is stopped, failed, has not read its file, or is not to be touched
    (host(active="inactive"), want("overlay2"), [WRITE, START]),
    (host(active="inactive", text=PINNED), want("overlay2"), [START]),
    (host(active="failed", text=PINNED), want("overlay2"), [RESET, START]),
    (host(active="activating", text=PINNED), want("overlay2"), [RESET, START]),
    (host(text=PINNED, unread="now"), want("overlay2"), [RESET, RESTART]),
    (host(text=PINNED, unread="an earlier one"), want("overlay2"), []),
    (host(), want("vfs", restart=False), [NOTE, WRITE]),
    (host(text='{"storage-driver": "vfs"}', unread="now"), want("vfs", restart=False), []),
    (host(active="inactive"), want("vfs", restart=False), [WRITE]),
    # refusals: the engine
    (State(None, daemon_json.File(None, {})), want(), refuses("it is not installed on this host")),
    (host(load="masked"), want(), refuses("it is masked")),
    (host(version=(26, 1, 5)), want("devicemapper"), refuses("has no devicemapper driver")),
    (
        host(closer=Closer(version=(26, 1, 5))),  # 20.10 runs, 26.1 is what a restart would start
        want("devicemapper"),
        refuses("has no devicemapper driver"),
    ),
    (
        host(),
        want("overlay2", {"dm.fs": "xfs"}),
        refuses("belongs to devicemapper, not"),
    ),
    (host(), want("overlay2", {"overlay2.size": "1g"}), refuses("works only on xfs")),
    (host(), want("btrfs"), refuses("Mount a filesystem of type btrfs")),
    (host(), want("zfs"), refuses("Mount a filesystem of type zfs")),
    (
        host("vfs", backing=XFS, closer=Closer(file_types=False)),
        want("overlay2"),
        refuses("it was made with ftype=0"),
    ),
    (
        host("vfs", backing=ZFS, closer=Closer(zfs_module=(2, 1, 11))),
        want("overlay2"),
        refuses("ZFS 2.1.11 cannot carry the overlay2 driver"),
    ),
    (engine_26(), want("overlay"), refuses("it has no overlay driver: that was removed in 24.0")),
    (engine_26(), want("aufs"), refuses("it has no aufs driver: that was removed in 24.0")),
    (
        host(closer=Closer(missing_modules=("aufs",))),
        want("aufs"),
        refuses("it has no aufs, which the aufs driver needs. Use overlay2"),
    ),
    (
        host(closer=Closer(missing_modules=("aufs",))),
        want("aufs", pending=True),
        refuses("it has no aufs"),
    ),
    (
        host(closer=Closer(missing_modules=("zfs",)), backing=ZFS),
        want("zfs"),
        refuses("Install zfs-dkms and linux-headers-6.1.0-49-amd64"),
    ),
    (  # the programs are there, so that the packages are: nobody is to build the module any more
        host(closer=Closer(missing_modules=("zfs",))),
        want("zfs", pending=True),
        refuses("it has no zfs"),
    ),
    (
        host(closer=Closer(missing_modules=("btrfs",))),
        want("btrfs", pending=True),
        refuses("it has no btrfs"),
    ),
    (
        host(closer=Closer(missing_programs=("zfs",)), backing=ZFS),
        want("zfs"),
        refuses("zfs: it is not installed, and the zfs driver runs it. Install zfsutils-linux"),
    ),
    (
        host(closer=Closer(missing_devices=("/dev/zfs",)), backing=ZFS),
        want("zfs"),
        refuses("Load it with `modprobe zfs`"),
    ),
    (
        host(closer=Closer(missing_modules=("overlay",)), driver="vfs"),
        want("overlay2"),
        refuses("it has no overlay, which the overlay2 driver needs"),
    ),
    (
        host(closer=Closer(missing_programs=("fuse-overlayfs",))),
        want("fuse-overlayfs"),
        refuses("fuse-overlayfs: it is not installed"),
    ),
    (host(active="inactive"), want(options={"size": "1g"}), refuses("Give driver as well")),
    # refusals: the pool
    (host(closer=Closer(pool=Pool("d-p", False))), DM, refuses("no /dev/mapper/d-p on this host")),
    (host(closer=Closer(pool=Pool("d-p", True))), DM, refuses("it is no thin pool")),
    (host(closer=Closer(pool=Pool("d-p", True, True, True))), DM, refuses("used already")),
    (
        host(closer=Closer(pool=Pool("d-p", True, True), remembers_pool=True)),
        DM,
        refuses("holds the notes of another pool"),
    ),
    (  # it is still to be made, and is not the one that this data root knows
        host(closer=Closer(pool=Pool("d-p", False), remembers_pool=True)),
        DM._replace(pending=True),
        refuses("holds the notes of another pool"),
    ),
    # refusals: loop-lvm
    (host(), want("devicemapper"), refuses("no pool is given, so it would keep everything in")),
    (host(), want("devicemapper"), refuses("dm.loopdatasize: 100G")),
    (host(), want("devicemapper", {"dm.fs": "xfs"}), refuses("(loop-lvm)")),
    (host(), want("devicemapper", pending=True), refuses("(loop-lvm)")),
    (
        host("devicemapper", ON_DM, closer=Closer(remembers_pool=True)),
        LOOPS,
        refuses("/var/lib/docker/devicemapper holds the notes of one"),
    ),
    (
        host(
            "devicemapper",
            status=ON_LOOPS,
            closer=NEW_POOL._replace(loop_file="/x/data", remembers_pool=True),
        ),
        DM,
        refuses("all that this engine has on devicemapper is in /x/data (loop-lvm)"),
    ),
    (
        host(closer=Closer(pool=Pool("d-p", False), loop_file="/x/data", remembers_pool=True)),
        DM._replace(pending=True),
        refuses("/var/lib/docker/image/devicemapper away"),
    ),
    # refusals: the dataset
    (
        host(closer=Closer(dataset=False)),
        FSNAME,
        refuses("there is no ZFS filesystem of that name"),
    ),
    (
        host("zfs", status=TANK_A, held={"images": {"zfs": 2}}, closer=Closer(dataset=True)),
        FSNAME._replace(keep_existing=True),
        refuses("zfs.fsname tank/b: the layers of the images and containers in /var/lib/docker"),
    ),
    (
        host(
            text='{"storage-driver": "zfs", "storage-opts": ["zfs.fsname=tank/a"]}',
            active="inactive",
            held={"containers": {"zfs": 2}},
        ),
        FSNAME,
        refuses("are in tank/a. Give tank/a"),
    ),
    # refusals: flags
    (host(flags=[FLAG]), want("overlay2"), refuses("--storage-driver vfs: /etc/default/docker")),
    (host("vfs", flags=[OPT_FLAG]), want(options={}), refuses("--storage-opt size=0: /etc/x.conf")),
    (
        host(flags=[FLAG._replace(spelled="DOCKER_DRIVER")]),
        want("overlay2"),
        refuses("beats daemon.json without a word"),
    ),
    (
        host(flags=[Flag("config-file", "/etc/d.json", "--config-file", "/etc/x.conf")]),
        want("vfs"),
        refuses("the engine reads /etc/d.json instead"),
    ),
    # refusals: the containerd image store
    (
        host("overlayfs", status=CONTAINERD, version=(29, 0, 1)),
        want(options={"overlay2.size": "1g"}),
        refuses("which ignores storage options"),
    ),
    (
        host(text='{"features": {"containerd-snapshotter": true}}'),
        want("overlay2"),
        refuses("it switches the containerd image store on"),
    ),
    (
        host(flags=[Flag("features", "containerd-snapshotter", "--feature", "/etc/x.conf")]),
        want("overlay2"),
        refuses("--feature=containerd-snapshotter in /etc/x.conf"),
    ),
    (host(), ON_STORE, refuses("it has no containerd image store: that came with 24.0")),
    (
        engine_26(text='{"userns-remap": "default"}'),
        ON_STORE,
        refuses("does not go with user namespaces"),
    ),
    (
        engine_26(flags=[Flag("userns-remap", "default", "--userns-remap", "/etc/x.conf")]),
        ON_STORE,
        refuses("does not go with user namespaces"),
    ),
    (engine_26(), want("overlay2", containerd_store=True), refuses("Leave out driver, or set")),
    (
        engine_26(),
        want(options={"size": "1g"}, containerd_store=True),
        refuses("Leave out options, or set"),
    ),
    (
        engine_26("overlayfs", STORE_ON, status=CONTAINERD),
        want("overlay2"),
        refuses("Give containerd_image_store: false to use a storage driver"),
    ),
    (
        engine_26(flags=[STORE_FLAG], status=CONTAINERD),
        want("overlay2", containerd_store=False),
        refuses("--feature containerd-snapshotter=true: /etc/x.conf gives it"),
    ),
    (
        engine_26(flags=[STORE_FLAG._replace(value="other")]),
        ON_STORE,
        refuses("--feature other: /etc/x.conf gives it"),
    ),
    (
        engine_26(flags=[FLAG._replace(value="overlay2")]),
        ON_STORE,
        refuses("--storage-driver overlay2: /etc/default/docker"),
    ),
    (engine_26(text='{"features": []}'), ON_STORE, refuses("it is no object")),
    (engine_29(), want(options={"size": "1g"}), refuses("which ignores storage options")),
    (engine_26(), OFF_STORE._replace(options={"x": ["1"]}), refuses("no such option")),
    (engine_29(), OFF_STORE._replace(options={"x": ["1"]}), refuses("Give driver as well")),
    (engine_26(held=USED), ON_STORE, refuses("3 images of overlay2, 1 container of overlay2")),
    (engine_26(held=USED), ON_STORE, refuses("an engine on the containerd image store at /var")),
    (engine_26(held=USED), ON_STORE._replace(keep_existing=True), [NOTE, WRITE, RESET, RESTART]),
    (
        engine_29(held=IN_STORE),
        want("overlay2"),
        refuses("an engine on overlay2 at /var/lib/docker would not see in /var/lib/docker 3 ima"),
    ),
    (engine_29(held=IN_STORE), OFF_STORE, refuses("1 container of overlayfs")),
    (engine_29(held=USED), OFF_STORE, [NOTE, WRITE, RESET, RESTART]),  # it finds these again
    (  # a snapshotter that has the name of the driver
        engine_26("btrfs", held={"images": {"btrfs": 1}}, status=CONTAINERD, backing=BTRFS),
        want("btrfs"),
        refuses("1 image of btrfs"),
    ),
    (  # stopped: only containerd knows of its images
        engine_29(active="inactive", closer=Closer(containerd_images=4)),
        want("overlay2"),
        refuses("in containerd 4 images of overlayfs"),
    ),
    (  # what containerd keeps stays in sight where the data root moves
        engine_29(roots=(Holdings(ROOT, {"overlayfs": 3}), Holdings("/srv"))),
        want(data_root="/srv"),
        [NOTE, WRITE, RESET, RESTART],
    ),
    (
        engine_29(roots=(Holdings(ROOT, **IN_STORE), Holdings("/srv"))),
        want(data_root="/srv"),
        refuses("in /var/lib/docker 1 container of overlayfs."),
    ),
    # refusals: what would not be seen any more
    (host(held=USED), want("vfs"), refuses("3 images of overlay2, 1 container of overlay2")),
    (host(held=USED), want("vfs"), refuses("a prune deletes them")),
    (
        host(held=USED, closer=Closer(hidden_bytes=3 << 20)),
        want("vfs"),
        refuses("(3.0 MiB on"),
    ),
    (host(held=USED, active="inactive"), want("vfs"), refuses("3 images of overlay2")),
    (host(held=USED), want("vfs", keep_existing=True), [NOTE, WRITE, RESET, RESTART]),
    (host(held={"volumes": 2}), want("vfs"), [NOTE, WRITE, RESET, RESTART]),
    (
        host(roots=(Holdings(ROOT, **USED), Holdings("/srv"))),
        want(data_root="/srv"),
        refuses("1 container of overlay2, 2 volumes"),
    ),
    (
        host(roots=(Holdings(ROOT), Holdings("/srv", {"vfs": 1}))),
        want(data_root="/srv"),
        refuses("in /srv 1 image of vfs"),
    ),
    (
        host(roots=(Holdings(ROOT), Holdings("/srv", {"overlay2": 1}))),
        want(data_root="/srv"),
        [NOTE, WRITE, RESET, RESTART],
    ),
]
GOOD = [case for case in CASES if isinstance(case[2], list)]
CHANGING = [case for case in GOOD if case[2]]


def actions(steps):
    return [
        f"write {step.path}" if isinstance(step, WriteFile) else " ".join(step.argv[:2])
        for step in steps
    ]


@pytest.mark.parametrize(("state", "wish", "wanted"), CASES)
def test_plan(state, wish, wanted):
    if isinstance(wanted, list):
        assert actions(plan(state, wish).steps) == wanted
        return
    with pytest.raises(StorageError) as error:
        plan(state, wish)
    assert wanted in str(error.value)


def invariant_fixpoint(state, wish):
    assert plan(plan(state, wish).after, wish).steps == []


def invariant_same_plan_again(state, wish):  # check mode and the real run plan alike
    one, other = plan(state, wish), plan(state, wish)
    assert one == other
    assert describe(one.after) == describe(other.after)


def invariant_argv_of_text_after_a_double_dash(state, wish):
    for step in plan(state, wish).steps:
        if not isinstance(step, WriteFile):
            assert all(isinstance(word, str) for word in step.argv)
            assert step.argv[2:] == ("--", "docker.service")


def invariant_nothing_is_destroyed(state, wish):
    assert not any(step.destroys for step in plan(state, wish).steps)


def invariant_the_way_back_restores_the_file(state, wish):
    planned = plan(state, wish)
    back, _reset, engine = planned.undo
    assert (back.path, back.content) == (CONFIG, state.config.text)
    assert engine.argv[1] == ("restart" if state.engine.unit.running else "stop")
    written = [getattr(step, "path", "") == CONFIG for step in planned.steps]
    assert planned.undo_from == (written.index(True) if any(written) else len(written))


INVARIANTS = [value for name, value in sorted(globals().items()) if name.startswith("invariant_")]


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda it: it.__name__)
@pytest.mark.parametrize(("state", "wish", "wanted"), GOOD)
def test_invariant(holds, state, wish, wanted):
    holds(state, wish)


WISHES = st.builds(
    want,
    st.sampled_from([*DRIVERS, None]),
    st.sampled_from([None, {}, {"size": "0"}]),
    data_root=st.sampled_from([None, ROOT]),
    containerd_store=st.sampled_from([None, True, False]),
)
TEXTS = [None, PINNED, SIZED, ON_DM, STORE_ON, STORE_OFF, '{"data-root": "/var/lib/docker"}']


@given(
    st.sampled_from([*DRIVERS, "overlayfs"]),
    st.sampled_from(TEXTS),
    st.sampled_from(["active", "inactive", "failed"]),
    st.sampled_from([(20, 10, 24), (26, 1, 5), (29, 0, 0), (29, 0, 1)]),
    st.sampled_from([(), CONTAINERD]),
    WISHES,
)
def test_every_plan_is_refused_or_final(driver, text, active, version, status, wish):
    state = host(driver, text, version, active, backing=XFS, status=status)
    state = state._replace(closer=NEW_POOL._replace(version=version))
    try:
        planned = plan(state, wish)
    except StorageError:
        return
    assert plan(planned.after, wish).steps == []


def test_the_file_keeps_what_is_not_ours():
    text = '{\n  "log-driver": "local",\n  "storage-opts": ["dm.fs=xfs"]\n}\n'
    steps = plan(host("devicemapper", text), want("overlay2")).steps
    assert steps[1].old == text
    assert steps[1].content == '{\n  "log-driver": "local",\n  "storage-driver": "overlay2"\n}\n'


def test_other_features_are_kept():
    text = '{\n  "features": {\n    "buildkit": true\n  },\n  "storage-driver": "overlay2"\n}\n'
    steps = plan(engine_26(text=text), ON_STORE).steps
    assert steps[1].content == (
        '{\n  "features": {\n    "buildkit": true,\n    "containerd-snapshotter": true\n  }\n}\n'
    )


def test_options_that_the_image_store_would_ignore_go_with_their_driver():
    steps = plan(engine_26(text=SIZED, backing=XFS), ON_STORE).steps
    assert steps[1].content == '{\n  "features": {"containerd-snapshotter": true}\n}\n'


def test_the_first_release_with_the_image_store_by_default_has_it_pinned_off():
    state = engine_29(version=(29, 0, 0), closer=Closer(version=(29, 0, 0)), backing=ZFS)
    content = plan(state, want("zfs")).steps[1].content
    assert '"features": {"containerd-snapshotter": false}' in content


WHY = [
    (engine_26(), ON_STORE, "it keeps images with overlay2, not in the containerd image store"),
    (engine_29(), want("overlay2"), "in the containerd image store, not with overlay2"),
    (engine_29(), OFF_STORE, "in the containerd image store, not with a storage driver"),
    (
        host("zfs", status=TANK_A, closer=Closer(dataset=True)),
        FSNAME,
        "its dataset is tank/a, not tank/b",
    ),
]


@pytest.mark.parametrize(("state", "wish", "why"), WHY)
def test_a_restart_says_why(state, wish, why):
    assert why in plan(state, wish).steps[-1].reason


def test_values_are_written_as_the_engine_reads_them():
    wish = want(
        "devicemapper",
        {"dm.loopdatasize": "1G", "dm.use_deferred_removal": "yes", "dm.min_free_space": 5},
    )
    content = plan(host(), wish).steps[1].content
    assert '"dm.use_deferred_removal=true"' in content
    assert '"dm.min_free_space=5%"' in content


def test_the_old_name_of_the_data_root_goes():
    steps = plan(host(text='{"graph": "/old"}'), want(data_root="/srv")).steps
    assert steps[1].content == '{"data-root": "/srv"}'


FINDINGS = [
    (host("devicemapper", ON_DM), want(), ["driver_deprecated"]),
    (
        host("devicemapper", status=[["Data loop file", "/var/lib/x/data"]]),
        want(),
        ["driver_deprecated", "loop_lvm"],
    ),
    (host(), LOOPS, ["driver_deprecated", "loop_lvm"]),
    (host(closer=NEW_POOL), DM, ["driver_deprecated"]),
    (host("overlay"), want(), ["driver_deprecated"]),
    (host("aufs"), want(), ["driver_deprecated"]),
    (host("vfs"), want(), ["vfs_copies"]),
    (host(), want("vfs"), ["vfs_copies"]),
    (host(), want(), []),
    (host("vfs", text=PINNED), want("overlay2", restart=False), ["engine_outdated"]),
    (host(text=PINNED, held={"images": {"vfs": 1}}), want("overlay2"), ["hidden_data"]),
    (engine_26("overlayfs", STORE_ON, status=CONTAINERD), want(), []),
    (engine_29(), want(data_root="/srv"), ["containerd_store"]),
    (engine_29(text=SIZED), want(), ["ignored_options"]),
    (engine_29(flags=[OPT_FLAG]), want(), ["ignored_options"]),
    (engine_29(text='{"storage-opts": ["overlay2.size=1G"]}'), ON_STORE, ["ignored_options"]),
    (engine_29(text='{"storage-opts": ["overlay2.size=1G"]}'), want(options={}), []),
    (engine_26("overlay2", STORE_ON_OVERLAY2, status=CONTAINERD), want(), ["no_snapshotter"]),
    (engine_26(active="inactive", text=STORE_ON_OVERLAY2), want(), ["no_snapshotter"]),
    (engine_26("overlay2", STORE_ON_OVERLAY2, status=CONTAINERD), ON_STORE, []),
    (engine_26("btrfs", STORE_ON_BTRFS, status=CONTAINERD), want(), []),
]


@pytest.mark.parametrize(("state", "wish", "topics"), FINDINGS)
def test_findings(state, wish, topics):
    assert [finding.topic for finding in plan(state, wish).findings] == topics


LAST_WORDS = [
    ("failed to start daemon: error initializing graphdriver: no", True),
    ("mkdir /proc/docker: no such file or directory", True),
    ('time="2026-11-20T18:40:25.6Z" level=fatal msg="Error starting daemon"', True),
    ('time="2026-11-20T18:40:25.6Z" level=error msg="AppArmor profile not loaded"', False),
    ('time="2026-11-20T18:40:25.6Z" level=info msg="Starting up"', False),
]


@pytest.mark.parametrize(("line", "kept"), LAST_WORDS)
def test_the_engines_own_reason_is_told_from_its_chatter(line, kept):
    argv = plan(host(), want("vfs")).diagnose
    assert bool(re.search(argv[argv.index("--grep") + 1], line)) is kept
