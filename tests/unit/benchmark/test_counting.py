# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter

import pytest
from containerhost_bench import counting, machine

TRACE = """\
# tracer: nop
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
            sshd-901     [000] ..... 10.1: sched_process_exec: filename=/bin/sh pid=901 old_pid=901
         python3-902     [001] ..... 10.2: sched_process_exec: filename=/usr/bin/python3 pid=902 old_pid=902
             lvm-903     [001] ..... 10.3: sched_process_exec: filename=/usr/sbin/lvm pid=903 old_pid=903
             lvs-904     [001] ..... 10.4: sched_process_exec: filename=/sbin/lvs pid=904 old_pid=904
"""  # noqa: E501

NET_DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo:     500       5    0    0    0     0          0         0      500        5    0
enp0s3:   17010     141    0    0    0     0          0         0    22489      115    0
docker0:     70       1    0    0    0     0          0         0        0        0    0
"""

RECAP = """
PLAY RECAP *********************************************************************
bench-ours1                : ok=6    changed=0    unreachable=0    failed=0    skipped=4
"""


def test_programs_are_counted_by_name():
    programs = counting.executed(TRACE)
    assert programs == Counter({"sh": 1, "python3": 1, "lvm": 1, "lvs": 1})
    assert counting.lvm_commands(programs) == 2


@pytest.mark.parametrize("name", ["lvm", "pvs", "vgcreate", "lvchange", "lvmconfig", "pvscan"])
def test_a_command_of_lvm(name):
    assert counting.lvm_commands(Counter([name])) == 1


@pytest.mark.parametrize("name", ["lsblk", "dmsetup", "python3", "dmeventd", "vi", "pv"])
def test_no_command_of_lvm(name):
    assert counting.lvm_commands(Counter([name])) == 0


def test_commands_of_zfs():
    assert counting.zfs_commands(Counter({"zfs": 2, "zpool": 1, "zed": 4, "python3": 1})) == 3


def test_received_bytes_are_those_of_the_network_card():
    assert counting.received(NET_DEV) == 17010


def test_recap():
    assert counting.recap(RECAP)["changed"] == 0
    assert counting.recap(RECAP)["ok"] == 6


def test_recap_of_several_hosts_is_their_sum():
    second = "bench-ours2 : ok=1 changed=2 unreachable=0 failed=0 skipped=0\n"
    assert counting.recap(RECAP + second)["changed"] == 2
    assert counting.recap(RECAP + second)["ok"] == 7


def test_modules():
    line = '{"module": "ansible.builtin.ping", "task": "Ping", "seconds": 2.9}'
    assert [it["module"] for it in counting.modules([line, ""])] == ["ansible.builtin.ping"]


def test_the_processor_has_a_name():
    assert machine.cpu_of("processor : 0\nmodel name : Fast One @ 2GHz\n") == "Fast One @ 2GHz"
    assert machine.cpu_of("") == "unknown"
