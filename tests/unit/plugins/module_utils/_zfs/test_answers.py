# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that are short, cut, doubled or strange: read with certainty, or refused by their line.

Mutations of answers as they should be, by a seed: the same on every run.
"""

from __future__ import annotations

import random
import re

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import (
    answers,
    datasets,
    pool,
    status,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.number import number_in
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool import observe
from support import zfs_answers
from support.fuzz import share
from support.zfs_hosts import dataset

pytestmark = pytest.mark.fuzz

ROUNDS = share(0.2)  # of each parser

PROPS = ["type", "quota", "mountpoint", "x:y"]
FOUND = {name: dataset(name, quota=7) for name in ("tank", "tank/a")}
GET = zfs_answers.zfs_get(FOUND, ["-o", "name,property,value,source", ",".join(PROPS), *FOUND])[1]
POOL = zfs_answers.healthy()[1]
LIST = zfs_answers.zfs_list(FOUND, ["-o", answers.COLUMNS, "tank"])[1]
STATUS = """  pool: tank
 state: ONLINE
  scan: scrub repaired 0B in 00:00:01 with 0 errors on Fri Nov 20 19:00:00 2026
config:

|NAME          STATE     READ WRITE CKSUM
|tank          ONLINE       0     0     0
|  mirror-0    ONLINE       0     0     0
|    /dev/vda1 ONLINE       0     0     0
|    /dev/vdb1 ONLINE       0     0     0
|cache
|  /dev/vdg1   ONLINE       0     0     0

errors: No known data errors
""".replace("|", "\t")
IMPORT = """   pool: docker
     id: 5464031390152930478
  state: ONLINE
 action: The pool can be imported using its name or numeric identifier.
 config:

|docker            ONLINE
|  virtio-disk1    ONLINE
""".replace("|", "\t")
POOLS = "tank\t12\tDEGRADED\t9663676416\t9126805504\t536870912\t94\t31\n" * 2
DATASETS = (
    "tank\tfilesystem\t500\t500\t24\tyes\t/tank\ttank\ntank/v\tvolume\t1\t1\t1\t-\t-\ttank/v\n"
)
ARC = "9 1 0x01 123 33456 1 2\nname type data\nsize 4 1000\nc_max 4 2000\nMemTotal:  1000 kB\n"


def zpool_status(text):
    return status.parse_status(text), status.parse_health(text)


PARSERS = [
    ("zfs get", GET, lambda text: answers.parse_get(("zfs", "get"), text, list(FOUND), PROPS)),
    ("zpool get", POOL, lambda text: answers.parse_pool(("zpool", "get"), text)),
    ("zfs list", LIST, lambda text: tuple(answers.parse_list(("zfs", "list"), text))),
    ("zpool status", STATUS, zpool_status),
    ("zpool import", IMPORT, observe.parse_importable),
    ("zpool list", POOLS, pool.parse_pools),
    ("zfs list", DATASETS, pool.parse_datasets),
]
PIECES = [
    "\t", "\n", "\0", " ", "", "-", "\r", "\x0b", "\x1b[31m", "\u2028", "\u0661", "\udcff",
    "9" * 5000, "-1", "0x10", "tank", "tank\t", "pool: ", "none", "config:", "ONLINE", ",", "%",
]  # fmt: skip


def mutated(text, random):
    """The text, with one to three things wrong with it."""
    for _each in range(random.randint(1, 3)):
        rows = text.split("\n")
        row = random.randrange(len(rows))
        place, end = sorted(random.randint(0, len(text)) for _each in range(2))
        how = random.randrange(6)
        if how == 0:
            text = text[:place]
        elif how == 1:
            text = text[:place] + random.choice(PIECES) + text[min(end, place + 8) :]
        elif how == 2:
            text = "\n".join([*rows[:row], *rows[row + 1 :]])
        elif how == 3:
            text = "\n".join([*rows[: row + 1], *rows[row:]])
        elif how == 4:
            random.shuffle(rows)
            text = "\n".join(rows)
        else:
            text = re.sub(r"\d+", lambda _: random.choice(PIECES), text, count=random.randint(1, 3))
    return text


def read_or_refused(parse, text):
    """The refusal of an answer, or None: nothing else is raised."""
    try:
        parse(text)
    except StorageError as error:
        return error
    return None


@pytest.mark.parametrize(("command", "text", "parse"), PARSERS)
def test_a_strange_answer_is_read_or_refused_by_its_command_and_line(command, text, parse):
    chance = random.Random(command + text)
    assert parse(text)
    refused = 0
    for _each in range(ROUNDS):
        broken = mutated(text, chance)
        error = read_or_refused(parse, broken)
        if error is not None:
            refused += 1
            assert error.details == {"refusal": "answer_unreadable"}, broken
            assert re.match(rf"`{command}.*`: line \d+ of its answer", str(error)), broken
            assert str(error).isprintable(), broken
    assert refused > ROUNDS // 4


def test_strange_counters_of_the_kernel_are_no_cache(monkeypatch):
    chance = random.Random(ARC)
    for _each in range(ROUNDS):
        text = mutated(ARC, chance)
        monkeypatch.setattr(pool, "text_of", lambda path, text=text: text)
        arc = pool.observe_arc()
        assert arc is None or max(arc[:3]) < 2**64


NUMBERS = [
    ("0", 0), ("18446744073709551615", 2**64 - 1), ("18446744073709551616", None), ("", None),
    ("-1", None), ("+1", None), (" 1", None), ("1\n", None), ("1_0", None), ("\u0661", None),
    ("\u00b2", None), ("9" * 5000, None), ("0x1", None), ("1.0", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_a_number_is_one_of_64_bits(text, number):
    assert number_in(text) == number


def test_a_mountpoint_with_line_ends_is_no_dataset():
    columns = "\tfilesystem\t5\t5\t2\tyes\t"
    odd = f"tank{columns}/a\tb\nc\ttank\ntank/b{columns}/b\ttank/b\n"
    assert [(it.name, it.mountpoint) for it in pool.parse_datasets(odd)] == [
        ("tank", "/a\tb\nc"),
        ("tank/b", "/b"),
    ]
    faked = f"/a\ttank\ntank/x{columns}/b\ttank/x\ntank{columns}/c"
    with pytest.raises(StorageError, match=r"`zfs list .*line 3 of its answer"):
        pool.parse_datasets(f"tank{columns}{faked}\ttank\n")


def test_a_name_is_asked_for_once():
    assert len(set(datasets._asked_for(["quota", "x:y"]))) == len(datasets._asked_for(["x:y"]))
