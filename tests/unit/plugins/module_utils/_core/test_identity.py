# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, boots and processes, told apart by a made-up /proc."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import identity
from ansible_collections.containerhost.storage.plugins.module_utils._core.identity import Process


@pytest.fixture
def proc(tmp_path, monkeypatch):
    monkeypatch.setattr(identity, "PROC", str(tmp_path))
    return tmp_path


def stat(pid, name="sleep", session=7, started=100, fields=52):
    """A line of proc_pid_stat(5): the session is its sixth field, the start its 22nd."""
    rest = ["S", "1", "1", str(session), *["0"] * 15, str(started), *["0"] * 30]
    return f"{pid} ({name}) {' '.join(rest[: fields - 2])}\n"


def run(proc, pid, environ=b"", cmdline=b"", **more):
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "stat").write_bytes(stat(pid, **more).encode(errors="surrogateescape"))
    (folder / "environ").write_bytes(environ)
    (folder / "cmdline").write_bytes(cmdline)


@pytest.mark.parametrize("name", ["sleep", "a b", "a) S 1 1 9 (b", "", "\udcff"])
def test_a_process_is_known_by_its_number_and_its_start_whatever_its_name(proc, name):
    run(proc, 41, name=name)
    assert identity.process(41) == Process(41, started=100, session=7)


def test_a_process_that_is_not_there_is_none(proc):
    assert identity.process(41) is None


@pytest.mark.parametrize(("fields", "there"), [(2, False), (21, False), (22, True)])
def test_what_does_not_say_when_it_started_is_no_process(proc, fields, there):
    run(proc, 41, fields=fields)
    assert (identity.process(41) is not None) is there


def test_without_a_number_it_is_this_process():
    assert identity.process() == identity.process(os.getpid())
    assert identity.process().session == os.getsid(0)


def test_a_later_process_of_the_same_number_is_another_one(proc):
    run(proc, 41, started=100)
    assert identity.lives(Process(41, 100, 7))
    assert not identity.lives(Process(41, 99, 7))
    assert not identity.lives(Process(42, 100, 7))


def test_a_boot_is_known_by_what_the_kernel_calls_it(proc):
    assert identity.boot_id() == ""
    (proc / "sys/kernel/random").mkdir(parents=True)
    (proc / "sys/kernel/random/boot_id").write_text("b-1\n")
    assert identity.boot_id() == "b-1"


def test_a_host_is_known_by_its_two_names(tmp_path, monkeypatch):
    def known(machine, product):
        for name, text in (("MACHINE_ID", machine), ("PRODUCT_ID", product)):
            path = tmp_path / name
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text)
            monkeypatch.setattr(identity, name, str(path))
        return identity.host_identity()

    assert known("m\n", "p\n") == known("m", "p")
    names = [("m", "p"), ("m", "q"), ("n", "p"), ("m", None), (None, "m"), ("mp", ""), (None, None)]
    assert len({known(*it) for it in names}) == len(names)


MINE = f"{identity.MARK}=run".encode()


def test_the_processes_of_a_run_have_its_mark_and_are_in_its_session(proc):
    run(proc, 41, b"A=1\0" + MINE + b"\0B=2\0", b"sleep\0" + b"60\0")
    run(proc, 9, MINE + b"\0", b"odd\xff\0")
    run(proc, 42, MINE + b"\0", b"daemon\0", session=8)
    run(proc, 43, MINE + b"s-other\0", b"of another run\0")
    run(proc, 44, b"A=" + MINE + b"\0", b"that speaks of it\0")
    run(proc, os.getpid(), MINE + b"\0", b"this one\0")
    (proc / "45").mkdir()  # it ended meanwhile
    (proc / "45/environ").write_bytes(MINE)
    (proc / "sys").mkdir()
    assert identity.marked("run", 7) == [(9, "odd\udcff"), (41, "sleep 60")]
