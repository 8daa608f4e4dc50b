# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What keeps an engine from starting on a data root that is being changed.

A drop-in, and no mask: a unit of /etc cannot be masked at run time, and the host may boot in the
midst of it. It goes when the change has ended, or was taken back.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Pause,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mount_unit import UNITS

_RELOAD = Command("Let systemd read the changed units", ("systemctl", "daemon-reload"))


def hold_path(service: str) -> str:
    """The drop-in's file."""
    return f"{UNITS}/{service}.d/00-containerhost-storage-hold.conf"


def hold_text(service: str, path: str) -> str:
    """The drop-in's content. Nobody makes the file that it waits for."""
    return (
        f"# A change of the data root {path} has begun and not ended. The next run of a module of\n"
        "# containerhost.storage ends it, or takes it back, and removes this.\n"
        "[Unit]\n"
        f"AssertPathExists=/run/containerhost-storage/{service}-may-start\n"
    )


def held(service: str, path: str, now: str | None) -> Pause:
    """The unit is kept from starting meanwhile.

    :param now: the drop-in as it is, which a run that nobody has ended left; None for none.
    """
    file, text = hold_path(service), hold_text(service, path)
    begin = WriteFile(f"Keep {service} from starting while {path} changes", file, text, old=now)
    end = WriteFile(f"Let {service} start again", file, None, old=text)
    return Pause(f"the hold of {service}", (begin, _RELOAD), (end, _RELOAD), (end, _RELOAD))


def lift(service: str, now: str) -> tuple[WriteFile | Command, ...]:
    """The steps that remove a hold that was left."""
    return (WriteFile(f"Let {service} start again", hold_path(service), None, old=now), _RELOAD)


def stopped(service: str, running: bool, triggers: Sequence[str], path: str, start: bool) -> Pause:
    """The engine, and what would start it, stand still meanwhile.

    :param running: whether the engine's unit runs.
    :param triggers: the units that run and would start it.
    :param start: whether they are to run again at the end; on the way back they are.
    """
    units = (*triggers, *((service,) if running else ()))
    named = " and ".join(units)
    stop = Command(f"Stop {named} while {path} changes", ("systemctl", "stop", "--", *units))
    again = (
        # A fourth start within a minute is refused, good ones counted too (StartLimitBurst=).
        Command(
            f"Let systemd start {named} as often as needed",
            ("systemctl", "reset-failed", "--", *units),
        ),
        Command(f"Start {named} again", ("systemctl", "start", "--", *units)),
    )
    return Pause(service, (stop,), again if start else (), again)
