# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which driver ``auto`` takes for which host and work; and that it takes it again afterwards."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import choose
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
    KNOWN,
    WORKLOADS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import Facts
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._docker.possible import (
    standings,
)
from hypothesis import given
from hypothesis import strategies as st
from support.driver_hosts import (
    BOOKWORM,
    DISK,
    EXT4,
    OWN_BTRFS,
    OWN_XFS,
    OWN_ZFS,
    ROOT,
    TESTING,
    TRIXIE,
    ZFS,
    holds,
    in_containerd,
    left_to,
    on,
)

BTRFS = {"backing": OWN_BTRFS}
ROOT_ON_BTRFS = {"backing": Backing("/", "btrfs", ())}
OLD_ZFS = {"backing": OWN_ZFS, "zfs_module": (2, 1, 11), **ZFS}
NEW_ZFS = {"backing": OWN_ZFS, "zfs_module": (2, 2, 0), **ZFS}
NO_OVERLAY = {"missing_modules": ("aufs", "zfs", "overlay")}
NEW = {"running": "", "prior": ()}
DOCKER_29 = {"version": (29, 1, 0), "store_switch": None}

# host, whether disks are given; what is taken for general work, for many containers of few
# images, and for large files
CHOICES = {
    "a new host": (BOOKWORM._replace(**NEW), "overlay2", "overlay2", "overlay2"),
    "with a disk": (BOOKWORM._replace(disks=DISK), "overlay2", "overlay2", "btrfs"),
    "with a disk, and no btrfs": (
        BOOKWORM._replace(disks=DISK, missing_modules=("aufs", "btrfs"), missing_programs=()),
        "overlay2",
        "overlay2",
        "zfs",
    ),
    "with a disk, and neither": (
        BOOKWORM._replace(disks=DISK, missing_modules=("aufs", "btrfs", "zfs")),
        "overlay2",
        "overlay2",
        "overlay2",
    ),
    "with a disk, and no overlay": (
        BOOKWORM._replace(disks=DISK, running="vfs", **NO_OVERLAY),
        "btrfs",
        "btrfs",
        "btrfs",
    ),
    "without overlay": (BOOKWORM._replace(running="", **NO_OVERLAY), "vfs", "vfs", "vfs"),
    "without overlay, but with its program": (
        BOOKWORM._replace(running="", missing_programs=(), **NO_OVERLAY),
        "fuse-overlayfs",
        "fuse-overlayfs",
        "fuse-overlayfs",
    ),
    "data root on btrfs": (BOOKWORM._replace(**BTRFS), "btrfs", "overlay2", "btrfs"),
    "all on btrfs": (BOOKWORM._replace(**ROOT_ON_BTRFS), "btrfs", "overlay2", "btrfs"),
    "all on btrfs, and a disk": (
        BOOKWORM._replace(disks=DISK, **ROOT_ON_BTRFS),
        "overlay2",
        "overlay2",
        "btrfs",
    ),
    "data root on zfs 2.1": (
        BOOKWORM._replace(running="vfs", **OLD_ZFS),
        "zfs",
        "zfs",
        "zfs",
    ),
    "data root on zfs 2.2": (
        BOOKWORM._replace(running="vfs", **NEW_ZFS),
        "zfs",
        "overlay2",
        "zfs",
    ),
    "data root on its own xfs": (
        BOOKWORM._replace(disks=DISK, backing=OWN_XFS),
        "overlay2",
        "overlay2",
        "overlay2",
    ),
    # the data root has been made of the disks that are given again
    "data root on its own btrfs, and its disk": (
        BOOKWORM._replace(disks=DISK, **BTRFS),
        "btrfs",
        "overlay2",
        "btrfs",
    ),
    "xfs without file types": (
        BOOKWORM._replace(running="", backing=OWN_XFS, file_types=False),
        "vfs",
        "vfs",
        "vfs",
    ),
    # what is held decides alone
    "vfs with images": (on("vfs"), "vfs", "vfs", "vfs"),
    "vfs with images, and a disk": (on("vfs", disks=DISK), "vfs", "vfs", "vfs"),
    "overlay2 with images on btrfs": (on("overlay2", **BTRFS), *["overlay2"] * 3),
    "btrfs with a container": (
        on("btrfs", holds=holds("btrfs", 0, 1), **BTRFS),
        *["btrfs"] * 3,
    ),
    "devicemapper with images": (on("devicemapper"), *["devicemapper"] * 3),
    "devicemapper without": (on("devicemapper", holds=Holdings(ROOT)), *["overlay2"] * 3),
    "volumes alone": (on("vfs", holds=Holdings(ROOT, volumes=3)), *["overlay2"] * 3),
    "devicemapper's images on an engine without it": (
        left_to("overlay2", TRIXIE, holds=holds("devicemapper")),
        *["overlay2"] * 3,
    ),
    "images of two drivers": (on("vfs", holds=holds("vfs", 1, overlay2=9)), *["vfs"] * 3),
    "images of the driver before": (on("vfs", holds=holds("overlay2")), *["overlay2"] * 3),
    # the image store
    "image store with images": (in_containerd(), *[CONTAINERD] * 3),
    "image store with images, and a disk": (in_containerd(disks=DISK), *[CONTAINERD] * 3),
    "image store with images, on containerd's btrfs": (
        in_containerd(running="btrfs", holds=holds("btrfs"), **BTRFS),
        *[CONTAINERD] * 3,
    ),
    "new 29 with a disk that nothing else can use": (
        in_containerd(
            disks=DISK,
            holds=Holdings(ROOT),
            missing_modules=("overlay", "btrfs", "zfs"),
            **DOCKER_29,
        ),
        *[CONTAINERD] * 3,
    ),
    "new 29": (in_containerd(holds=Holdings(ROOT), **DOCKER_29), *[CONTAINERD] * 3),
    "new 29 with a disk": (
        in_containerd(holds=Holdings(ROOT), disks=DISK, **DOCKER_29),
        "overlay2",
        "overlay2",
        "btrfs",
    ),
    "28": (TESTING, "overlay2", "overlay2", "overlay2"),
    "no engine": (Facts(), "", "", ""),
}


@pytest.mark.parametrize("host", CHOICES)
def test_choice(host):
    facts, *expected = CHOICES[host]
    for workload, driver in zip(WORKLOADS, expected):
        found = choose(facts, workload, bool(facts.disks))
        assert found.driver == driver, workload
        assert found.why.endswith(".")
        assert set(found.against) == (set(KNOWN) - {driver} if driver else set())
        assert all(found.against.values())


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_disk_that_is_free_and_was_not_given_changes_nothing(workload):
    facts = BOOKWORM._replace(disks=DISK)
    assert choose(facts, workload).driver == choose(BOOKWORM, workload).driver


@pytest.mark.parametrize(
    ("facts", "takes"),
    [
        (BOOKWORM, False),
        (BOOKWORM._replace(disks=DISK, **NEW), True),
        (BOOKWORM._replace(disks=DISK, backing=OWN_XFS), True),
        (BOOKWORM._replace(disks=DISK, **BTRFS), True),
        # somebody else made that place
        (BOOKWORM._replace(disks=DISK, backing=Backing(ROOT, "ext4", ())), False),
        # what it holds would be hidden
        (on("overlay2", disks=DISK), False),
        (on("overlay2", disks=DISK, backing=OWN_XFS), True),
        (on("vfs", disks=DISK), False),
        (on("devicemapper", disks=DISK), False),
        (Facts(), False),
    ],
)
def test_what_becomes_of_the_disks(facts, takes):
    found = choose(facts, "general", bool(facts.disks))
    assert found.takes_disks is takes
    assert found.why.endswith(" not taken.") == (bool(facts.disks) and not takes)


def test_overlay2_on_a_btrfs_that_is_there_takes_no_disks():
    found = choose(BOOKWORM._replace(disks=DISK, **BTRFS), "high_density", True)
    assert (found.driver, found.takes_disks) == ("overlay2", False)


WORDS = [
    (
        BOOKWORM,
        "general",
        "/var/lib/docker is on ext4; overlay2 suits most work, and every engine ",
    ),
    (BOOKWORM, "high_density", "/var/lib/docker is on ext4; on overlay2 containers start at once"),
    (BOOKWORM, "large_files", "/var/lib/docker is on ext4; overlay2 copies a large file whole at"),
    (BOOKWORM._replace(disks=DISK), "large_files", "A disk is given; btrfs copies the blocks of a"),
    (BOOKWORM._replace(**BTRFS), "general", "/var/lib/docker is on btrfs; btrfs is the driver for"),
    (
        on("vfs", holds=holds("vfs", 1, 0)),
        "general",
        "It holds 1 image, which another driver would not show.",
    ),
    (
        on("devicemapper"),
        "general",
        "It holds 3 images and 1 container, which another driver would not show. Docker 25.0 "
        "removed it.",
    ),
    (
        BOOKWORM._replace(running="", **NO_OVERLAY),
        "general",
        "Nothing better works on this host: it copies every layer whole.",
    ),
    (Facts(), "general", "There is no engine to choose for."),
]


@pytest.mark.parametrize(("facts", "workload", "why"), WORDS)
def test_why(facts, workload, why):
    assert choose(facts, workload, bool(facts.disks)).why.startswith(why)


def test_against():
    against = choose(BOOKWORM._replace(disks=DISK), "general", True).against
    assert against["overlay"] == "Docker 24.0 removed it; overlay2 does the same better"
    assert against["aufs"] == "this kernel has no aufs"
    assert against["btrfs"].startswith("a disk: /var/lib/docker is on ext4, not on btrfs; ")
    assert against["vfs"] == "it copies every layer whole"


KNOWN_MODULES = sorted({name for it in DRIVERS.values() for name in it.modules})
PLACES = [EXT4, OWN_XFS, OWN_BTRFS, OWN_ZFS, Backing("/", "btrfs", ()), Backing("/", "zfs", ())]


@st.composite
def hosts(draw):
    """Any host whose engine is on a driver that it can have there."""
    facts = Facts(
        version=draw(st.sampled_from([(20, 10, 24), (26, 1, 5), (29, 1, 0)])),
        kernel=draw(st.sampled_from(["3.16.0", "6.1.0"])),
        backing=draw(st.sampled_from(PLACES)),
        file_types=draw(st.sampled_from([None, True, False])),
        zfs_module=draw(st.sampled_from([(), (2, 1, 11), (2, 3, 0)])),
        missing_modules=tuple(draw(st.sets(st.sampled_from(KNOWN_MODULES)))),
        missing_programs=tuple(draw(st.sets(st.sampled_from(["zfs", "fuse-overlayfs"])))),
        disks=draw(st.sampled_from([(), DISK])),
    )
    ready = [it.driver for it in standings(facts) if it.possible and not it.needs]
    running = draw(st.sampled_from(["", *ready]))
    held = {name: draw(st.integers(0, 2)) for name in draw(st.sets(st.sampled_from(sorted(KNOWN))))}
    return facts._replace(
        running="overlayfs" if running == CONTAINERD else running,
        containerd_store=running == CONTAINERD,
        holds=Holdings(
            ROOT,
            {("overlayfs" if name == CONTAINERD else name): it for name, it in held.items() if it},
        ),
    )


def carried_out(facts, choice):
    """The host after the role: on the driver, in its place."""
    driver = choice.driver
    made = {"btrfs": OWN_BTRFS, "zfs": OWN_ZFS}.get(driver, OWN_XFS)
    if choice.takes_disks and facts.backing.mount_point != ROOT:
        # what was there lies below the mount
        facts = facts._replace(backing=made, file_types=True, holds=Holdings(ROOT))
    return facts._replace(
        running="overlayfs" if driver == CONTAINERD else driver,
        containerd_store=driver == CONTAINERD,
        prior=(driver,),
    )


@given(hosts(), st.sampled_from(sorted(WORKLOADS)))
def test_what_was_chosen_is_chosen_again(facts, workload):
    disks = bool(facts.disks)
    first = choose(facts, workload, disks)
    if first.driver:
        after = carried_out(facts, first)
        again = choose(after, workload, disks)
        assert (again.driver, again.takes_disks) == (first.driver, first.takes_disks)


@given(hosts(), st.sampled_from(sorted(WORKLOADS)))
def test_nothing_is_hidden_that_the_engine_shows(facts, workload):
    found = choose(facts, workload, bool(facts.disks))
    if facts.in_use in facts.held():
        assert found.driver == facts.in_use


@given(hosts(), st.sampled_from(sorted(WORKLOADS)))
def test_what_is_chosen_is_possible_and_not_about_to_go(facts, workload):
    found = choose(facts, workload, bool(facts.disks))
    if found.driver:
        assert found.driver in [it.driver for it in standings(facts) if it.possible]
        assert KNOWN[found.driver].removed == (9999,) or found.driver in facts.held()
