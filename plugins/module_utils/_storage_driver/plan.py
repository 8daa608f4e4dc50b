# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The steps to the wanted storage driver, options and data root, or why there are none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Plan
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    findings,
    hidden_data,
    rules,
    start_rules,
    steps,
    store_rules,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.goal import goal
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.observe import (
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.state import (
    State,
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )


def plan(state: State, wanted: Wanted) -> Plan:
    """The steps to the wanted driver, options and data root.

    :raises StorageError: the engine would not come up like that, or would lose sight of data.
    """
    rules.require_engine(state, wanted.service)
    rules.require_readable_config(state, wanted)
    target = goal(state, wanted)
    store_rules.require_one_store(state, target, wanted)
    new = steps.changes(state, target, wanted)
    planned = steps.parts(state, target, wanted)
    next_content = steps.next_content(state, new, wanted)
    if planned:  # a wish that has come true is not questioned
        rules.require_no_flag(state, new)
    if planned or state.stopped:
        start_rules.require_known_start(state, next_content, wanted.config_file)
    if planned:
        rules.require_support(state, target, wanted)
        hidden_data.require_none(state, target, wanted)
    outdated = [] if wanted.restart else steps.reasons(state, target, wanted, new)
    if state.unseen:
        again = partial(_look_again, wanted=wanted)
        planned = tuple(part._replace(check=again) for part in planned)
    return Plan(
        planned,
        steps.after(state, target, wanted),
        findings.findings(state, target, wanted, outdated),
    )


def _look_again(run: Reader, wanted: Wanted) -> None:
    """Plan on the data root as it is, now that its filesystem is mounted.

    :raises StorageError: it holds what the engine would not see, or cannot carry the driver.
    """
    plan(observe(run, wanted), wanted)
