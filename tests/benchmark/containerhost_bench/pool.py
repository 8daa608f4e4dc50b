# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three ways from a blank disk to Docker on a thin pool, each contender in turn."""

from __future__ import annotations

import json
from contextlib import ExitStack

from . import contenders, counting, guest, hosts
from .campaign import Campaign
from .errors import BenchError

READ_STATE = """
docker info --format '{{.Driver}}'
lvs --noheadings --options seg_monitor,lv_profile docker/thinpool
"""


def measure(campaign: Campaign) -> None:
    """Run everything, and leave no host behind."""
    try:
        warm_up(campaign)
        for number in range(campaign.counts.applies):
            apply_all(campaign, last=number == campaign.counts.applies - 1)
        ready_hosts(campaign)
    finally:
        for contender in (*contenders.NAMES, "check"):
            hosts.throw_away(contender)


def warm_up(campaign: Campaign) -> None:
    """Have the lab's image and the files of both tools in this machine's memory.

    Check mode on a blank host does it; it is a measurement of its own on the way.
    """
    hosts.restore("check")
    campaign.accelerator = hosts.accelerator("check")
    for contender in ("peer", "ours"):
        restored(campaign, "check")
        contenders.play("ping", on="check")
        run = contenders.play(contender, "--check", "--diff", on="check")
        campaign.note("check_blank", contender, run)


def restored(campaign: Campaign, contender: str) -> None:
    """Give a contender a blank host, and count how long that took."""
    campaign.add("restore", "lab", round(hosts.restore(contender), 2))


def apply_all(campaign: Campaign, last: bool) -> None:
    """From a blank host to a ready one, each way; the last hosts are kept, paused."""
    for contender in contenders.NAMES:
        restored(campaign, contender)
        run = contenders.by_hand() if contender == "raw" else contenders.play(contender)
        campaign.note("apply", contender, run)
        require_ready(contender)
        if last and contender != "raw":
            hosts.pause(contender)
        else:
            hosts.throw_away(contender)


def ready_hosts(campaign: Campaign) -> None:
    """On ready hosts: nothing to do, and check mode; peer and ours take turns."""
    with ExitStack() as stack:
        shells = {}
        for contender in ("peer", "ours"):
            with hosts.running(contender):
                shells[contender] = stack.enter_context(hosts.shell(contender))
        for _ in range(campaign.counts.runs):
            for contender, shell in shells.items():
                with hosts.running(contender):
                    nothing_to_do(campaign, contender, shell)
        for _ in range(campaign.counts.checks):
            for contender in shells:
                with hosts.running(contender):
                    run = contenders.play(contender, "--check", "--diff")
                    campaign.note("check", contender, run)
        with hosts.running("ours"):
            for _ in range(campaign.counts.runs):
                campaign.note("noop", "ping", contenders.play("ping", on="ours"))


def nothing_to_do(campaign: Campaign, contender: str, shell: guest.GuestShell) -> None:
    """Run where nothing is to be done, and count what that takes on the host."""
    run, programs, received = shell.watch(lambda: contenders.play(contender))
    contenders.require_unchanged(contender, run)
    campaign.note("noop", contender, run)
    campaign.add("modules", contender, len(run.modules))
    campaign.add("execs", contender, programs.total())
    campaign.add("lvm", contender, counting.lvm_commands(programs))
    campaign.add("bytes", contender, received)
    contenders.keep_log(contender, json.dumps(programs.most_common()))


def require_ready(contender: str) -> None:
    """Raise BenchError unless the engine runs on a pool that is monitored and has its profile."""
    with hosts.shell(contender) as shell:
        words = shell.run(READ_STATE).split()
    if words != ["devicemapper", "monitored", "docker-thinpool"]:
        raise BenchError(f"{contender} did not make the host ready; it says: {' '.join(words)}")
