# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A layout made of words, for tests of what a failure leaves: a pool, a mount, an engine."""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Pause,
    WriteFile,
)


def command(reason):
    """A command that is its own reason."""
    return Command(reason, tuple(reason.split()))


def file(reason):
    """A file that is written, with a reason."""
    return WriteFile(reason, "/etc/" + reason.replace(" ", "-"), "text")


STOP, START, RESTART = map(command, ("stop docker", "start docker", "restart docker"))

# Made of disks: it stays, whatever comes.
POOL = Part((command("make pool"),))

# The engine is stopped while the mount changes, and goes back to what it had.
MOUNT = Part(
    steps=(command("mount"),),
    undo=(command("unmount"), command("drop unit")),
    ready=(file("write unit"),),
    pauses=(Pause("docker", (STOP,), (START,), (START,), ("why", "docker")),),
    diagnose=("why", "mount"),
)
GROWTH = Part((command("grow"),))

# The engine needs no stop for its configuration; it reads it when it starts.
CONFIG = Part(
    steps=(file("write config"),),
    undo=(command("old config"),),
    pauses=(Pause("docker", start=(RESTART,), back=(RESTART,), diagnose=("why", "docker")),),
)

# make pool, write unit, stop docker, mount, grow, write config, restart docker
LAYOUT = (POOL, MOUNT, GROWTH, CONFIG)
# What no unit waits for, with a way back of its own.
LABEL = Part((command("label"), command("relabel")), undo=(command("old label"),))
