# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a plan is made of: steps, findings, refusals, and the seal of what destroys."""

from __future__ import annotations

import hashlib
import json
import shlex
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from ansible_collections.containerhost.storage.plugins.module_utils._core.identity import (
    host_identity,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import (
        Reader,
    )


class StorageError(Exception):
    """A refusal or a failure, in three parts: the object, what is wrong, what to do next.

    :param refusal: a stable name of its kind, such as "disk_not_free", that a fleet can count. It
        is returned as ``refusal``.
    :param details: merged into what the module returns.
    """

    def __init__(
        self, what: str, wrong: str, remedy: str, *, refusal: str = "", **details: Any
    ) -> None:
        super().__init__("{}: {}. {}.".format(what, wrong.rstrip("."), remedy.rstrip(".")))
        self.details = {"refusal": refusal, **details} if refusal else details

    @classmethod
    def of(cls, message: str, details: dict[str, Any]) -> StorageError:
        """An error whose whole text is ready."""
        error = cls.__new__(cls)
        Exception.__init__(error, message if message.endswith(".") else message + ".")
        error.details = details
        return error


def unexpected(error: Exception, standing: str) -> StorageError:
    """An exception that nobody foresaw, as a :class:`StorageError` that says what is true.

    :param standing: how the host was left, in words.
    """
    return StorageError(
        "This collection",
        f"it met what it did not foresee ({type(error).__name__}: {error}); {standing}",
        "Report this with the module's whole result (-vvv)",
        refusal="unforeseen",
        traceback=traceback.format_exception(type(error), error, error.__traceback__),
    )


class Claim(NamedTuple):
    """A disk that a step writes to, as it was when the plan was made.

    The step takes a lock on it, and is refused when any of these differ by then.
    """

    path: str  # the name that the step uses
    devno: str  # "major:minor"
    size: int  # bytes
    serial: str
    wwn: str
    locked: bool = True  # False where the program partitions it: it waits for udev, udev for a lock


class Command(NamedTuple):
    """One command, and why it is run."""

    reason: str
    argv: tuple[str, ...]
    destroys: tuple[str, ...] = ()  # what is lost, each with the identity that the seal covers
    claims: tuple[Claim, ...] = ()  # the disks it writes to for the first time
    needs: tuple[str, ...] = ()  # programs that it runs in turn, such as mount(8) by systemd
    unless_mounted: str = ""  # a path: it is not run where something is mounted there
    deadline: int = 600  # seconds after which it is ended, and has failed


class Rights(NamedTuple):
    """Who may do what with a file."""

    mode: int  # as chmod(2) takes it
    owner: int
    group: int
    attributes: tuple[tuple[str, str], ...] = ()  # xattr(7): ACL, label, ...; values in hex


class WriteFile(NamedTuple):
    """One whole file: written beside, synced, renamed. ``content=None`` removes it."""

    reason: str
    path: str
    content: str | None
    old: str | None = None  # what is there now; None where there is nothing
    mode: int = 0o644
    private: bool = False  # not everybody may read it: its content is not shown
    if_filled: str = ""  # a folder: it is not written where that is not there, or empty
    # On the way back: those of the file that was there. None takes those of the file that is.
    rights: Rights | None = None
    destroys: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


class Rename(NamedTuple):
    """A file or folder that takes another name on its filesystem, in one go."""

    reason: str
    path: str  # what is there now
    to: str  # where nothing is
    destroys: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


class RemoveTree(NamedTuple):
    """A folder that goes, with all that is in it. No mount is entered, and no link followed."""

    reason: str
    path: str
    destroys: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


Step = Union[Command, WriteFile, Rename, RemoveTree]


class Finding(NamedTuple):
    """Something that a person should know, and that did not keep this run from its end."""

    # "info", "warning", or "error" for what breaks at its next start; Ansible prints the last two
    level: str
    topic: str  # a stable name to test or filter for, such as "autoextend_headroom"
    message: str


class Pause(NamedTuple):
    """A unit that is not to run on what a part changes, while that changes.

    Where several parts of a plan ask for the same unit, it is stopped before the first of them,
    as the lowest says, and started after the last, as the uppermost says.
    """

    unit: str
    stop: tuple[Step, ...] = ()  # the steps before
    start: tuple[Step, ...] = ()  # the steps after
    back: tuple[Step, ...] = ()  # the steps on the way back, once any of these was begun
    diagnose: tuple[str, ...] = ()  # argv that prints why it does not start
    # Its start when this was planned, as systemd marks it; '' where it did not run, or is stopped
    # by `stop`.
    invocation: str = ""


class Part(NamedTuple):
    """Steps that are taken back together, or kept: those without a way back are kept."""

    steps: tuple[Step, ...] = ()
    undo: tuple[Step, ...] = ()  # the steps of the way back, once any step was begun
    ready: tuple[Step, ...] = ()  # those that are taken while the units of ``pauses`` still run
    pauses: tuple[Pause, ...] = ()
    diagnose: tuple[str, ...] = ()  # argv that prints the host's own reason for a failure
    # (run) -> None, before its first step: what can be seen only once the parts below have been
    # taken; raises StorageError
    check: Callable[[Reader], None] | None = None


class Plan(NamedTuple):
    """The steps to take, in parts, and the state that they are to leave behind."""

    parts: tuple[Part, ...]  # in the order in which they are taken
    after: Any  # a State, as observe() would return it; what cannot be known yet is None
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Any] = MappingProxyType({})  # more return values, computed by the plan

    @property
    def steps(self) -> list[Step]:
        """All steps in the order in which they are taken, with the units' stops and starts."""
        return [move.step for move in moves(self.parts)]


def kept(steps: Iterable[Step]) -> tuple[Part, ...]:
    """The parts of a plan whose steps all stay, whatever comes after them."""
    return (Part(tuple(steps)),) if steps else ()


class Move(NamedTuple):
    """A step in its place, and whose it is: a part's by its number, or a unit's."""

    step: Step
    part: int | None
    unit: str | None = None
    diagnose: tuple[str, ...] = ()


def pauses_of(parts: Iterable[Part]) -> tuple[Pause, ...]:
    """Each unit once, as one :class:`Pause`, in the order in which they are asked for."""
    found: dict[str, Pause] = {}
    for pause in (pause for part in parts for pause in part.pauses):
        found[pause.unit] = _joined(found[pause.unit], pause) if pause.unit in found else pause
    return tuple(found.values())


def _joined(lower: Pause, upper: Pause) -> Pause:
    return Pause(
        upper.unit,
        lower.stop or upper.stop,
        upper.start or lower.start,
        upper.back or lower.back,
        upper.diagnose or lower.diagnose,
        upper.invocation or lower.invocation,
    )


def paused(parts: Iterable[Part]) -> range:
    """The numbers of the parts that units wait for: from the first that asks for it to the last."""
    asking = [number for number, part in enumerate(parts) if part.pauses]
    return range(asking[0], asking[-1] + 1) if asking else range(0)


def moves(parts: Sequence[Part]) -> list[Move]:
    """All steps in the order in which they are taken."""
    found: list[Move] = []
    wait, pauses = paused(parts), pauses_of(parts)
    for number, part in enumerate(parts):
        found += [Move(step, number, None, part.diagnose) for step in part.ready]
        if wait and number == wait[0]:
            found += [Move(step, None, it.unit) for it in pauses for step in it.stop]
        found += [Move(step, number, None, part.diagnose) for step in part.steps]
        if wait and number == wait[-1]:
            found += [Move(step, None, it.unit, it.diagnose) for it in pauses for step in it.start]
    return found


def describe_step(step: Step) -> dict[str, str]:
    """A step as the user gets it: ``{"reason": str, "action": str}``."""
    if isinstance(step, WriteFile):
        verb = "remove" if step.content is None else "write"
        return {"reason": step.reason, "action": f"{verb} {step.path}"}
    if isinstance(step, Rename):
        return {"reason": step.reason, "action": f"rename {step.path} to {step.to}"}
    if isinstance(step, RemoveTree):
        return {"reason": step.reason, "action": f"remove all of {step.path}"}
    return {"reason": step.reason, "action": " ".join(map(shlex.quote, step.argv))}


def describe_steps(steps: Iterable[Step]) -> list[dict[str, str]]:
    """All steps as the user gets them."""
    return [describe_step(step) for step in steps]


def destroyed(steps: Iterable[Step]) -> tuple[str, ...]:
    """What the steps destroy, in their order."""
    return tuple(lost for step in steps for lost in step.destroys)


def seal(steps: Iterable[Step]) -> str:
    """A short hash over the host, every step that destroys, and what it destroys; '' if none does.

    The same host and the same wish give the same seal; any change to what would be lost gives
    another one, and so does another host, also one whose disks are a copy. Twelve hex digits: a
    mark against mistakes, not against an adversary.
    """
    deadly = [
        [describe_step(step)["action"], list(step.destroys)] for step in steps if step.destroys
    ]
    if not deadly:
        return ""
    return hashlib.sha256(json.dumps([host_identity(), *deadly]).encode()).hexdigest()[:12]
