# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three ways, and how each one is run."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import BENCHMARK, CACHE, COLLECTIONS, VENV, counting, hosts
from .errors import BenchError

NAMES = ("raw", "peer", "ours")
RAW = BENCHMARK / "raw.sh"

PROVISION = COLLECTIONS / "ansible_collections/containerhost/storage/playbooks/provision.yml"

# The same disk and the same end: a pool of 95 percent of the group with 1 percent of metadata.
PLAYBOOKS = {
    "peer": (BENCHMARK / "peer.yml", {"pool_device": hosts.DISK}),
    "ours": (
        PROVISION,
        {
            "docker_storage_driver": "devicemapper",
            "docker_storage_sizing": "documented",
            "docker_storage_devices": [hosts.DISK],
        },
    ),
    "layout": (PROVISION, {}),
    "ping": (BENCHMARK / "ping.yml", {}),
    "btrfs": (BENCHMARK / "btrfs.yml", {}),
    "zfs_peer": (BENCHMARK / "zfs.yml", {"contender": "peer"}),
    "zfs_ours": (BENCHMARK / "zfs.yml", {"contender": "ours"}),
}


class Run(NamedTuple):
    """One run of one way: its wall time in seconds, and what Ansible says of it."""

    seconds: float
    modules: list[dict]
    changed: int


def by_hand(script: Path = RAW, on: str = "raw") -> Run:
    """Run the commands by hand, over one SSH connection, on the host of a contender."""
    command = hosts.ssh(on, "sh", "-s", "--", hosts.DISK)
    started = time.monotonic()
    done = subprocess.run(
        command, input=script.read_text(), capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - started
    keep_log(script.stem, done.stdout + done.stderr)
    if done.returncode:
        raise BenchError(f"The commands by hand failed:\n{done.stderr}")
    return Run(seconds, [], 0)


def play(
    contender: str, *options: str, on: str | None = None, variables: dict | None = None
) -> Run:
    """Run a contender's playbook once, with a connection of its own.

    :param on: the contender whose host it runs on, if not its own
    :param variables: more of them than it has anyway
    """
    playbook, own_variables = PLAYBOOKS[contender]
    limit = f"--limit={hosts.name_of(on or contender)}"
    variables = {**own_variables, **(variables or {})}
    argv = command(playbook, hosts.INVENTORY, variables, limit, *options)
    with workplace() as work:
        started = time.monotonic()
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, env=environment(work)
        )
        seconds = time.monotonic() - started
        close_connections(work)
        output = done.stdout + done.stderr
        keep_log(contender, output)
        if done.returncode:
            raise BenchError(f"{playbook.name} failed:\n{output[-3000:]}")
        return Run(seconds, modules_run(work), counting.recap(output)["changed"])


def command(playbook: Path, inventory: Path, variables: dict, *options: str) -> list[str]:
    """Return the command that runs a playbook."""
    return [
        str(VENV / "bin" / "ansible-playbook"),
        f"--inventory={inventory}",
        f"--extra-vars={json.dumps(variables)}",
        *options,
        str(playbook),
    ]


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """Give a folder for the files of one run.

    Its name is short: the path of an SSH control socket may have 100 characters or so.
    """
    place = {"prefix": "bench-", "dir": "/tmp", "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(**place) as work:
        yield Path(work)


def modules_run(work: Path) -> list[dict]:
    """Return the module executions that the callback wrote down in a run's folder."""
    return counting.modules((work / "modules").read_text().splitlines())


def require_unchanged(contender: str, run: Run) -> None:
    """Raise BenchError where a run changed something that had nothing to do."""
    if run.changed:
        raise BenchError(f"{contender}: its second run changed the host; see {contender}.log.")


def environment(work: Path) -> dict[str, str]:
    """Return the environment of Ansible: the benchmark's settings, and none of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {
        **kept,
        "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(BENCHMARK / "ansible.cfg"),
        "ANSIBLE_HOME": str(CACHE / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(work),
        "BENCH_MODULES": str(work / "modules"),
    }


def close_connections(work: Path) -> None:
    """End the SSH connection that Ansible keeps open, so that the next run makes its own."""
    for socket in work.iterdir():
        if socket.is_socket():
            subprocess.run(
                ["ssh", "-O", "exit", "-S", str(socket), "host"], capture_output=True, check=False
            )


def keep_log(contender: str, output: str) -> None:
    """Append the output of a run to the contender's log."""
    with open(CACHE / f"{contender}.log", "a", encoding="utf-8") as stream:
        stream.write(f"{output}\n")
