# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of docs/faults.md: for each layout, what is left wherever its making ends.

Each row is what the real journal and the real way back make of it (``support.ends``).
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Plan,
    WriteFile,
    moves,
    pauses_of,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout.plan import plan
from support.ends import End, killed
from support.layout_hosts import STACKS

# A layout from a blank host: its title, and the module whose each part of its plan is.
LAYOUTS = {
    "thin": (
        "`overlay2` on a thin volume, the default",
        ("thinpool", "mounted_volume", "mounted_volume", "storage_driver"),
    ),
    "plain": (
        "`overlay2` on a plain volume",
        ("mounted_volume", "mounted_volume", "storage_driver"),
    ),
    "btrfs": ("`btrfs`", ("btrfs_filesystem", "btrfs_filesystem", "storage_driver")),
    "zfs": ("`zfs`", ("zfs_pool", "zfs_pool", "zfs_pool", "storage_driver")),
    "pool": ("`devicemapper` on a thin pool", ("thinpool", "storage_driver")),
    "none": ("a driver that needs no storage of its own", ("storage_driver",)),
}
ZFS_MOUNTS = ("zfs", "set", "canmount=on")
HEAD = (
    "| it ends at | of | the engine then | the engine after a power cut | the next run first |\n"
    "| --- | --- | --- | --- | --- |"
)
BEGIN, END = "<!-- the tables -->", "<!-- end of the tables -->"


class Row(NamedTuple):
    """What is left where a run ends at a step, or between it and the next."""

    module: str
    engine: str  # once the run was killed
    boot: str  # once the power came back
    killed: tuple[str, ...]  # the way back of the next run, where the host was not booted since
    cut: tuple[str, ...]  # the same, after a boot

    def next_run(self, way: tuple[str, ...]) -> str:
        """What the next run does first, in words; the steps of the way back by their numbers."""
        if not self.killed:
            return "keeps what is there"
        numbers = sorted(way.index(step) + 1 for step in self.killed)
        back = "goes back: " + _ranges(numbers)
        return back if self.cut else f"{back}; after a power cut, keeps all"


def tables() -> str:
    """The tables of all layouts, as Markdown."""
    return "\n".join(map(table_of, LAYOUTS))


def table_of(kind: str) -> str:
    """The title, the way back and the table of a layout, as Markdown."""
    title, modules = LAYOUTS[kind]
    wish, blank, _done = STACKS[kind]
    found = rows(plan(blank, wish), modules)
    way = max((row.killed for row, _step in found), key=len)
    lines = [f"### {title}", ""]
    if way:
        lines += ["The way back, in its order:", ""]
        lines += [f"{number}. {step}" for number, step in enumerate(way, 1)] + [""]
    lines.append(HEAD)
    for row, steps in groupby(found, key=lambda it: it[0]):
        names = [step for _row, step in steps]
        where = names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]}"
        cells = (where, f"`{row.module}`", row.engine, row.boot, row.next_run(way))
        lines.append("| {} |".format(" | ".join(cells)))
    return "\n".join(lines) + "\n"


def rows(planned: Plan, modules: tuple[str, ...]) -> list[tuple[Row, str]]:
    """Each step of a plan with what is left where the run ends there, and at the end the proof."""
    parts, steps = planned.parts, moves(planned.parts)
    assert len(modules) == len(parts)
    found, module = [], modules[0]
    for number, move in enumerate(steps):
        if move.part is not None:
            module = modules[move.part]
        # A file is there as a whole or not at all; of a command nobody knows how far it came.
        midst = isinstance(move.step, Command)
        end = End(number, begun=True) if midst else End(number + 1)
        found.append((_row(parts, end, module), move.step.reason))
    if len(steps) > 1:
        found.append((_row(parts, End(len(steps)), module), "The proof that the host kept it"))
    return found


def _row(parts, end: End, module: str) -> Row:
    steps = moves(parts)
    begun = steps[: end.done + end.begun]
    all_done = end.done == len(steps)
    boot = _after_a_power_cut([move.step for move in begun], begun[-1].step, all_done)
    back = tuple(killed(parts, end).way)
    up = not boot.startswith("kept from")
    cut = tuple(killed(parts, end, started=True).way) if up else back
    return Row(module, _after_a_kill(parts, begun, all_done), boot, back, cut)


def _after_a_kill(parts, begun, all_done: bool) -> str:
    """What the engine is on while nothing else happens."""
    if all_done:
        return "as wanted"
    reasons = [move.step.reason for move in begun]
    for pause in pauses_of(parts):
        if pause.start and pause.start[-1].reason == reasons[-1]:
            return "stopped, or as wanted"
        if pause.stop and pause.stop[-1].reason == reasons[-1]:
            return "stopped, or as before"
        if any(step.reason in reasons for step in pause.stop):
            return "stopped"
    return "as before"


def _after_a_power_cut(begun, last, all_done: bool) -> str:
    """What the engine comes up on at boot, read from the files and commands of the steps."""
    written = {step.path for step in begun if isinstance(step, WriteFile)}
    if "/etc/docker/daemon.json" in written or all_done:
        return "as wanted"
    if not any(path.endswith(".conf") for path in written):  # the guard
        return "as before"
    if any(path.endswith(".mount") for path in written):  # which the guard has mounted first
        return "on the new mount, where nothing is yet"
    mounts = [step for step in begun if getattr(step, "argv", ())[:3] == ZFS_MOUNTS]
    if not mounts:
        return "kept from starting: nothing is mounted"
    on = "on the new mount, where nothing is yet"
    return f"kept from starting, or {on}" if mounts[-1] is last else on


def _ranges(numbers: list[int]) -> str:
    """Numbers as people write them: 1 to 3, 5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def page(text: str) -> str:
    """A page with its tables as they are to be."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{rest.split(END)[1]}"
