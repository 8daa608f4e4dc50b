# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a controller has it: run by the Python of the ansible-core that is meant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmark"))

from containerhost_bench import counting, stub  # noqa: E402

INVENTORY = """\
all:
  hosts:
    node[1:2]:
  vars:
    ansible_connection: local
    ansible_python_interpreter: {interpreter}
    ansible_become: false
"""


class Ran(NamedTuple):
    """A command that has ended."""

    code: int
    output: str  # both streams
    modules: list  # the names of those that hosts were sent, in their order


class Controller:
    """The tools of one ansible-core, with nobody's settings."""

    def __init__(self, place):
        self.place = place
        self.collections = ROOT / ".cache" / "collections"
        (place / "ansible.cfg").write_text("")

    def __call__(self, tool, *argv, cwd=None, **variables):
        """Run a tool; ``variables`` go into its environment."""
        executions = self.place / "modules"
        executions.unlink(missing_ok=True)
        kept = {name: it for name, it in os.environ.items() if not name.startswith("ANSIBLE")}
        done = subprocess.run(
            [str(Path(sys.executable).with_name(tool)), *map(str, argv)],
            cwd=cwd or self.place,
            env={
                **kept,
                "HOME": str(self.place),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_CONFIG": str(self.place / "ansible.cfg"),
                "ANSIBLE_HOME": str(self.place / "home"),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
                "ANSIBLE_GALAXY_SERVER": "http://127.0.0.1:9",  # nobody answers there
                "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "benchmark" / "callbacks"),
                "ANSIBLE_CALLBACKS_ENABLED": "bench_modules",
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "BENCH_MODULES": str(executions),
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = executions.read_text().splitlines() if executions.exists() else []
        modules = [line["module"] for line in counting.modules(lines)]
        return Ran(done.returncode, done.stdout + done.stderr, modules)


@pytest.fixture
def controller(tmp_path):
    """The tools of the ansible-core that runs these tests."""
    place = tmp_path / "controller"
    place.mkdir()
    return Controller(place)


@pytest.fixture
def fleet(tmp_path):
    """``fleet(results)``: the inventory of two hosts that answer every module with its result."""

    def make(results):
        sed = shutil.which("sed")
        if sed is None:
            pytest.skip("there is no sed")
        python = tmp_path / "python"
        python.write_text(stub.script(results, sed), encoding="utf-8")
        python.chmod(0o755)
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(INVENTORY.format(interpreter=json.dumps(str(python))))
        return inventory

    return make


@pytest.fixture(scope="session")
def tarball(tmp_path_factory):
    """The collection as it is built."""
    place = tmp_path_factory.mktemp("built")
    home = tmp_path_factory.mktemp("builder")
    ran = Controller(home)("ansible-galaxy", "collection", "build", ROOT, "--output-path", place)
    assert ran.code == 0, ran.output
    (built,) = place.glob("containerhost-storage-*.tar.gz")
    return built
