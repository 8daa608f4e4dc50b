# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Acting on a plan, with its journal, its lock and its signals.

``reconcile.py`` loads this only where there are steps to take: Python compiles each module of a
collection anew in each run, and a host that needs nothing is spared these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import Hold
from ansible_collections.containerhost.storage.plugins.module_utils._core.carry_out import (
    carry_out,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import (
    new_run,
    open_journal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Plan
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import Taker
from ansible_collections.containerhost.storage.plugins.module_utils._core.rights import remembering
from ansible_collections.containerhost.storage.plugins.module_utils._core.told_to_end import (
    ToldToEnd,
)


def act(
    module: Any,
    planned: Plan,
    prove: Callable[[], Any],
    hold: Hold | None,
    lock: int | None,
    journaled: bool,
) -> Any:
    """Take all steps of a plan; the state that the host is in after them.

    :param prove: as for ``carry_out``.
    :param hold: as for ``reconcile``, and so is ``journaled``.
    :param lock: the descriptor of the host's lock.
    :raises StorageError: whatever went wrong, with what was kept and what was taken back.
    """
    name = new_run() if journaled else ""
    planned = planned._replace(parts=remembering(planned.parts))
    with ToldToEnd() as may_go_on:
        journal = open_journal(name, module._name, planned.parts) if name else None
        run = Taker(module, name, lock)
        return carry_out(run, planned, prove, hold, journal, may_go_on)
