# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet that needs nothing costs the machine that Ansible runs on.

The hosts are simulated: in place of their Python is a script that prints what each module would
return there, so that only the controller works. The playbooks take turns, run by run.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from . import BENCHMARK, CACHE, contenders, counting, hosts, stub, usage
from .campaign import Campaign
from .errors import BenchError
from .usage import Usage

RESULTS = BENCHMARK / "fleet_results.json"
SIZES = (1, 100, 400)
LARGE = 200  # a fleet larger than this is measured once
DEVICES = {"docker_storage_devices": [hosts.DISK]}
PLAYBOOKS = {
    "ping": (BENCHMARK / "ping.yml", {}),
    "ours": (contenders.PROVISION, DEVICES),
    "preflight": (contenders.PROVISION.with_name("preflight.yml"), {}),
}
# Without become: a local connection as root does not change its user either. Pipelining is set
# here, because what ansible.cfg says of it under ssh_connection is for SSH alone.
INVENTORY = """\
all:
  hosts:
    "node[1:{size}]":
  vars:
    ansible_connection: local
    ansible_python_interpreter: {interpreter}
    ansible_pipelining: true
    ansible_become: false
"""


def measure(campaign: Campaign) -> None:
    """Measure each size of fleet; the first runs are not counted, since they fill caches."""
    folder = CACHE / "fleet"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    interpreter = make_interpreter(folder)
    for name in PLAYBOOKS:
        play(name, make_inventory(folder, interpreter, 1), 1)
    for size in campaign.fleets or SIZES:
        inventory = make_inventory(folder, interpreter, size)
        for _ in range(1 if size > LARGE else campaign.counts.runs):
            for name in PLAYBOOKS:
                taken, modules = play(name, inventory, size)
                campaign.add_fleet(size, name, taken, modules)


def make_interpreter(folder: Path) -> Path:
    """Write what stands in for each host's Python; return its path."""
    sed = shutil.which("sed")
    if sed is None:
        raise BenchError("The simulated fleet needs sed.")
    path = folder / "python"
    path.write_text(stub.script(json.loads(RESULTS.read_text()), sed))
    path.chmod(0o755)
    return path


def make_inventory(folder: Path, interpreter: Path, size: int) -> Path:
    """Write the inventory of a fleet; return its path."""
    path = folder / f"{size}.yml"
    path.write_text(INVENTORY.format(size=size, interpreter=json.dumps(str(interpreter))))
    return path


def play(name: str, inventory: Path, size: int) -> tuple[Usage, float]:
    """Run a playbook on a fleet; return what it took, and the modules that a host was sent.

    :raises BenchError: it failed, did not reach each host, or changed one
    """
    playbook, variables = PLAYBOOKS[name]
    with contenders.workplace() as work:
        argv = contenders.command(playbook, inventory, variables)
        taken = usage.run(argv, contenders.environment(work))
        contenders.keep_log("fleet", taken.output)
        if taken.code:
            raise BenchError(f"{playbook.name} failed on {size} hosts:\n{taken.output[-3000:]}")
        modules = len(contenders.modules_run(work))
    changed = counting.recap(taken.output)["changed"]
    if changed or modules < size:
        raise BenchError(
            f"{playbook.name}: {modules} modules and {changed} changes on {size} hosts that need "
            "nothing; see fleet.log."
        )
    return taken, modules / size
