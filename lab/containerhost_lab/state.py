# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The saved state of a booted host: what spares the next one its boot.

qemu's own snapshots inside a disk can't be used through an overlay. So the machine is stopped,
its memory and devices written to a file as for a migration, and its disk frozen: every host is
an overlay on that disk, waking up from that file.
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

from . import acceleration, guest, paths, process, qemu, recipe, room, shell, store
from .errors import LabError
from .progress import Step
from .qmp import Qmp

STATE = "memory"

# Settled, the commands that everybody runs first in memory, and the rest of the page cache
# dropped: it would only make the state larger.
SETTLE = """
systemctl is-system-running --wait >/dev/null || true
systemctl is-active --quiet docker || { journalctl -u docker | tail -n 5 >&2; exit 1; }
sync
echo 3 >/proc/sys/vm/drop_caches
python3 -c 'import json, subprocess, tempfile, zipfile, base64, argparse, shutil, platform, locale'
lvm version >/dev/null
docker info >/dev/null
lsblk >/dev/null
sync
"""


def obtain(image: Path, release: str, memory: int, accelerator: str, key: Path) -> Path:
    """Return the folder with the frozen disk and the memory of a booted host, made if needed."""
    version = acceleration.qemu_version()
    argument = qemu.accelerator_argument(accelerator, acceleration.numbers(version))
    wanted = {
        "release": release,
        "image": image.name,
        "machine": qemu.machine(argument, memory),
        "kernel_arguments": qemu.KERNEL_ARGUMENTS,
        "qemu": version,
        "processor": acceleration.processor() if accelerator == "kvm" else None,
        "settle": SETTLE,
    }
    return store.obtain(
        paths.cache() / "states",
        recipe.key(wanted),
        wanted,
        build=lambda place: build(place, image, wanted, key),
        discard=discard,
    )


def build(place: Path, image: Path, wanted: dict, key: Path) -> None:
    """Boot ``image`` in the folder ``place`` and leave its frozen disk and memory there."""
    room.make(keep=image.name)
    release, port = wanted["release"], free_port()
    # Relative, so that the cache can be moved as a whole.
    overlay(Path("../..") / "images" / image.name / qemu.ROOT, place / qemu.ROOT)
    with Step(f"booting {release} once, to save its booted state"):
        process.start(qemu.command(place, image, wanted["machine"], port), place)
        guest.wait(f"the new {release} host", place, port, key, SETTLE)
    with Step(f"saving the state of {release}"), Qmp(place / qemu.SOCKET) as qmp:
        save(qmp)
    process.stop(place)
    for leftover in (qemu.SOCKET, qemu.PIDFILE, qemu.CONSOLE, "qemu.log"):
        (place / leftover).unlink(missing_ok=True)
    for frozen in (qemu.ROOT, STATE):
        (place / frozen).chmod(0o444)


def discard(place: Path) -> None:
    """Throw away a folder in which a machine may still run."""
    process.stop(place)
    store.remove(place)


def save(qmp: Qmp) -> None:
    """Write the memory and devices of a machine to the file STATE in its folder, stopped."""
    qmp("stop")
    # The default is made for networks.
    qmp("migrate-set-parameters", max_bandwidth=10 * 2**30)
    qmp("migrate", uri=f"exec:cat >{STATE}")
    while True:
        status = qmp("query-migrate")
        if status.get("status") == "completed":
            return
        if status.get("status") in ("failed", "cancelled"):
            raise LabError(f"qemu did not save the state: {status.get('error-desc', status)}")
        time.sleep(0.1)


def overlay(base: Path, path: Path) -> None:
    """Make the disk ``path``, empty, on top of ``base``."""
    shell.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(base), str(path)],
        doing=f"making the disk {path}",
    )


def machine_of(saved: Path) -> list[str]:
    """Return the machine that the state in the folder ``saved`` was saved from."""
    return json.loads((saved / store.RECIPE).read_text())["machine"]


def free_port() -> int:
    """Return a TCP port of this machine's own address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def blank(path: Path, size: int) -> None:
    """Make the blank disk ``path`` of ``size`` bytes; it takes space as it is written to."""
    shell.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", str(path), str(size)],
        doing=f"making the disk {path}",
    )
