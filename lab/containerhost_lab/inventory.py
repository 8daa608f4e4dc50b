# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts as Ansible takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from . import guest
from .host import Host

HEADER = "# Written by lab/lab; it is written anew whenever a host comes or goes.\n"


def render(hosts: Iterable[Host]) -> str:
    """Return the inventory of ``hosts``, in the group lab_hosts."""
    lines = [HEADER + "lab_hosts:", "  hosts:"]
    for host in hosts:
        lines.append(f"    {host.name}:")
        lines += [f"      {name}: {quote(value)}" for name, value in variables(host).items()]
    if lines[-1] == "  hosts:":
        lines[-1] += " {}"
    return "\n".join(lines) + "\n"


def variables(host: Host) -> dict:
    """Return the variables of one host: how to reach it, and the disks that it may lose."""
    disks = [by_id(disk) for disk in host.disks]
    return {
        "ansible_host": "127.0.0.1",
        "ansible_port": host.ssh_port,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": host.key,
        "ansible_ssh_common_args": " ".join(guest.OPTIONS),
        "ansible_python_interpreter": "/usr/bin/python3",
        "lab_release": host.release,
        "lab_disks": disks,
        "docker_storage_devices": disks,
    }


def by_id(disk: dict) -> str:
    """Return the name that a disk keeps, whatever order the disks are found in."""
    return f"/dev/disk/by-id/virtio-{disk['id']}"


def quote(value: object) -> str:
    """Return a value as YAML; JSON is a part of it, and needs no library."""
    return json.dumps(value, ensure_ascii=False)


def write(path: Path, hosts: Iterable[Host]) -> None:
    """Write the inventory, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(render(hosts), encoding="utf-8")
    draft.rename(path)
