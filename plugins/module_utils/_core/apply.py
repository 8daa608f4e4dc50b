# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Carrying out one step. Nothing but ``carry_out.py`` calls this."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

from ansible_collections.containerhost.storage.plugins.module_utils._core.known import known
from ansible_collections.containerhost.storage.plugins.module_utils._core.owned import (
    foreign,
    foreign_way,
    sync_folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Command,
    RemoveTree,
    Rename,
    Step,
    StorageError,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import (
    Taker,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.rights import (
    give,
    rights_of,
    tightened,
)

_PARAMETERS = "/sys/"

# What locks the disks that a step claims, for as long as the step is at work.
Hold = Callable[[tuple[Claim, ...]], AbstractContextManager[Any]]


def execute(run: Taker, step: Step, hold: Hold | None) -> None:
    """Take one step.

    :param hold: None where no step claims a disk.
    :raises StorageError: it failed, a disk it claims is no longer the one planned for, or another
        program has written the file that it was to replace.
    """
    with _held(step.claims, hold):
        if isinstance(step, WriteFile):
            if not step.if_filled or _filled(step.if_filled):
                _replace(step)
        elif isinstance(step, (Rename, RemoveTree)):
            trees().take(step)
        else:
            _command(run, step)


def trees() -> ModuleType:
    """What knows of whole trees; loaded where there is a step with one."""
    from ansible_collections.containerhost.storage.plugins.module_utils._core import trees as found

    return found


def _held(claims: tuple[Claim, ...], hold: Hold | None) -> AbstractContextManager[Any]:
    if not claims:
        return contextlib.nullcontext()
    return known(hold)(claims)  # a step is not taken on a disk that cannot be locked


def _command(run: Taker, step: Command) -> None:
    if step.unless_mounted and os.path.ismount(step.unless_mounted):
        return
    rc, out, err = run(step.argv, deadline=step.deadline)
    if rc:
        raise StorageError(
            step.reason,
            "`{}` failed with exit status {}: {}".format(
                " ".join(map(shlex.quote, step.argv)), rc, (err or out).strip()
            ),
            "Mend what it names, then run again",
            refusal="step_failed",
        )


def _filled(folder: str) -> bool:
    """Whether something is in a folder."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def require_replaceable(step: WriteFile) -> None:
    """Refuse to replace or remove what is no file of root's own: a link leads elsewhere.

    :raises StorageError: it is a link, a pipe, a folder, or another user's, or others than root
        can write to a folder on the way to it.
    """
    if step.path.startswith(_PARAMETERS):
        return
    folder, wrong = foreign_way(step.path)
    if wrong:
        raise StorageError(
            folder,
            f"{wrong}, and {step.path} is not written below it: {step.reason}",
            _way_in(folder),
            refusal="folder_foreign",
        )
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        found = os.lstat(step.path)
        wrong = foreign(found, stat.S_ISREG, "file")
        if wrong:
            leads = f" to {os.readlink(step.path)}" if stat.S_ISLNK(found.st_mode) else ""
            raise StorageError(
                step.path,
                f"{wrong}{leads}, and is not replaced: {step.reason}",
                _way_out(step.path, found),
                refusal="file_foreign",
            )


def _way_in(folder: str) -> str:
    """What to do about a folder that nothing is written into."""
    if os.path.islink(folder):
        return "Put a folder of root's in its place, then run again"
    name = shlex.quote(folder)
    return f"Make it root's alone (`chown root: {name} && chmod go-w {name}`), then run again"


def _way_out(path: str, found: os.stat_result) -> str:
    """What to do about a file that is not replaced."""
    folder, name = os.path.split(path)
    if stat.S_ISLNK(found.st_mode) and os.readlink(path) == os.devnull:
        if folder.endswith("/systemd/system"):
            return f"It is masked: run `systemctl unmask {shlex.quote(name)}`, then run again"
        return "It is masked by that link: remove the link, then run again"
    if stat.S_ISREG(found.st_mode):
        return f"Give it to root (`chown root: {shlex.quote(path)}`), then run again"
    return "Put a file that belongs to root in its place, with what it is to hold, then run again"


def landed(step: Step | None) -> bool:
    """Whether a step that is taken as a whole or not at all has been; of a kernel's parameter: may.

    False for all other steps, of which nobody knows how far they came.
    """
    if isinstance(step, Rename):
        return bool(trees().renamed(step))
    if isinstance(step, WriteFile):
        return step.path.startswith(_PARAMETERS) or present(step.path) == step.content
    return False


def clear(step: WriteFile) -> None:
    """Take away what a run that was killed has written beside a file."""
    if not step.path.startswith(_PARAMETERS):
        with contextlib.suppress(OSError):
            os.unlink(_beside(step.path))


def _replace(step: WriteFile) -> None:
    """Replace a file so that a crash leaves the old one or the new one, and nothing between.

    A parameter of the kernel's is no file that could be replaced: it is written to.

    Written beside, synced, renamed, the folder synced. ``atomic_move`` of ansible-core does not
    sync; Docker takes a daemon.json of 0 bytes for a valid one, so a crash would lose it all.
    """
    folder = os.path.dirname(step.path)
    try:
        if step.path.startswith(_PARAMETERS):
            with open(step.path, "w", encoding="ascii") as stream:
                stream.write(known(step.content))  # nobody plans to remove a parameter
            return
        require_replaceable(step)
        if not _is_there(step):
            _change(step, folder)
        with contextlib.suppress(FileNotFoundError):
            sync_folder(folder)
    except OSError as error:
        raise StorageError(
            step.path,
            f"{step.reason}: {error.strerror}",
            "Make sure that the folder is there and can be written to, then run again",
            refusal="file_unwritable",
        ) from error


def _is_there(step: WriteFile) -> bool:
    """Whether the file is as the step leaves it already.

    :raises StorageError: it is neither that, nor what it was when the step was planned.
    """
    now = present(step.path)
    if now == step.content:
        return True
    # A line's ending is as it was read, and an empty file holds nothing that could be lost.
    if _lines(now) != _lines(step.old):
        raise StorageError(
            step.path,
            f"another program has written it since it was read; {step.reason} was not done",
            "Look at what it holds now, then run again: the next run goes on from there",
            refusal="file_changed_meanwhile",
        )
    return False


def present(path: str) -> str | None:
    """The text of a file; None where there is none, and '' for what is no plain file."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe holds nobody up
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return ""
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return ""
    # A byte that is no text comes back as it was: it may have to be written again.
    with os.fdopen(descriptor, encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return stream.read()


def _lines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


def _change(step: WriteFile, folder: str) -> None:
    if step.content is None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(step.path)
    else:
        _make_folder(folder)
        _write_beside(step, step.content)


def _make_folder(folder: str) -> None:
    """Make a folder and those above it that are missing, for nobody else to write to."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for it in reversed(missing):
        os.mkdir(it, 0o755)
        sync_folder(os.path.dirname(it))


def _beside(path: str) -> str:
    """Where a file is written before it takes its name: one that is killed leaves it there."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.containerhost-storage")


def _write_beside(step: WriteFile, content: str) -> None:
    clear(step)
    beside = _beside(step.path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # which follows no link
    descriptor = os.open(beside, flags, 0o600)
    try:
        with os.fdopen(
            descriptor, "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as stream:
            stream.write(content)
            stream.flush()
            _give_rights(step, stream.fileno())
            os.fsync(stream.fileno())
        # To write and to sync takes a while, in which another program may have written as well.
        _is_there(step)
        os.rename(beside, step.path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def _give_rights(step: WriteFile, descriptor: int) -> None:
    """Rights of the file that is replaced stay; a new file gets the step's mode.

    That others than root may write to it, or run it with its owner's rights, does not stay.
    """
    now = rights_of(step.path)
    if step.rights:
        give(descriptor, step.rights, step)
    elif now:
        give(descriptor, tightened(now), step)
    else:
        os.fchmod(descriptor, step.mode)
