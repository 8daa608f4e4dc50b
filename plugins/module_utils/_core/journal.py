# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""The journal: what a run has begun, so that the next one can go back from there.

One file for each open change. Its first line says whose it is and holds the whole plan, with the
way back and the old content of every file. Each further line is an event. It is there, and synced,
before the first step, and is dropped when the host was proven to be as wanted, or as it was.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ansible_collections.containerhost.storage.plugins.module_utils._core import identity, journals
from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.owned import (
    foreign,
    own_folder,
    sync_folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Part,
    StorageError,
    moves,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.serial import (
    from_data,
    to_data,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.way_back import Return

VERSION = 1

GIVE_UP = (
    "give it up with the module containerhost.storage.open_change (state: abandoned), which says "
    "what is left"
)


class Progress(NamedTuple):
    """How far a change came, and how far its way back."""

    done: int = 0  # steps, from the first on
    begun: bool = False  # whether the next one was begun
    returning: bool = False  # whether the way back was begun: then the two above stay
    returned: tuple[
        tuple[int | str | None, int], ...
    ] = ()  # (owner of the return, number of its step)


class Change(NamedTuple):
    """A change that a run has begun, as its journal tells it."""

    path: str
    seal: str  # of the journal as it is, for the consent to give it up
    problem: StorageError | None = None  # why it cannot be gone back from; the rest is empty then
    run: str = ""
    module: str = ""
    time: str = ""
    boot: str = ""
    process: identity.Process = identity.Process(0, 0, 0)
    parts: tuple[Part, ...] = ()
    progress: Progress = Progress()


class Unjournaled:
    """What carry_out() tells of its steps, told to nobody."""

    def begin(self, number: int) -> None:
        """Step ``number`` of all moves is to be taken."""

    def done(self, number: int) -> None:
        """It was taken."""

    def all_done(self) -> None:
        """All were taken."""

    def returning(self, done: int, begun: bool) -> None:
        """The way back begins, after so many steps."""

    def returned(self, it: Return, number: int) -> None:
        """A step of it was taken, or is not to be tried again."""

    def drop(self) -> None:
        """Nothing is open any more."""


class Journal(Unjournaled):
    """The journal of an open change, to be written on."""

    def __init__(self, path: str) -> None:
        self._path = path
        with open(path, "r+b") as stream:  # what a crash cut off is no event
            stream.truncate(stream.read().rfind(b"\n") + 1)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def begin(self, number: int) -> None:
        """As above; on disk when it returns.

        :raises StorageError: it could not be written.
        """
        try:
            self._write("begin", number)
            os.fdatasync(self._file)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def done(self, number: int) -> None:
        """As above. It is synced with what comes next: until then the step counts as begun."""
        with contextlib.suppress(OSError):
            self._write("done", number)

    def all_done(self) -> None:
        """As above; on disk when it returns."""
        with contextlib.suppress(OSError):
            os.fdatasync(self._file)

    # The way back is gone whether or not that can be written down. Where it is not, and ends
    # before its end, it is gone from its beginning.

    def returning(self, done: int, begun: bool) -> None:
        """As above; on disk when it returns."""
        with contextlib.suppress(OSError):
            self._write("returning", done, begun)
            os.fdatasync(self._file)

    def returned(self, it: Return, number: int) -> None:
        """As above; on disk when it returns."""
        with contextlib.suppress(OSError):
            self._write("returned", it.owner, number)
            os.fdatasync(self._file)

    def drop(self) -> None:
        """As above. One that cannot be dropped is found by the next run, and tells it the same."""
        with contextlib.suppress(OSError):
            os.close(self._file)
            os.unlink(self._path)
            sync_folder(os.path.dirname(self._path))

    def _write(self, *event: int | str | None) -> None:
        line, before = json.dumps(event).encode() + b"\n", os.fstat(self._file).st_size
        if os.write(self._file, line) != len(line):
            os.ftruncate(self._file, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def open_journal(run: str, module: str, parts: Sequence[Part]) -> Journal:
    """Write down what is to be done, before it is; on disk when it returns.

    :param run: the name of this run, that its steps are marked with.
    :raises StorageError: it could not be written; nothing has been changed.
    """
    header = {
        "run": run,
        "module": module,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "host": identity.host_identity(),
        "boot": identity.boot_id(),
        "process": list(known(identity.process())),
        "parts": to_data(parts),
    }
    line = json.dumps({"version": VERSION, "sum": _sum(header), **header}).encode() + b"\n"
    path = os.path.join(journals.FOLDER, run + journals.ENDING)
    try:
        own_folder(journals.FOLDER, 0o700, "journal_folder")
        _write_new(path, line)
        return Journal(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def new_run() -> str:
    """A name for a run that no other has."""
    return secrets.token_hex(8)


def _write_new(path: str, content: bytes) -> None:
    beside = os.path.join(journals.FOLDER, ".new")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # which follows no link
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    sync_folder(journals.FOLDER)


def open_changes() -> list[Change]:
    """All changes that are open on this host, the latest first. Nothing is written.

    :raises StorageError: the folder is not root's alone.
    """
    found = map(_read, journals.journals())
    return sorted(found, key=lambda it: (it.time, it.path), reverse=True)


def _read(path: str) -> Change:
    """The :class:`Change` that a journal tells of, or its problem."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            wrong = foreign(os.fstat(descriptor), stat.S_ISREG, "file")
            if wrong:
                return Change(path, "", _damaged(path, wrong))
            content = stream.read()
    except OSError as error:
        return Change(path, "", _damaged(path, f"it cannot be read: {error.strerror}"))
    seal = hashlib.sha256(content).hexdigest()[:12]
    try:
        return _parse(path, seal, content)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return Change(path, seal, _damaged(path, f"it is damaged ({error})"))


def _parse(path: str, seal: str, content: bytes) -> Change:
    first, *rest = content.split(b"\n")[:-1] or [b""]
    header = json.loads(first)
    version, given = header.pop("version"), header.pop("sum", None)
    if version != VERSION:
        problem = StorageError(
            path,
            f"it is the journal of a change that another version of this collection has begun "
            f"(format {version}; this one knows {VERSION})",
            f"Run a module of that version, which puts the host right, or {GIVE_UP}",
            refusal="journal_newer",
        )
        return Change(path, seal, problem)
    if given != _sum(header):
        raise ValueError("its first line is not what was written")
    if header["host"] != identity.host_identity():
        problem = StorageError(
            path,
            f"it is the journal of a change that {header['module']} has begun on another host, of "
            "which this disk is a copy",
            f"Look at what it says was begun, then {GIVE_UP}",
            refusal="journal_foreign",
        )
        return Change(path, seal, problem)
    parts = from_data(header["parts"])
    return Change(
        path,
        seal,
        None,
        run=header["run"],
        module=header["module"],
        time=header["time"],
        boot=header["boot"],
        process=identity.Process(*header["process"]),
        parts=parts,
        progress=_progress(len(moves(parts)), map(json.loads, rest)),
    )


def _progress(steps: int, events: Iterable[list[Any]]) -> Progress:
    """How far a change came.

    :raises ValueError: no run could have written these.
    """
    now = Progress()
    for kind, *more in events:
        if kind == "begin" and more == [now.done] and now.done < steps and not now.returning:
            now = now._replace(begun=True)
        elif kind == "done" and more == [now.done] and now.begun and not now.returning:
            now = now._replace(done=now.done + 1, begun=False)
        elif kind == "returning" and not now.returning and 0 <= more[0] <= steps:
            now = Progress(more[0], bool(more[1]), True)
        elif kind == "returned" and now.returning:
            now = now._replace(returned=(*now.returned, (more[0], more[1])))
        else:
            raise ValueError(f"{kind} cannot come where it does")
    return now


def _sum(header: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()


def _damaged(path: str, wrong: str) -> StorageError:
    return StorageError(
        path,
        f"it is to be the journal of a change that was begun and not ended, but {wrong}",
        f"Look at what it says was begun and put that right by hand, then {GIVE_UP}",
        refusal="journal_damaged",
    )


def _unwritable(path: str, error: OSError) -> StorageError:
    return StorageError(
        path,
        f"the journal of what is to be changed cannot be written: {error.strerror}",
        "Make room there or make it writable, then run again",
        refusal="journal_unwritable",
    )
