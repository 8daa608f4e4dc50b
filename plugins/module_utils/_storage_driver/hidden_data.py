# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What an engine would not see any more after a change, and the refusal to hide it."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.size import human
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import counted
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    DEFAULT_SNAPSHOTTER,
    setting,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.user_namespaces import (
    maps,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import Goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)


class Hidden(NamedTuple):
    """Data of one kind and one driver that the engine would not see any more."""

    root: str  # the data root that it is in; "containerd" for what that has in its own
    kind: str  # "image", "container", "volume", or a noun of Holdings.others
    driver: str  # '' for all but images and containers
    number: int


def hidden(state: State, goal: Goal) -> list[Hidden]:
    """What the engine would not see any more.

    Only a change of image store, driver or data root hides anything: what is hidden already is no
    news.
    """
    now = state.present
    switched = now.store != goal.store
    moved = len(state.roots) > 1
    if now.driver == goal.driver and not switched and not moved:
        return []
    found = []
    for holds in state.roots:
        left = moved and holds.root == now.root
        for kind, counts in (("image", holds.images), ("container", holds.containers)):
            # Images that containerd keeps are not in the data root, and stay in sight with it.
            stays = kind == "image" and now.store and not switched
            found += [
                Hidden(holds.root, kind, driver, count)
                for driver, count in sorted(counts.items())
                if (left and not (stays and driver == now.driver))
                or _is_lost(driver, now.driver, goal.driver, switched)
            ]
        if left and holds.volumes:
            found.append(Hidden(holds.root, "volume", "", holds.volumes))
        if left:
            found += [Hidden(holds.root, noun, "", many) for noun, many in holds.others.items()]
    if state.prerequisites and state.prerequisites.containerd_images:
        count = state.prerequisites.containerd_images
        found.append(Hidden("containerd", "image", DEFAULT_SNAPSHOTTER, count))
    return found


def _is_lost(driver: str, old: str, new: str, switched: bool) -> bool:
    """Tell whether the data of a driver is out of sight after a change from ``old`` to ``new``.

    A snapshotter may have the name of a driver. An engine that is left to find a driver (``new`` is
    '') takes the one whose data it finds.
    """
    if not new or driver == new:
        return switched and driver == old
    return True


def require_none(state: State, goal: Goal, wanted: Wanted) -> None:
    """Refuse to hide what is there, unless that was asked for.

    :raises StorageError: with everything that would be hidden, and how large it is.
    """
    if wanted.keep_existing:
        return
    _require_the_same_users(state)
    lost = hidden(state, goal)
    if not lost:
        return
    by_root: dict[str, list[str]] = {}
    for root, kind, driver, count in lost:
        what = counted(count, kind) + (f" of {driver}" if driver else "")
        by_root.setdefault(root, []).append(what)
    listed = " and ".join("in {} {}".format(root, ", ".join(it)) for root, it in by_root.items())
    size = state.prerequisites.hidden_bytes if state.prerequisites else 0
    raise StorageError(
        "Data that is there",
        "an engine on {} at {} would not see {}{}{}".format(
            "the containerd image store" if goal.store else goal.driver or "another driver",
            goal.root,
            listed,
            f" ({human(size)} on disk)" if size else "",
            _orphans(state),
        ),
        "Save what is needed and remove it, or set existing_data: keep to leave it there, hidden",
        refusal="data_hidden",
    )


def _require_the_same_users(state: State) -> None:
    """Refuse a start that would take the engine to the folder of a user namespace, or out of it.

    :raises StorageError: there is data where it works now.
    """
    engine, holds = state.installed, state.roots[0] if state.roots else None
    remapped = setting(engine, state.config, "userns-remap")
    if engine.info is None or engine.user_namespaces == maps(remapped) or not (holds and holds.any):
        return
    now, then = ("with", "without") if engine.user_namespaces else ("without", "with")
    raise StorageError(
        "userns-remap",
        f"the engine runs {now} user namespaces, and its next start is to be {then} them: it then "
        f"works in another folder, and does not see what it has in {holds.root} now",
        "Set userns-remap as the engine runs, or save what is needed and restart the engine by "
        "hand; or set existing_data: keep to leave it there, hidden",
        refusal="data_hidden",
    )


def _orphans(state: State) -> str:
    holds = state.roots[-1] if state.roots else None
    if len(state.roots) > 1 or not (holds and holds.volumes and holds.containers):
        return ""
    return (
        f"; no container would be known to use its volumes ({holds.volumes}), so that a prune "
        "deletes them"
    )
