# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.


"""Reading a host's whole layout: what several layers ask for is read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.containerhost.storage.plugins.module_utils._host import files
from ansible_collections.containerhost.storage.plugins.module_utils._host.programs import (
    missing_programs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.packages import (
    packages_of,
    read_release,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.state import (
    State,
    reports,
    stack_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import (
    AUTO,
    wanted_from,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )
    from ansible_collections.containerhost.storage.plugins.module_utils._docker.choice import Choice


def observe(run: Reader, params: Mapping[str, Any]) -> State:
    """Read all that the layout depends on; what several layers ask for is read once.

    :raises StorageError: a layer cannot be read, or what is to be installed is not known.
    """
    choice = _choose(run, params) if params["driver"] == AUTO else None
    wanted = wanted_from(params, choice)
    missing = missing_programs(wanted.tools)
    selinux = os.path.exists(files.SELINUX)
    layers = stack_of(wanted, missing, selinux).observe(run)
    packages = packages_of(missing, read_release()) if reports(params, missing) else ()
    return State(choice, missing, packages, layers, selinux)


def _choose(run: Reader, params: Mapping[str, Any]) -> Choice:
    # Loaded where it is asked for; and not by the whole report, since a module is sent to the host
    # with all that it could load.
    from ansible_collections.containerhost.storage.plugins.module_utils._info import (
        disks,
        drivers,
        engine,
    )

    wish = drivers.Wish(params["workload"], tuple(params["devices"]), params["data_root"])
    seen = engine.observe(run, params["service"])
    if (
        seen.unread and not seen.installed
    ):  # there is another engine in its place, and it says which
        engine.observe_engine(run, params["service"])
    return drivers.choose(drivers.observe(run, seen, disks.observe(run), wish))
