# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's default layout by hand, and whether the role ends with the same."""

from __future__ import annotations

import difflib

from . import BENCHMARK, contenders, hosts
from .contenders import Run
from .errors import BenchError

SCRIPT = BENCHMARK / "raw_overlay2.sh"

# Each line is about one thing: the engine, the filesystem and its mount, pool and volume, the
# mount at the next boot, and both lines that keep the engine from starting without it.
READ_STATE = """
docker info --format '{{.Driver}} {{.DockerRootDir}} {{json .DriverStatus}}'
findmnt --noheadings --raw --output SOURCE,FSTYPE,OPTIONS /var/lib/docker
lvs --noheadings --units b --separator , --options \
lv_name,segtype,pool_lv,lv_size,lv_metadata_size,chunk_size,zero,seg_monitor,lv_profile docker
systemctl is-enabled var-lib-docker.mount
cat /etc/systemd/system/docker.service.d/*.conf | grep -E '^(RequiresMountsFor|AssertPath)'
"""


def make_ready(host: str) -> tuple[Run, str]:
    """Make a contender's blank host ready by hand; return the run, and the state after it."""
    run = contenders.by_hand(SCRIPT, on=host)
    return run, state_of(host)


def state_of(host: str) -> str:
    """Return what a contender's host says of its storage, in lines."""
    with hosts.shell(host) as shell:
        return shell.run(READ_STATE)


def require_alike(hand: str, ours: str) -> None:
    """Raise BenchError, with what differs, where two states are not the same."""
    if hand != ours:
        names = ("by hand", "ours")
        lines = difflib.unified_diff(hand.splitlines(), ours.splitlines(), *names, lineterm="")
        raise BenchError("The role and the commands by hand end differently:\n" + "\n".join(lines))
