# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What `zpool status` shows of pools and their disks. Pure.

A pool may be called as a section of its table is: `cache`, `logs`, `spares`, `special`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.answers import (
    lines,
    strange,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in

STATUS = ("zpool", "status", "-p", "-P")

_SECTIONS = {"logs": "log", "spares": "spare"}  # the others are called by their roles
_HEAD = re.compile(r" *pool: (?P<name>.+)")
_STATE = re.compile(r" *state: (?P<state>[A-Z]+)\s*")
# print_status_config() of zpool_main.c, with the states of zpool_state_to_name() and of spares.
_ROW = re.compile(
    r"\t(?P<indent> *)(?P<name>\S.*?)"
    r"(?:\s+(?P<state>ONLINE|DEGRADED|FAULTED|OFFLINE|REMOVED|UNAVAIL|SPLIT|UNKNOWN|SUSPENDED|AVAIL|INUSE)"
    r"(?:\s+(?P<errors>[0-9]{1,20}\s+[0-9]{1,20}\s+[0-9]{1,20}))?(?:\s+(?P<note>\S.*))?)?\s*"
)


class PoolMember(NamedTuple):
    """A disk, or part of one, that a pool is made of."""

    path: str  # as the pool recorded it
    state: str  # ONLINE, DEGRADED, FAULTED, UNAVAIL, REMOVED, OFFLINE; of a spare AVAIL, INUSE
    role: str = "data"  # or log, cache, spare, special, dedup
    group: str = ""  # what it is part of, such as mirror-0
    errors: int = 0  # of reading, writing and checksums
    disk: Disk | None = None  # the whole disk that it lies on; None if it is not there


class _Block(NamedTuple):
    """What `zpool status` says of one pool."""

    name: str
    health: str
    rows: tuple[tuple[int, str], ...]  # number and text of the lines of its table


def parse_status(text: str) -> dict[str, tuple[PoolMember, ...]]:
    """Pool -> :class:`PoolMember` of each of its disks, from `zpool status -p -P`.

    :raises StorageError: a line cannot be read with certainty.
    """
    return {block.name: tuple(_members(block)) for block in _blocks(text)}


def parse_health(text: str) -> dict[str, str]:
    """Pool -> its health, from `zpool status -p -P`."""
    return {block.name: block.health for block in _blocks(text)}


def _blocks(text: str) -> Iterator[_Block]:
    """Each pool's part of `zpool status`. The name of a pool may be any word of it."""
    rows = list(enumerate(lines(text), 1))
    heads = [place for place, (_number, line) in enumerate(rows) if _HEAD.fullmatch(line)]
    if not heads and text.strip() not in ("", "no pools available"):
        raise strange(STATUS, *rows[0])
    for head, end in zip(heads, [*heads[1:], len(rows)]):
        block = rows[head:end]
        found = _HEAD.fullmatch(block[0][1])
        state = _STATE.fullmatch(block[1][1]) if len(block) > 1 else None
        if found is None or state is None:
            raise strange(STATUS, *block[min(1, len(block) - 1)])
        table = [place for place, (_number, line) in enumerate(block) if line.startswith("config:")]
        if not table:
            raise strange(STATUS, *block[-1])
        yield _Block(found["name"].strip(), state["state"], tuple(_table(block[table[0] + 1 :])))


def _table(rows: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    for number, line in rows:
        if line.startswith("\t"):
            yield number, line
        elif line.strip():
            return


def _members(block: _Block) -> Iterator[PoolMember]:
    if not block.rows:  # "The configuration cannot be determined."
        return
    rows = [(number, line, _ROW.fullmatch(line)) for number, line in block.rows]
    number, line, row = rows[min(1, len(rows) - 1)]
    if not rows[0][1].startswith("\tNAME ") or row is None or row["name"] != block.name:
        raise strange(STATUS, number, line)
    role = "data"
    groups: list[str] = []
    for (number, line, row), (_number, _line, following) in zip(rows[2:], [*rows[3:], rows[0]]):
        if row is None:
            raise strange(STATUS, number, line)
        depth = len(row["indent"]) // 2
        if depth == 0 and not row["state"] and re.fullmatch("[a-z]+", row["name"]):
            role = _SECTIONS.get(row["name"], row["name"])
            groups = []
            continue
        if depth == 0 or not row["state"] or depth - 1 > len(groups):
            raise strange(STATUS, number, line)
        groups = groups[: depth - 1]
        if following and len(following["indent"]) // 2 > depth:
            groups.append(row["name"])
            continue
        was = re.match(r"was (.+)", row["note"] or "")
        yield PoolMember(
            path=was[1].strip() if was else row["name"],
            state=row["state"],
            role=role,
            group=groups[0] if groups else "",
            errors=sum(number_in(it) or 0 for it in (row["errors"] or "").split()),
        )
