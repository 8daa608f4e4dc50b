# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Changes that a run has begun and not ended. No command where there is none."""

from __future__ import annotations

from typing import Any, Union

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Finding,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import Reader
from ansible_collections.containerhost.storage.plugins.module_utils._core.recover import (
    Found,
    describe_change,
    find_open,
    foreseen,
    runs,
)

Seen = Union[list[Found], StorageError]


def observe(run: Reader) -> Seen:
    """The open changes, the latest first; or why the folder they are in is not trusted."""
    try:
        return find_open(run)
    except StorageError as error:
        return error


def describe(seen: Seen) -> list[dict[str, Any]]:
    """Each of them, as plain JSON."""
    return [] if isinstance(seen, StorageError) else [describe_change(it) for it in seen]


def findings(seen: Seen) -> list[Finding]:
    """Those that nobody is at work on."""
    if isinstance(seen, StorageError):
        return [_problem(seen)]
    return [
        foreseen(change, now) if now else _problem(known(change.problem))
        for change, now in seen
        if not runs(change)
    ]


def _problem(error: StorageError) -> Finding:
    return Finding("warning", "interrupted_run", str(error))
