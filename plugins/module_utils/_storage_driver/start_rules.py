# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What would keep the engine from its next start, or make that another one than is planned for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import Engine
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import collisions
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
)


def require_known_start(state: State, content: Mapping[str, Any], path: str) -> None:
    """Refuse to write a file or to start an engine, where it is known that it would not come up.

    :param content: of daemon.json, as it is going to be.
    :param path: of daemon.json.
    :raises StorageError: a flag collides with a key, the unit is not known, or the engine has said
        that it does not take this file.
    """
    for _level, error in _obstacles(state.installed, content, path):
        raise error
    rejected = state.prerequisites.rejected if state.prerequisites else ""
    if rejected:
        raise StorageError(
            path,
            f"this engine would not start on it as it is to be, with the flags of its unit: "
            f"{rejected}",
            "Mend what it names, then run again; nothing has been changed",
            refusal="config_rejected",
        )


def findings(engine: Engine, content: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """What to know of the next start, where nothing is to be done now.

    :param content: of daemon.json, as it is.
    """
    for level, error in _obstacles(engine, content, path):
        yield Finding(level, error.details["refusal"], str(error))


def _obstacles(
    engine: Engine, content: Mapping[str, Any], path: str
) -> Iterator[tuple[str, StorageError]]:
    """Each with the level of its finding."""
    unit = engine.unit
    for flag, key in collisions(unit.flags, content):
        yield (
            "error",
            StorageError(
                flag.shown,
                f"{flag.source} gives it to the engine, and {path} sets {key} as well: the engine "
                "does not start on both",
                f"Take one of them out; after a change of {flag.source} run "
                "`systemctl daemon-reload`",
                refusal="flag_conflict",
            ),
        )
    if unit.needs_reload:
        yield (
            "warning",
            StorageError(
                unit.name,
                "its files have changed since systemd has read them, so that its next start is not "
                "known",
                "Run `systemctl daemon-reload`",
                refusal="unit_not_reloaded",
            ),
        )
    if unit.differs:
        yield (
            "warning",
            StorageError(
                unit.name,
                f"the engine does not run as its unit starts it: {unit.differs}",
                f"Run `systemctl restart {unit.name}` if the unit is right, or mend the unit",
                refusal="engine_flags_differ",
            ),
        )
