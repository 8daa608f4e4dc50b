# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What an engine would not see any more after a change, and the refusal to hide it."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    DEFAULT_SNAPSHOTTER,
    present_driver,
    present_root,
    present_store,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.target import (
    target_driver,
    target_root,
    target_store,
)


def hidden(state, desired):
    """What the engine would not see any more: a list of ``(root, kind, driver, how many)``.

    Only a change of image store, driver or data root hides anything: what is hidden already is no
    news.
    """
    old, new = present_driver(state), target_driver(state, desired)
    switched = present_store(state) != target_store(state, desired)
    moved = len(state.roots) > 1
    if old == new and not switched and not moved:
        return []
    found = []
    for place in state.roots:
        left = moved and place.root == present_root(state)
        for kind, counts in (("images", place.images), ("containers", place.containers)):
            # Images that containerd keeps are not in the data root, and stay in sight with it.
            stays = kind == "images" and present_store(state) and not switched
            found += [
                (place.root, kind, driver, count)
                for driver, count in sorted(counts.items())
                if (left and not (stays and driver == old)) or _is_lost(driver, old, new, switched)
            ]
        if left and place.volumes:
            found.append((place.root, "volumes", "", place.volumes))
    if state.closer and state.closer.containerd_images:
        count = state.closer.containerd_images
        found.append(("containerd", "images", DEFAULT_SNAPSHOTTER, count))
    return found


def _is_lost(driver, old, new, switched):
    """Tell whether the data of a driver is out of sight after a change from ``old`` to ``new``.

    A snapshotter may have the name of a driver. An engine that is left to find a driver (``new`` is
    '') takes the one whose data it finds.
    """
    if not new or driver == new:
        return switched and driver == old
    return True


def require_no_loss_of_sight(state, desired):
    """Refuse to hide what is there, unless that was asked for.

    :raises StorageError: with everything that would be hidden, and how large it is.
    """
    lost = hidden(state, desired)
    if not lost or desired.keep_existing:
        return
    by_root = {}
    for root, kind, driver, count in lost:
        noun = kind if count > 1 else kind[:-1]
        by_root.setdefault(root, []).append(f"{count} {noun}" + (f" of {driver}" if driver else ""))
    listed = " and ".join("in {} {}".format(root, ", ".join(it)) for root, it in by_root.items())
    size = state.closer.hidden_bytes if state.closer else 0
    raise StorageError(
        "Data that is there",
        "an engine on {} at {} would not see {}{}{}".format(
            _destination(state, desired),
            target_root(state, desired),
            listed,
            f" ({size / 1024**2:.1f} MiB on disk)" if size else "",
            _orphans(state),
        ),
        "Save what is needed and remove it, or set existing_data: keep to leave it there, hidden",
    )


def _orphans(state):
    place = state.roots[-1] if state.roots else None
    if len(state.roots) > 1 or not (place and place.volumes and place.containers):
        return ""
    return (
        f"; no container would be known to use its volumes ({place.volumes}), so that a prune "
        "deletes them"
    )


def _destination(state, desired):
    if target_store(state, desired):
        return "the containerd image store"
    return target_driver(state, desired) or "another driver"
