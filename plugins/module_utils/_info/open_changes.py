# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Changes that a run has begun and not ended. No command."""

from __future__ import annotations

from typing import Any, Union

from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import (
    Change,
    open_changes,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.recover import (
    describe_change,
    foreseen,
    runs,
)

Seen = Union[list[Change], StorageError]


def observe(_run: Any) -> Seen:
    """The open changes, the latest first; or why the folder they are in is not trusted."""
    try:
        return open_changes()
    except StorageError as error:
        return error


def describe(seen: Seen) -> list[dict[str, Any]]:
    """Each of them, as plain JSON."""
    return [] if isinstance(seen, StorageError) else [describe_change(it) for it in seen]


def findings(seen: Seen) -> list[Finding]:
    """Those that nobody is at work on."""
    if isinstance(seen, StorageError):
        return [_problem(seen)]
    return [_problem(it.problem) if it.problem else foreseen(it) for it in seen if not runs(it)]


def _problem(error: StorageError) -> Finding:
    return Finding("warning", "interrupted_run", str(error))
