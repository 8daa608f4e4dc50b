# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Carrying out one step. Nothing but ``_reconcile.py`` calls this."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import tempfile

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    StorageError,
    WriteFile,
)

_PARAMETERS = "/sys/"


def execute(run, step, hold):
    """Take one step.

    :raises StorageError: it failed, or a disk it claims is no longer the one planned for.
    """
    with hold(step.claims) if step.claims else contextlib.nullcontext():
        if isinstance(step, WriteFile):
            _replace(step)
        else:
            _command(run, step)


def _command(run, step):
    if step.unless_mounted and os.path.ismount(step.unless_mounted):
        return
    rc, out, err = run(step.argv)
    if rc:
        raise StorageError(
            step.reason,
            "`{}` failed with exit status {}: {}".format(
                " ".join(map(shlex.quote, step.argv)), rc, (err or out).strip()
            ),
            "Mend what it names, then run again",
        )


def _replace(step):
    """Replace a file so that a crash leaves the old one or the new one, and nothing between.

    A parameter of the kernel's is no file that could be replaced: it is written to.

    Written beside, synced, renamed, the folder synced. ``atomic_move`` of ansible-core does not
    sync; Docker takes a daemon.json of 0 bytes for a valid one, so a crash would lose it all.
    """
    folder = os.path.dirname(step.path)
    try:
        if step.path.startswith(_PARAMETERS):
            with open(step.path, "w", encoding="ascii") as stream:
                stream.write(step.content)
            return
        if step.content is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(step.path)
        else:
            os.makedirs(folder, mode=0o755, exist_ok=True)
            _write_beside(step, folder)
        _sync_folder(folder)
    except OSError as error:
        raise StorageError(
            step.path,
            f"{step.reason}: {error.strerror}",
            "Make sure that the folder is there and can be written to, then run again",
        ) from error


def _write_beside(step, folder):
    descriptor, beside = tempfile.mkstemp(prefix="." + os.path.basename(step.path), dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(step.content)
            stream.flush()
            _take_over_ownership(step, stream.fileno())
            os.fsync(stream.fileno())
        os.rename(beside, step.path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def _take_over_ownership(step, descriptor):
    """Owner and mode of the file that is replaced stay; a new file gets the step's mode."""
    try:
        old = os.stat(step.path)
    except FileNotFoundError:
        os.fchmod(descriptor, step.mode)
        return
    os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
