# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurements, one after the other, each contender in turn."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from contextlib import ExitStack

from . import contenders, counting, guest, hosts
from .contenders import Run
from .errors import BenchError
from .results import Samples

READ_STATE = """
docker info --format '{{.Driver}}'
lvs --noheadings --options seg_monitor,lv_profile docker/thinpool
"""


class Campaign:
    """Collects samples; every measurement is said as it is made."""

    def __init__(self):
        """Start without any."""
        self.samples: Samples = defaultdict(lambda: defaultdict(list))
        self.accelerator = ""  # known as soon as there is a host

    def measure(self, applies: int, checks: int, noops: int) -> Samples:
        """Run everything, and leave no host behind."""
        try:
            self.warm_up()
            for number in range(applies):
                self.apply_all(last=number == applies - 1)
            self.ready_hosts(checks, noops)
        finally:
            for contender in (*contenders.NAMES, "check"):
                hosts.throw_away(contender)
        return self.samples

    def warm_up(self) -> None:
        """Have the lab's image and the files of both tools in this machine's memory.

        Check mode on a blank host does it; it is a measurement of its own on the way.
        """
        hosts.restore("check")
        self.accelerator = hosts.accelerator("check")
        for contender in ("peer", "ours"):
            self.restored("check")
            contenders.play("ping", on="check")
            run = contenders.play(contender, "--check", "--diff", on="check")
            self.note("check_blank", contender, run)

    def restored(self, contender: str) -> None:
        """Give a contender a blank host, and count how long that took."""
        seconds = hosts.restore(contender)
        self.samples["restore"]["lab"].append(round(seconds, 2))

    def apply_all(self, last: bool) -> None:
        """From a blank host to a ready one, each way; the last hosts are kept, paused."""
        for contender in contenders.NAMES:
            self.restored(contender)
            run = contenders.by_hand() if contender == "raw" else contenders.play(contender)
            self.note("apply", contender, run)
            require_ready(contender)
            if last and contender != "raw":
                hosts.pause(contender)
            else:
                hosts.throw_away(contender)

    def ready_hosts(self, checks: int, noops: int) -> None:
        """On ready hosts: nothing to do, and check mode; peer and ours take turns."""
        with ExitStack() as stack:
            shells = {}
            for contender in ("peer", "ours"):
                with hosts.running(contender):
                    shells[contender] = stack.enter_context(hosts.shell(contender))
            for _ in range(noops):
                for contender, shell in shells.items():
                    with hosts.running(contender):
                        self.nothing_to_do(contender, shell)
            for _ in range(checks):
                for contender in shells:
                    with hosts.running(contender):
                        self.note(
                            "check", contender, contenders.play(contender, "--check", "--diff")
                        )
            with hosts.running("ours"):
                for _ in range(noops):
                    self.note("noop", "ping", contenders.play("ping", on="ours"))

    def nothing_to_do(self, contender: str, shell: guest.GuestShell) -> None:
        """Run where nothing is to be done, and count what that takes on the host."""
        before = counting.received(shell.run(guest.START))
        run = contenders.play(contender)
        after = counting.received(shell.run(guest.STOP))
        programs = counting.executed(shell.run(guest.TRACE))
        if run.changed:
            raise BenchError(f"{contender}: its second run changed the host; see {contender}.log.")
        self.note("noop", contender, run)
        self.samples["modules"][contender].append(len(run.modules))
        self.samples["execs"][contender].append(programs.total())
        self.samples["lvm"][contender].append(counting.lvm_commands(programs))
        self.samples["bytes"][contender].append(after - before)
        contenders.keep_log(contender, json.dumps(programs.most_common()))

    def note(self, kind: str, contender: str, run: Run) -> None:
        """Keep the time of a run, and say it."""
        self.samples[kind][contender].append(round(run.seconds, 2))
        print(f"  {kind:12} {contender:6} {run.seconds:7.1f} s", file=sys.stderr, flush=True)
        for module in run.modules:
            contenders.keep_log(contender, "{seconds:8.3f} s  {module}  ({task})".format(**module))


def require_ready(contender: str) -> None:
    """Raise BenchError unless the engine runs on a pool that is monitored and has its profile."""
    with hosts.shell(contender) as shell:
        words = shell.run(READ_STATE).split()
    if words != ["devicemapper", "monitored", "docker-thinpool"]:
        raise BenchError(f"{contender} did not make the host ready; it says: {' '.join(words)}")
