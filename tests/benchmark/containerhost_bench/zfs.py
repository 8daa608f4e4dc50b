# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dataset with eight properties and nothing to do: how often ZFS is asked."""

from __future__ import annotations

import json

from . import contenders, counting, hosts
from .campaign import Campaign

HOST = "zfs"
MAKE_POOL = f"zpool create tank {hosts.DISK}\n"


def measure(campaign: Campaign) -> None:
    """Make the dataset, then count what each module executes to find that nothing is to be done."""
    try:
        hosts.restore(HOST, extra="zfs")
        campaign.accelerator = hosts.accelerator(HOST)
        hosts.run(HOST, "sh", "-e", script=MAKE_POOL)
        for contender in ("ours", "peer"):  # the peer sets what is the default as well
            contenders.play(f"zfs_{contender}", on=HOST)
        with hosts.shell(HOST) as shell:
            for _ in range(campaign.counts.runs):
                for contender in ("peer", "ours"):
                    count(campaign, contender, shell)
    finally:
        hosts.throw_away(HOST)


def count(campaign: Campaign, contender: str, shell) -> None:
    """Run one module with nothing to do, and keep its commands and its time."""
    run, programs, _ = shell.watch(lambda: contenders.play(f"zfs_{contender}", on=HOST))
    contenders.require_unchanged(f"zfs_{contender}", run)
    campaign.note("zfs_play", f"zfs_{contender}", run)
    campaign.add("zfs_seconds", contender, run.modules[-1]["seconds"])
    campaign.add("zfs", contender, counting.zfs_commands(programs))
    contenders.keep_log("zfs", json.dumps(programs.most_common()))
