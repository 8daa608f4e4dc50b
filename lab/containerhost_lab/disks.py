# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of a host that come, go and grow; live where the host is on."""

from __future__ import annotations

import time
from pathlib import Path

from . import guest, shell
from .errors import LabError
from .host import Host, new_disk, plug, wait_ready
from .qmp import Qmp
from .sizes import format_size

UNPLUG_LIMIT = 30


def add(host: Host, size: int) -> dict:
    """Give ``host`` a blank disk and return it, once the guest sees it."""
    disk = new_disk(host, size)
    # Before it is plugged in: a disk that is known and not there can be removed, a disk that is
    # there and not known could not.
    host.write()
    if host.is_on:
        with host.qmp() as qmp:
            plug(qmp, host, disk)
        wait_ready(host)
    return disk


def remove(host: Host, disk_id: str) -> None:
    """Pull a disk out of ``host``, whatever it is used for, and throw it away."""
    disk = named(host, disk_id)
    if host.is_on:
        with host.qmp() as qmp:
            unplug(qmp, host, disk_id)
    host.disks.remove(disk)
    host.write()
    file_of(host, disk).unlink(missing_ok=True)


def unplug(qmp: Qmp, host: Host, disk_id: str) -> None:
    """Pull a disk out of the running machine, as far as it is plugged in."""
    nodes = {node["node-name"]: node for node in qmp("query-named-block-nodes")}
    plugged = {device["qdev"] for device in qmp("query-block") if "qdev" in device}
    if any(f"/{disk_id}/" in path or path == disk_id for path in plugged):
        qmp("device_del", id=disk_id)
        if not qmp.wait_event("DEVICE_DELETED", UNPLUG_LIMIT, device=disk_id):
            raise LabError(
                f"{host.name} did not let go of {disk_id} within {UNPLUG_LIMIT} s. Try again, "
                f"or with the host off: lab/lab power {host.name} off"
            )
    if disk_id in nodes:
        qmp("blockdev-del", node_name=disk_id)


def resize(host: Host, disk_id: str, size: int) -> None:
    """Grow a disk of ``host``; when this returns, a guest that is on sees the new size."""
    disk = named(host, disk_id)
    if size < disk["size"]:
        raise LabError(
            f"{disk_id} of {host.name} has {format_size(disk['size'])}: a disk grows, it does not "
            f"shrink to {format_size(size)}. Add a smaller one: lab/lab disk {host.name} add "
            f"{format_size(size)}"
        )
    if host.is_on:
        with host.qmp() as qmp:
            qmp("block_resize", node_name=disk_id, size=size)
    else:
        shell.run(
            ["qemu-img", "resize", "-q", str(file_of(host, disk)), str(size)],
            doing=f"growing {disk_id} of {host.name}",
        )
    disk["size"] = size
    host.write()
    if host.is_on:
        wait_size(host, disk)


def wait_size(host: Host, disk: dict) -> None:
    """Wait until the guest sees the size of ``disk``."""
    script = f"blockdev --getsize64 /dev/disk/by-id/virtio-{disk['id']}"
    deadline = time.monotonic() + guest.SETTLE_LIMIT
    while True:
        seen = guest.wait(host.name, host.folder, host.ssh_port, Path(host.key), script).strip()
        if seen == str(disk["size"]):
            return
        if time.monotonic() > deadline:
            raise LabError(f"{host.name} sees {disk['id']} with {seen} bytes, not {disk['size']}.")
        time.sleep(0.2)


def named(host: Host, disk_id: str) -> dict:
    """Return the disk of ``host`` with this id; raises LabError where there is none."""
    for disk in host.disks:
        if disk["id"] == disk_id:
            return disk
    has = ", ".join(disk["id"] for disk in host.disks) or "no disks"
    raise LabError(f"{host.name} has no disk {disk_id!r}; it has {has}.")


def file_of(host: Host, disk: dict) -> Path:
    """Return the file that holds ``disk``."""
    return host.folder / f"{disk['id']}.qcow2"
