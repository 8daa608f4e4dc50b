# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from containerhost_demo import report, table
from containerhost_demo.steps import doing
from containerhost_demo.terminal import Look

PLAIN = Look(colour=False, unicode=False)
PRETTY = Look(colour=True, unicode=True)
GIB = 2**30

POOL = {
    "name": "thinpool", "size": 8 * GIB, "metadata_size": 4 * 2**20, "chunk_size": 512 * 1024,
    "zero": False, "monitored": True, "data_percent": 1.2, "metadata_percent": None,
    "autoextend": {
        "threshold": 80, "percent": 20, "next_step_size": int(1.6 * GIB), "free_size": 2 * GIB,
        "can_extend": True,
    },
}  # fmt: skip
DATA = {"name": "data", "device": "/dev/mapper/docker-data", "size": 9 * GIB, "pool": "thinpool"}
REPORT = {
    "storage": {
        "disks": [
            {"device": "/dev/vda", "name": "/dev/disk/by-id/virtio-root", "size": 8 * GIB},
            {"device": "/dev/vdb", "name": "/dev/disk/by-id/virtio-disk1", "size": 10 * GIB},
        ],
        "lvm": {
            "groups": [
                {
                    "name": "docker",
                    "devices": [{"device": "/dev/vdb"}],
                    "pools": [POOL],
                    "volumes": [DATA],
                }
            ]
        },
        "mounts": [
            {
                "source": "/dev/mapper/docker-data", "path": "/var/lib/docker", "fstype": "xfs",
                "root": "/", "options": ["rw", "prjquota"], "size": 9 * GIB, "available": 8 * GIB,
            }
        ],
    },
    "findings": [{"level": "info", "message": "word " * 40}],
}  # fmt: skip
ENGINE = {
    "ServerVersion": "20.10.24", "Driver": "devicemapper", "DockerRootDir": "/var/lib/docker",
    "DriverStatus": [["Pool Name", "docker-thinpool"]],
}  # fmt: skip
SAME = ["abc  /data", "abc  /data"]


def drawn(view=PLAIN, seen=REPORT, container=SAME):
    return table.render("demo1", report.sections(seen, ENGINE, container, view), view)


@pytest.mark.parametrize("view", [PLAIN, Look(colour=False, unicode=True)])
def test_every_line_is_80_columns_wide(view):
    assert {len(line) for line in drawn(view).splitlines()} == {80}


@pytest.mark.parametrize(
    "words",
    [
        "/dev/disk/by-id/virtio-disk1, 10 GiB, in volume group docker",
        "1.2 % of 8 GiB",
        "0.0 % of 4 MiB",
        "512 KiB, not zeroed",
        "at 80 % used (|), by 20 %",
        "next step needs 1.6 GiB, free 2 GiB: fits",
        "yes, by dmeventd",
        "9 GiB, thin, from pool thinpool",
        "/var/lib/docker, xfs, with project quotas",
        "Docker 20.10.24",
        "devicemapper on pool docker-thinpool",
        "read back the same",
    ],
)
def test_the_table_says(words):
    assert words in drawn()


def test_a_disk_of_no_group_is_left_out():
    assert "virtio-root" not in drawn()


def test_ascii_and_no_colour_where_asked_for():
    assert drawn().isascii()
    assert "\033" not in drawn()
    assert "\033[32m" in drawn(PRETTY)


def test_what_is_not_in_order_is_said():
    grows = {**POOL["autoextend"], "can_extend": False}
    pool = {**POOL, "monitored": False, "autoextend": grows}
    group = {**REPORT["storage"]["lvm"]["groups"][0], "pools": [pool]}
    seen = {**REPORT, "storage": {**REPORT["storage"], "lvm": {"groups": [group]}}}
    text = drawn(seen=seen, container=["abc  /data", "abd  /data"])
    assert "DOES NOT FIT" in text
    assert "NO: nothing makes it grow" in text
    assert "did NOT read back" in text


@pytest.mark.parametrize(
    ("percent", "at", "shown"),
    [
        (0, None, ".........."),
        (0.4, None, "#........."),
        (50, None, "#####....."),
        (100, None, "##########"),
        (20, 80, "##......|."),
        (20, 100, "##........"),
    ],
)
def test_a_bar(percent, at, shown):
    assert table.bar(percent, at, PLAIN, cells=10) == shown


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (524288, "512 KiB"), (1.6 * GIB, "1.6 GiB")],
)
def test_a_size(count, words):
    assert table.size(count) == words


@pytest.mark.parametrize(
    ("line", "now"),
    [
        ("TASK [containerhost.storage.docker_storage : Keep the pool] ***", "Keep the pool"),
        ("TASK [Ping] ****", "Ping"),
        ("building the bookworm image ... 40 s", "building the bookworm image"),
        ("changed: [demo1]", None),
    ],
)  # fmt: skip
def test_what_is_being_done(line, now):
    assert doing(line) == now
