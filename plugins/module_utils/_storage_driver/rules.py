# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps a wish for a storage driver from being granted, and what a person should know."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import driver_rules
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    flag,
    present_driver,
    present_root,
    target_driver,
    target_options,
    target_root,
)


def require_engine(state, service):
    """Refuse a host without an engine that can be started.

    :raises StorageError: none is installed, or its unit is masked.
    """
    if state.engine is None:
        raise StorageError(
            f"Docker ({service})",
            "it is not installed on this host",
            "Install it (on Debian and Ubuntu the package docker.io), or name its unit as service",
        )
    if state.engine.unit.load == "masked":
        raise StorageError(service, "it is masked", f"Run `systemctl unmask {service}`")


def require_readable_config(state, desired):
    """Refuse to write a file that the engine does not read.

    :raises StorageError: a flag names another one.
    """
    given = flag(state, "config-file")
    if given and given.value != desired.config_file:
        raise StorageError(
            desired.config_file,
            f"the engine reads {given.value} instead: {given.source} says {given.spelled}",
            f"Give config_file: {given.value}",
        )


def require_storage_drivers(state, desired):
    """Refuse driver and options where containerd keeps the images: it would ignore them.

    :raises StorageError: it is switched on, or it is in use and options are wanted for it.
    """
    given = flag(state, "features")
    features = state.config.content.get("features")
    switched_on = isinstance(features, dict) and features.get("containerd-snapshotter") is True
    where = "features.containerd-snapshotter in " + desired.config_file
    if given and "containerd-snapshotter" in given.value and not given.value.endswith("false"):
        switched_on, where = True, f"{given.spelled}={given.value} in {given.source}"
    if switched_on and (desired.driver or desired.options):
        raise StorageError(
            where,
            "it switches the containerd image store on, which has no storage drivers and ignores "
            "their options",
            "Set it to false to use a storage driver, or leave out driver and options",
        )
    if state.engine.containerd_store and desired.options and not desired.driver:
        raise StorageError(
            f"Docker {dotted(state.engine.version)}",
            "it keeps images in the containerd image store, which ignores storage options",
            "Give a driver with them, or leave out options",
        )


def require_no_flag(state, changed):
    """Refuse to set a key that a flag sets as well: the engine does not start on both.

    :param changed: the keys of daemon.json that are about to be set.
    :raises StorageError: naming the flag and the file it comes from.
    """
    for key in changed:
        given = flag(state, key)
        if given:
            raise StorageError(
                f"{given.spelled} {given.value}",
                f"{given.source} gives it to the engine, which does not start when daemon.json "
                f"sets {key} as well"
                if given.spelled != "DOCKER_DRIVER"
                else f"{given.source} sets it, and it beats daemon.json without a word",
                f"Take it out of {given.source} and run `systemctl daemon-reload`",
            )


def require_support(state, desired):
    """Refuse a driver or options that this engine would not come up with on this host.

    :raises StorageError: see ``_driver_rules.py``.
    """
    driver, options = target_driver(state, desired), target_options(state, desired)
    if driver not in DRIVERS:
        if desired.options:
            raise StorageError(
                "Storage options {}".format(", ".join(desired.options)),
                "it is not known which driver they are for",
                "Give driver as well",
            )
        return
    closer = state.closer
    version = (closer and closer.version) or state.engine.version
    driver_rules.require_driver(driver, version)
    driver_rules.require_options(driver, options, version)
    driver_rules.require_kernel(driver, state.kernel)
    if closer:
        _require_host(driver, state.kernel, closer)
    if not desired.pending:
        driver_rules.require_backing(driver, options, state.backing, closer and closer.ftype)
        if closer and closer.pool:
            _require_pool(closer, target_root(state, desired))


def _require_host(driver, kernel, closer):
    if closer.missing_modules:
        raise StorageError(
            f"Kernel {kernel}",
            "it has no {}, which the {} driver needs".format(
                " and no ".join(closer.missing_modules), driver
            ),
            "Install a kernel or a package that brings it, or use another driver",
        )
    if closer.missing_programs:
        raise StorageError(
            " and ".join(closer.missing_programs),
            f"it is not installed, and the {driver} driver runs it",
            "Install it, then run again",
        )


def _require_pool(closer, root):
    pool = closer.pool
    what = f"dm.thinpooldev {pool.name}"
    if not pool.exists:
        raise StorageError(
            what,
            f"there is no /dev/mapper/{pool.name} on this host",
            "Make the pool with containerhost.storage.thinpool; the name is the volume group's and "
            "the pool's with a hyphen between, and every hyphen within them doubled",
        )
    if not pool.thin:
        raise StorageError(what, "it is no thin pool", "Name the pool itself, not a volume in it")
    if pool.used and not closer.remembers_pool:
        raise StorageError(
            what,
            f"it has been used already, and {root} holds no notes of it: the engine takes such a "
            "pool from nobody",
            "Give a pool that is new, or the data root that belongs to this one",
        )
    if closer.remembers_pool and not pool.used:
        raise StorageError(
            what,
            f"it is new, and {root}/devicemapper holds the notes of another pool",
            f"Give that pool, or move {root}/devicemapper away if that pool is lost",
        )


def hidden(state, desired):
    """What the engine would not see any more: a list of ``(root, kind, driver, how many)``.

    Only a change of driver or of data root hides anything: what is hidden already is no news.
    """
    old, new = present_driver(state), target_driver(state, desired)
    found = []
    moved = len(state.roots) > 1
    for place in state.roots:
        left = moved and place.root == present_root(state)
        if not left and old == new and not moved:
            continue
        for kind, counts in (("images", place.images), ("containers", place.containers)):
            found += [
                (place.root, kind, driver, count)
                for driver, count in sorted(counts.items())
                if left or driver != new
            ]
        if left and place.volumes:
            found.append((place.root, "volumes", "", place.volumes))
    return found


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
            target_driver(state, desired) or "another driver",
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


def findings(state, desired, outdated):
    """What a person should know, in a fixed order.

    :param outdated: why the engine ought to be restarted, where that was forbidden.
    """
    return tuple(_findings(state, desired, outdated))


def _findings(state, desired, outdated):
    engine, driver = state.engine, target_driver(state, desired)
    if outdated:
        yield Finding(
            "warning",
            "engine_outdated",
            "The engine still has to be restarted: " + "; ".join(outdated),
        )
    gone = DRIVERS[driver].removed if driver in DRIVERS else (9999,)
    if gone < (9999,):
        yield Finding(
            "info",
            "driver_deprecated",
            f"Docker {dotted(gone)} has no {driver} driver any more: upgrading the engine to it "
            "hides all images and containers of this host",
        )
    if engine.driver == driver and "Data loop file" in engine.status:
        yield Finding(
            "warning",
            "loop_lvm",
            "devicemapper keeps its data in a sparse file ({}): slow, and not meant for "
            "production. Make a pool with containerhost.storage.thinpool and give it as "
            "dm.thinpooldev".format(engine.status["Data loop file"]),
        )
    if desired.data_root and engine.containerd_store and driver == engine.driver:
        yield Finding(
            "warning",
            "containerd_store",
            "Images and containers are kept by containerd, in its own root: data_root does not "
            "move them",
        )
    place = state.roots[-1] if state.roots else None
    others = [name for name in place.drivers() if name != driver] if place and driver else []
    if others:
        yield Finding(
            "info",
            "hidden_data",
            "{} also holds images or containers of {}, which an engine on {} does not see".format(
                place.root, ", ".join(others), driver
            ),
        )
