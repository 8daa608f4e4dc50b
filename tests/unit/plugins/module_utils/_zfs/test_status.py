# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pools and their disks as `zpool status` prints them, however they are called."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.status import (
    PoolMember,
    parse_health,
    parse_status,
)

# `zpool status -p -P` of OpenZFS 2.1; | is a tab.
STATUS = """  pool: {pool}
 state: ONLINE
config:

|NAME            STATE     READ WRITE CKSUM
|{pool}           ONLINE       0     0     0
|  mirror-0      ONLINE       0     0     0
|    /dev/vda1   ONLINE       0     0     0
|    /dev/vdb1   ONLINE       0     0     0
|special
|  /dev/vde1     ONLINE       0     0     0
|dedup
|  /dev/vdd1     ONLINE       0     0     0
|logs
|  /dev/vdf1     ONLINE       0     0     0
|cache
|  /dev/vdg1     ONLINE       0     0     0
|spares
|  /dev/vdh1     INUSE     currently in use

errors: No known data errors
""".replace("|", "\t")
MEMBERS = (
    PoolMember("/dev/vda1", "ONLINE", group="mirror-0"),
    PoolMember("/dev/vdb1", "ONLINE", group="mirror-0"),
    PoolMember("/dev/vde1", "ONLINE", "special"),
    PoolMember("/dev/vdd1", "ONLINE", "dedup"),
    PoolMember("/dev/vdf1", "ONLINE", "log"),
    PoolMember("/dev/vdg1", "ONLINE", "cache"),
    PoolMember("/dev/vdh1", "INUSE", "spare"),
)

# Words of the tables, those that only old pools are called, and one with a space.
NAMES = [
    *("cache", "logs", "special", "dedup", "spares", "log", "mirror-0", "raidz1-0", "spare"),
    *("NAME", "ONLINE", "errors", "config", "pool", "state", "my tank"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_pool_may_be_called_as_a_part_of_the_table(name):
    text = STATUS.replace("{pool}", name) + STATUS.replace("{pool}", "tank")
    assert parse_status(text) == {name: MEMBERS, "tank": MEMBERS}
    assert parse_health(text) == {name: "ONLINE", "tank": "ONLINE"}


ROWS = [
    ("  /root/a b.img  ONLINE  0  0  0", PoolMember("/root/a b.img", "ONLINE")),
    ("  /dev/vda1  ONLINE  1  2  3  block size: 512B configured, 4096B native",
     PoolMember("/dev/vda1", "ONLINE", errors=6)),
    ("  81234  UNAVAIL  0  0  0  was /dev/disk/by-id/a b-part1",
     PoolMember("/dev/disk/by-id/a b-part1", "UNAVAIL")),
    ("  /dev/vda1  FAULTED  18446744073709551615  0  0  too many errors",
     PoolMember("/dev/vda1", "FAULTED", errors=2**64 - 1)),
]  # fmt: skip
TOP = (
    "  pool: t\n state: ONLINE\nconfig:\n\n\tNAME  STATE  READ WRITE CKSUM\n\tt  ONLINE  0  0  0\n"
)


@pytest.mark.parametrize(("row", "member"), ROWS)
def test_a_member_is_read_whatever_its_name(row, member):
    assert parse_status(f"{TOP}\t{row}\n\nerrors: No known data errors\n")["t"] == (member,)


def test_a_pool_whose_disks_nobody_knows():
    text = "  pool: t\n state: UNAVAIL\nconfig: The configuration cannot be determined.\n"
    assert (parse_status(text), parse_health(text)) == ({"t": ()}, {"t": "UNAVAIL"})


STRANGE = [
    ("Segmentation fault\n", 1),
    ("  pool: t\n", 1),
    ("  pool: t\nstatus: odd\n", 2),
    ("  pool: t\n state: ONLINE\n", 2),
    ("  pool: t\n state: ONLINE\nconfig:\n\n\tNAME  STATE\n", 5),
    ("  pool: t\n state: ONLINE\nconfig:\n\n\tt  ONLINE  0  0  0\n", 5),
    (TOP.replace("\tt  ONLINE", "\tu  ONLINE"), 6),
    (TOP + "\t  /dev/vda1\n", 7),  # cut off
    (TOP + "\t  /dev/vda1  ONL\n", 7),
    (TOP + "\t      /dev/vda1  ONLINE  0  0  0\n", 7),  # of a group that was not said
    (TOP + "\tu  ONLINE  0  0  0\n", 7),
    (TOP + "\t\x00\n", 7),
]


@pytest.mark.parametrize(("text", "line"), STRANGE)
def test_what_cannot_be_read_is_refused_by_its_command_and_its_line(text, line):
    with pytest.raises(StorageError) as refused:
        parse_status(text)
    assert refused.value.details == {"refusal": "answer_unreadable"}
    assert str(refused.value).startswith(f"`zpool status -p -P`: line {line} of its answer cannot")
