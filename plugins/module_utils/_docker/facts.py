# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What decides which storage drivers an engine can have, and which one it would take by itself."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.words import counted
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    SNAPSHOTTERS,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import DATA_ROOT
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import Backing
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Options,
    Version,
)


class Facts(NamedTuple):
    """A host and its engine, as far as storage drivers depend on them."""

    version: Version = ()  # of the engine, (26, 1, 5); () where there is none
    running: str = ""  # the driver or snapshotter that it runs on; '' while it is stopped
    containerd_store: bool = False
    data_root: str = DATA_ROOT
    kernel: str = ""  # its release
    backing: Backing = Backing("/", "unknown", ())  # the filesystem of the data root
    own_backing: dict[str, Backing] = {}  # by driver, where its own folder is on another one
    file_types: bool | None = None  # whether the directories of that hold them; None: unknown
    zfs_module: Version = ()  # the version of the kernel's zfs; () where it is not loaded
    missing_modules: tuple[str, ...] = ()  # of those that any driver needs
    missing_programs: tuple[str, ...] = ()
    unloaded_modules: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # drivers that the engine was built without
    holds: Holdings = Holdings(DATA_ROOT)
    prior: tuple[str, ...] = ()  # drivers with a folder in the data root that is not empty
    pinned: str = ""  # the driver that the engine is told to use; '' where it looks for one
    pinned_by: str = ""  # the file that says so
    options: Options = {}  # the storage options it is given
    store_switch: bool | None = None  # features.containerd-snapshotter; None where it is not set
    user_namespaces: bool = False
    old_root_key: str = ""  # the file that names the data root as "graph", as before 17.05
    disks: tuple[str, ...] = ()  # names of the disks that may be taken

    @property
    def in_use(self) -> str:
        """The driver it runs on, :data:`CONTAINERD` for the image store; '' while it is stopped."""
        return CONTAINERD if self.containerd_store else self.running

    def backing_of(self, driver: str) -> Backing:
        """The filesystem that a driver finds: it looks at its own folder where there is one."""
        return self.own_backing.get(driver, self.backing)

    def held(self) -> dict[str, tuple[int, int]]:
        """What the data root holds, as driver -> ``(images, containers)``, sorted by driver."""
        found: dict[str, tuple[int, int]] = {}
        for name in self.holds.drivers():
            driver = self._owner(name)
            images, containers = found.get(driver, (0, 0))
            found[driver] = (
                images + self.holds.images.get(name, 0),
                containers + self.holds.containers.get(name, 0),
            )
        return found

    def _owner(self, name: str) -> str:
        """Whose data it is: snapshotters of containerd can have the names of drivers."""
        of_containerd = name in SNAPSHOTTERS or (self.containerd_store and name == self.running)
        return CONTAINERD if of_containerd else name


def counted_holdings(images: int, containers: int) -> str:
    """``3 images and 1 container``; '' for none."""
    return " and ".join(
        counted(count, noun)
        for count, noun in ((images, "image"), (containers, "container"))
        if count
    )
