# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from containerhost_lab import commands
from containerhost_lab.cli import main, parser
from containerhost_lab.errors import LabError

GIB = 2**30


def parse(text):
    return parser().parse_args(text.split())


def test_up_has_defaults():
    up = parse("up")
    assert (up.hosts, up.release, up.disks, up.memory, up.name) == (
        1, "bookworm", [10 * GIB, 10 * GIB], 2 * GIB, None,
    )  # fmt: skip


def test_up_takes_what_it_is_told():
    up = parse("up --hosts 3 --release trixie --disks 1G --memory 4G --name web")
    assert (up.hosts, up.release, up.disks, up.memory, up.name) == (
        3, "trixie", [GIB], 4 * GIB, "web",
    )  # fmt: skip
    assert parser().parse_args(["up", "--disks", ""]).disks == []


def test_ready_is_about_a_kind_of_host():
    ready = parse("ready --release testing --with zfs --memory 1G")
    assert (ready.release, ready.extra, ready.memory) == ("testing", "zfs", GIB)


def test_a_command_for_a_host_is_passed_on_as_it_is():
    ssh = parse("ssh bookworm1 ls -l --all")
    assert (ssh.name, ssh.words) == ("bookworm1", ["ls", "-l", "--all"])


WRONG = [
    ("up --hosts 0", "is no number of hosts"),
    ("up --hosts many", "is no number of hosts"),
    ("up --release sid", "bookworm"),
    ("up --disks 10", "'10' is no size"),
    ("up --memory 64M", "is too little"),
    ("up --name ../x", "can't begin a host's name"),
    ("up --name -x", "expected one argument"),
    ("up --name Web", "can't begin a host's name"),
    ("power bookworm1 sideways", "sideways"),
    ("disk bookworm1 resize disk1", "SIZE"),
    ("disk bookworm1 add 10Q", "'10Q' is no size"),
    ("down", "--all"),
    ("", "COMMAND"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_a_wrong_command_line_is_explained(words, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words.split())
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (LabError("bookworm1 is off."), 1, "lab: bookworm1 is off."),
        (KeyboardInterrupt, 130, "stop"),
    ],
)
def test_a_failure_is_a_sentence_and_a_code(monkeypatch, capsys, error, code, message):
    def fail(_):
        raise error

    monkeypatch.setattr(commands, "show", fail)
    assert main(["list"]) == code
    assert message in capsys.readouterr().err
