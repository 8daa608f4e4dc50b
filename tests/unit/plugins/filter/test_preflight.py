# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet has answered, as a list and as a table, whatever each host has answered."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.filter.preflight_rows import preflight_rows
from ansible_collections.containerhost.storage.plugins.filter.preflight_table import (
    preflight_table,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.facts import Facts
from ansible_collections.containerhost.storage.plugins.module_utils._info.drivers import (
    Seen,
    Wish,
    describe,
)
from support.driver_hosts import BOOKWORM, DISK, TRIXIE, left_to, on

WARNING = {"level": "warning", "topic": "some", "message": "Look after it."}


def answer(facts, *findings):
    """What storage_info returns for a host."""
    engine = {"installed": False}
    if facts.version:
        engine = {
            "installed": True,
            "version": ".".join(map(str, facts.version)),
            "driver": facts.running,
            "data_root": facts.data_root,
            "backing_filesystem": {"type": facts.backing.fstype},
            "holds": [facts.holds._asdict()],
        }
    drivers = json.loads(json.dumps(describe(Seen(facts, facts, Wish()))))
    return {"storage": {"engine": engine, "drivers": drivers}, "findings": list(findings)}


UNREACHABLE = {"unreachable": True, "msg": "Task failed: Connection refused\nTry again"}
BROKEN = {"msg": "", "module_stderr": "\nsh: 1: python3: not found\n"}

# what a host answered, its status, its message
ANSWERS = [
    (answer(BOOKWORM), "ok", ""),
    (answer(BOOKWORM._replace(running="")), "ok", ""),
    (answer(Facts()), "no_engine", "it has no engine"),
    (
        {"storage": {"engine": {"installed": True}, "drivers": {}}},
        "no_engine",
        "its engine cannot be read",
    ),
    (UNREACHABLE, "unreachable", "Connection refused"),
    ({"unreachable": True}, "unreachable", "it gave no answer"),
    (BROKEN, "failed", "sh: 1: python3: not found"),
    ({"msg": "Missing sudo password"}, "failed", "Missing sudo password"),
    ({}, "failed", "it gave no answer"),
]


@pytest.mark.parametrize(("result", "status", "message"), ANSWERS)
def test_every_answer_is_a_row_and_a_line(result, status, message):
    (row,) = preflight_rows({"node1": result})
    assert list(row) == [
        *("host", "status", "message", "engine"),
        *("candidates", "choice", "outlook", "findings"),
    ]
    assert (row["host"], row["status"], row["message"]) == ("node1", status, message)
    table = preflight_table([row]).splitlines()
    assert table[0].startswith("HOST")
    assert table[1].startswith("node1 ")


def test_rows_keep_what_the_module_said_and_their_order():
    said = answer(BOOKWORM, WARNING)
    rows = preflight_rows({"b": said, "a": answer(TRIXIE)})
    assert [row["host"] for row in rows] == ["b", "a"]
    assert rows[0]["outlook"] == said["storage"]["drivers"]["outlook"]
    assert rows[0]["findings"] == [WARNING]


POOL = {"options": {"dm.thinpooldev": ["/dev/mapper/docker-thinpool"]}}

TABLE = """\
HOST     ENGINE    DRIVER        TO 26             TO 29             WARNINGS
node1    20.10.24  devicemapper  refuses to start  refuses to start  1
node2    20.10.24  vfs           hides data        hides data
node3    26.1.5    overlay2      ok                ok
stopped  26.1.5    stopped       ok                ok
gone     unreachable
plain    no engine

node1:
  engine       Docker 20.10.24 on devicemapper, /var/lib/docker on ext4, 3 images of
               devicemapper, 1 container of devicemapper
  possible     overlay2, overlay, devicemapper, vfs
  not          btrfs           /var/lib/docker is on ext4, not on btrfs, and no disk is
                               free to change that
               zfs             this kernel has no zfs; the program zfs is not installed;
                               /var/lib/docker is on ext4, not on zfs, and no disk is
                               free to change that
               aufs            this kernel has no aufs
               fuse-overlayfs  the program fuse-overlayfs is not installed
               containerd      it came with Docker 24.0
  auto         devicemapper: It holds 3 images and 1 container, which another driver
               would not show. Docker 25.0 removed it.
  to 26, 29    refuses to start. Docker 25.0 removed the devicemapper driver, and
               /etc/docker/daemon.json asks for it.
               Before: Move what it holds to another driver on the engine that is there
               (`docker save`, storage-driver: overlay2, `docker load`), or stay before
               Docker 25.0.
  warning      Look after it.

node2:
"""


def test_the_table():
    rows = preflight_rows(
        {
            "node1": answer(on("devicemapper", **POOL), WARNING),
            "node2": answer(left_to("vfs", disks=DISK)),
            "node3": answer(on("overlay2", TRIXIE)),
            "stopped": answer(on("overlay2", TRIXIE, running="")),
            "gone": UNREACHABLE,
            "plain": answer(Facts()),
        }
    )
    text = preflight_table(rows)
    assert text.startswith(TABLE)
    lines = text.splitlines()
    assert "  with a disk  btrfs, devicemapper" in lines
    assert lines[lines.index("gone:") + 1] == "  unreachable  Connection refused"
    assert lines[lines.index("plain:") + 1] == "  engine       it has no engine"
    assert max(map(len, lines)) <= 88


def test_hosts_of_which_the_same_is_to_be_said_share_it():
    rows = preflight_rows({"a": answer(BOOKWORM), "b": answer(TRIXIE), "c": answer(BOOKWORM)})
    lines = preflight_table(rows).splitlines()
    assert [line for line in lines if line.endswith(":") and line[0] != " "] == ["a, c:", "b:"]


def test_a_long_name_has_a_line_of_its_own():
    name = "a-host-with-a-long-name.of.a.domain.example"
    lines = preflight_table(preflight_rows({name: answer(BOOKWORM), "b": BROKEN})).splitlines()
    assert lines[:4] == [
        "HOST  ENGINE    DRIVER    TO 26  TO 29  WARNINGS",
        name,
        "      20.10.24  overlay2  ok     ok",
        "b     failed",
    ]


@pytest.mark.parametrize("width", [60, 100])
def test_the_text_keeps_within_its_width(width):
    rows = preflight_rows({"a": answer(left_to("vfs")), "b": answer(on("zfs"))})
    lines = preflight_table(rows, width=width).splitlines()
    assert max(len(line) for line in lines[4:]) <= width


def test_a_fleet_of_which_none_answers():
    text = preflight_table(preflight_rows({"a": UNREACHABLE, "b": BROKEN}))
    assert text.splitlines()[:3] == [
        "HOST  ENGINE  DRIVER  WARNINGS",
        "a     unreachable",
        "b     failed",
    ]
