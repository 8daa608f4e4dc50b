# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a row of the table in ``drivers.py`` says of a storage driver."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Kind,
    Version,
    version,
)


class Option(NamedTuple):
    """A storage option of the engine, as daemon.json's ``storage-opts`` takes it."""

    kind: Kind
    since: Version = ()  # the first engine that has it
    removed: Version = (9999,)  # the first engine that dies of it
    repeats: bool = False  # may be given more than once
    quota_on: tuple[str, ...] = ()  # sets project quotas: the filesystems on which it can


class Layers(NamedTuple):
    """Where a driver has one name for each layer."""

    places: tuple[str, ...] = ("",)  # below the driver's own folder
    others: tuple[str, ...] = ()  # names in there that are no layers
    files: bool = True  # a walk can weigh them: not what shares extents, or is a device


class Driver(NamedTuple):
    """A storage driver ("graph driver") of the engine: all of it that is no code of its own."""

    options: dict[str, Option]  # by name

    # Engines
    since: Version = ()
    deprecated: Version = (9999,)  # the first engine that says that it will go
    removed: Version = (9999,)
    instead: str = "overlay2"  # the driver to move to before that
    left_out: str = ""  # builds of the engine that were made without it
    priority: int = 0  # an engine that is told none tries those with one, the least first
    found: bool = True  # whether such an engine takes it first of all where it has left a folder
    snapshotter: str = ""  # containerd's of the same name: "own"; "plugin", which can be added; ''

    # What it needs of the host
    kernel: Version = ()  # the oldest
    modules: tuple[str, ...] = ()  # what the kernel has to know of: filesystems, or "dm_mod"
    modules_from: str = ""  # how to get them where no kernel brings them; {} is its release
    loaded: tuple[str, ...] = ()  # those of them that the engine does not load by itself
    programs: tuple[str, ...] = ()  # what has to be on the engine's PATH
    package: str = ""  # Debian's, with those programs
    backing: tuple[str, ...] = ()  # the only filesystems that the data root may be on; () for any
    not_on: tuple[str, ...] = ()  # the filesystems that it may not be on
    not_yet_on: dict[str, Version] = {}  # filesystem -> the first engine that takes it on that
    elsewhere: str = ""  # an option that gives it another place than the data root's filesystem
    pool_options: tuple[str, ...] = ()  # without one of these it makes sparse files for a pool

    # Whether to take it
    rank: int = 0  # `auto` takes the least that works; 0 only where it holds data
    best_for: tuple[str, ...] = ()  # the workloads for which it goes before the others
    remarks: dict[str, str] = {}  # workload -> what there is to say of it there
    drawback: str = ""  # what speaks against it where another is taken
    caution: tuple[str, str] | None = None  # topic and text of a warning where it is taken

    # Where its data lies
    storage: str = "none"  # what a layout makes for it, see ``_layout/``; '' where none can have it
    mounted: str = ""  # the filesystem at the data root that is made of disks with that
    layers: Layers = Layers()

    def runs_on(self, release: str) -> bool:
        """Tell whether a kernel is new enough; EL7's has overlay ported back to it."""
        ported = ".el7" in release and "overlay" in self.modules
        return ported or version(release) >= self.kernel
