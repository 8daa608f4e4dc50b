# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The engine's storage driver, its options and its data root: observe, plan, describe."""

from __future__ import annotations

import contextlib
import os
from functools import partial

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Plan,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    data_root as docker_data,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import engine as docker
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    host as engine_host,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    LOOP_FILE,
    POOL_NOTES,
    dotted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    rules,
    sight,
    steps,
    store_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.advice import (
    findings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Closer,
    State,
    present_options,
    present_root,
    present_store,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.target import (
    target_driver,
    target_options,
    target_root,
    target_store,
)


def observe(run, desired):
    """The :class:`State` of the host: one command, or two while the engine is stopped.

    Where something is about to change, it looks closer: what is needed for the refusals only.
    """
    state = State(
        docker.observe_engine(run, desired.service), daemon_json.read(desired.config_file)
    )
    if state.engine is None:
        return state
    old, new = present_root(state), target_root(state, desired)
    same = os.path.realpath(old) == os.path.realpath(new)
    state = state._replace(
        unread=_first_line(steps.note(desired.service)),
        kernel=os.uname().release,
        roots=tuple(holdings_of(state.engine, root) for root in ([new] if same else [old, new])),
        same_root=same,
    )
    # The engine looks at its driver's own folder where that is there: it may be a mount.
    folder = os.path.join(new, target_driver(state, desired))
    state = state._replace(backing=engine_host.backing_of(folder if os.path.isdir(folder) else new))
    if steps.parts(state, desired):
        state = state._replace(closer=_look_closer(run, state, desired))
        lost = not desired.keep_existing and sight.hidden(state, desired)
        if lost:
            state = state._replace(closer=state.closer._replace(hidden_bytes=_bytes(lost)))
    return state


def _first_line(path):
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as stream:
        return stream.readline().strip()
    return ""


def holdings_of(engine, root):
    """What a data root holds; images that containerd keeps are counted by the engine itself."""
    in_use = root == engine.data_root
    # With user namespaces everything is in a folder below the one that was configured.
    found = docker_data.observe_holdings(engine.info["DockerRootDir"] if in_use else root)
    found = found._replace(root=root)
    images = (engine.info or {}).get("Images", 0)
    if engine.containerd_store and images and in_use:
        found = found._replace(images={**found.images, engine.driver: images})
    return found


def _look_closer(run, state, desired):
    """What the refusals ask for; all but the bytes, which take all the rest to know."""
    driver, root = target_driver(state, desired), target_root(state, desired)
    store = target_store(state, desired)
    needs = None if store else DRIVERS.get(driver)
    closer = Closer(version=docker.next_version(run, state.engine))
    if state.engine.info is None and present_store(state) and not store:
        closer = closer._replace(containerd_images=engine_host.containerd_images(run))
    if needs:
        closer = closer._replace(
            missing_modules=engine_host.missing_modules(needs.modules, state.kernel),
            missing_programs=engine_host.missing_programs(needs.programs),
            unloaded_modules=engine_host.unloaded_modules(needs.loaded),
        )
    if needs and needs.left_out:  # for others it is not worth the time to read the whole program
        closer = closer._replace(
            left_out=engine_host.left_out(state.engine.unit.program, (driver,))
        )
    if needs and "overlay" in needs.modules:
        closer = closer._replace(
            file_types=engine_host.file_types(state.backing),
            zfs_module=engine_host.zfs_module(),
        )
    options = target_options(state, desired)
    if driver == "devicemapper" and needs:
        closer = closer._replace(**_pool(run, options, root))
    if driver == "zfs" and needs and "zfs.fsname" in options:
        dataset = engine_host.dataset_exists(run, options["zfs.fsname"][0])
        closer = closer._replace(dataset=dataset)
    return closer


def _pool(run, options, root):
    """Those of the :class:`Closer`'s fields that are about devicemapper's pool."""
    name = options.get("dm.thinpooldev", [""])[0].rpartition("/")[2]
    loop_file = os.path.join(root, LOOP_FILE)
    return {
        "pool": engine_host.observe_pool(run, name) if name else None,
        "remembers_pool": os.path.exists(os.path.join(root, POOL_NOTES)),
        "loop_file": loop_file if os.path.exists(loop_file) else "",
    }


def _bytes(lost):
    """Bytes on disk of what would be hidden: the driver's folder, or all of a root left behind."""
    folders = {os.path.join(root, driver) for root, _kind, driver, _count in lost}
    return docker_data.bytes_below(folders, {mount.path for mount in mounts.mounts()})


def plan(state, desired):
    """The steps to the wanted driver, options and data root.

    :raises StorageError: the engine would not come up like that, or would lose sight of data.
    """
    rules.require_engine(state, desired.service)
    rules.require_readable_config(state, desired)
    store_rules.require_one_store(state, desired)
    new = steps.changes(state, desired)
    planned = steps.parts(state, desired)
    if planned:  # a wish that has come true is not questioned
        rules.require_no_flag(state, new)
        rules.require_support(state, desired)
        sight.require_no_loss_of_sight(state, desired)
    outdated = () if desired.restart else steps.reasons(state, desired, new)
    if state.unseen:
        again = partial(_look_again, desired=desired)
        planned = tuple(part._replace(check=again) for part in planned)
    return Plan(planned, steps.after(state, desired), findings(state, desired, outdated))


def _look_again(run, desired):
    """Plan on the data root as it is, now that its filesystem is mounted.

    :raises StorageError: it holds what the engine would not see, or cannot carry the driver.
    """
    plan(observe(run, desired), desired)


def describe(state):
    """The state as the user gets it."""
    engine = state.engine
    if engine is None:
        return {"installed": False}
    return {
        "installed": True,
        "version": dotted(engine.version),
        "active": engine.unit.running,
        "driver": engine.driver,
        "driver_status": engine.status,
        "containerd_image_store": engine.containerd_store,
        "data_root": present_root(state),
        "options": {
            name: given if len(given) > 1 else given[0]
            for name, given in present_options(state).items()
        },
        "configured": {
            key: state.config.content[key]
            for key in ("storage-driver", "storage-opts", "data-root", "features")
            if key in state.config.content
        },
        "flags": [flag._asdict() for flag in engine.unit.flags],
        "kernel": state.kernel,
        "backing_filesystem": {
            "mount_point": state.backing.mount_point,
            "type": state.backing.fstype,
            "options": list(state.backing.options),
        },
        "holds": [place._asdict() for place in state.roots],
    }
