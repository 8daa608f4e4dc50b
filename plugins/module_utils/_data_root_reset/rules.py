# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a reset refuses, before its first step and once the engine stands still."""

from __future__ import annotations

import glob
import time
from collections.abc import Iterator, Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import one_line
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import (
    counted,
    listed,
)
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset.state import (
    Root,
    State,
    Wanted,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host import holders
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    Mount,
    mount_of,
    mounts,
    tables,
)

# mount(8) and the kernel's own: what other hosts see as well.
_SHARED = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "ocfs2", "gfs2", "lustre"}

_FEW = 3
PATIENCE = 20.0  # seconds


def require_own_folder(state: State, wanted: Wanted) -> None:
    """Refuse a folder that others use too, or that is another one than it seems."""
    if state.leads_to:
        raise StorageError(
            wanted.path,
            f"it leads through a link to {one_line(state.leads_to)}, and nothing is removed behind "
            "a link",
            f"Name {one_line(state.leads_to)}, if that is what is meant",
            refusal="data_root_link",
        )
    if state.fstype in _SHARED or state.fstype.startswith("fuse."):
        raise StorageError(
            wanted.path,
            f"it lies on {state.fstype}, which other hosts may use as well",
            "Remove by hand what no host needs",
            refusal="data_root_shared",
        )
    if state.mounts:
        told = listed([one_line(it) for it in state.mounts], _FEW)
        raise StorageError(
            wanted.path,
            f"something is mounted in it that no engine mounts there ({told})",
            "Unmount it, if it can be missed, or move it elsewhere",
            refusal="data_root_mounts",
        )


def require_resettable(state: State, wanted: Wanted) -> None:
    """Refuse what cannot be taken down without loss elsewhere, or not to its end."""
    if wanted.only_of:
        if state.used and state.driver in wanted.only_of and not state.store:
            raise StorageError(
                f"only_of={state.driver}",
                "the engine is on that driver, so that what it holds is no leftover",
                "Leave it out; without only_of all of the data root is emptied",
                refusal="driver_in_use",
            )
        return
    if state.used and state.store:
        raise StorageError(
            wanted.path,
            "the engine keeps images and layers in containerd's image store, which is not in it",
            "Remove them by the engine (`docker system prune --all`), or switch the store off",
            refusal="store_elsewhere",
        )
    engine = state.engine
    info = (engine.info if engine and state.used else None) or {}
    if info.get("LiveRestoreEnabled") and info.get("ContainersRunning"):
        raise StorageError(
            wanted.path,
            f"{counted(info['ContainersRunning'], 'container')} would go on running without the "
            "engine (live-restore), in layers that are to go",
            "Stop them first (`docker stop`)",
            refusal="containers_live_on",
        )
    for root in state.roots:
        if root.holds.swarm and root.holds.swarm.manager:
            raise StorageError(
                root.path,
                "this node is a manager of a swarm, whose state may be nowhere else",
                "Take it out of the swarm first (`docker node demote`, then `docker swarm leave`)",
                refusal="swarm_manager",
            )
        if any(it.kind == "dataset" for it in root.holds.below):
            raise StorageError(
                root.path,
                "its layers are datasets of ZFS, which do not go with its files",
                "Remove them by the engine first (`docker system prune --all`), or by hand",
                refusal="datasets_left",
            )
    on_pool = state.used and state.driver == "devicemapper" and state.pool
    if on_pool and wanted.start and state.anything:
        raise StorageError(
            wanted.path,
            "its layers are in a thin pool, and on a pool that holds any the engine does not start "
            "without its records of them",
            "Say `engine: stopped`, then remove the pool (containerhost.storage.thinpool, state: "
            "absent) and provision the storage again",
            refusal="pool_left",
        )


def require_nothing_lives(roots: Sequence[Root]) -> None:
    """Refuse to go on while anything works in a data root, in whatever namespace.

    Some of what an engine leaves behind it goes a little later than itself, as a loop device does.
    """
    paths = tuple(root.path for root in roots)
    deadline = time.monotonic() + PATIENCE
    found = _at_work(paths)
    while found and time.monotonic() < deadline:
        time.sleep(0.5)
        found = _at_work(paths)
    if found:
        raise StorageError(
            paths[0],
            f"it is in use still: {listed(found, _FEW)}",
            "End that, then run again; nothing in it has been removed",
            refusal="data_root_busy",
        )


def _at_work(paths: Sequence[str]) -> list[str]:
    return [*_mounted(paths), *_held(paths), *_loops(paths)]


def _mounted(paths: Sequence[str]) -> Iterator[str]:
    table = mounts()
    devices = {lies_on.devno for path in paths for lies_on in [mount_of(path, table)] if lies_on}
    for process, mounted in tables().items():
        for mount in mounted:
            own = process == "self" or mount.devno in devices
            if (own and _lies_in(mount, paths)) or _is_made_of(mount, paths):
                told = f"{one_line(mount.path)} is mounted"
                yield told if process == "self" else f"{told} for {holders.who(process)}"


def _lies_in(mount: Mount, paths: Sequence[str]) -> bool:
    return any(mount.path.startswith(path + "/") for path in paths)


def _is_made_of(mount: Mount, paths: Sequence[str]) -> bool:
    """Whether a mount is put together of folders in a data root."""
    layered = mount.options if mount.fstype in ("overlay", "aufs") else ()
    return any(f"{path}/" in option for option in layered for path in paths)


def _held(paths: Sequence[str]) -> Iterator[str]:
    for process in holders.others():
        open_there = holders.held_below(process, paths)
        if open_there:
            yield f"{holders.who(process)} has {one_line(min(open_there))} open"


def _loops(paths: Sequence[str]) -> Iterator[str]:
    for place in glob.glob("/sys/block/loop*/loop/backing_file"):
        file = text_of(place).strip()
        if any(file.startswith(path + "/") for path in paths):
            yield f"/dev/{place.split('/')[3]} is attached to {one_line(file)}"


def findings(state: State, wanted: Wanted) -> Iterator[Finding]:
    """What a person should know who is about to consent."""
    engine = state.engine
    info = (engine.info if engine and state.used else None) or {}
    if state.anything and not wanted.only_of and info.get("ContainersRunning"):
        running = counted(info["ContainersRunning"], "running container")
        yield Finding("info", "containers_stopped", f"{running} would be stopped, and removed.")
    if state.anything and state.used and not wanted.only_of and not wanted.start:
        yield Finding(
            "info", "engine_left_stopped", f"{wanted.service} is left stopped, as was asked for."
        )
    if state.anything and state.pool and (state.driver != "devicemapper" or not wanted.start):
        yield Finding(
            "warning",
            "thin_devices_left",
            "The layers of devicemapper stay in their thin pool, and nothing has a record of them "
            "any more: remove the pool (containerhost.storage.thinpool, state: absent).",
        )
