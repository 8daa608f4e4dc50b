# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""One run at a time on a host."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

PATH = "/run/lock/containerhost-storage.lock"

# A run with nothing to do holds the lock for about a second: two of those should not collide.
PATIENCE = 10.0


@contextlib.contextmanager
def host_lock(name, path=None, patience=None):
    """Hold the host's lock while the block runs.

    The kernel lets go of it when the process ends, however that happens: a lock is never stale.

    :param name: who holds it, for the error that the other one gets.
    :param patience: seconds to wait for another run to end.
    :raises StorageError: another run is still at work.
    """
    path = PATH if path is None else path
    deadline = time.monotonic() + (PATIENCE if patience is None else patience)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
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
        yield
    finally:
        os.close(descriptor)


def _acquired(descriptor):
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor):
    return os.pread(descriptor, 200, 0).decode(errors="replace") or "unnamed"
