# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A host's whole layout in one run: observe, plan, describe.

What it lies on and the engine are one stack of keepers, so all of it is planned before anything is
touched, the engine is stopped once, and what fails is taken back from the top down.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    stack,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Plan,
    StorageError,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import Choice
from ansible_collections.containerhost.storage.plugins.module_utils._docker.host import (
    missing_programs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.keepers import (
    keepers_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.packages import (
    packages_of,
    read_release,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import (
    AUTO,
    Wanted,
    wanted_from,
)


class State(NamedTuple):
    """A host's layout. Where a tool is missing only the engine has been looked at."""

    choice: Choice | None  # of the driver, where the wish leaves that open
    missing: tuple[str, ...]  # programs
    packages: tuple[str, ...]  # that bring them
    layers: tuple  # the state of each keeper, lowest first


def observe(run: Any, params: dict[str, Any]) -> State:
    """Read all that the layout depends on; what several layers ask for is read once."""
    choice = _choose(run, params) if params["driver"] == AUTO else None
    wanted = wanted_from(params, choice)
    missing = missing_programs(wanted.tools)
    layers = _stack(wanted, missing).observe(run)
    packages = packages_of(missing, read_release()) if _reports(params, missing) else ()
    return State(choice, missing, packages, layers)


def _choose(run, params):
    # Loaded where it is asked for: it looks into everything that the collection knows of.
    from ansible_collections.containerhost.storage.plugins.module_utils._info import (
        drivers,
        report,
    )

    wish = drivers.Wish(params["workload"], tuple(params["devices"]), params["data_root"])
    return drivers.choose(report.observe(run, ["drivers"], wish)["drivers"])


def _stack(wanted: Wanted, missing: tuple[str, ...]) -> Keeper:
    keepers = keepers_of(wanted)
    return stack(*(keepers[-1:] if missing else keepers))


def _reports(params, missing):
    return bool(missing) and params["missing_tools"] == "report"


def plan(state: State, params: dict[str, Any]) -> Plan:
    """The steps of all layers, lowest first; none while a tool is missing.

    :raises StorageError: what any layer refuses, the engine first.
    """
    wanted = wanted_from(params, state.choice)
    facts = {} if state.choice is None else {"choice": state.choice._asdict()}
    if state.missing:
        planned = _plan_engine(state, wanted)
        if not _reports(params, state.missing):
            raise StorageError(
                f"`{'`, `'.join(state.missing)}`",
                "not on this host, and this layout needs it",
                "Install the packages that bring it, then run again; nothing has been changed",
                refusal="program_missing",
            )
        return Plan((), state, planned.findings, {**facts, "packages": list(state.packages)})
    planned = _stack(wanted, ()).plan(state.layers)
    return planned._replace(
        after=state._replace(layers=planned.after),
        facts={**facts, **planned.facts, "packages": []},
    )


def _plan_engine(state, wanted):
    """What the engine would do on what is going to be there, once the tools are."""
    *lower, engine = keepers_of(wanted)
    offer = {name: it for keeper in lower for name, it in keeper.promise.items()}
    return engine.plan(engine.assume(state.layers[-1], {**offer, "programs_to_come": True}))


def describe(state: State, params: dict[str, Any]) -> dict[str, Any]:
    """The engine as the user gets it, with each layer below it under its own name."""
    wanted = wanted_from(params, state.choice)
    return {
        **_stack(wanted, state.missing).describe(state.layers),
        "storage": wanted.storage,
        "missing_tools": list(state.missing),
    }
