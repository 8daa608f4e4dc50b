# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The units that need a mount, by the names that systemd has for them.

A guard is read from the folder of a unit's own name. Written for another one, for a unit that there
is not, or for a template, it guards nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host.answers import refuse

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.reconcile import (
        Reader,
    )

# Where unit files lie, the first that has one counts: systemd.unit(5), "UNIT FILE LOAD PATH".
FOLDERS = tuple(
    f"{folder}/systemd/system" for folder in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
)

_TYPES = (
    "service", "socket", "target", "mount", "automount", "path", "timer", "slice", "scope",
    "swap", "device",
)  # fmt: skip


class Unit(NamedTuple):
    """A unit as systemd has it."""

    name: str
    there: bool  # whether anything defines it
    active: bool


def full_name(name: str) -> str:
    """A unit's name, with the type that systemctl(1) takes it for where it has none.

    :raises StorageError: it is a template, or a pattern.
    """
    if name.rpartition(".")[2] not in _TYPES:
        name += ".service"
    wrong = ""
    if re.search(r"@\.[a-z]+$", name):
        wrong = "it is a template, and units are made of it by name"
    elif not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*", name, re.ASCII):
        wrong = "it is no name of a unit"
    if wrong:
        raise StorageError(
            f"required_by={name}",
            wrong,
            "Name the unit, such as docker.service or worker@1.service",
            refusal="service_name_invalid",
        )
    return name


def is_its_own_name(name: str) -> bool:
    """Tell whether a unit has its own file, so that systemd has no other name for it.

    A link may be an alias. An instance, and what a generator makes, is not found here either.
    """
    for folder in FOLDERS:
        path = f"{folder}/{name}"
        if os.path.lexists(path):
            return not os.path.islink(path)
    return False


def show_units(run: Reader, names: Sequence[str]) -> dict[str, Unit]:
    """Ask systemd for units: each name -> :class:`Unit`.

    :raises StorageError: the answer cannot be read.
    """
    if not names:
        return {}
    argv = ("systemctl", "show", "--property", "Id,LoadState,ActiveState", "--", *names)
    out = run.read(argv)
    records = [
        dict(line.partition("=")[::2] for line in record.splitlines())
        for record in re.split(r"\n\n+", out.strip("\n"))
    ]
    found = {}
    for number, name in enumerate(names):
        shown = records[number] if len(records) == len(names) else {}
        if not (shown.get("Id") and shown.get("LoadState") and shown.get("ActiveState")):
            refuse(
                argv,
                f"of {name} it says {_told(records, number)}, and that has to be Id, LoadState and "
                "ActiveState",
            )
        found[name] = Unit(
            shown["Id"],
            shown["LoadState"] != "not-found",
            shown["ActiveState"] in ("active", "activating", "reloading"),
        )
    return found


def _told(records: Sequence[dict[str, str]], number: int) -> str:
    """A record for people, however strange."""
    record = records[number] if number < len(records) else {}
    text = ascii(" ".join(f"{name}={value}" for name, value in record.items()))[1:-1]
    return text[:80] or "nothing"
