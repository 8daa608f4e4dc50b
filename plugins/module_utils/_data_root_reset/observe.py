# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What is in a data root that is to be emptied, and what could be at work in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import going
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.hold import (
    hold_path,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    Root,
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    ASIDE,
    is_an_engines_mount,
    root_required,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    loop_files,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import (
    observe_engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    configured_store,
    present,
    setting,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.user_namespaces import (
    folders,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import read_text
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mount_of,
    mounts,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory import (
    observe as inventory,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def observe(run: Reader, wanted: Wanted) -> State:
    """The :class:`State` of a data root. It changes nothing.

    :raises StorageError: the engine, its file or the data root cannot be read.
    """
    engine = observe_engine(run, wanted.service)
    state = State(
        engine=engine,
        config=daemon_json.read(wanted.config_file),
        hold=read_text(hold_path(wanted.service)),
        leftovers=bool(wanted.only_of),
    )
    if engine:
        now = present(engine, state.config)
        state = state._replace(
            used=os.path.realpath(now.root) == os.path.realpath(wanted.path),
            triggers=_triggers(run, wanted.service),
            driver=now.driver,
            store=now.store,
            told=bool(setting(engine, state.config, "storage-driver"))
            or configured_store(engine, state.config) is not None,
        )
    if not os.path.isdir(wanted.path):
        return state
    table = mounts()
    lies_on = mount_of(wanted.path, table)
    leads_to = os.path.realpath(wanted.path)
    state = state._replace(
        leads_to="" if leads_to == wanted.path else leads_to,
        fstype=lies_on.fstype if lies_on else "",
        mounts=tuple(_others(table, wanted.path)),
    )
    if leads_to != wanted.path:
        return state
    state = state._replace(roots=_roots(state, table, wanted))
    return state._replace(
        pool=any(_in_pool(root) for root in state.roots),
        aside=os.path.lexists(os.path.join(wanted.path, ASIDE)),
    )


def _roots(state: State, table: list[Mount], wanted: Wanted) -> tuple[Root, ...]:
    used = state.driver if state.used and not state.store else ""
    # A driver that holds anything and that the engine is not on is a leftover, where that is known.
    known = None if state.engine and state.used and not (state.driver or state.store) else used
    host = inventory.Host(table=table, driver=known)
    inner = (os.path.join(wanted.path, name) for name in folders(wanted.path))
    return tuple(_root(path, host, wanted) for path in (wanted.path, *inner))


def _root(path: str, host: inventory.Host, wanted: Wanted) -> Root:
    found = inventory.observe(path, host)
    try:
        names = os.listdir(path)
    except PermissionError as error:
        raise root_required(path) from error
    gone = going.entries(names, found, wanted)
    return Root(path, gone, going.holdings(found, gone, wanted))


def _others(table: Iterable[Mount], root: str) -> Iterable[str]:
    """Where anything is mounted in a data root that no engine mounts there."""
    for mount in table:
        if mount.path.startswith(root + "/") and not is_an_engines_mount(mount.path, root):
            yield mount.path


def _in_pool(root: Root) -> bool:
    devices = any(it.kind == "thin_device" for it in root.holds.below)
    return devices and not loop_files(os.path.join(root.path, "devicemapper"))


def _triggers(run: Reader, service: str) -> tuple[str, ...]:
    """The units that run and start the engine's: systemd.unit(5), "TriggeredBy="."""
    argv = ("systemctl", "show", "--property", "TriggeredBy", "--", service)
    names = run.read(argv).partition("=")[2].split()
    return tuple(name for name in names if _is_active(run, name))


def _is_active(run: Reader, name: str) -> bool:
    argv = ("systemctl", "show", "--property", "ActiveState", "--", name)
    return run.read(argv).strip().partition("=")[2] in ("active", "activating", "reloading")
