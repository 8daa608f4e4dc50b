# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""A host's whole layout planned in one run, before anything of it is touched. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Plan,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.keepers import (
    keepers_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.state import (
    State,
    reports,
    stack_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import (
    Wanted,
    wanted_from,
)


def plan(state: State, params: Mapping[str, Any]) -> Plan:
    """The steps of all layers, lowest first; none while a tool is missing.

    :raises StorageError: what any layer refuses, the engine first.
    """
    wanted = wanted_from(params, state.choice)
    facts = {} if state.choice is None else {"choice": state.choice._asdict()}
    if state.missing:
        planned = _plan_engine(state, wanted)
        if not reports(params, state.missing):
            raise StorageError(
                f"`{'`, `'.join(state.missing)}`",
                "not on this host, and this layout needs it",
                "Install the packages that bring it, then run again; nothing has been changed",
                refusal="program_missing",
            )
        return Plan((), state, planned.findings, {**facts, "packages": list(state.packages)})
    planned = stack_of(wanted, (), state.selinux).plan(state.layers)
    return planned._replace(
        after=state._replace(layers=planned.after),
        facts={**facts, **planned.facts, "packages": []},
    )


def _plan_engine(state: State, wanted: Wanted) -> Plan:
    """What the engine would do on what is going to be there, once the tools are."""
    *lower, engine = keepers_of(wanted)
    offer = {name: it for keeper in lower for name, it in keeper.promise.items()}
    return engine.plan(engine.assume(state.layers[-1], {**offer, "programs_to_come": True}))
