# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of all scenarios use. They read the host by other roads than the modules do."""

from __future__ import annotations

import json
import os
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from breaking import broken, layout  # noqa: F401 - fixtures
from filled_root import filled  # noqa: F401 - a fixture

PROJECT = Path(__file__).parent.parent
SCENARIO = Path(os.environ.get("MOLECULE_SCENARIO_DIRECTORY", "."))


def on_controller(*argv):
    """Run a command next to Ansible; return it completed, its output as text."""
    env = {**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(argv, cwd=SCENARIO, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def name(host):
    """Return the host's name in the inventory, which is its name in the lab too."""
    return host.backend.get_pytest_id().partition("://")[2]


@pytest.fixture(scope="module")
def disks(host):
    """Return the names of the host's data disks, which survive a reboot."""
    return host.backend.get_variables()["lab_disks"]


@pytest.fixture(scope="module")
def play(name):
    """Return a function that runs a playbook on this host, with more arguments for Ansible."""

    def run(playbook, *arguments):
        return on_controller(
            *("ansible-playbook", f"--inventory={SCENARIO / 'inventory'}", f"--limit={name}"),
            *arguments,
            playbook,
        )

    return run


@pytest.fixture(scope="module")
def provision(play):
    """Return a function that runs the role on this host."""
    return partial(play, PROJECT / "playbooks" / "provision.yml")


@pytest.fixture(scope="module")
def play_reset(play):
    """Return a function that runs the playbook that empties data roots on this host."""
    return partial(play, PROJECT / "playbooks" / "reset.yml")


@pytest.fixture(scope="module")
def check_mode(play):
    """Return a function that does in check mode what the scenario does to converge."""
    return partial(play, SCENARIO / "converge.yml", "--check", "--diff")


@pytest.fixture(scope="module")
def module(name):
    """Return a function that runs one module of the collection, and gives back what it returned."""

    def run(module_name, check=False, **options):
        done = on_controller(
            *("ansible", name, f"--inventory={SCENARIO / 'inventory'}"),
            f"--module-name=containerhost.storage.{module_name}",
            *(["--check"] if check else []),
            *([f"--args={json.dumps(options)}"] if options else []),  # Ansible takes no empty ones
        )
        # Ansible prints "NAME | CHANGED => {...}".
        result = done.stdout.partition(f"{name} | ")[2].partition(" => ")[2]
        assert result, done.stdout + done.stderr
        return {"failed": done.returncode != 0, **json.loads(result)}

    return run


@pytest.fixture(scope="module")
def lab(name):
    """Return a function for commands of the lab about this host, such as ``power reset``."""

    def run(command, *arguments):
        done = on_controller(PROJECT / "lab" / "lab", command, name, *arguments)
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture(scope="module")
def make_image(host):
    """Return a function that makes an image of the host's own busybox: there is no registry."""
    return lambda: host.check_output(
        "cd $(mktemp -d) && mkdir bin && cp /bin/busybox bin/sh"
        " && ln -s sh bin/cat && ln -s sh bin/dd && ln -s sh bin/sync"
        " && tar --create . | docker import - busybox"
    )


@pytest.fixture(scope="module")
def container(make_image):
    """Return what ``docker run`` needs for a container of the host's own busybox."""
    make_image()
    return "--network none busybox"


@pytest.fixture(scope="session")
def wait_until():
    """Return a function that asks ``holds`` until it is true, for as long as a slow host needs."""

    def wait(holds, seconds=300):
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"it did not come true in {seconds} s"
            time.sleep(1)

    return wait


@pytest.fixture
def unmounted(host):
    """Take the data root's filesystem away, as a disk that fails does; give it back at the end."""
    drop_in = "/run/systemd/system/var-lib-docker.mount.d/broken.conf"
    host.check_output("systemctl stop docker.socket docker.service var-lib-docker.mount")
    host.check_output(
        f"install -D /dev/null {drop_in} && printf '[Mount]\nOptions=nonsense\n' >{drop_in}"
    )
    host.check_output("systemctl daemon-reload")
    yield
    host.check_output(f"rm {drop_in} && systemctl daemon-reload")
    host.check_output("systemctl reset-failed docker.service && systemctl start docker.service")
