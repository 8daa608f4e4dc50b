# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What engines 26 and 29 would do to each kind of host.

Some rows are shown on hosts, too: molecule/preflight starts a real 26 on data roots that a real
20.10 has made.
"""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.outlook import (
    CHANGES_DRIVER,
    HIDES_DATA,
    OK,
    REFUSES_TO_START,
    VERDICTS,
    outlook,
    outlooks,
)
from support.driver_hosts import (
    BOOKWORM,
    JSON,
    OWN_BTRFS,
    OWN_XFS,
    OWN_ZFS,
    TESTING,
    TRIXIE,
    ZFS,
    holds,
    in_containerd,
    left_to,
    on,
)

NOTHING = Holdings("/var/lib/docker")
BTRFS = {"backing": OWN_BTRFS}
ON_ZFS = {"backing": OWN_ZFS, "zfs_module": (2, 1, 11), **ZFS}
POOL = {"dm.thinpooldev": ["/dev/mapper/docker-thinpool"]}
NO_OVERLAY = {"missing_modules": ("aufs", "zfs", "overlay")}

# host; for 26 and for 29 the verdict and the driver that it would run on
OUTLOOKS = {
    # told to use a driver
    "overlay2": (on("overlay2"), (OK, "overlay2"), (OK, "overlay2")),
    "btrfs": (on("btrfs", **BTRFS), (OK, "btrfs"), (OK, "btrfs")),
    "zfs": (on("zfs", **ON_ZFS), (OK, "zfs"), (OK, "zfs")),
    "vfs": (on("vfs"), (OK, "vfs"), (OK, "vfs")),
    "overlay": (on("overlay"), (REFUSES_TO_START, ""), (REFUSES_TO_START, "")),
    "aufs": (on("aufs"), (REFUSES_TO_START, ""), (REFUSES_TO_START, "")),
    "devicemapper": (
        on("devicemapper", options=POOL),
        (REFUSES_TO_START, ""),
        (REFUSES_TO_START, ""),
    ),
    # left to find one: it finds the folder of the driver before
    "found overlay2": (left_to("overlay2"), (OK, "overlay2"), (OK, "overlay2")),
    "found btrfs": (left_to("btrfs", **BTRFS), (OK, "btrfs"), (OK, "btrfs")),
    "found zfs": (left_to("zfs", **ON_ZFS), (OK, "zfs"), (OK, "zfs")),
    # ... but not that of vfs, nor of one that it does not have
    "found vfs": (left_to("vfs"), (HIDES_DATA, "overlay2"), (HIDES_DATA, CONTAINERD)),
    "found overlay": (left_to("overlay"), (HIDES_DATA, "overlay2"), (HIDES_DATA, CONTAINERD)),
    "found devicemapper": (
        left_to("devicemapper"),
        (HIDES_DATA, "overlay2"),
        (HIDES_DATA, CONTAINERD),
    ),
    # whose options are an error for any driver, and nothing to the image store
    "found devicemapper with options": (
        left_to("devicemapper", options=POOL),
        (REFUSES_TO_START, ""),
        (HIDES_DATA, CONTAINERD),
    ),
    "vfs where nothing else works": (
        left_to("vfs", **NO_OVERLAY),
        (OK, "vfs"),
        (HIDES_DATA, CONTAINERD),
    ),
    "an old folder of overlay2": (
        left_to("devicemapper", prior=("devicemapper", "overlay2")),
        (HIDES_DATA, "overlay2"),
        (HIDES_DATA, "overlay2"),
    ),
    "two folders": (
        left_to("overlay2", prior=("overlay2", "btrfs"), **BTRFS),
        (REFUSES_TO_START, ""),
        (REFUSES_TO_START, ""),
    ),
    "two folders and a word": (
        on("overlay2", prior=("overlay2", "btrfs"), **BTRFS),
        (OK, "overlay2"),
        (OK, "overlay2"),
    ),
    # nothing to lose
    "empty overlay2": (left_to("overlay2", holds=NOTHING), (OK, "overlay2"), (OK, "overlay2")),
    "empty vfs": (
        left_to("vfs", holds=NOTHING),
        (CHANGES_DRIVER, "overlay2"),
        (CHANGES_DRIVER, CONTAINERD),
    ),
    "empty devicemapper": (
        on("devicemapper", holds=NOTHING),
        (REFUSES_TO_START, ""),
        (REFUSES_TO_START, ""),
    ),
    "empty zfs, whose folder is empty too": (
        left_to("zfs", holds=NOTHING, prior=(), **ON_ZFS),
        (OK, "zfs"),
        (CHANGES_DRIVER, CONTAINERD),
    ),
    "data of another driver is hidden already": (
        on("overlay2", holds=holds("overlay2", devicemapper=7)),
        (OK, "overlay2"),
        (OK, "overlay2"),
    ),
    # the image store
    "image store": (in_containerd(), (OK, CONTAINERD), (OK, CONTAINERD)),
    "image store with a snapshotter from a plugin": (
        in_containerd(running="stargz", pinned="stargz", holds=holds("stargz")),
        (OK, CONTAINERD),
        (OK, CONTAINERD),
    ),
    "image store that 20.10 does not know": (
        left_to("overlay2", store_switch=True),
        (HIDES_DATA, CONTAINERD),
        (HIDES_DATA, CONTAINERD),
    ),
    "image store switched on, and a driver asked for": (
        on("overlay2", store_switch=True),
        (HIDES_DATA, CONTAINERD),
        (REFUSES_TO_START, ""),
    ),
    "image store switched on, and a driver asked for that only a plugin of it has": (
        on("fuse-overlayfs", store_switch=True),
        (HIDES_DATA, CONTAINERD),
        (REFUSES_TO_START, ""),
    ),
    "image store switched off": (
        left_to("vfs", store_switch=False),
        (HIDES_DATA, "overlay2"),
        (HIDES_DATA, "overlay2"),
    ),
    "image store and user namespaces": (
        in_containerd(user_namespaces=True),
        (OK, CONTAINERD),
        (REFUSES_TO_START, ""),
    ),
    "user namespaces": (
        left_to("vfs", user_namespaces=True),
        (HIDES_DATA, "overlay2"),
        (HIDES_DATA, "overlay2"),
    ),
    # settings that are gone
    "graph": (on("overlay2", old_root_key=JSON), (REFUSES_TO_START, ""), (REFUSES_TO_START, "")),
    "override_kernel_check": (
        on("overlay2", options={"overlay2.override_kernel_check": ["true"]}),
        (REFUSES_TO_START, ""),
        (REFUSES_TO_START, ""),
    ),
    "overlay2.size": (
        on("overlay2", options={"overlay2.size": ["10G"]}, backing=OWN_XFS),
        (OK, "overlay2"),
        (OK, "overlay2"),
    ),
    # 20.10 let overlay2 go on without file types, where it was there before
    "ftype=0": (
        on("overlay2", backing=OWN_XFS, file_types=False),
        (REFUSES_TO_START, ""),
        (REFUSES_TO_START, ""),
    ),
    # a stopped engine
    "stopped overlay2": (left_to("overlay2", running=""), (OK, "overlay2"), (OK, "overlay2")),
    "stopped and new": (
        BOOKWORM._replace(running="", prior=()),
        (OK, "overlay2"),
        (OK, CONTAINERD),
    ),
    "stopped vfs": (
        left_to("vfs", running=""),
        (HIDES_DATA, "overlay2"),
        (HIDES_DATA, CONTAINERD),
    ),
    "a driver from a plugin": (
        on("sometool", prior=()),
        (REFUSES_TO_START, ""),
        (REFUSES_TO_START, ""),
    ),
    "no driver works": (
        left_to("overlay2", prior=(), **NO_OVERLAY),
        (HIDES_DATA, "vfs"),
        (HIDES_DATA, CONTAINERD),
    ),
    # engines that are there already
    "trixie": (on("overlay2", TRIXIE), (OK, "overlay2"), (OK, "overlay2")),
    "trixie, found vfs": (left_to("vfs", TRIXIE), (OK, "vfs"), (HIDES_DATA, CONTAINERD)),
    "testing": (on("zfs", TESTING, **ON_ZFS), (OK, "zfs"), (OK, "zfs")),
}


@pytest.mark.parametrize("host", OUTLOOKS)
def test_outlook(host):
    facts, *expected = OUTLOOKS[host]
    found = outlooks(facts)
    assert [it.version for it in found] == ["26", "29"]
    assert [(it.verdict, it.driver) for it in found] == expected
    for it in found:
        assert it.verdict in VERDICTS
        assert it.why.endswith(".")
        assert bool(it.before) or it.verdict not in (HIDES_DATA, REFUSES_TO_START)


WORDS = [
    (
        on("devicemapper", options=POOL),
        26,
        "Docker 25.0 removed the devicemapper driver, and /etc/docker/daemon.json asks for it.",
        "Move what it holds to another driver on the engine that is there (`docker save`, "
        "storage-driver: overlay2, `docker load`), or stay before Docker 25.0.",
    ),
    (
        on("devicemapper", holds=NOTHING),
        26,
        "Docker 25.0 removed the devicemapper driver, and /etc/docker/daemon.json asks for it.",
        "Set storage-driver to overlay2 and take out the options of devicemapper, or stay before "
        "Docker 25.0.",
    ),
    (
        left_to("vfs", holds=holds("vfs", 1, 2, volumes=4)),
        29,
        "It starts on the containerd image store: it does not look for vfs where nothing asks for "
        "that. It does not show the 1 image and 2 containers of vfs. No container is known to use "
        "its volumes (4) then, so that a prune deletes them.",
        "Set storage-driver to vfs in daemon.json.",
    ),
    (
        left_to("devicemapper", options=POOL),
        29,
        "It starts on the containerd image store: Docker 25.0 removed devicemapper. It does not "
        "show the 3 images and 1 container of devicemapper. It ignores dm.thinpooldev.",
        "Move what it holds to another driver on the engine that is there (`docker save`, "
        "storage-driver: overlay2, `docker load`), or stay before Docker 25.0.",
    ),
    (
        left_to("devicemapper", options=POOL),
        26,
        "The overlay2 driver does not start on the option dm.thinpooldev.",
        "Take it out of storage-opts.",
    ),
    (
        on("zfs", **ON_ZFS),
        29,
        "It stays on zfs, and off the containerd image store: /var/lib/docker holds a folder of "
        "zfs.",
        "Skip 29.0.0, which looks for a snapshotter of containerd called zfs. Take a build of the "
        "engine that has zfs: Debian's package has none from 28.5.2+dfsg4-5 on.",
    ),
    (
        on("vfs"),
        29,
        "It stays on vfs, and off the containerd image store: /etc/docker/daemon.json asks for "
        "vfs.",
        "",
    ),
    (
        on("overlay2", store_switch=False),
        29,
        "It stays on overlay2, and off the containerd image store: that is switched off.",
        "",
    ),
    (
        left_to("overlay2", user_namespaces=True, prior=()),
        29,
        "It stays on overlay2, and off the containerd image store: that does not go with user "
        "namespaces.",
        "",
    ),
    (
        on("overlay2", backing=OWN_XFS, file_types=False),
        26,
        "The overlay2 driver would not start: /var/lib/docker is on xfs, made without "
        "file types in directories.",
        "Mend that, or move to another driver on the engine that is there.",
    ),
    (
        left_to("overlay2", prior=("btrfs", "overlay2"), **BTRFS),
        26,
        "/var/lib/docker holds folders of overlay2 and of btrfs, and nothing says which of them "
        "counts.",
        "Set storage-driver to overlay2.",
    ),
    (
        left_to("overlay2", store_switch=True),
        26,
        "It starts on the containerd image store: features.containerd-snapshotter asks for it. It "
        "does not show the 3 images and 1 container of overlay2.",
        "Set features.containerd-snapshotter to false.",
    ),
    (
        left_to("overlay2", prior=()),
        29,
        "It starts on the containerd image store. It does not show the 3 images and 1 container of "
        "overlay2.",
        "Set storage-driver to overlay2 in daemon.json.",
    ),
    (on("overlay2", TRIXIE), 26, "It runs Docker 26.1.5 already.", ""),
    (
        on("overlay2", old_root_key=JSON),
        26,
        "Docker 23.0 and later do not take the data root as graph, as /etc/docker/daemon.json "
        "gives it.",
        "Call it data-root there.",
    ),
]


@pytest.mark.parametrize(("facts", "version", "why", "before"), WORDS)
def test_words(facts, version, why, before):
    found = outlook(facts, (version,))
    assert (found.why, found.before) == (why, before)


@pytest.mark.parametrize("version", [(25,), (26,), (27,), (28,)])
@pytest.mark.parametrize("host", OUTLOOKS)
def test_what_is_said_of_26_holds_for_its_neighbours(host, version):
    facts = OUTLOOKS[host][0]._replace(version=BOOKWORM.version)
    assert outlook(facts, version)._replace(version="26") == outlook(facts, (26,))


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_that_was_removed_is_never_the_one_it_starts_on(driver):
    for facts in (on(driver), left_to(driver)):
        for found in outlooks(facts):
            if DRIVERS[driver].removed < (26,):
                assert found.verdict in (REFUSES_TO_START, HIDES_DATA)
            assert found.driver not in ("overlay", "aufs", "devicemapper")
