# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both hosts in one test, engines set up by hand, and the playbook run over the fleet."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import testinfra

PROJECT = Path(__file__).parents[3]
SCENARIO = Path(os.environ.get("MOLECULE_SCENARIO_DIRECTORY", "."))
LAB = str(PROJECT / "lab" / "lab")

DAEMON_JSON = "/etc/docker/daemon.json"
STOP = "systemctl stop docker.socket docker.service"


class Machine(NamedTuple):
    """A host with an engine."""

    name: str
    host: testinfra.host.Host

    def configure(self, config):
        """Start the engine on a configuration; return whether it came up."""
        text = shlex.quote(json.dumps(config))
        done = self.host.run(
            f"{STOP}; echo {text} >{DAEMON_JSON}; systemctl reset-failed docker.service; "
            "systemctl start docker.service"
        )
        return done.succeeded

    def stop(self):
        """Stop the engine; the socket as well, which would start it again."""
        self.host.check_output(STOP)

    def fill(self):
        """Have an image and a container in the engine."""
        self.host.check_output(
            "tar --create --directory /etc hostname | docker import - tiny"
            " && docker create --network none tiny /hostname"
        )

    def info(self):
        """Return what the engine says of itself."""
        return json.loads(self.host.check_output("docker info --format '{{json .}}'"))


class Report(NamedTuple):
    """What the playbook said."""

    rows: dict  # host -> its entry in the JSON
    table: list  # the lines of the table, as they stand on the terminal
    recap: dict  # host -> what Ansible counted
    output: str


@pytest.fixture(scope="session")
def machine():
    """Return a function that gives a :class:`Machine` by its release."""

    def get(release):
        name = f"preflight-{release}1"
        inventory = str(SCENARIO / "inventory")
        return Machine(name, testinfra.get_host(f"ansible://{name}", ansible_inventory=inventory))

    return get


@pytest.fixture(scope="session")
def old(machine):
    """Return the host of 20.10."""
    return machine("bookworm")


@pytest.fixture(scope="session")
def new(machine):
    """Return the host of 26.1."""
    return machine("trixie")


@pytest.fixture(scope="session")
def preflight(tmp_path_factory):
    """Return a function that runs the playbook over some hosts."""

    def run(*hosts, more=(), inventories=()):
        path = tmp_path_factory.mktemp("preflight") / "report.json"
        inventories = (SCENARIO / "inventory", *inventories)
        done = subprocess.run(
            [
                "ansible-playbook",
                *(f"--inventory={it}" for it in inventories),
                f"--limit={','.join(hosts)}",
                f"--extra-vars=preflight_json={path}",
                *more,
                PROJECT / "playbooks" / "preflight.yml",
            ],
            cwd=SCENARIO,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        rows = {row["host"]: row for row in json.loads(path.read_text())["hosts"]}
        shown = re.search(r"    msg: \|-\n(.*?)\n\n?TASK", done.stdout, re.S)
        recap = re.findall(r"^(\S+) +: (ok=.*)", done.stdout, re.M)
        return Report(rows, shown[1].splitlines(), dict(recap), done.stdout)

    return run


@pytest.fixture(scope="session")
def copy_data():
    """Return a function that copies a data root to another host, and stops both engines."""

    def copy(source, target, root):
        source.stop()
        target.stop()
        target.host.check_output(f"rm -rf {root}")
        tar = "tar --sparse --xattrs --xattrs-include=* --numeric-owner --absolute-names"
        pack = shlex.join([LAB, "ssh", source.name, f"{tar} --create {root}"])
        unpack = shlex.join([LAB, "ssh", target.name, f"{tar} --extract"])
        subprocess.run(
            ["bash", "-c", f"set -o pipefail; {pack} | {unpack}"], check=True, cwd=PROJECT
        )

    return copy
