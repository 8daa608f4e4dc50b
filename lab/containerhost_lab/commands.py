# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each command does."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

from . import acceleration, disks, guest, host, image, inventory, packages, paths, state, store
from .errors import LabError
from .host import Host
from .progress import Step
from .sizes import format_size


def ready(arguments: argparse.Namespace) -> None:
    """Have what hosts of that kind wake from: image, accelerator, saved state."""
    wake_from(arguments)


def wake_from(kind: argparse.Namespace) -> tuple[Path, Path, Path]:
    """Return image, saved state and key for hosts of a release, an extra and a memory size.

    What is not there yet is made.
    """
    packages.ensure()
    key = image.ssh_key()
    base = image.obtain(kind.release, kind.extra)
    accelerator, reason = acceleration.choose(base)
    print(f"Guests run {reason}.")
    return base, state.obtain(base, kind.release, kind.memory, accelerator, key), key


def up(arguments: argparse.Namespace) -> None:
    """Have the hosts running and in the inventory."""
    base, saved, key = wake_from(arguments)
    prefix = arguments.name or arguments.release
    with changing():
        for number in range(1, arguments.hosts + 1):
            wanted = Host(
                name=f"{prefix}{number}",
                release=arguments.release,
                memory=arguments.memory,
                asked=arguments.disks,
                extra=arguments.extra,
                image=str(base),
                saved=str(saved),
                key=str(key),
                machine=state.machine_of(saved),
            )
            raise_host(wanted)
    print(f"Inventory: {paths.INVENTORY}")


def raise_host(wanted: Host) -> None:
    """Have one host running: kept if it is, switched on if it is off, made if it is not there."""
    if host.exists(wanted.name):
        present = host.read(wanted.name)
        refuse_another(present, wanted)
        if present.is_on:
            print(f"{wanted.name} is up already; it is kept as it is.")
        else:
            host.switch_on(present)
            timed(f"switching on {wanted.name}", "ready", present, host.wait_booted)
    else:
        timed(f"waking {wanted.name}", "ready", wanted, host.wake)


def refuse_another(present: Host, wanted: Host) -> None:
    """Raise LabError where the host of that name was made for something else."""
    for what, has, asks in (
        ("release", present.release, wanted.release),
        ("extra", present.extra, wanted.extra),
        ("memory", format_size(present.memory), format_size(wanted.memory)),
        ("disks", sizes(present.asked), sizes(wanted.asked)),
    ):
        if has != asks:
            raise LabError(
                f"{wanted.name} is there already, made with {what} {has or 'none'}, not "
                f"{asks or 'none'}. Take another --name, or throw it away first: "
                f"lab/lab down {wanted.name}"
            )


def sizes(asked: list[int]) -> str:
    """Return sizes as the command line takes them."""
    return ",".join(format_size(size) for size in asked)


def show(_: argparse.Namespace) -> None:
    """Print a table of the hosts."""
    rows = [("NAME", "RELEASE", "POWER", "SSH PORT", "MEMORY", "DISKS")]
    for one in host.read_all():
        has = " ".join(f"{disk['id']}={format_size(disk['size'])}" for disk in one.disks)
        power_now = "on" if one.is_on else "off"
        rows.append(
            (one.name, one.release, power_now, str(one.ssh_port), format_size(one.memory), has)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def ssh(arguments: argparse.Namespace) -> int:
    """Become ssh into the host."""
    one = running(arguments.name)
    # One word is a command line as ssh takes it; several are quoted so that they stay several.
    words = arguments.words
    remote = words if len(words) < 2 else [shlex.join(words)]
    command = guest.ssh(one.ssh_port, Path(one.key), *remote)
    os.execvp(command[0], command)


def power(arguments: argparse.Namespace) -> None:
    """Cut the power of a host, give it back, or reset it."""
    with changing():
        one = host.read(arguments.name)
        if arguments.action == "off":
            if not one.is_on:
                print(f"{one.name} is off already.")
                return
            timed(f"cutting the power of {one.name}", "off", one, host.cut)
            return
        if arguments.action == "on":
            if one.is_on:
                print(f"{one.name} is on already.")
                return
            packages.ensure()
            host.switch_on(one)
            title = f"switching on {one.name}"
        else:
            host.push_reset(running(one.name))
            title = f"resetting {one.name}"
    # A boot takes its time; other hosts can be dealt with meanwhile.
    timed(title, "ready", one, host.wait_booted)


def disk_add(arguments: argparse.Namespace) -> None:
    """Plug a blank disk into a host."""
    with changing():
        one = host.read(arguments.name)
        disk = disks.add(one, arguments.size)
        print(f"{one.name}: {inventory.by_id(disk)}, {format_size(disk['size'])}")


def disk_remove(arguments: argparse.Namespace) -> None:
    """Pull a disk out of a host."""
    with changing():
        one = host.read(arguments.name)
        disks.remove(one, arguments.id)
        print(f"{one.name}: {arguments.id} is gone.")


def disk_resize(arguments: argparse.Namespace) -> None:
    """Grow a disk of a host."""
    with changing():
        one = host.read(arguments.name)
        disks.resize(one, arguments.id, arguments.size)
        print(f"{one.name}: {arguments.id} has {format_size(arguments.size)}.")


def down(arguments: argparse.Namespace) -> None:
    """Throw hosts away."""
    with changing():
        if arguments.all:
            names = host.folders()
        else:
            names = arguments.names
            for name in set(names) - set(host.folders()):
                host.read(name)  # says that there is none, and which there are
        for name in dict.fromkeys(names):
            host.throw_away(name)
            print(f"{name} is gone.")
        if not names:
            print("There are no hosts.")


def running(name: str) -> Host:
    """Return the host of this name; raises LabError where it is off."""
    one = host.read(name)
    if not one.is_on:
        raise LabError(f"{name} is off. Switch it on: lab/lab power {name} on")
    return one


def timed(title: str, outcome: str, one: Host, work) -> None:
    """Do ``work`` on a host and print how long it took."""
    start = time.monotonic()
    with Step(title, announce=False):
        work(one)
    print(f"{one.name} is {outcome} after {time.monotonic() - start:.1f} s.")


@contextlib.contextmanager
def changing() -> Iterator[None]:
    """Let the hosts of this checkout change inside; afterwards the inventory tells of them.

    One process at a time: others wait.
    """
    with store.locked(paths.WORK / "lock", waiting_for="another lab command to end"):
        try:
            yield
        finally:
            # Also after a failure: hosts that did come up are there, and are to be found.
            inventory.write(paths.INVENTORY, host.read_all())
