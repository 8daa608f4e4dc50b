# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: what is read is what was written, however much of it was cut off."""

from __future__ import annotations

import json
import os
import stat

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import identity
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    journal as _journal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    journals as _journals,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Command,
    Part,
    Pause,
    StorageError,
    WriteFile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.serial import (
    from_data,
    to_data,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.way_back import Return

CLAIM = Claim("/dev/vdb", "254:16", 10**13, "serial", "")
PARTS = (
    Part(
        (Command("Make it", ("vgcreate", "vg"), ("all of it",), (CLAIM,), ("udevadm",), "/x", 7),),
        (WriteFile("As it was", "/etc/x", "alt: ümlaut\n\ud800", None, 0o600, True),),
        (Command("First", ("true",)),),
        (Pause("docker.service", (Command("Stop", ("s",)),), (), (), ("why",)),),
        ("journalctl",),
    ),
    Part(),
)
EVENTS = (
    ("begin", 0), ("done", 0), ("begin", 1), ("done", 1), ("begin", 2), ("returning", 2, True),
    ("returned", Return(0, None, ()), 0), ("returned", Return(None, "docker.service", ()), 10),
)  # fmt: skip


@pytest.fixture
def path():
    return os.path.join(_journals.FOLDER, "run.journal")


def written(events=EVENTS):
    journal = _journal.open_journal("run", "thinpool", PARTS)
    for event, *more in events:
        getattr(journal, event)(*more)
    return journal


def read():
    (change,) = _journal.open_changes()
    return change


def replace(path, old, new):
    with open(path, "r+b") as stream:
        content = stream.read()
        assert old in content
        stream.seek(0)
        stream.truncate()
        stream.write(content.replace(old, new, 1))


def test_a_plan_comes_back_as_it_was():
    assert from_data(json.loads(json.dumps(to_data(PARTS)))) == PARTS


def test_what_a_part_looks_at_before_it_is_taken_is_of_no_use_on_the_way_back():
    assert to_data([Part(check=lambda _run: None)]) == to_data([Part()])


@pytest.mark.parametrize("what", [1.5, {"a": 1}, {1}, object()])
def test_what_is_no_part_of_a_plan_is_not_written(what):
    with pytest.raises(TypeError):
        to_data([what])


@pytest.mark.parametrize(
    "data", [{}, {"a": {}, "b": {}}, {"Evil": {}}, {"Part": {"x": 1}}, {"Part": 1}]
)
def test_what_is_no_part_of_a_plan_is_not_read(data):
    with pytest.raises(ValueError, match="it holds"):
        from_data(data)


def test_what_was_written_is_read(path):
    written()
    change = read()
    assert (change.path, change.problem) == (path, None)
    assert (change.run, change.module, change.parts) == ("run", "thinpool", PARTS)
    assert (change.boot, change.process) == (identity.boot_id(), identity.process())
    assert change.progress == _journal.Progress(2, True, True, ((0, 0), ("docker.service", 10)))


def test_only_root_may_see_it(path):
    written()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(_journals.FOLDER).st_mode) == 0o700


@pytest.mark.parametrize("event", range(len(EVENTS)))
def test_an_event_that_was_cut_off_is_before_or_after_it(path, event):
    journal = written(EVENTS[:event])
    before, size = read().progress, os.path.getsize(path)
    name, *more = EVENTS[event]
    getattr(journal, name)(*more)
    after, whole = read().progress, os.path.getsize(path)
    assert before != after
    with open(path, "rb") as stream:
        content = stream.read()
    for end in range(size, whole):
        for rest in (b"", b"\0" * (whole - end)):  # a length may be on disk before its content
            with open(path, "wb") as stream:
                stream.write(content[:end] + rest)
            assert read().progress == before
        again = _journal.Journal(path)
        getattr(again, name)(*more)
        assert read().progress == after


def test_it_is_whole_and_on_disk_before_it_has_its_name(monkeypatch):
    log = []

    def call(name, real):
        return lambda *arguments: log.append(name) or real(*arguments)

    for name in ("fsync", "fdatasync", "rename", "unlink"):
        monkeypatch.setattr(os, name, call(name, getattr(os, name)))
    written([("begin", 0)]).drop()
    # The folder that it is in, the file, its name, the name on disk, the event; then it is gone.
    assert log == ["fsync", "unlink", "fsync", "rename", "fsync", "fdatasync", "unlink", "fsync"]
    assert _journal.open_changes() == []


def test_what_a_crash_left_before_it_had_its_name_is_no_journal():
    os.mkdir(_journals.FOLDER, 0o700)
    with open(os.path.join(_journals.FOLDER, ".new"), "wb") as stream:
        stream.write(b"half of")
    assert _journal.open_changes() == []
    written([]).drop()
    assert os.listdir(_journals.FOLDER) == []


DAMAGE = [
    (b'"thinpool"', b'"thinpoor"', "its first line is not what was written"),
    (b"{", b"", "it is damaged"),
    (b'["begin", 0]', b'["begin", 1]', "begin cannot come where it does"),
    (b'["begin", 0]\n', b"", "done cannot come where it does"),
    (b'["begin", 0]', b"[]", "it is damaged"),
    (b'["begin", 0]', b"7", "it is damaged"),
    (b'["begin", 0]', b'["hop", 0]', "hop cannot come where it does"),
    (b'["begin", 0]', b"\xff\xfe", "it is damaged"),
    (b'["returning", 2, true]', b'["returning"]', "it is damaged"),
    (b'["returning", 2, true]', b'["returning", 9, true]', "returning cannot come"),
    (b'["returning", 2, true]', b'["returning", 4, true]', "returning cannot come"),
    (b'["returning", 2, true]', b'["returning", -1, true]', "returning cannot come"),
    (b'["done", 1]', b'["returned", 0, 0]', "returned cannot come"),
    (b'["done", 1]', b'["done", 2]', "done cannot come"),
    (b'["begin", 1]', b'["done", 1]', "done cannot come"),
    # there are three steps
    (b'["returning", 2, true]', b'["done", 2]\n["begin", 3]', "begin cannot come"),
    # the way back has begun
    (b'["returned", 0, 0]', b'["begin", 2]', "begin cannot come"),
    (b'["returned", 0, 0]', b'["done", 2]', "done cannot come"),
    (b'["returned", 0, 0]', b'["returning", 2, true]', "returning cannot come"),
]


@pytest.mark.parametrize(("old", "new", "words"), DAMAGE)
def test_one_that_is_damaged(path, old, new, words):
    written()
    seal = read().seal
    replace(path, old, new)
    change = read()
    assert change.problem.details["refusal"] == "journal_damaged"
    assert words in str(change.problem)
    assert str(change.problem).startswith(path)
    assert "containerhost.storage.open_change (state: abandoned)" in str(change.problem)
    assert len(change.seal) == 12
    assert change.seal != seal


def test_an_empty_one(path):
    written()
    os.truncate(path, 0)
    assert read().problem.details["refusal"] == "journal_damaged"


def test_one_of_a_newer_version(path):
    written()
    replace(path, b'"version": 1', b'"version": 2')
    problem = read().problem
    assert problem.details["refusal"] == "journal_newer"
    assert "format 2; this one knows 1" in str(problem)


@pytest.mark.parametrize("name", ["MACHINE_ID", "PRODUCT_ID"])
def test_one_of_another_machine(monkeypatch, tmp_path, name):
    for it in ("MACHINE_ID", "PRODUCT_ID"):
        (tmp_path / it).write_text("this one\n")
        monkeypatch.setattr(identity, it, str(tmp_path / it))
    written()
    assert read().problem is None
    (tmp_path / name).write_text("the copy\n")
    problem = read().problem
    assert problem.details["refusal"] == "journal_foreign"
    assert "thinpool has begun on another host, of which this disk is a copy" in str(problem)


def test_a_link_is_not_followed(path, tmp_path):
    written()
    os.rename(path, tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", path)
    assert read().problem.details["refusal"] == "journal_damaged"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_one_that_another_user_has_written(path):
    written()
    os.chown(path, 65534, 65534)
    assert "it belongs to the user with the number 65534" in str(read().problem)


FOLDERS = [
    (lambda path, other: os.symlink(other, path), "it is a symbolic link"),
    (lambda path, _other: os.mkfifo(path), "it is no folder"),
    (lambda path, _other: (os.mkdir(path), os.chmod(path, 0o770)), "others than root can write"),
]


@pytest.mark.parametrize(("make", "words"), FOLDERS)
def test_a_folder_that_is_not_roots_alone(tmp_path, make, words):
    make(_journals.FOLDER, tmp_path)
    for use in (_journal.open_changes, written):
        with pytest.raises(StorageError, match=words) as error:
            use()
        assert error.value.details["refusal"] == "journal_folder"


def test_what_could_not_be_written_whole_is_taken_away_again(path, monkeypatch):
    journal = written([])
    real, size = os.write, os.path.getsize(path)
    monkeypatch.setattr(os, "write", lambda file, line: real(file, line[:5]))
    with pytest.raises(StorageError, match="No space left on device") as error:
        journal.begin(0)
    assert error.value.details["refusal"] == "journal_unwritable"
    assert os.path.getsize(path) == size


def test_the_latest_is_gone_back_from_first(monkeypatch):
    for second in (1, 3, 2):
        monkeypatch.setattr(
            _journal.time, "gmtime", lambda it=second: (2026, 1, 1, 0, 0, it, 0, 1, 0)
        )
        _journal.open_journal(f"run{9 - second}", "thinpool", PARTS)
    assert [it.run for it in _journal.open_changes()] == ["run6", "run7", "run8"]


def test_a_way_back_may_begin_before_the_first_step_and_after_the_last():
    for run, count in enumerate((0, 3)):
        events = [it for at in range(count) for it in (("begin", at), ("done", at))]
        journal = _journal.open_journal(f"run{run}", "thinpool", PARTS)
        for event, *more in [*events, ("returning", count, False)]:
            getattr(journal, event)(*more)
    progress = {it.run: it.progress for it in _journal.open_changes()}
    assert progress == {
        "run0": _journal.Progress(0, False, True, ()),
        "run1": _journal.Progress(3, False, True, ()),
    }


SYNCED = [
    (("begin", 0), 1),
    (("done", 0), 0),  # with what comes next: until then it counts as begun
    (("all_done",), 1),
    (("returning", 0, True), 1),
    (("returned", Return(0, None, ()), 0), 1),
]


@pytest.mark.parametrize(("event", "times"), SYNCED)
def test_what_is_written_is_on_disk(monkeypatch, event, times):
    journal, synced = written([]), []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    getattr(journal, event[0])(*event[1:])
    assert len(synced) == times


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_no_step_is_taken_that_was_not_written_down(monkeypatch, call):
    journal = written([])
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError, match="Input/output error") as error:
        journal.begin(0)
    assert error.value.details["refusal"] == "journal_unwritable"


def fail(*_arguments, **_more):
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("call", ["write", "fdatasync", "unlink"])
@pytest.mark.parametrize("event", [*(event for event, _times in SYNCED[1:]), ("drop",)])
def test_what_was_taken_and_the_way_back_do_not_wait_for_a_disk_that_fails(
    monkeypatch, event, call
):
    journal = written([])
    monkeypatch.setattr(os, call, fail)
    getattr(journal, event[0])(*event[1:])


def test_one_that_is_dropped_leaves_nothing_open():
    before = os.listdir("/proc/self/fd")
    written().drop()
    assert len(os.listdir("/proc/self/fd")) == len(before)


@pytest.mark.parametrize("also", [(), ("unlink",)])
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_disk_that_fails_leaves_no_half_of_one(monkeypatch, call, also):
    os.mkdir(_journals.FOLDER, 0o700)
    monkeypatch.setattr(os, call, fail)
    if also:  # the folder cannot be written to any more: that is told as it was
        unlink = os.unlink
        monkeypatch.setattr(
            os, "unlink", lambda path: fail() if os.path.exists(path) else unlink(path)
        )
    with pytest.raises(StorageError, match="Input/output error") as error:
        written()
    assert error.value.details["refusal"] == "journal_unwritable"
    assert os.listdir(_journals.FOLDER) == ([".new"] if also else [])


def test_what_lies_in_its_way_is_not_written_through(monkeypatch, tmp_path):
    os.mkdir(_journals.FOLDER, 0o700)
    (tmp_path / "precious").write_text("precious")
    os.symlink(tmp_path / "precious", os.path.join(_journals.FOLDER, ".new"))
    monkeypatch.setattr(os, "unlink", lambda _path: None)  # it is there again at once
    with pytest.raises(StorageError, match="File exists"):
        written()
    assert (tmp_path / "precious").read_text() == "precious"


def test_the_whole_of_it_is_written_before_it_is_synced(monkeypatch):
    sizes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    written([])
    assert os.path.getsize(os.path.join(_journals.FOLDER, "run.journal")) in sizes


def test_who_may_not_see_what_is_open_sees_nothing(monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    written([])
    monkeypatch.setattr(os, "listdir", refuse)
    assert _journal.open_changes() == []


def test_where_no_run_has_changed_anything_nothing_is_open_and_nothing_is_made():
    assert _journal.open_changes() == []
    assert not os.path.exists(_journals.FOLDER)
