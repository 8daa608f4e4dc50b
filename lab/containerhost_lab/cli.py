# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Sequence

from . import commands
from .errors import LabError
from .recipe import EXTRAS, RELEASES
from .sizes import parse_disks, parse_size

NAME = re.compile(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?")
MEMORY_LEAST = 512 * 2**20


def main(words: Sequence[str]) -> int:
    """Run one command and return the exit code: 1 where it failed, 2 for a wrong command line."""
    arguments = parser().parse_args(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clears away as for Ctrl-C
    try:
        return arguments.run(arguments) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: stopped. What was half made has been cleared away.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="lab/lab", description="Throw-away virtual machines to try container storage on."
    )
    all_commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    kind = argparse.ArgumentParser(add_help=False)
    kind.add_argument(
        "--release", choices=list(RELEASES), default="bookworm", help="Debian (default: bookworm)"
    )
    kind.add_argument(
        "--with", dest="extra", choices=["", *EXTRAS], default="", metavar="EXTRA",
        help=f"an image that also has: {', '.join(EXTRAS)}",
    )  # fmt: skip
    kind.add_argument(
        "--memory", type=memory, default="2G", metavar="SIZE", help="of each host (default: 2G)"
    )

    ready = all_commands.add_parser(
        "ready", parents=[kind], help="make what such hosts wake from, and no host"
    )
    ready.set_defaults(run=commands.ready)

    up = all_commands.add_parser(
        "up", parents=[kind], help="have hosts running, and an inventory of them"
    )
    up.add_argument("--hosts", type=count, default=1, metavar="N", help="how many (default: 1)")
    up.add_argument(
        "--disks", type=checked(parse_disks), default="10G,10G", metavar="SIZE,...",
        help="data disks of each host (default: 10G,10G; '' for none)",
    )  # fmt: skip
    up.add_argument(
        "--name", type=name, metavar="PREFIX",
        help="hosts are called PREFIX1, PREFIX2, ... (default: the release)",
    )  # fmt: skip
    up.set_defaults(run=commands.up)

    listing = all_commands.add_parser("list", help="show the hosts of this checkout")
    listing.set_defaults(run=commands.show)

    ssh = all_commands.add_parser("ssh", help="open a shell in a host, or run a command there")
    ssh.add_argument("name", metavar="NAME")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    ssh.set_defaults(run=commands.ssh)

    power = all_commands.add_parser("power", help="cut the power, give it back, or reset")
    power.add_argument("name", metavar="NAME")
    power.add_argument("action", choices=["off", "on", "reset"])
    power.set_defaults(run=commands.power)

    disk = all_commands.add_parser("disk", help="add, remove or grow a disk, live")
    disk.add_argument("name", metavar="NAME")
    actions = disk.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="plug in a blank disk")
    add.add_argument("size", type=checked(parse_size), metavar="SIZE")
    add.set_defaults(run=commands.disk_add)
    remove = actions.add_parser("remove", help="pull a disk out and throw it away")
    remove.add_argument("id", metavar="ID")
    remove.set_defaults(run=commands.disk_remove)
    resize = actions.add_parser("resize", help="grow a disk")
    resize.add_argument("id", metavar="ID")
    resize.add_argument("size", type=checked(parse_size), metavar="SIZE")
    resize.set_defaults(run=commands.disk_resize)

    down = all_commands.add_parser("down", help="throw hosts away, with all that is on them")
    which = down.add_mutually_exclusive_group(required=True)
    which.add_argument("names", nargs="*", default=[], metavar="NAME")
    which.add_argument("--all", action="store_true", help="every host of this checkout")
    down.set_defaults(run=commands.down)
    return top


def checked(parse):
    """Return ``parse`` so that its LabError becomes argparse's message."""

    def parse_argument(text: str):
        try:
            return parse(text)
        except LabError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parse_argument


def count(text: str) -> int:
    """Return how many hosts are meant."""
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hosts: take 1 to 50.")
    return int(text)


def memory(text: str) -> int:
    """Return the bytes of memory, whole MiB."""
    size = checked(parse_size)(text)
    if size < MEMORY_LEAST or size % 2**20:
        raise argparse.ArgumentTypeError(f"{text!r} is too little: a host needs 512M or more.")
    return size


def name(text: str) -> str:
    """Return the prefix of host names, which are also folders' names."""
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} can't begin a host's name: take small letters, digits and dashes."
        )
    return text
