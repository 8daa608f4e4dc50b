# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from containerhost_lab import inventory
from containerhost_lab.host import Host

yaml = pytest.importorskip("yaml")


def host(name, **changes):
    facts = {
        "name": name, "release": "bookworm", "memory": 2**31, "asked": [2**30, 2**30],
        "image": "/cache/image", "saved": "/cache/state", "key": "/cache/key", "machine": [],
        "ssh_port": 2222, "last_disk": 2,
        "disks": [{"id": "disk1", "size": 2**30, "port": 1}, {"id": "disk2", "size": 1, "port": 2}],
    }  # fmt: skip
    return Host(**{**facts, **changes})


def hosts_in(text):
    return yaml.safe_load(text)["lab_hosts"]["hosts"]


def test_a_host_has_all_that_ansible_needs():
    variables = hosts_in(inventory.render([host("bookworm1")]))["bookworm1"]
    ssh_arguments = variables.pop("ansible_ssh_common_args")
    assert "UserKnownHostsFile=/dev/null" in ssh_arguments
    assert "StrictHostKeyChecking=no" in ssh_arguments
    disks = ["/dev/disk/by-id/virtio-disk1", "/dev/disk/by-id/virtio-disk2"]
    assert variables == {
        "ansible_host": "127.0.0.1",
        "ansible_port": 2222,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": "/cache/key",
        "ansible_python_interpreter": "/usr/bin/python3",
        "lab_release": "bookworm",
        "lab_disks": disks,
        "docker_storage_devices": disks,
    }


def test_all_hosts_are_in_one_group():
    text = inventory.render([host("a1"), host("b1", disks=[])])
    assert list(hosts_in(text)) == ["a1", "b1"]
    assert hosts_in(text)["b1"]["lab_disks"] == []


def test_no_hosts_is_an_inventory_too():
    assert hosts_in(inventory.render([])) == {}


def test_a_path_with_anything_in_it_survives():
    key = '/home/j doe/#1: "new"/ü'
    assert hosts_in(inventory.render([host("a1", key=key)]))["a1"][
        "ansible_ssh_private_key_file"
    ] == key  # fmt: skip


def test_it_replaces_the_file_whole(tmp_path):
    path = tmp_path / "lab" / "inventory.yml"
    inventory.write(path, [host("a1")])
    inventory.write(path, [host("b1")])
    assert list(hosts_in(path.read_text())) == ["b1"]
    assert [file.name for file in path.parent.iterdir()] == ["inventory.yml"]
