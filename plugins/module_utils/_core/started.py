# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Whether the units that a plan was to start at its end are up, though nobody has said so."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Move,
    Part,
    Pause,
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import Reader


def all_started(run: Reader, parts: Sequence[Part], left: Sequence[Move]) -> bool:
    """Whether only starts of units are left of a plan, and each of these has come up since.

    Somebody may work with what runs, and have stored what going back would put out of sight.

    :param left: the moves that were not made, or of which nobody knows whether they were.
    """
    units = {move.unit for move in left}
    return (
        bool(left)
        and None not in units
        and all(_started(run, pause) for pause in pauses_of(parts) if pause.unit in units)
    )


def _started(run: Reader, pause: Pause) -> bool:
    """Whether a unit is up by another start than the one that it had when it was planned for.

    ``InvocationID`` of systemd.exec(5) is another one after each start.
    """
    argv = ("systemctl", "show", "--property", "ActiveState,InvocationID", "--", pause.unit)
    rc, out, _err = run(argv)
    shown = dict(line.partition("=")[::2] for line in out.splitlines())
    invocation = shown.get("InvocationID")
    return not rc and shown.get("ActiveState") == "active" and invocation != pause.invocation
