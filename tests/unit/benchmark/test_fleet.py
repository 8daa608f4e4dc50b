# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated fleet, with an Ansible that is faked; and what a command takes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from containerhost_bench import contenders, figures, fleet, results, table, usage
from containerhost_bench.campaign import Campaign, Counts
from containerhost_bench.errors import BenchError
from containerhost_bench.usage import Usage

LINE = '{"module": "m", "task": "t", "seconds": 0.1}\n'
ROW = "node{} : ok=1 changed={} unreachable=0 failed=0\n"
# playbook -> CPU seconds for each host, modules for each host
COST = {"ping": (0.068, 1), "ours": (0.454, 3), "preflight": (0.081, 1)}


@pytest.fixture
def ansible(tmp_path, monkeypatch):
    """The runs that are made, each as playbook and size; what it says can be set."""
    made = type("Ansible", (), {"runs": [], "code": 0, "changed": 0, "lost": 0})()
    names = {str(path): name for name, (path, _) in fleet.PLAYBOOKS.items()}

    def run(argv, env):
        (inventory,) = (it.partition("=")[2] for it in argv if it.startswith("--inventory="))
        (host,) = yaml.safe_load(Path(inventory).read_text())["all"]["hosts"]
        size = int(host.partition(":")[2].rstrip("]"))
        name = names[argv[-1]]
        made.runs.append((name, size))
        cpu, modules = COST[name]
        Path(env["BENCH_MODULES"]).write_text(LINE * modules * (size - made.lost))
        rows = [ROW.format(n + 1, made.changed if n == 0 else 0) for n in range(size)]
        output = "PLAY RECAP ****\n" + "".join(rows)
        return Usage(seconds=2.0, cpu=cpu * size, memory=90.0, code=made.code, output=output)

    monkeypatch.setattr(fleet, "CACHE", tmp_path)
    monkeypatch.setattr(contenders, "CACHE", tmp_path)
    monkeypatch.setattr(usage, "run", run)
    return made


def test_playbooks_take_turns_and_a_large_fleet_is_measured_once(ansible):
    fleet.measure(Campaign(Counts(runs=2)))
    names = list(COST)
    turns = [(name, size) for size in (1, 1, 1, 100, 100, 400) for name in names]
    assert ansible.runs == turns  # the first turn of one host fills caches


def test_the_figure_and_the_table_come_from_it(ansible):
    campaign = Campaign(Counts(runs=2), fleets=[1, 100])
    fleet.measure(campaign)
    modules = campaign.samples["fleet_modules_100"]
    assert modules == {"ping": [1, 1], "ours": [3, 3], "preflight": [1, 1]}
    (verdict,) = figures.verdicts(campaign.samples, ["fleet"])
    assert verdict.value == pytest.approx(454 / 68)
    rows = [" ".join(it.split()) for it in table.render(campaign.samples, ["fleet"]).splitlines()]
    assert "100 hosts, ours 454 2.0 90 6.68" in rows
    assert "1 host, ours 454 2.0 90 6.68" in rows
    assert "100 hosts, ping 68 2.0 90 1.00" in rows
    written = json.loads(json.dumps(results.as_json(campaign.samples, {}, {}, ["fleet"])))
    assert written["fleet"]["100"]["cpu"] == {"ping": 68, "ours": 454, "preflight": 81}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"code": 2}, "ping.yml failed on 1 hosts"),
        ({"changed": 1}, "1 modules and 1 changes on 1 hosts that need nothing"),
        ({"lost": 1}, "0 modules and 0 changes on 1 hosts that need nothing"),
    ],
)
def test_a_run_that_does_not_find_every_host_in_order_is_no_measurement(ansible, fault, message):
    vars(ansible).update(fault)
    campaign = Campaign(Counts())
    with pytest.raises(BenchError, match=message):
        fleet.measure(campaign)
    assert not campaign.samples


def test_every_host_has_the_stub_for_its_python(ansible, tmp_path):
    fleet.measure(Campaign(Counts(1, 1, 1), fleets=[7]))
    everyone = yaml.safe_load((tmp_path / "fleet" / "7.yml").read_text())["all"]
    assert list(everyone["hosts"]) == ["node[1:7]"]
    stub = Path(everyone["vars"]["ansible_python_interpreter"])
    assert stub == tmp_path / "fleet" / "python"
    assert stub.stat().st_mode & 0o111


def test_what_a_command_takes_has_its_children_in_it():
    large = f"{sys.executable} -c 'b = bytearray(1) * (200 << 20)'"
    code = (
        f"import os; os.write(1, b'said, '); os.write(2, b'wrong'); os.system({large!r}); exit(3)"
    )
    taken = usage.run([sys.executable, "-c", code], env={})
    assert (taken.code, taken.output) == (3, "said, wrong")
    assert taken.memory > 150
    assert taken.cpu > 0


def test_a_command_that_a_signal_ends():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert usage.run([sys.executable, "-c", code], env={}).code == -15
