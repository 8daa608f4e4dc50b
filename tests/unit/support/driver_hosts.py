# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for tables of drivers: what each release's engine finds on a plain host."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import Facts
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing

ROOT = "/var/lib/docker"
JSON = "/etc/docker/daemon.json"
DISK = ("/dev/disk/by-id/virtio-disk1",)

EXT4 = Backing("/", "ext4", ("rw",))
OWN_XFS = Backing(ROOT, "xfs", ("rw", "prjquota"))
OWN_BTRFS = Backing(ROOT, "btrfs", ("rw",))
OWN_ZFS = Backing(ROOT, "zfs", ("rw",))

# A kernel of Debian has no aufs, and zfs only where that was built for it.
BOOKWORM = Facts(
    version=(20, 10, 24),
    running="overlay2",
    kernel="6.1.0-49-amd64",
    backing=EXT4,
    missing_modules=("aufs", "zfs"),
    missing_programs=("zfs", "fuse-overlayfs"),
    prior=("overlay2",),
)
TRIXIE = BOOKWORM._replace(version=(26, 1, 5), kernel="6.12.57+deb13-amd64")
TESTING = BOOKWORM._replace(version=(28, 5, 2), kernel="7.2.1-amd64")

ZFS = {"missing_modules": ("aufs",), "missing_programs": ("fuse-overlayfs",)}


def holds(driver, images=3, containers=1, volumes=0, **more):
    """What a data root holds: so much of one driver, and ``more`` images of others."""
    return Holdings(
        ROOT,
        images={name: count for name, count in {driver: images, **more}.items() if count},
        containers={driver: containers} if containers else {},
        volumes=volumes,
    )


def on(driver, base=BOOKWORM, **changes):
    """A host whose engine is told to run on a driver, and does, and holds data of it."""
    it = {
        "running": driver,
        "prior": (driver,),
        "holds": holds(driver),
        "pinned": driver,
        "pinned_by": JSON,
        **changes,
    }
    return base._replace(**it)


def left_to(driver, base=BOOKWORM, **changes):
    """The same, but nothing tells the engine which driver to take."""
    return on(driver, base, **{"pinned": "", **changes})


def in_containerd(base=TRIXIE, **changes):
    """A host whose engine keeps images in the containerd image store, switched on by name."""
    it = {
        "running": "overlayfs",
        "containerd_store": True,
        "prior": (),
        "holds": holds("overlayfs"),
        "store_switch": True,
        **changes,
    }
    return base._replace(**it)
