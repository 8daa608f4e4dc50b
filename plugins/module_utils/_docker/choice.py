# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Which driver to take for a host and what its containers do: the choice behind ``auto``.

What engines hold comes first: a driver is never chosen that would hide it. After that the place
decides, then the workload. The choice depends on nothing that carrying it out changes to another
answer, so the next run makes it again.

Drivers differ by workload in two ways that matter (J. Petazzoni's comparison of 2015, which the
drivers' own documentation still bears out):

============================  =================  ==================  ==================
what                          overlay2           devicemapper        btrfs, zfs
============================  =================  ==================  ==================
a new container               at once            takes a moment      soon
a change of a small file      at once            copies 64 KiB       cheap
a change of a large file      copies all of it   copies 64 KiB       cheap
what two containers read      is cached once     is cached twice     is cached twice
============================  =================  ==================  ==================
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
    KNOWN,
    WORKLOADS,
    best_first,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import (
    Facts,
    counted_holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.possible import (
    Standing,
    standings,
)


class Choice(NamedTuple):
    """The driver to take, and why no other."""

    driver: str  # '' where there is no engine to choose for
    why: str  # a sentence or two
    takes_disks: bool  # whether its place is to be made, or was made, of the disks that are given
    against: dict[str, str]  # each other driver -> what speaks against it, in words


def choose(facts: Facts, workload: str, disks: bool = False) -> Choice:
    """The :class:`Choice` for a host.

    :param workload: one of :data:`WORKLOADS`.
    :param disks: whether ``facts.disks`` were given to be taken; else the place stays as it is.
    """
    if not facts.version:
        return Choice("", "There is no engine to choose for.", False, {})
    known = standings(facts)
    ready = [it.driver for it in known if it.possible and not it.needs]
    usable = [it.driver for it in known if it.possible] if disks else []
    name, why = next(_candidates(facts, workload, ready, usable))
    takes = disks and _takes_disks(facts, name)
    if disks and not takes:
        why += " The disks that are given are not taken."
    return Choice(name, why, takes, {it.driver: _against(it) for it in known if it.driver != name})


def _takes_disks(facts: Facts, driver: str) -> bool:
    made = KNOWN[driver].mounted if driver else ""
    if facts.backing.mount_point == facts.data_root:  # it may have been made so
        return facts.backing.fstype == made
    return bool(made) and driver not in facts.held()


def _candidates(
    facts: Facts, workload: str, ready: Collection[str], usable: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Driver and reason, the best one first.

    :param ready: drivers that work on the place as it is.
    :param usable: those that work on the disks that are given; () where none are.
    """
    yield from _holders(facts, ready)
    root, filesystem, ranked = facts.data_root, facts.backing.fstype, best_first()
    if facts.backing.mount_point != root:  # else the place has been made already
        for name in sorted(ranked, key=lambda name: workload not in DRIVERS[name].best_for):
            if name in usable and DRIVERS[name].mounted:
                why = DRIVERS[name].remarks.get(workload, f"{name} can be made on it")
                yield name, f"A disk is given; {why}."
        if facts.in_use == CONTAINERD:
            yield CONTAINERD, "The engine is on it, and no disk is given that another could have."
    native = next((it for it in ranked if filesystem in DRIVERS[it].backing), ranked[0])
    for name in (native if WORKLOADS[workload] else ranked[0], native):
        if name in ready:
            why = DRIVERS[name].remarks.get(workload, f"{name} is the driver for that")
            yield name, f"{root} is on {filesystem}; {why}."
    for name in ranked:
        if name in ready:
            yield name, f"Nothing better works on this host: {DRIVERS[name].drawback}."
    yield "", "No driver works on this host."


def _holders(facts: Facts, ready: Collection[str]) -> Iterator[tuple[str, str]]:
    """Those that hold data, the one in use first: what the others hold is hidden already."""
    held = facts.held()
    for name in sorted(held, key=lambda name: name != facts.in_use):
        if name in ready:
            what, gone = counted_holdings(*held[name]), _gone(name)
            why = f"It holds {what}, which another driver would not show."
            yield name, why + (f" {gone}." if gone else "")


def _gone(name: str) -> str:
    removed = KNOWN[name].removed
    return f"Docker {dotted(removed)} removed it" if removed < (9999,) else ""


def _against(standing: Standing) -> str:
    if standing.reasons:
        return "; ".join(standing.reasons)
    drawback = KNOWN[standing.driver].drawback
    return "; ".join(filter(None, (standing.needs, _gone(standing.driver), drawback)))
