# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each group that needs hosts, on hosts that are faked: what it samples, and what it leaves."""

from __future__ import annotations

import pytest
from containerhost_bench import btrfs, by_hand, contenders, guest, hosts, layouts, pool, table, zfs
from containerhost_bench.campaign import Campaign, Counts
from containerhost_bench.contenders import Run
from containerhost_bench.errors import BenchError
from containerhost_bench.figures import verdicts

MODULES = {"btrfs": ["ansible.builtin.ping", *btrfs.MODULES]}
EXEC = "sched_process_exec: filename=/usr/sbin/{} pid=1 old_pid=1\n"


class Shell(guest.GuestShell):
    """Answers as a host that executed `zfs` and `lvm` once each, and got no byte."""

    def __init__(self):
        pass

    def __exit__(self, *_):
        pass

    def run(self, script):
        if script == guest.TRACE:
            return EXEC.format("zfs") + EXEC.format("lvm")
        answers = {pool.READ_STATE: "devicemapper monitored docker-thinpool"}
        return answers.get(script, "")


@pytest.fixture
def up(monkeypatch, tmp_path):
    """The hosts that are up. A run has one module and changes nothing."""
    found = set()

    def restore(contender, extra=""):
        found.add(contender)
        return 3.0

    def play(contender, *_options, on=None, variables=None):
        assert (on or contender) in found
        modules = MODULES.get(contender, ["m"])
        return Run(9.0, [{"module": it, "task": "t", "seconds": 1.0} for it in modules], 0)

    monkeypatch.setattr(contenders, "CACHE", tmp_path)
    monkeypatch.setattr(contenders, "play", play)
    monkeypatch.setattr(contenders, "by_hand", lambda *_script, on="raw": Run(8.0, [], 0))
    monkeypatch.setattr(hosts, "restore", restore)
    monkeypatch.setattr(hosts, "throw_away", found.discard)
    monkeypatch.setattr(hosts, "accelerator", lambda contender: "tcg")
    monkeypatch.setattr(hosts, "shell", lambda contender: Shell())
    monkeypatch.setattr(hosts, "run", lambda contender, *words, script: "")
    monkeypatch.setattr(hosts, "pause", lambda contender: None)
    monkeypatch.setattr(hosts, "go_on", lambda contender: None)
    return found


@pytest.mark.parametrize(
    ("group", "module"), [("pool", pool), ("layouts", layouts), ("zfs", zfs), ("btrfs", btrfs)]
)
def test_a_group_measures_its_figures_and_leaves_no_host(up, group, module):
    campaign = Campaign(Counts(1, 1, 2))
    module.measure(campaign)
    assert up == set()
    assert campaign.accelerator == "tcg"
    assert all(it.value is not None for it in verdicts(campaign.samples, [group]))
    assert "not measured" not in table.render(campaign.samples, [group])


def test_commands_of_zfs_are_counted_apart(up):
    campaign = Campaign(Counts(1, 1, 2))
    zfs.measure(campaign)
    assert campaign.samples["zfs"] == {"peer": [1, 1], "ours": [1, 1]}


def test_a_layout_is_timed_against_pings_on_its_host_and_the_default_one_against_hands(up):
    campaign = Campaign(Counts(applies=2, runs=3), ["overlay2", "vfs"])
    layouts.measure(campaign)
    samples = campaign.samples
    assert samples["layout_by_hand"] == {"overlay2": [8.0] * 2}
    assert samples["layout_apply"] == {"overlay2": [9.0] * 2, "vfs": [9.0]}
    assert samples["layout_ping"] == {"overlay2": [9.0] * 3, "vfs": [9.0] * 3}
    assert samples["layout_noop"] == samples["layout_ping"]
    assert samples["layout_execs"] == {"overlay2": [2] * 3, "vfs": [2] * 3}


def test_hands_and_role_that_end_differently_are_no_measurement(up, monkeypatch):
    states = iter(["overlay2\n80%\n", "overlay2\n95%\n"])
    monkeypatch.setattr(by_hand, "state_of", lambda host: next(states))
    with pytest.raises(BenchError, match=r"overlay2: .* end differently:\n(.*\n)*-80%\n\+95%"):
        layouts.measure(Campaign(Counts(1, 1, 1), ["overlay2"]))
    assert up == set()


def test_what_is_typed_has_the_sizes_of_the_role():
    groups = {"data": 95, "pool": 80}
    extents = (10 * 2**30 - 2**20) // 2**22  # of a disk of DISKS; LVM keeps the first MiB
    assert hosts.DISKS == "10G"
    script = by_hand.SCRIPT.read_text()
    assert f" -l {groups['pool']}%VG " in script
    assert f" -V {extents * groups['data'] // 100 * 4}m " in script


def test_a_layout_that_fails_does_not_keep_the_others_from_being_measured(up, monkeypatch):
    def restore(contender, extra=""):
        up.add(contender)
        if extra == "zfs":
            raise BenchError("no image")
        return 3.0

    monkeypatch.setattr(hosts, "restore", restore)
    campaign = Campaign(Counts(1, 1, 1))
    with pytest.raises(BenchError, match="zfs: no image"):
        layouts.measure(campaign)
    assert set(campaign.samples["layout_modules"]) == set(layouts.NAMES) - {"zfs"}
    assert up == set()


def test_a_second_run_that_changes_the_host_is_no_measurement(up, monkeypatch):
    monkeypatch.setattr(contenders, "play", lambda *_words, **_more: Run(9.0, [], 1))
    with pytest.raises(BenchError, match="its second run changed the host"):
        layouts.measure(Campaign(Counts(1, 1, 1)))
