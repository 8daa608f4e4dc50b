# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that is killed at an instant: before it makes something last, or around a program."""

from __future__ import annotations

import os
import signal
from unittest import mock

# What a run calls to make anything last. It is killed before each of them in turn.
INSTANTS = ("open", "write", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "mkdir")


def sampled(first):
    """The instants to kill a run at: all of them for a thorough test, else some, from one on.

    A caller stops at the first that the run does not come to.
    """
    return range(1000) if os.environ.get("CONTAINERHOST_THOROUGH") else range(first, 1000, 5)


def killed_at(instant, call, programs=None):
    """Call in a process of its own, and kill that at an instant; whether it came to that.

    :param programs: the class whose ``run_command`` runs programs: before and after each of them
        are instants as well.
    """
    pid = os.fork()
    if not pid:
        try:
            with _killing(instant, programs):
                call()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def _killing(instant, programs):
    count = iter(range(10**6))

    def tick():
        if next(count) == instant:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(real):
        def call(*arguments, **more):
            tick()
            return real(*arguments, **more)

        return call

    def around(real):
        def call(*arguments, **more):
            tick()
            result = real(*arguments, **more)
            tick()
            return result

        return call

    if programs:
        programs.run_command = around(programs.run_command)  # of this process, which will end
    return mock.patch.multiple(os, **{name: counted(getattr(os, name)) for name in INSTANTS})
