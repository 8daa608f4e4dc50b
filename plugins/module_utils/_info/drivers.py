# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Which storage drivers the host can have, which one to take, and what an upgrade would do to it.

Everything is read from /proc, /sys, a superblock and the names in the data root, besides what the
topics ``engine`` and ``disks`` read: no command of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import choice, outlook
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    data_root as docker_data,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    host as engine_host,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.drivers import DRIVERS
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import Facts
from ansible_collections.containerhost.storage.plugins.module_utils._docker.possible import (
    standings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    config_file,
    configured_store,
    flag,
    present_options,
    present_root,
    root_inside,
    setting,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk_rules import reasons
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    missing_programs,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
    from ansible_collections.containerhost.storage.plugins.module_utils._info import (
        engine as engine_topic,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
        state as driver_state,
    )


class Wish(NamedTuple):
    """What the host is to be used for, where somebody asks for a driver."""

    workload: str = "general"
    disks: tuple[str, ...] = ()  # those that may be taken
    data_root: str | None = None  # where it is to be; None: where it is
    service: str = "docker.service"  # the engine's unit


NO_WISH = Wish()


class Seen(NamedTuple):
    """What is known of the host, and what was wished for."""

    facts: Facts  # as it is
    wanted: Facts  # with the data root where it is to be
    wish: Wish


def observe(
    run: Reader, engine: engine_topic.Seen, disks: Iterable[Disk], wish: Wish = NO_WISH
) -> Seen:
    """Put together what the topics ``engine`` and ``disks`` have seen, and look closer."""
    free = tuple(disk.stable for disk in disks if not list(reasons(disk)))
    there = engine.state.engine
    facts = _facts(engine.state, there) if there else Facts()
    facts = facts._replace(disks=tuple(wish.disks) or free)
    wanted = facts
    if wish.data_root and os.path.realpath(wish.data_root) != facts.data_root:
        root = os.path.realpath(wish.data_root)
        inner = root_inside(there, engine.state.config, root) if there else root
        wanted = _moved(facts, root, inner)
    return Seen(facts, wanted, wish)


def _facts(state: driver_state.State, engine: Engine) -> Facts:
    root = os.path.realpath(present_root(engine, state.config))
    # With user namespaces, the engine has its drivers' folders in one of its own further down.
    inner = root_inside(engine, state.config, root)
    given = flag(engine, "storage-driver")
    return Facts(
        version=engine.version,
        running=engine.driver,
        containerd_store=engine.containerd_store,
        kernel=state.kernel,
        **_place(root, inner),
        zfs_module=engine_host.zfs_module(),
        missing_modules=engine_host.missing_modules(_all("modules"), state.kernel),
        missing_programs=missing_programs(_all("programs")),
        unloaded_modules=engine_host.unloaded_modules(_all("loaded")),
        left_out=_left_out(engine.unit.program),
        holds=state.roots[0] if state.roots else docker_data.Holdings(root),
        prior=tuple(name for name in DRIVERS if _filled(os.path.join(inner, name))),
        pinned=given.value if given else state.config.content.get("storage-driver") or "",
        pinned_by=given.source if given else config_file(engine),
        options=present_options(engine, state.config),
        store_switch=configured_store(engine, state.config),
        user_namespaces=_user_namespaces(state, engine),
        old_root_key=_old_root_key(state, engine),
    )


def _left_out(program: str) -> tuple[str, ...]:
    """The drivers that the engine was built without, where nothing else keeps it from them."""
    names = [name for name, it in DRIVERS.items() if it.left_out]
    return engine_host.left_out(
        program,
        [name for name in names if not missing_programs(DRIVERS[name].programs)],
    )


def _all(what: str) -> list[str]:
    """What any driver needs of a kind: modules, programs, modules that are to be loaded."""
    return sorted({name for driver in DRIVERS.values() for name in getattr(driver, what)})


def _place(root: str, inner: str) -> dict[str, Any]:
    """Those of the facts that are about the place of the data.

    :param inner: the folder that has the drivers' folders in it.
    """
    backing = engine_host.backing_of(root)
    return {
        "data_root": root,
        "backing": backing,
        "own_backing": _own_backing(inner, backing),
        "file_types": engine_host.file_types(backing),
    }


def _moved(facts: Facts, root: str, inner: str) -> Facts:
    """The facts with the data root at another place.

    What is left behind speaks for its driver as much as what may be there already.
    """
    holds = facts.holds
    with contextlib.suppress(StorageError):
        there = docker_data.observe_holdings(inner)
        holds = holds._replace(
            images={**there.images, **holds.images},
            containers={**there.containers, **holds.containers},
        )
    return facts._replace(holds=holds, **_place(root, inner))


def _own_backing(root: str, backing: engine_host.Backing) -> dict[str, engine_host.Backing]:
    """The filesystems of drivers' folders that are on another one than the data root."""
    found = {}
    for name in DRIVERS:
        folder = os.path.join(root, name)
        own = engine_host.backing_of(folder) if os.path.isdir(folder) else backing
        if own.mount_point != backing.mount_point:
            found[name] = own
    return found


def _filled(folder: str) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False


def _user_namespaces(state: driver_state.State, engine: Engine) -> bool:
    return bool(setting(engine, state.config, "userns-remap")) or engine.user_namespaces


def _old_root_key(state: driver_state.State, engine: Engine) -> str:
    """The file that gives the data root by the name it had before 17.05; '' for none."""
    if "graph" in state.config.content:
        return config_file(engine)
    old = [it for it in engine.unit.flags if it.spelled in ("--graph", "-g")]
    return old[0].source if old else ""


def choose(seen: Seen) -> choice.Choice:
    """The :class:`Choice` of a driver, for what the host is to be used for."""
    return choice.choose(seen.wanted, seen.wish.workload, bool(seen.wish.disks))


def describe(seen: Seen) -> dict[str, Any]:
    """``{"candidates": [...], "choice": {...}, "outlook": [...]}``; no lists without an engine."""
    facts = seen.facts
    found = facts.version
    return {
        "candidates": [
            dict(it._asdict(), possible=it.possible) for it in (standings(facts) if found else ())
        ],
        "choice": choose(seen)._asdict(),
        "outlook": [it._asdict() for it in (outlook.outlooks(facts) if found else ())],
    }


def findings(seen: Seen) -> list[Finding]:
    """Nothing: what a host may become is in the report, and no fault of it."""
    return []
