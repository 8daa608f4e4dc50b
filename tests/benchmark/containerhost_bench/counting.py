# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel, the network card and Ansible wrote down, as numbers. Pure."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable

# LVM is one program with many names (lvm(8)).
LVM = re.compile(r"lvm|lvmconfig|lvmdump|lvmdevices|lvmdiskscan|vgimportclone|(pv|vg|lv)[a-z]+")
EXEC = re.compile(r"sched_process_exec: filename=(\S+) pid=")
# Bridges and pairs that a container engine makes on the host.
INNER = ("lo", "docker", "veth", "br-")


def executed(trace: str) -> Counter[str]:
    """Return program name -> how often it was executed, from the kernel's trace."""
    return Counter(os.path.basename(path) for path in EXEC.findall(trace))


def lvm_commands(programs: Counter[str]) -> int:
    """Return how many of these were commands of LVM."""
    return sum(count for name, count in programs.items() if LVM.fullmatch(name))


def zfs_commands(programs: Counter[str]) -> int:
    """Return how many of these were commands of ZFS."""
    return programs["zfs"] + programs["zpool"]


def received(net_dev: str) -> int:
    """Return the bytes that the host's network cards received, from /proc/net/dev."""
    total = 0
    for line in net_dev.splitlines():
        name, colon, fields = line.strip().partition(":")
        if colon and not name.startswith(INNER):
            total += int(fields.split()[0])
    return total


def modules(lines: Iterable[str]) -> list[dict]:
    """Return the module executions that the callback wrote down: module, task, seconds."""
    return [json.loads(line) for line in lines if line.strip()]


def recap(output: str) -> Counter[str]:
    """Return the counts of Ansible's PLAY RECAP, of all hosts together: ok, changed, failed, ..."""
    last = output.rpartition("PLAY RECAP")[2]
    counts: Counter[str] = Counter()
    for name, count in re.findall(r"(\w+)=(\d+)", last):
        counts[name] += int(count)
    return counts
