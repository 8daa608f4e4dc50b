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
    paused,
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import Reader


def starts_made(run: Reader, parts: Sequence[Part], left: Sequence[Move]) -> int:
    """How many moves were made and not noted: the starts of units that have all come up since.

    0 where anything else is left that units wait for, or one of them is not up. Somebody may work
    with what runs, and have stored what going back would put out of sight. What comes after the
    starts nobody waits for, and it is not gone back from.

    :param left: the moves that were not made, or of which nobody knows whether they were.
    """
    waiting = [move for move in left if move.unit is not None or move.part in paused(parts)]
    units = {move.unit for move in waiting}
    if None in units or list(left[: len(waiting)]) != waiting:
        return 0
    all_up = all(_started(run, pause) for pause in pauses_of(parts) if pause.unit in units)
    return len(waiting) if all_up else 0


def _started(run: Reader, pause: Pause) -> bool:
    """Whether a unit is up by another start than the one that it had when it was planned for.

    ``InvocationID`` of systemd.exec(5) is another one after each start.
    """
    argv = ("systemctl", "show", "--property", "ActiveState,InvocationID", "--", pause.unit)
    rc, out, _err = run(argv)
    shown = dict(line.partition("=")[::2] for line in out.splitlines())
    invocation = shown.get("InvocationID")
    return not rc and shown.get("ActiveState") == "active" and invocation != pause.invocation
