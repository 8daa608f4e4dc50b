# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a plan is made of: steps, findings, refusals, and the seal of what destroys."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class StorageError(Exception):
    """A refusal or a failure, in three parts: the object, what is wrong, what to do next.

    :param refusal: a stable name of its kind, such as "disk_not_free", that a fleet can count. It
        is returned as ``refusal``.
    :param details: merged into what the module returns.
    """

    def __init__(self, what, wrong, remedy, *, refusal="", **details):
        super().__init__("{}: {}. {}.".format(what, wrong.rstrip("."), remedy.rstrip(".")))
        self.details = {"refusal": refusal, **details} if refusal else details

    @classmethod
    def of(cls, message, details):
        """An error whose whole text is ready."""
        error = cls.__new__(cls)
        Exception.__init__(error, message if message.endswith(".") else message + ".")
        error.details = details
        return error


class Claim(NamedTuple):
    """A disk that a step writes to, as it was when the plan was made.

    The step takes a lock on it, and is refused when any of these differ by then.
    """

    path: str  # the name that the step uses
    devno: str  # "major:minor"
    size: int  # bytes
    serial: str
    wwn: str


class Command(NamedTuple):
    """One command, and why it is run."""

    reason: str
    argv: tuple[str, ...]
    destroys: tuple[str, ...] = ()  # what is lost, each with the identity that the seal covers
    claims: tuple[Claim, ...] = ()  # the disks it writes to for the first time
    needs: tuple[str, ...] = ()  # programs that it runs in turn, such as mount(8) by systemd


class WriteFile(NamedTuple):
    """One whole file: written beside, synced, renamed. ``content=None`` removes it."""

    reason: str
    path: str
    content: str | None
    old: str | None = None  # what is there now; None where there is nothing
    mode: int = 0o644
    private: bool = False  # not everybody may read it: its content is not shown
    destroys: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


class Finding(NamedTuple):
    """Something that a person should know and that is no error."""

    level: str  # "info" or "warning"; a warning is printed by Ansible too
    topic: str  # a stable name to test or filter for, such as "autoextend_headroom"
    message: str


class Plan(NamedTuple):
    """The steps to take, and the state they are to leave behind."""

    steps: list  # of Command and WriteFile
    after: Any  # a State, as observe() would return it; what cannot be known yet is None
    findings: tuple = ()
    facts: Mapping = MappingProxyType({})  # more return values of the module, computed by the plan
    undo: tuple = ()  # the way back, if a step fails or the host does not keep the state
    undo_from: int = 0  # the first step that undo takes back; those before it are kept
    diagnose: tuple = ()  # argv that prints the host's own reason for a failure
    diagnose_from: int = 0  # the first step whose failure that can explain


def describe_step(step):
    """A step as the user gets it: ``{"reason": str, "action": str}``."""
    if isinstance(step, WriteFile):
        verb = "remove" if step.content is None else "write"
        return {"reason": step.reason, "action": f"{verb} {step.path}"}
    return {"reason": step.reason, "action": " ".join(map(shlex.quote, step.argv))}


def describe_steps(steps):
    """All steps as the user gets them."""
    return [describe_step(step) for step in steps]


def destroyed(steps):
    """What the steps destroy, in their order."""
    return tuple(lost for step in steps for lost in step.destroys)


def seal(steps):
    """A short hash over every step that destroys and what it destroys; '' if none does.

    The same host and the same wish give the same seal; any change to what would be lost gives
    another one. Twelve hex digits: a mark against mistakes, not against an adversary.
    """
    deadly = [
        [describe_step(step)["action"], list(step.destroys)] for step in steps if step.destroys
    ]
    if not deadly:
        return ""
    return hashlib.sha256(json.dumps(deadly).encode()).hexdigest()[:12]
