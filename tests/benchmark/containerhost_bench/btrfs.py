# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One subvolume among a thousand, with nothing to do: our module against the usual one.

The two and an empty module take turns over one connection, in one play, and each is timed as
Ansible sees it: the module's way to the host, its run there, and its result's way back. What is
left of that after an empty module's time is the module's own.
"""

from __future__ import annotations

from . import BENCHMARK, contenders, hosts
from .campaign import Campaign

HOST = "btrfs"
SUBVOLUMES = 1000
TURNS = 3  # for each of the other figures' runs
MODULES = {
    "ansible.builtin.ping": "ping",
    "community.general.btrfs_subvolume": "peer",
    "containerhost.storage.btrfs_subvolume": "ours",
}
# By the kernel's name: the peer compares names as texts, and does not find a disk by its link.
MOUNT = f"""
disk=$(realpath {hosts.DISK})
mkfs.btrfs -q -L busy $disk
mkdir -p /srv/busy
mount $disk /srv/busy
btrfs subvolume create /srv/busy/data
"""


def measure(campaign: Campaign) -> None:
    """Make a busy host, and let the modules take turns on it."""
    try:
        hosts.restore(HOST)
        campaign.accelerator = hosts.accelerator(HOST)
        hosts.run(HOST, "sh", "-e", script=MOUNT)
        layers = (BENCHMARK / "btrfs_layers.py").read_text()
        hosts.run(HOST, "python3", "-", "/srv/busy", str(SUBVOLUMES - 1), script=layers)
        turns = TURNS * campaign.counts.runs
        run = contenders.play("btrfs", on=HOST, variables={"turns": list(range(turns))})
    finally:
        hosts.throw_away(HOST)
    contenders.require_unchanged("btrfs", run)
    campaign.note("btrfs_play", "btrfs", run)
    for module in run.modules[1:]:  # the first one made the connection
        campaign.add("btrfs", MODULES[module["module"]], module["seconds"])
