# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Which drivers a host's engine can have, with every reason against each of the others.

The same knowledge as in ``driver_rules.py``, which refuses the one driver that was asked for and
says what to do; this one looks at all of them, and puts each reason into a few words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    KNOWN,
    OVERLAY_ON_ZFS,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import Facts
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
)


class Standing(NamedTuple):
    """How a driver stands on a host."""

    driver: str
    in_use: bool = False
    reasons: tuple[str, ...] = ()  # against it, a clause each; () where it is possible
    needs: str = ""  # what has to be made first; '' where nothing is

    @property
    def possible(self) -> bool:
        """Tell whether the engine can have it, at the price of what it needs."""
        return not self.reasons


def standings(facts: Facts) -> list[Standing]:
    """The :class:`Standing` of every driver that there is, and of the containerd image store."""
    return [_standing(name, facts) for name in KNOWN]


def _standing(name: str, facts: Facts) -> Standing:
    if name == facts.in_use:  # what runs can run, whatever the table says
        return Standing(name, in_use=True)
    reasons = list(_reasons(name, facts, facts.version))
    place = _filesystem(name, facts, facts.version)
    if driver_rules.uses_loops(name, facts.options):
        place = "without a thin pool it would use sparse files"
    if place and not facts.disks:
        reasons.append(f"{place}, and no disk is free to change that")
    return Standing(
        name, reasons=tuple(reasons), needs=f"a disk: {place}" if place and not reasons else ""
    )


def starts(name: str, facts: Facts, version: Version) -> bool:
    """Tell whether an engine of a version would come up on a driver, with nothing made for it."""
    return not list(obstacles(name, facts, version))


def obstacles(name: str, facts: Facts, version: Version) -> Iterator[str]:
    """What would keep an engine of a version from coming up on a driver, a clause each."""
    yield from _reasons(name, facts, version)
    place = _filesystem(name, facts, version)
    if place:
        yield place


def _reasons(name: str, facts: Facts, version: Version) -> Iterator[str]:
    """What no disk could mend."""
    driver = KNOWN[name]
    if version >= driver.removed:
        yield f"Docker {dotted(driver.removed)} removed it"
    if version < driver.since:
        yield f"it came with Docker {dotted(driver.since)}"
    if name in facts.left_out:
        yield "this build of the engine is without it"
    if not driver.runs_on(facts.kernel):
        yield f"it needs kernel {dotted(driver.kernel)}, and this is {facts.kernel}"
    for module in driver.modules:
        if module in facts.missing_modules:
            yield f"this kernel has no {module}"
    for program in driver.programs:
        if program in facts.missing_programs:
            yield f"the program {program} is not installed"
    for module in driver.loaded:
        if module in facts.unloaded_modules and module not in facts.missing_modules:
            yield f"the module {module} is not loaded"
    if name == CONTAINERD and facts.user_namespaces:
        yield "it does not go with user namespaces"


def _filesystem(name: str, facts: Facts, version: Version) -> str:
    """What is wrong with the filesystem that a driver would have; '' where nothing is."""
    driver, backing = KNOWN[name], facts.backing_of(name)
    if name == CONTAINERD or driver.elsewhere in facts.options:
        return ""  # its data is not in the data root
    where = f"{facts.data_root} is on {backing.fstype}"
    family = backing.fstype.partition(".")[0]  # fuse.sshfs is a fuse
    if driver.backing and family not in driver.backing:
        return f"{where}, not on {' or '.join(driver.backing)}"
    if family in driver.not_on:
        return f"{where}, which cannot carry it"
    since = driver.not_yet_on.get(family, ())
    if version < since:
        return f"{where}, which Docker {dotted(since)} takes for it at first"
    if "overlay" in driver.modules:
        if family == "zfs" and () < facts.zfs_module < OVERLAY_ON_ZFS:
            return f"{where} {dotted(facts.zfs_module)}, which cannot carry it before 2.2"
        if facts.file_types is False and name not in facts.own_backing:
            return f"{where}, made without file types in directories"
    return ""
