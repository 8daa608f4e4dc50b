# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What is there of the engine's storage, and what a change of it would depend on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    data_root as docker_data,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import engine as docker
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    host as engine_host,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    observe_others,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import (
    DRIVERS,
    LOOP_FILE,
    POOL_NOTES,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    holdings_of,
    present_root,
    root_inside,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import mounts
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    missing_programs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    hidden_data,
    steps,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.changes import (
    changes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import (
    Goal,
    goal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    Prerequisites,
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def observe(run: Reader, wanted: Wanted) -> State:
    """The :class:`State` of the host: one command, or two while the engine is stopped.

    Where something is about to change, it looks closer: what is needed for the refusals only.

    :raises StorageError: the engine, its file or its data root cannot be read.
    """
    engine = docker.observe_engine(run, wanted.service)
    state = State(engine, daemon_json.read(wanted.config_file))
    if engine is None:
        return state
    if wanted.restart and not engine.unit.running:
        from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
            other_engines,
        )

        other_engines.refuse_a_second(wanted.service)
    old = present_root(engine, state.config)
    state = state._replace(
        unread=text_of(steps.note(wanted.service)).strip(),
        kernel=os.uname().release,
        roots=(holdings_of(engine, state.config, old),),
        same_root=True,
    )
    target = goal(state, wanted)
    if target.root != old:
        there = holdings_of(engine, state.config, target.root)
        same = os.path.realpath(target.root) == os.path.realpath(old)
        others = {} if same else observe_others(root_inside(engine, state.config, old))
        left = state.roots[0]._replace(others=others)
        state = state._replace(roots=(there,) if same else (left, there), same_root=same)
    inside = root_inside(engine, state.config, target.root)
    # The engine looks at its driver's own folder where that is there: it may be a mount.
    folder = os.path.join(inside, target.driver)
    backing = engine_host.backing_of(folder if os.path.isdir(folder) else target.root)
    state = state._replace(backing=backing)
    if steps.parts(state, target, wanted):
        seen = _observe_prerequisites(run, state, target)
        state = state._replace(prerequisites=seen)
        seen = seen._replace(rejected=_rejection(run, state, wanted))
        state = state._replace(prerequisites=seen)
        lost = not wanted.keep_existing and hidden_data.hidden(state, target)
        if lost:
            size = _bytes(lost, partial(root_inside, engine, state.config))
            state = state._replace(prerequisites=seen._replace(hidden_bytes=size))
    return state


def _rejection(run: Reader, state: State, wanted: Wanted) -> str:
    """Why the engine would not take its file as it is to be; '' where it would."""
    from ansible_collections.containerhost.storage.plugins.module_utils._docker import validation

    # Now that the version is known that is to start: the image store's switch may depend on it.
    text = steps.next_text(state, changes(state, goal(state, wanted), wanted))
    return validation.rejection(run, state.installed.unit, state.next_version, text)


def _observe_prerequisites(run: Reader, state: State, target: Goal) -> Prerequisites:
    """What the refusals ask for; all but the bytes, which take all the rest to know."""
    engine, driver = state.installed, target.driver
    needs = None if target.store else DRIVERS.get(driver)
    seen = Prerequisites(version=docker.next_version(run, engine))
    if engine.info is None and state.present.store and not target.store:
        seen = seen._replace(containerd_images=engine_host.containerd_images(run))
    if needs is None:
        return seen
    seen = seen._replace(
        missing_modules=engine_host.missing_modules(needs.modules, state.kernel),
        missing_programs=missing_programs(needs.programs),
        unloaded_modules=engine_host.unloaded_modules(needs.loaded),
    )
    if needs.left_out:  # for others it is not worth the time to read the whole program
        seen = seen._replace(left_out=engine_host.left_out(engine.unit.program, (driver,)))
    if "overlay" in needs.modules:
        seen = seen._replace(
            file_types=engine_host.file_types(state.backing),
            zfs_module=engine_host.zfs_module(),
        )
    if driver == "devicemapper":
        inside = root_inside(engine, state.config, target.root)
        seen = seen._replace(**_pool(run, target, inside))
    if driver == "zfs" and "zfs.fsname" in target.options:
        dataset = engine_host.dataset_exists(run, target.options["zfs.fsname"][0])
        seen = seen._replace(dataset=dataset)
    return seen


def _pool(run: Reader, target: Goal, inside: str) -> dict[str, Any]:
    """Those of the :class:`Prerequisites` that are about devicemapper's pool.

    :param inside: the folder that has the driver's own in it.
    """
    name = target.options.get("dm.thinpooldev", [""])[0].rpartition("/")[2]
    loop_file = os.path.join(inside, LOOP_FILE)
    return {
        "pool": engine_host.observe_pool(run, name) if name else None,
        "remembers_pool": os.path.exists(os.path.join(inside, POOL_NOTES)),
        "loop_file": loop_file if os.path.exists(loop_file) else "",
    }


def _bytes(lost: Iterable[hidden_data.Hidden], inside: Callable[[str], str]) -> int:
    """Bytes on disk of what would be hidden: the driver's folder, or all of a root left behind.

    :param inside: ``inside(root) -> path`` of the folder in a data root that has its data.
    """
    folders = {os.path.join(inside(it.root), it.driver) for it in lost}
    return docker_data.bytes_below(folders, {mount.path for mount in mounts.mounts()})
