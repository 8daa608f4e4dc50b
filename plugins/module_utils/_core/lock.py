# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""One run at a time on a host."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator

from ansible_collections.containerhost.storage.plugins.module_utils._core.door import leaving
from ansible_collections.containerhost.storage.plugins.module_utils._core.owned import (
    foreign,
    own_folder,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

# Not in /run/lock, where every user may put a file of that name, and then holds all runs up.
PATH = "/run/containerhost-storage/lock"

# A run with nothing to do holds the lock for about a second: two of those should not collide.
PATIENCE = 10.0


@contextlib.contextmanager
def host_lock(name: str, path: str | None = None, patience: float | None = None) -> Iterator[int]:
    """Hold the host's lock while the block runs, which gets its descriptor.

    The kernel lets go of it when the process ends, and those that were given the descriptor:
    however that happens, a lock is never stale.

    :param name: who holds it, for the error that the other one gets.
    :param patience: seconds to wait for another run to end.
    :raises StorageError: another run is still at work, or the lock is not root's alone.
    """
    path = PATH if path is None else path
    deadline = time.monotonic() + (PATIENCE if patience is None else patience)
    descriptor = _open(path)
    try:
        while not _acquired(descriptor):
            if time.monotonic() >= deadline:
                raise StorageError(
                    "This host",
                    f"another run is changing its storage ({_holder(descriptor)})",
                    "Wait until it has ended, then run again; nothing has been changed",
                    refusal="another_run",
                )
            time.sleep(0.2)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{name}, process {os.getpid()}".encode(), 0)
        yield descriptor
        # A daemon that a step has started may have inherited it.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _open(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        own_folder(os.path.dirname(path), 0o755, "lock_foreign")
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise _foreign(path, "it is a symbolic link, or no file") from error
        raise StorageError(
            path,
            f"the lock of this host cannot be taken: {error.strerror}",
            "Run as root (become: true), where /run can be written to; nothing has been changed",
            refusal="lock_unusable",
        ) from error
    wrong = foreign(os.fstat(descriptor), stat.S_ISREG, "file")
    if wrong:
        os.close(descriptor)
        raise _foreign(path, wrong)
    return descriptor


def _foreign(path: str, wrong: str) -> StorageError:
    return StorageError(
        path,
        f"{wrong}, so it is not taken for the lock of this host",
        "Look at how that came to be and remove it, then run again; nothing has been changed",
        refusal="lock_foreign",
    )


def _acquired(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> str:
    said = os.pread(descriptor, 200, 0).decode(errors="surrogateescape")
    return leaving(said).replace("\n", " ") or "unnamed"
