# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated machine, as arguments of qemu. Nothing here starts anything."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

PROGRAM = "qemu-system-x86_64"

# A saved state fits only the machine it was saved from, so the places for disks are there from
# the start, empty, and disks are plugged into them afterwards.
PORTS = 12

# By label: the order in which disks are found is not to be relied on. Programs are not put at
# random addresses: qemu keeps what it has translated by the address that it runs at, and would
# translate each program anew at each start (2,800 pieces for /bin/true).
KERNEL_ARGUMENTS = "root=LABEL=root rw console=ttyS0 quiet mitigations=off norandmaps"

SOCKET = "qmp.sock"
CONSOLE = "console.log"
ROOT = "root.qcow2"
ARGUMENTS = "kernel_arguments"  # beside the kernel, where its image has more of them
PIDFILE = "pid"

# The first version in which each emulated processor may have a thread of its own. Before, one could
# run what it had translated from code that another was just replacing, as a kernel does with its
# own, and the guest panicked now and then (QEMU commit deba78709a, "Always lock pages before
# translation"; https://github.com/multipath-tcp/mptcp_net-next/issues/471).
MANY_THREADS_SINCE = (8, 1)


def accelerator_argument(accelerator: str, version: tuple[int, ...]) -> str:
    """Return ``accelerator``, kvm or tcg, as this version of qemu runs guests soundly on it."""
    if accelerator == "kvm":
        return "kvm"
    return f"tcg,thread={'multi' if version >= MANY_THREADS_SINCE else 'single'}"


def machine(accelerator: str, memory: int) -> list[str]:
    """Return the arguments that a saved state depends on; ``memory`` in bytes.

    ``accelerator`` is what :func:`accelerator_argument` returned.
    """
    arguments = [
        "-nodefaults", "-display", "none", "-machine", "q35",
        "-accel", accelerator,
        # Four levels of page tables are quicker to walk in software than five.
        "-cpu", "max,la57=off", "-smp", "2", "-m", f"{memory // 2**20}M",
        "-device", "virtio-rng-pci",
        # Tells the kernel that it was restored, so that no two hosts draw the same random numbers.
        "-device", "vmgenid,guid=auto",
        "-device", "virtio-blk-pci,drive=root,id=root,serial=root",
        # Nothing is booted from the network, so its boot code need not be installed.
        "-device", "virtio-net-pci,netdev=net,romfile=",
    ]  # fmt: skip
    for port in range(1, PORTS + 1):
        arguments += ["-device", f"pcie-root-port,id=port{port},chassis={port}"]
    return arguments


def command(
    folder: Path,
    image: Path,
    machine_arguments: list[str],
    ssh_port: int,
    disks: list[dict] = (),
    state: Path | None = None,
) -> list[str]:
    """Return the whole command for a machine that lives in ``folder``, which is to be its cwd.

    ``image`` is the folder of the kernel. With ``state``, a saved state's file, the machine
    wakes up in it, stopped, and must not be given disks; without, it boots.
    """
    arguments = [
        PROGRAM, *machine_arguments,
        # Also what its process is known by.
        "-pidfile", str(folder / PIDFILE),
        "-qmp", f"unix:{SOCKET},server=on,wait=off",
        "-chardev", f"file,id=console,path={CONSOLE},append=on", "-serial", "chardev:console",
        "-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initrd.img"),
        "-append", kernel_arguments(image),
        "-blockdev", json.dumps(root_node(folder)),
        # Guests reach nothing, neither this machine nor beyond; only SSH comes in.
        "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{ssh_port}-:22",
    ]  # fmt: skip
    for disk in disks:
        arguments += ["-blockdev", json.dumps(disk_node(folder, disk))]
        arguments += ["-device", json.dumps(disk_device(disk))]
    if state:
        arguments += ["-incoming", f"exec:cat {shlex.quote(str(state))}"]
    return arguments


def kernel_arguments(image: Path) -> str:
    """Return what the kernel in the folder ``image`` is told."""
    more = image / ARGUMENTS
    return f"{KERNEL_ARGUMENTS} {more.read_text()}" if more.exists() else KERNEL_ARGUMENTS


def root_node(folder: Path) -> dict:
    """Return the root disk. It need not outlive this machine, so flushes cost nothing."""
    return qcow2_node("root", folder / ROOT, no_flush=True)


def disk_node(folder: Path, disk: dict) -> dict:
    """Return a data disk as qemu's block layer takes it, on the command line or live."""
    return qcow2_node(disk["id"], folder / f"{disk['id']}.qcow2", no_flush=False)


def disk_device(disk: dict) -> dict:
    """Return the device that a guest sees: /dev/disk/by-id/virtio-ID."""
    return {
        "driver": "virtio-blk-pci",
        "id": disk["id"],
        "drive": disk["id"],
        "serial": disk["id"],
        "bus": f"port{disk['port']}",
    }


def qcow2_node(name: str, path: Path, no_flush: bool) -> dict:
    """Return a qcow2 file that gives back what the guest discards."""
    return {
        "driver": "qcow2",
        "node-name": name,
        "discard": "unmap",
        "cache": {"direct": False, "no-flush": no_flush},
        "file": {
            "driver": "file",
            "filename": str(path),
            "discard": "unmap",
            "cache": {"direct": False, "no-flush": no_flush},
        },
    }
