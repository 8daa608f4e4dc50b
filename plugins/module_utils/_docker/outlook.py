# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a newer engine would do to a host, told before it is installed.

An engine that starts on another driver does not convert what the old one kept: it shows none of
it, and no command of it says so. What it would start on is in ``start.py``.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    CONTAINERD,
    DRIVERS,
    STORE_BY_DEFAULT,
    dotted,
    needs_store_off,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import (
    Facts,
    counted_holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    Version,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.start import (
    obstacles,
    prior,
    start,
    way_off,
)

# The versions that are asked about: Debian 13's, and the one that brings the containerd image
# store. What is said of 26 holds for 25 to 28 as well, what is said of 29 from 29.0.1 on.
TARGETS = ((26,), (29,))

OK = "ok"  # it starts, and all is there
CHANGES_DRIVER = "changes_driver"  # it starts on another one, and there is nothing to lose sight of
HIDES_DATA = "hides_data"  # it starts on another one, and does not show what the present one holds
REFUSES_TO_START = "refuses_to_start"
VERDICTS = (OK, CHANGES_DRIVER, HIDES_DATA, REFUSES_TO_START)  # from good to bad


class Outlook(NamedTuple):
    """What an engine of a version would do to this host."""

    version: str  # "26"
    verdict: str  # one of VERDICTS
    driver: str  # that it would run on; '' where it would not start
    why: str
    before: str  # what to do before the upgrade; '' for nothing


def outlooks(facts: Facts) -> list[Outlook]:
    """The :class:`Outlook` for each version of :data:`TARGETS`."""
    return [outlook(facts, target) for target in TARGETS]


def outlook(facts: Facts, target: Version) -> Outlook:
    """The :class:`Outlook` for an engine of one version, such as ``(26,)``."""
    version = ".".join(map(str, target))
    if facts.version >= target:
        why = f"It runs Docker {dotted(facts.version)} already."
        return Outlook(version, OK, facts.in_use, why, "")
    wrong = list(obstacles(facts, target))
    if wrong:
        whys, befores = zip(*wrong)
        return Outlook(version, REFUSES_TO_START, "", " ".join(whys), " ".join(befores))
    driver = start(facts, target)
    lost = [name for name in facts.held() if name != driver and name == facts.in_use]
    if not facts.in_use:  # stopped: it may be on any of them once it is started
        lost = [name for name in facts.held() if name != driver]
    if lost:
        why = _start(facts, driver, target) + _loss(facts, lost) + _ignored(facts, driver)
        before = " ".join(_before(facts, name, target) for name in lost)
        return Outlook(version, HIDES_DATA, driver, why, before)
    if driver == facts.in_use or not facts.in_use:
        heed = " ".join(filter(None, (_skips(facts, target), _builds(driver))))
        return Outlook(version, OK, driver, _stays(facts, driver, target), heed)
    why = _start(facts, driver, target) + " There is nothing to lose sight of."
    return Outlook(version, CHANGES_DRIVER, driver, why + _ignored(facts, driver), "")


def _named(driver: str) -> str:
    return "the containerd image store" if driver == CONTAINERD else driver


def _stays(facts: Facts, driver: str, target: Version) -> str:
    verb = "It stays" if facts.in_use else "It would start"
    if driver == CONTAINERD or target < STORE_BY_DEFAULT:
        return f"{verb} on {_named(driver)}."
    if facts.store_switch is False:
        because = "that is switched off"
    elif prior(facts, target):
        because = f"{facts.data_root} holds a folder of {driver}"
    elif facts.pinned:
        because = f"{facts.pinned_by} asks for {driver}"
    else:
        because = "that does not go with user namespaces"
    return f"{verb} on {driver}, and off {_named(CONTAINERD)}: {because}."


def _skips(facts: Facts, target: Version) -> str:
    first = (*target, 0, 0)
    if facts.pinned and facts.store_switch is None and needs_store_off(facts.pinned, first):
        return f"Skip 29.0.0, which looks for a snapshotter of containerd called {facts.pinned}."
    return ""


def _builds(driver: str) -> str:
    known = DRIVERS.get(driver)
    if known and known.left_out:
        return f"Take a build of the engine that has {driver}: {known.left_out}."
    return ""


def _start(facts: Facts, driver: str, target: Version) -> str:
    """Say what it starts on, and why, in a sentence."""
    old = DRIVERS.get(facts.in_use)
    because = ""
    if old and target >= old.removed:
        because = f": Docker {dotted(old.removed)} removed {facts.in_use}"
    elif driver == CONTAINERD and facts.store_switch:
        because = ": features.containerd-snapshotter asks for it"
    elif old and not old.found:
        because = f": it does not look for {facts.in_use} where nothing asks for that"
    return f"It starts on {_named(driver)}{because}."


def _loss(facts: Facts, lost: list[str]) -> str:
    held = facts.held()
    what = " and ".join(f"the {counted_holdings(*held[name])} of {_named(name)}" for name in lost)
    text = f" It does not show {what}."
    if facts.holds.volumes and any(held[name][1] for name in lost):
        text += (
            f" No container is known to use its volumes ({facts.holds.volumes}) then, so that a "
            "prune deletes them."
        )
    return text


def _ignored(facts: Facts, driver: str) -> str:
    options = ", ".join(facts.options) if driver == CONTAINERD else ""
    return f" It ignores {options}." if options else ""


def _before(facts: Facts, name: str, target: Version) -> str:
    if facts.store_switch or name == CONTAINERD:
        return f"Set features.containerd-snapshotter to {str(name == CONTAINERD).lower()}."
    if name in DRIVERS and target >= DRIVERS[name].removed:
        return way_off(facts, name)
    return f"Set storage-driver to {name} in daemon.json."
