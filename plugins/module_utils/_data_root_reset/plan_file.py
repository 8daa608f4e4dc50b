# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The plan of a reset as a file: what a person reads, and what the real run is held against. Pure.

It is written and read on the controller, where nothing of a host can be observed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

VERSION = 1

# What is compared by name, and what it is known by: as `_inventory/describe.py` returns it.
_KINDS = {
    "images": ("image", "id"),
    "layers": ("layer", "id"),
    "containers": ("container", "id"),
    "volumes": ("volume", "name"),
    "networks": ("network", "id"),
    "plugins": ("plugin", "id"),
    "leftovers": ("leftover", "path"),
    "unreadable": ("path that cannot be read", "path"),
}


def file_name(host: str) -> str:
    """The name of a host's plan, whatever the inventory calls it."""
    return quote(host, safe="") + ".json"


def to_plan(host: str, options: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the file, of what the module has returned in check mode.

    :param options: those of the task.
    """
    return {
        "version": VERSION,
        "host": host,
        "options": dict(options),
        "seal": result["seal"],
        "destroys": list(result["destroys"]),
        "removable": list(result["removable"]),
    }


def consent(plan: Any, host: str, options: Mapping[str, Any], path: str) -> str:
    """The seal in a plan.

    :param path: of its file.
    :raises StorageError: it is that of another host or of another task, or none at all.
    """
    if not isinstance(plan, Mapping) or plan.get("version") != VERSION:
        raise unusable(path, "it is no plan that this version of the collection has written")
    if plan.get("host") != host:
        raise unusable(path, f"it is the plan of {plan.get('host')}")
    if plan.get("options") != dict(options):
        raise unusable(path, "the task had other options when it was written")
    seal = plan.get("seal")
    if not isinstance(seal, str) or not seal:
        raise unusable(path, "it has no seal")
    return seal


def unusable(path: str, wrong: str) -> StorageError:
    """The refusal of a file."""
    return StorageError(
        path,
        wrong,
        "Run with --check, which writes it anew, and read it",
        refusal="plan_unusable",
    )


def changes(plan: Mapping[str, Any], removable: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is there now and is not in the plan, and what is not there any more: a clause each.

    :param removable: as the module returns it now.
    """
    before, now = _named(plan.get("removable", [])), _named(removable)
    told = [f"{name} is new" for key, name in now.items() if key not in before]
    return told + [f"{name} is gone" for key, name in before.items() if key not in now]


def _named(removable: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], str]:
    """What goes: its root, kind and identity -> how a person knows it."""
    found = {}
    for root in removable:
        for kind, identity, name in _things(root.get("holds", {})):
            found[root.get("path", ""), kind, identity] = f"{kind} {name}"
    return found


def _things(holds: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, (kind, known_by) in _KINDS.items():
        for it in holds.get(key) or ():
            identity = str(it.get(known_by, ""))
            yield kind, identity, str((it.get("tags") or [it.get("name") or identity])[0])
