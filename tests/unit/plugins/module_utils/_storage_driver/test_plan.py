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
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
)
from hypothesis import given
from hypothesis import strategies as st
from support.engine_hosts import (
    CONTAINERD,
    DM,
    FLAG,
    INVARIANTS,
    LOOPS,
    NEW_POOL,
    NOTE,
    ON_DM,
    ON_LOOPS,
    OPT_FLAG,
    PINNED,
    RESET,
    RESTART,
    ROOT,
    SIZED,
    START,
    STORE_OFF,
    STORE_ON,
    TECHNOLOGY,
    USED,
    WITH_LOOPS,
    WRITE,
    XFS,
    ZFS,
    engine_26,
    good,
    host,
    outcome,
    refuses,
    want,
)

TWO_ARGUMENTS = WITH_LOOPS[:-2] + ', "dm.mkfsarg=-K", "dm.mkfsarg=-f"]}'

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
    (host(prerequisites=NEW_POOL), DM, [NOTE, WRITE, RESET, RESTART]),
    (host("devicemapper", ON_DM, status=[["Pool Name", "d-p"]]), DM, []),
    (
        host("devicemapper", ON_DM, status=[["Pool Name", "old"]], prerequisites=NEW_POOL),
        DM,
        [RESET, RESTART],
    ),
    # an option that is given twice, and wanted once
    (
        host("devicemapper", TWO_ARGUMENTS, status=ON_LOOPS),
        want("devicemapper", {"dm.loopdatasize": "20G", "dm.mkfsarg": ["-K"]}),
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
        host(
            prerequisites=Prerequisites(version=(26, 1, 5))
        ),  # 20.10 runs, 26.1 is what a restart would start
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
        host("vfs", backing=XFS, prerequisites=Prerequisites(file_types=False)),
        want("overlay2"),
        refuses("it was made with ftype=0"),
    ),
    (
        host("vfs", backing=ZFS, prerequisites=Prerequisites(zfs_module=(2, 1, 11))),
        want("overlay2"),
        refuses("ZFS 2.1.11 cannot carry the overlay2 driver"),
    ),
    (engine_26(), want("overlay"), refuses("it has no overlay driver: that was removed in 24.0")),
    (engine_26(), want("aufs"), refuses("it has no aufs driver: that was removed in 24.0")),
    (
        host(prerequisites=Prerequisites(missing_modules=("aufs",))),
        want("aufs"),
        refuses("it has no aufs, which the aufs driver needs. Use overlay2"),
    ),
    (
        host(prerequisites=Prerequisites(missing_modules=("zfs",)), backing=ZFS),
        want("zfs"),
        refuses("Install zfs-dkms and linux-headers-6.1.0-49-amd64"),
    ),
    (
        host(prerequisites=Prerequisites(missing_programs=("zfs",)), backing=ZFS),
        want("zfs"),
        refuses("zfs: it is not installed, and the zfs driver runs it. Install zfsutils-linux"),
    ),
    (
        host(prerequisites=Prerequisites(unloaded_modules=("zfs",)), backing=ZFS),
        want("zfs"),
        refuses("Load it with `modprobe zfs`"),
    ),
    (
        host(prerequisites=Prerequisites(missing_modules=("overlay",)), driver="vfs"),
        want("overlay2"),
        refuses("it has no overlay, which the overlay2 driver needs"),
    ),
    (
        host(prerequisites=Prerequisites(missing_programs=("fuse-overlayfs",))),
        want("fuse-overlayfs"),
        refuses("fuse-overlayfs: it is not installed"),
    ),
    (host(active="inactive"), want(options={"size": "1g"}), refuses("Give driver as well")),
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
    # refusals: what would not be seen any more
    (host(held=USED), want("vfs"), refuses("3 images of overlay2, 1 container of overlay2")),
    (host(held=USED), want("vfs"), refuses("a prune deletes them")),
    (
        host(held=USED, prerequisites=Prerequisites(hidden_bytes=3 << 20)),
        want("vfs"),
        refuses("(3 MiB on"),
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


@pytest.mark.parametrize(("state", "wish", "wanted"), CASES)
def test_plan(state, wish, wanted):
    if isinstance(wanted, list):
        assert outcome(state, wish) == wanted
        return
    with pytest.raises(StorageError) as error:
        plan(state, wish)
    assert wanted in str(error.value)


@pytest.mark.parametrize("holds", INVARIANTS, ids=lambda it: it.__name__)
@pytest.mark.parametrize(("state", "wish", "_wanted"), good(CASES))
def test_invariant(holds, state, wish, _wanted):
    holds(TECHNOLOGY, state, wish)


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
    state = state._replace(prerequisites=NEW_POOL._replace(version=version))
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
    (host("devicemapper", status=[["Pool Name", "d-p"]]), want(), ["driver_deprecated"]),
    (
        host("devicemapper", status=[["Data loop file", "/var/lib/x/data"]]),
        want(),
        ["driver_deprecated", "loop_lvm"],
    ),
    (host(), LOOPS, ["driver_deprecated", "loop_lvm"]),
    (host(prerequisites=NEW_POOL), DM, ["driver_deprecated"]),
    (host("overlay"), want(), ["driver_deprecated"]),
    (host("aufs"), want(), ["driver_deprecated"]),
    (host("vfs"), want(), ["vfs_copies"]),
    (host(), want("vfs"), ["vfs_copies"]),
    (host(), want(), []),
    (host("vfs", text=PINNED), want("overlay2", restart=False), ["engine_outdated"]),
    (host(text=PINNED, held={"images": {"vfs": 1}}), want("overlay2"), ["hidden_data"]),
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
    (engine,) = pauses_of(plan(host(), want("vfs")).parts)
    argv = engine.diagnose
    assert bool(re.search(argv[argv.index("--grep") + 1], line)) is kept


CHOSEN = [
    # the engine chose its driver itself, and would not among two: the way back names it
    (host("overlay2"), want("vfs"), ["/var/lib/docker/vfs"]),
    (host("overlay2", root="/data"), want("vfs"), ["/data/vfs"]),
    (host("overlay2", '{"debug": true}'), want("vfs"), ["/var/lib/docker/vfs"]),
    # it is told, or stays on what it has
    (host("overlay2", PINNED), want("vfs"), []),
    (host("overlay2"), want("overlay2"), []),
    (host(backing=XFS), want(options={"overlay2.size": "10G"}), []),
    # nobody knows what it would choose, and containerd's folders are none of its own
    (host(None), want("vfs"), []),
    (host("overlayfs", version=(29, 0, 1), status=CONTAINERD), want("vfs"), []),
    (engine_26("overlay2"), want(containerd_store=True), []),
]


@pytest.mark.parametrize(("state", "wish", "folders"), CHOSEN)
def test_the_way_back_names_the_driver_that_the_engine_had_chosen(state, wish, folders):
    (pause,) = pauses_of(plan(state, wish).parts)
    named = [step for step in pause.back if isinstance(step, WriteFile)]
    assert [step.if_filled for step in named] == folders
    for step in named:
        content = daemon_json.parse(step.path, step.content)
        assert content == {**state.config.content, "storage-driver": "overlay2"}
