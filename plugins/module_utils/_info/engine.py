# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The container engine: what it runs on, how it is configured, what it holds, what to look after.

The same account as ``storage_driver`` gives, with one difference: what ``storage_driver`` refuses
to go on with, such as a daemon.json that is no JSON, is a finding here.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import daemon_json
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import (
    observe_engine,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    backing_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.present import (
    config_file,
    holdings_of,
    present_root,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.files import text_of
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    find_program,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    describe as driver_description,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    findings as driver_findings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

_T = TypeVar("_T")

_DEFAULT = Wanted()
_OTHER_ENGINES = ("engine_in_snap", "engine_is_podman", "engine_rootless")  # none is dockerd
_NO_FILE = daemon_json.File(None, {})
_GUARD = re.compile(r"^[ \t]*AssertPathIsMountPoint[ \t]*=[ \t]*(/.*?)[ \t]*$", re.M)


class Seen(NamedTuple):
    """The engine, and what got in the way of reading it."""

    state: State
    installed: bool  # also where nothing more than that could be read
    unread: tuple[str, ...] = ()  # what could not be read, and what to do
    missing_mounts: tuple[str, ...] = ()  # where its unit asks for a mount, and there is none


def observe(run: Reader, service: str = _DEFAULT.service) -> Seen:
    """Observe the engine: one command, or two while it is stopped."""
    unread: list[str] = []
    another = False
    try:
        engine = observe_engine(run, service)
    except StorageError as error:
        unread.append(str(error))
        another = error.details.get("refusal") in _OTHER_ENGINES
        engine = None
    if engine is None:
        installed = bool(unread) and find_program("dockerd") is not None
        return Seen(State(None, _NO_FILE), installed, tuple(unread) if installed or another else ())
    state = State(engine, _NO_FILE, kernel=os.uname().release)
    config = _or_note(unread, daemon_json.read, config_file(engine))
    state = state._replace(config=config or _NO_FILE)
    root = present_root(engine, state.config)
    roots = _or_note(unread, holdings_of, engine, state.config, root)
    state = state._replace(backing=backing_of(root), roots=(roots,) if roots else ())
    guarded = guarded_mounts(_drop_ins(service))
    missing = tuple(path for path in guarded if not os.path.ismount(path))
    return Seen(state, True, tuple(unread), missing)


def _or_note(unread: list[str], read: Callable[..., _T], *arguments: Any) -> _T | None:
    """What ``read`` returns; None where it refuses, and its reason goes to ``unread``."""
    try:
        return read(*arguments)
    except StorageError as error:
        unread.append(str(error))
        return None


def _drop_ins(service: str) -> Iterator[str]:
    """The texts of all drop-ins of a unit."""
    for folder in ("/etc", "/run", "/usr/lib"):
        for path in sorted(glob.glob(f"{folder}/systemd/system/{glob.escape(service)}.d/*.conf")):
            yield text_of(path)


def guarded_mounts(texts: Iterable[str]) -> list[str]:
    """Where a unit refuses to start without a mount: systemd.unit(5), AssertPathIsMountPoint=."""
    found = {path for text in texts for path in _GUARD.findall(text)}
    return sorted(path.replace("%%", "%") for path in found)  # systemd.unit(5), SPECIFIERS


def describe(seen: Seen) -> dict[str, Any]:
    """The engine as ``storage_driver`` gives it in ``state``; ``installed`` alone if there is none.

    A host may hold an engine of which nothing can be read; the findings say why.
    """
    return dict(driver_description.describe(seen.state, _DEFAULT), installed=seen.installed)


def findings(seen: Seen) -> list[Finding]:
    """What could not be read, mounts that are missed, and what ``storage_driver`` would find."""
    found = [Finding("warning", "engine_unread", text) for text in seen.unread]
    found += [
        Finding(
            "warning",
            "mount_missing",
            f"Nothing is mounted at {path}, and the unit of the engine asks for it: the engine "
            f"does not start until it is there. See `systemctl status {path}` and "
            "`findmnt --fstab`.",
        )
        for path in seen.missing_mounts
    ]
    if seen.state.engine:
        target = goal(seen.state, _DEFAULT)
        found += driver_findings.findings(seen.state, target, _DEFAULT, ())
    return found
