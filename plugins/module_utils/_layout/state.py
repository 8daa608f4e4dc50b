# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""A host's whole layout as it is.

What it lies on and the engine are one stack of keepers, so all of it is planned before anything is
touched, the engine is stopped once, and what fails is taken back from the top down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.keeper import (
    Keeper,
    stack,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.keepers import (
    keepers_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import (
    Wanted,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import Choice


class State(NamedTuple):
    """A host's layout. Where a tool is missing only the engine has been looked at."""

    choice: Choice | None  # of the driver, where the wish leaves that open
    missing: tuple[str, ...]  # programs
    packages: tuple[str, ...]  # that bring them
    layers: tuple[Any, ...]  # the state of each keeper, lowest first
    selinux: bool = False  # whether the data root has a label


def stack_of(wanted: Wanted, missing: tuple[str, ...], selinux: bool = False) -> Keeper:
    """All layers as one; the engine alone while programs are missing."""
    keepers = keepers_of(wanted, selinux)
    return stack(*(keepers[-1:] if missing else keepers))


def reports(params: Mapping[str, Any], missing: tuple[str, ...]) -> bool:
    """Whether missing programs are told of instead of refused."""
    return bool(missing) and params["missing_tools"] == "report"
