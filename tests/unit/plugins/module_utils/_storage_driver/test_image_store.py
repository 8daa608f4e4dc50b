# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The containerd image store, and drivers where it is: as a table."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Flag
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.plan import (
    plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
)
from support.engine_hosts import (
    BTRFS,
    CONTAINERD,
    FLAG,
    IN_STORE,
    INVARIANTS,
    NOTE,
    OFF_STORE,
    ON_STORE,
    OPT_FLAG,
    PINNED,
    RESET,
    RESTART,
    ROOT,
    SIZED,
    START,
    STORE_FLAG,
    STORE_OFF,
    STORE_ON,
    STORE_ON_BTRFS,
    STORE_ON_OVERLAY2,
    TECHNOLOGY,
    USED,
    WRITE,
    XFS,
    ZFS,
    engine_26,
    engine_29,
    good,
    host,
    outcome,
    refuses,
    want,
)

CASES = [
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
    (engine_26(flags=[STORE_FLAG._replace(value="containerd-snapshotter=0")]), OFF_STORE, []),
    (
        engine_26(flags=[STORE_FLAG._replace(value="containerd-snapshotter")], status=CONTAINERD),
        ON_STORE,
        [],
    ),
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
    (  # stopped, and told to use a driver: it would not be on the image store
        engine_29(active="inactive", text=PINNED, backing=XFS),
        want(options={"overlay2.size": "1g"}),
        [WRITE, START],
    ),
    (
        engine_29(version=(29, 0, 0), prerequisites=Prerequisites(version=(29, 0, 0)), backing=ZFS),
        want("zfs"),
        [NOTE, WRITE, RESET, RESTART],
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
    (  # stopped, and with data of a driver: it would go on with that
        engine_29(active="inactive", held=USED),
        ON_STORE,
        refuses("3 images of overlay2"),
    ),
    (  # stopped: only containerd knows of its images
        engine_29(active="inactive", prerequisites=Prerequisites(containerd_images=4)),
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


def test_other_features_are_kept():
    text = '{\n  "features": {\n    "buildkit": true\n  },\n  "storage-driver": "overlay2"\n}\n'
    steps = plan(engine_26(text=text), ON_STORE).steps
    assert steps[1].content == (
        '{\n  "features": {\n    "buildkit": true,\n    "containerd-snapshotter": true\n  }\n}\n'
    )


def test_options_that_the_image_store_would_ignore_go_with_their_driver():
    steps = plan(engine_26(text=SIZED, backing=XFS), ON_STORE).steps
    assert steps[1].content == '{\n  "features": {"containerd-snapshotter": true}\n}\n'


def test_options_stay_where_the_engine_is_left_to_find_a_driver():
    steps = plan(engine_29(text='{"storage-opts": ["overlay2.size=1G"]}'), OFF_STORE).steps
    assert steps[1].content == (
        '{"storage-opts": ["overlay2.size=1G"], "features": {"containerd-snapshotter": false}}'
    )


def test_the_first_release_with_the_image_store_by_default_has_it_pinned_off():
    state = engine_29(
        version=(29, 0, 0), prerequisites=Prerequisites(version=(29, 0, 0)), backing=ZFS
    )
    content = plan(state, want("zfs")).steps[1].content
    assert '"features": {"containerd-snapshotter": false}' in content


WHY = [
    (engine_26(), ON_STORE, "it keeps images with overlay2, not in the containerd image store"),
    (engine_29(), want("overlay2"), "in the containerd image store, not with overlay2"),
    (engine_29(), OFF_STORE, "in the containerd image store, not with a storage driver"),
]


@pytest.mark.parametrize(("state", "wish", "why"), WHY)
def test_a_restart_says_why(state, wish, why):
    assert why in plan(state, wish).steps[-1].reason


FINDINGS = [
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
