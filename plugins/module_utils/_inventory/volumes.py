# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.
"""Volumes: their folders, the engine's table of them, and who uses them.

A volume of the driver ``local`` has a folder ``volumes/<name>/`` with ``_data``, and with
``opts.json`` where it was made with options (volume/local/local.go of moby). Labels, and volumes of
other drivers, are in ``volumes/metadata.db`` alone, a file of bbolt (volume/service/db.go).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host.bolt import BoltError
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.json_object import (
    as_object,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.reading import (
    Folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Container,
    Pairs,
    Volume,
)

TABLE = "metadata.db"
_LOCAL = "local"
# What stands in opts.json, and the option that it was given by (volume/local/local_unix.go).
_OPTIONS = (("MountType", "type"), ("MountOpts", "o"), ("MountDevice", "device"))


class _Row(NamedTuple):
    """What the engine's table says of a volume."""

    driver: str
    options: Pairs
    labels: Pairs
    readable: bool


def read_volumes(root: Folder, containers: Iterable[Container]) -> tuple[Volume, ...]:
    """The volumes of a data root, by their names."""
    users: dict[tuple[str, str], set[str]] = {}
    for container in containers:
        for mounted in container.attached:
            if mounted.type == "volume" and mounted.name:
                key = mounted.driver, mounted.name
                users.setdefault(key, set()).add(container.id)
    found: dict[tuple[str, str], Volume] = {}
    with root.open("volumes") as folder:
        if folder:
            rows = _table(folder)
            for name in folder.names():
                look = folder.look(name)
                if name != TABLE and (look is None or not _is_plain(look.st_mode)):
                    found[_LOCAL, name] = _on_disk(folder, name)
            for name, row in rows.items():
                key = row.driver, name
                it = found.get(key, Volume(name, row.driver))
                found[key] = it._replace(
                    options=row.options or it.options,
                    labels=row.labels,
                    recorded=True,
                    readable=it.readable and row.readable,
                )
    for driver, name in users.keys() - found.keys():  # neither has a folder nor is in the table
        found[driver, name] = Volume(name, driver)
    return tuple(
        it._replace(used_by=tuple(sorted(users.get(key, ())))) for key, it in sorted(found.items())
    )


def _is_plain(mode: int) -> bool:
    return mode & 0o170000 not in (0o040000, 0o120000)  # neither a folder nor a link


def _on_disk(volumes: Folder, name: str) -> Volume:
    before = len(volumes.notes)
    it = Volume(name)
    with volumes.open(name) as folder:
        if folder:
            it = it._replace(path=folder.path)
            options = folder.json("opts.json", needed=False)
            if options:
                pairs = [(ours, options.text(theirs)) for theirs, ours in _OPTIONS]
                size = options.object("Quota").number("Size")
                pairs += [("size", str(size))] if size else []
                it = it._replace(options=tuple(sorted((key, text) for key, text in pairs if text)))
            if folder.has("_data") and not folder.is_folder("_data"):
                with folder.open("_data"):  # notes what it is
                    pass
    return it._replace(readable=len(volumes.notes) == before)


def _table(folder: Folder) -> dict[str, _Row]:
    """What the engine's table says: name -> row."""
    rows: dict[str, _Row] = {}
    tables = folder.tables(TABLE)
    if tables is None:
        return rows
    try:
        for bucket, table in tables.buckets():
            if bucket != b"volumes":
                continue
            for key, content in table.values():
                if not content:
                    continue
                name = key.decode("utf-8", "surrogateescape")
                before = len(folder.notes)
                row = as_object(content, f"{folder.at(TABLE)}: {name}", folder.notes)
                rows[name] = _Row(
                    (row.text("Driver") if row else "") or _LOCAL,
                    row.pairs("Options") if row else (),
                    row.pairs("Labels") if row else (),
                    len(folder.notes) == before,
                )
    except BoltError as error:
        folder.note(TABLE, str(error))
    return rows
