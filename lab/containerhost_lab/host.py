# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: what is known of it, and its power."""

from __future__ import annotations

import json
import socket
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import guest, paths, process, qemu, room, state, store
from .errors import LabError, PanicError
from .qmp import Qmp

RECORD = "host.json"

# It ran in the saved state; if a new host is without it, something is wrong with that.
ENGINE_RUNS = "systemctl is-active --quiet docker || { echo docker is not running >&2; exit 1; }\n"


@dataclass
class Host:
    """What is kept of a host in its folder's host.json.

    ``memory`` is in bytes, ``asked`` the sizes of its disks in bytes as ``up`` was told,
    ``extra`` what its image has besides.
    ``disks`` are as they are now: {id, size in bytes, port}. ``image`` and ``saved`` are the
    folders of its kernel and its saved state.
    """

    name: str
    release: str
    memory: int
    asked: list[int]
    image: str
    saved: str
    key: str
    machine: list[str]
    ssh_port: int = 0
    last_disk: int = 0
    disks: list[dict] = field(default_factory=list)
    extra: str = ""

    @property
    def folder(self) -> Path:
        """Return where its disks, socket and logs are."""
        return paths.HOSTS / self.name

    @property
    def is_on(self) -> bool:
        """Return whether its emulator runs."""
        return process.pid(self.folder) is not None

    def qmp(self) -> Qmp:
        """Return a connection to its emulator."""
        return Qmp(self.folder / qemu.SOCKET)

    def write(self) -> None:
        """Keep what is known, whole or as it was before."""
        draft = self.folder / f"{RECORD}.new"
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.rename(self.folder / RECORD)


def read_all() -> list[Host]:
    """Return every host of this checkout, by name."""
    return [read(record.parent.name) for record in sorted(paths.HOSTS.glob(f"*/{RECORD}"))]


def folders() -> list[str]:
    """Return the names of all hosts, also of those whose start was stopped midway."""
    return sorted(path.name for path in paths.HOSTS.glob("*") if path.is_dir())


def exists(name: str) -> bool:
    """Return whether there is a host of this name."""
    return (paths.HOSTS / name / RECORD).is_file()


def read(name: str) -> Host:
    """Return the host of this name; raises LabError where there is none."""
    if not exists(name):
        others = ", ".join(host.name for host in read_all()) or "none"
        raise LabError(f"There is no host {name!r}; there are: {others}. See: lab/lab list")
    record = paths.HOSTS / name / RECORD
    try:
        return Host(**json.loads(record.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise LabError(
            f"{record} can't be used ({error}). Throw the host away with: lab/lab down {name}"
        ) from error


def wake(host: Host) -> None:
    """Start the new ``host`` from its saved state, with the disks it is to have."""
    # A folder without a record is what is left of a start that was stopped.
    process.stop(host.folder)
    store.remove(host.folder)
    host.folder.mkdir(parents=True)
    try:
        room.mark_used(Path(host.saved), host.folder)
        state.overlay(Path(host.saved) / qemu.ROOT, host.folder / qemu.ROOT)
        host.ssh_port = state.free_port()
        saved = Path(host.saved) / state.STATE
        process.start(
            qemu.command(host.folder, Path(host.image), host.machine, host.ssh_port, state=saved),
            host.folder,
        )
        with host.qmp() as qmp:
            wait_loaded(qmp, host)
            for size in host.asked:
                disk = new_disk(host, size)
                plug(qmp, host, disk)
            qmp("cont")
        script = guest.identity_script(host.name, uuid.uuid4().hex, time.time())
        wait_ready(host, script + ENGINE_RUNS)
        host.write()
    except BaseException:
        process.stop(host.folder)
        store.remove(host.folder)
        raise


def wait_loaded(qmp: Qmp, host: Host) -> None:
    """Wait until the machine's memory and devices are as they were saved."""
    deadline = time.monotonic() + guest.BOOT_LIMIT
    while qmp("query-status")["status"] == "inmigrate":
        if time.monotonic() > deadline:
            raise LabError(f"{host.name}: the saved state in {host.saved} does not load.")
        time.sleep(0.02)


def switch_on(host: Host) -> None:
    """Start ``host`` cold, with the disks it has."""
    if not Path(host.saved, qemu.ROOT).exists():
        raise LabError(
            f"{host.name} can't boot: the image under its disk, {host.saved}, is gone. "
            f"Throw the host away with: lab/lab down {host.name}"
        )
    if not is_free(host.ssh_port):
        host.ssh_port = state.free_port()
        host.write()
    process.start(
        qemu.command(host.folder, Path(host.image), host.machine, host.ssh_port, disks=host.disks),
        host.folder,
    )


def cut(host: Host) -> None:
    """Cut the power of ``host``: the guest gets no chance to write anything."""
    process.stop(host.folder)


def push_reset(host: Host) -> None:
    """Push the reset button of ``host``."""
    with host.qmp() as qmp:
        qmp("system_reset")


def wait_booted(host: Host) -> None:
    """Wait until ``host``, just switched on or reset, is up.

    A kernel that panics is reset once, and that is said: under emulation one does now and then,
    whatever is on the host's disks. What makes it panic does so twice.
    """
    try:
        wait_ready(host, guest.BOOTED)
    except PanicError as error:
        print(f"{error}\nIt is reset once more.", flush=True)
        push_reset(host)
        wait_ready(host, guest.BOOTED)


def wait_ready(host: Host, script: str = "") -> None:
    """Wait until ``host`` answers, run ``script`` in it, and wait until its disks are there.

    Whether the engine runs is not asked: a host may well be without one on purpose.
    """
    script += guest.disks_script([disk["id"] for disk in host.disks])
    guest.wait(host.name, host.folder, host.ssh_port, Path(host.key), script)


def throw_away(name: str) -> None:
    """End the host of this name and remove all that was its."""
    folder = paths.HOSTS / name
    process.stop(folder)
    store.remove(folder)


def new_disk(host: Host, size: int) -> dict:
    """Make a blank disk for ``host`` and return it: the next number, the lowest free port.

    A number is not used twice, so that a new disk is never taken for one that was removed.
    """
    taken = {disk["port"] for disk in host.disks}
    free = [port for port in range(1, qemu.PORTS + 1) if port not in taken]
    if not free:
        raise LabError(f"{host.name} has {qemu.PORTS} disks, and no place for another.")
    host.last_disk += 1
    disk = {"id": f"disk{host.last_disk}", "size": size, "port": free[0]}
    state.blank(host.folder / f"{disk['id']}.qcow2", size)
    host.disks.append(disk)
    return disk


def plug(qmp: Qmp, host: Host, disk: dict) -> None:
    """Plug ``disk`` into the running machine."""
    qmp("blockdev-add", **qemu.disk_node(host.folder, disk))
    qmp("device_add", **qemu.disk_device(disk))


def is_free(port: int) -> bool:
    """Return whether nobody listens on this TCP port of this machine's own address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
