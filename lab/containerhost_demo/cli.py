# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, from nothing to a container host."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from containerhost_lab import packages

from . import BIN, DISK, HOST, INVENTORY, LAB, LOGS, PREFIX, ROOT, report, table
from .steps import StepError, Steps
from .terminal import BOLD, DIM, Look, look

DRIVERS = ("overlay2", "devicemapper")  # the default first, which is the role's as well

# An image from what the host has; the container writes once, and reads at every start.
CONTAINER = """
set -e
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/bin"
cp /bin/busybox "$root/bin/"
tar -C "$root" -c . | docker import - demo >/dev/null
docker create --name demo --network none demo /bin/busybox sh -c '
    [ -e /data ] || /bin/busybox dd if=/dev/urandom of=/data bs=1M count=16 2>/dev/null
    /bin/busybox md5sum /data' >/dev/null
docker start --attach demo
docker start --attach demo
"""
AGAIN = f"throw the host away (lab/lab down {HOST}) and run make demo again."
LOOK_AROUND = f"look around on the host (lab/lab ssh {HOST}), or {AGAIN}"


def main() -> int:
    """Run the demo; 1 where a step failed."""
    driver = os.environ.get("DRIVER") or DRIVERS[0]
    if driver not in DRIVERS:
        print(f"DRIVER={driver} is no driver of this demo; take one of {', '.join(DRIVERS)}.")
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    view = look()
    try:
        demonstrate(driver, view)
    except StepError as error:
        print(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        print(f"\nStopped. If there is a host by now, it goes with: lab/lab down {HOST}")
        return 130
    return 0


def demonstrate(driver: str, view: Look) -> None:
    """Start a host, provision it, show it, provision it again."""
    print(view.paint(f"\nA blank machine becomes a container host on {driver}.\n", BOLD))
    ask_for_password()
    steps = Steps(5, view)
    start_host(steps, view)
    provision = playbook(driver)
    steps.run(
        "Give it its storage, by playbooks/provision.yml", "2-provision", provision, LOOK_AROUND
    )
    container = steps.run(
        "Run a container, stop it, start it",
        "3-container",
        [LAB, "ssh", HOST, CONTAINER],
        LOOK_AROUND,
    )
    seen, engine = read_back(steps)
    title = f"{HOST}, {engine['OperatingSystem']}"
    sections = report.sections(seen, engine, container.splitlines(), view)
    print(f"\n{table.render(title, sections, view)}\n")
    again = steps.run("Run the same playbook again", "5-again", provision, LOOK_AROUND)
    if "changed=0 " not in again:
        raise StepError(
            f"The second run changed something. See .cache/demo/5-again.log, and {AGAIN}"
        )
    print(f"\n{view.tick} changed=0: there was nothing left to do.\n")
    print(farewell(driver, view))


def ask_for_password() -> None:
    """Let sudo ask now, if it will have to: later its question would be lost among the steps."""
    if os.geteuid() and sys.stdin.isatty() and packages.missing(packages.is_there):
        subprocess.run(["sudo", "--validate"], check=False)


def start_host(steps: Steps, view: Look) -> None:
    """Have a blank host; one of an earlier demo is thrown away."""
    listed = subprocess.run([LAB, "list"], capture_output=True, text=True, check=False).stdout
    if any(line.split()[:1] == [HOST] for line in listed.splitlines()):
        subprocess.run([LAB, "down", HOST], capture_output=True, check=False)
        print(
            view.paint(
                f"({HOST} of the last demo is thrown away: this begins with a blank one.)", DIM
            )
        )
    said = steps.run(
        "Start a virtual machine, Debian 12, a blank disk of 10 GiB",
        "1-start",
        [LAB, "up", f"--name={PREFIX}", "--release=bookworm", "--disks=10G"],
        "the last lines above say it; then run make demo again: what is done is not done twice.",
    )
    if "Guests run in software" in said:
        print(view.paint("     It is emulated in software, so everything takes its time.", DIM))


def playbook(driver: str) -> list[str]:
    """Return the command that provisions the host."""
    return [
        str(BIN / "ansible-playbook"),
        f"--inventory={INVENTORY}",
        f"--limit={HOST}",
        f"--extra-vars=docker_storage_driver={driver}",
        f"--extra-vars={json.dumps({'docker_storage_devices': [DISK]})}",
        str(ROOT / "playbooks" / "provision.yml"),
    ]


def read_back(steps: Steps) -> tuple[dict, dict]:
    """Return what storage_info says of the host, and what the engine says of itself."""
    module = [BIN / "ansible", f"--inventory={INVENTORY}", HOST]
    said = steps.run(
        "Read back what is there, by storage_info and docker info",
        "4-read",
        [*module, "--module-name=containerhost.storage.storage_info"],
        LOOK_AROUND,
    )
    info = [LAB, "ssh", HOST, "docker info --format '{{json .}}'"]
    engine = subprocess.run(
        [str(word) for word in info], capture_output=True, text=True, check=False
    )
    try:
        return json.loads(said[said.index("{") :]), json.loads(engine.stdout)
    except ValueError as error:
        raise StepError(
            f"The host gave no report. See .cache/demo/4-read.log, and {AGAIN}"
        ) from error


def farewell(driver: str, view: Look) -> str:
    """Return how to go on."""
    other = DRIVERS[1 - DRIVERS.index(driver)]
    rows = (
        ("Look around", f"lab/lab ssh {HOST}", "docker info, docker logs demo, lvs"),
        ("Throw it away", f"lab/lab down {HOST}", ""),
        ("The other driver", f"make demo DRIVER={other}", ""),
        ("What was said", "ls .cache/demo/", ""),
    )
    return "\n".join(
        f"{title:18}{view.paint(f'{command:27}', BOLD)}{view.paint(note, DIM)}".rstrip()
        for title, command, note in rows
    )
