# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an interrupted run has begun is put right by the next one, whatever the instant."""

from __future__ import annotations

import errno
import os
import pathlib
import signal
import subprocess
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    identity,
    lock,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    journal as _journal,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    journals as _journals,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    recover as _recover,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Part,
    Plan,
    StorageError,
    WriteFile,
    moves,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.way_back import Return
from support.killed import Host, run_killed

BEFORE, AFTER = (False, "old", False, True), (True, "new", True, True)
AS_IT_WAS = [BEFORE, (True, *BEFORE[1:])]  # the pool is kept once it is there


def instants(host_of, plan=None):
    """A fresh host for each instant at which its run can be killed, killed there."""
    for instant in range(1000):
        host = host_of(instant)
        if not run_killed(host, instant, plan):
            return
        yield host
    pytest.fail("the run does not end")


@pytest.fixture
def fresh(tmp_path):
    def make(name):
        folder = tmp_path / str(name)
        folder.mkdir()
        return Host(folder)

    return make


def litter(host):
    known = {"pool", "config", "flag", "engine"}
    journals = os.listdir(_journals.FOLDER) if os.path.exists(_journals.FOLDER) else []
    return [name for name in os.listdir(host.folder) if name not in known] + [
        name for name in journals if name.endswith(".journal")
    ]


def test_whatever_the_instant_the_next_run_finds_the_state_before_or_the_one_after(fresh):
    seen = set()
    for host in instants(fresh):
        ended = host.only_look()
        assert not ended.failed, ended
        assert host.seen() in [*AS_IT_WAS, AFTER]
        assert litter(host) == []
        seen.add(host.seen())
        assert not host.only_look().result["changed"]
        assert not host.run().failed
        assert host.seen() == AFTER
    assert seen == {*AS_IT_WAS, AFTER}


@pytest.mark.parametrize("first", range(3, 60, 8))
def test_whatever_the_instant_on_the_way_back(fresh, first):
    def host_of(name):
        host = fresh(name)
        run_killed(host, first)
        return host

    for host in instants(host_of, plan=lambda seen: Plan((), seen)):
        assert not host.only_look().failed
        assert host.seen() in [*AS_IT_WAS, AFTER]
        assert litter(host) == []


def open_change(host, events, parts=None):
    """A run that has come so far, and was killed."""
    parts = host.plan(host.seen()).parts if parts is None else parts
    journal = _journal.open_journal("run", "thinpool", parts)
    for event, *more in events:
        getattr(journal, event)(*more)
    return parts


def taken(host, number):
    """The events of a run that has taken so many steps, which are taken."""
    parts, events = host.plan(host.seen()).parts, []
    for at, move in enumerate(moves(parts)[:number]):
        events += [("begin", at), ("done", at)]
        if isinstance(move.step, WriteFile):
            (host.folder / "config").write_text("new")
        else:
            host.run_command(list(move.step.argv))
    return events


def test_what_was_done_is_told(fresh):
    host = fresh("host")
    parts = host.plan(host.seen()).parts
    open_change(host, [*taken(host, 3), ("begin", 3)], parts)
    ended = host.only_look()
    assert host.seen() == AS_IT_WAS[1]
    (told,) = ended.result["recovered"]
    assert ended.result["changed"]
    assert told.pop("time").endswith("Z")
    assert told == {
        "module": "thinpool",
        "at_work": {"reason": "Configure it", "action": f"write {host.path['config']}"},
        "taken_back": [
            {"reason": "Stop the engine", "action": f"drop {host.path['engine']}"},
            {"reason": "Set the flag", "action": f"put {host.path['flag']}"},
        ],
        "kept": [{"reason": "Make the pool", "action": f"put {host.path['pool']}"}],
        "message": host.warned[0],
    }
    assert host.warned[0].endswith(
        "ended before its end, at this step, of which nobody knows how far it came: Configure it. "
        "Taken back: Stop the engine; Set the flag. Kept: Make the pool."
    )
    (finding,) = ended.result["findings"]
    assert (finding["level"], finding["topic"]) == ("warning", "interrupted_run")


def test_where_only_the_proof_is_missing_all_is_kept(fresh):
    host = fresh("host")
    open_change(host, taken(host, 5), Host(fresh("other").folder).plan(BEFORE).parts)
    ended = host.only_look()
    assert host.seen() == AFTER
    assert not ended.result["changed"]
    assert len(ended.result["recovered"][0]["kept"]) == 5
    assert "the proof that the host kept them is missing" in host.warned[0]
    assert "Nothing was changed before that." not in host.warned[0]
    assert litter(host) == []


def test_check_mode_tells_what_would_be_put_right_and_writes_nothing(fresh, monkeypatch):
    host = fresh("host")
    parts = host.plan(host.seen()).parts
    open_change(host, taken(host, 3), parts)
    monkeypatch.setattr(identity, "lives", lambda _process: False)
    host.check_mode = True
    seen = host.seen()
    ended = host.only_look()
    assert host.seen() == seen
    (told,) = ended.result["would_recover"]
    assert [step["reason"] for step in told["steps"]] == [
        "Flag as it was", "Config as it was", "Start the engine",
    ]  # fmt: skip
    assert ended.result["changed"]
    assert (
        "The next real run of any module first goes back: Flag as it was; Config" in host.warned[0]
    )
    assert "ended before its end, after 3 of 5 steps." in host.warned[0]
    assert len(litter(host)) == 1


def test_check_mode_says_nothing_of_a_run_that_is_at_work(fresh):
    host = fresh("host")
    open_change(host, [])
    host.check_mode = True
    assert "would_recover" not in host.only_look().result


def test_what_was_recovered_is_told_by_a_run_that_is_refused_after_it(fresh):
    host = fresh("host")
    open_change(host, taken(host, 3), Host(host.folder).plan(BEFORE).parts)

    def refuse(_seen):
        raise RuntimeError("no plan")

    ended = host.run(refuse)
    assert ended.failed
    assert ended.result["changed"]
    assert len(ended.result["recovered"]) == 1
    assert len(host.warned) == 1


def test_a_way_back_that_failed_is_tried_again_before_anything_else(fresh):
    host = fresh("host")
    host.broken = ("engine",)  # it can be neither stopped nor started
    ended = host.run()
    assert ended.failed
    assert "The next run tries it once more, before anything else." in str(ended)
    again = host.run()
    assert again.failed
    assert again.result["refusal"] == "way_back_failed"
    assert again.result["changed"]
    assert "containerhost.storage.open_change (state: abandoned)" in str(again)
    host.broken = ()
    good = host.run()
    assert not good.failed
    assert host.seen() == AFTER
    assert litter(host) == []
    assert "Stop the engine. Its way back was not gone to its end." in host.warned[-1]


def test_what_another_has_written_since_is_left_and_told(fresh):
    host = fresh("host")
    open_change(host, taken(host, 4), Host(host.folder).plan(BEFORE).parts)
    (host.folder / "config").write_text("theirs")
    ended = host.only_look()
    assert not ended.failed
    assert host.seen() == (True, "theirs", False, True)
    assert "On the way back this failed: Config as it was" in host.warned[0]
    assert "another program has written it" in host.warned[0]
    assert litter(host) == []


@pytest.fixture
def sleeper():
    """A step that goes on while its run is dead."""
    process = subprocess.Popen(["sleep", "60"], env={**os.environ, identity.MARK: "run"})
    yield process
    process.kill()
    process.wait()


def test_a_step_that_is_still_at_work_is_waited_for_and_then_refused(fresh, sleeper, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE", 0)
    host = fresh("host")
    open_change(host, [("begin", 0)])
    ended = host.only_look()
    assert ended.failed
    assert ended.result["refusal"] == "step_at_work"
    assert f"process {sleeper.pid}: sleep 60" in str(ended)
    sleeper.send_signal(signal.SIGKILL)
    sleeper.wait()
    assert not host.only_look().failed


@pytest.mark.parametrize("other", ["run", "session", "boot"])
def test_no_step_of_this_run_is_waited_for(fresh, sleeper, monkeypatch, other):
    monkeypatch.setattr(lock, "PATIENCE", 0)
    host, marked = fresh("host"), identity.marked
    if other == "run":
        monkeypatch.setattr(identity, "MARK", "CONTAINERHOST_STORAGE_OTHER")
    elif other == "session":
        session = os.getsid(0) + 1
        monkeypatch.setattr(identity, "marked", lambda run, _session: marked(run, session))
    open_change(host, [("begin", 0)])
    if other == "boot":
        monkeypatch.setattr(identity, "boot_id", lambda: "another")
    assert not host.only_look().failed


def test_a_run_with_nothing_to_do_writes_nothing(fresh, monkeypatch):
    host = fresh("host")
    assert not host.only_look().failed
    assert not os.path.exists(_journals.FOLDER)


def test_a_journal_that_cannot_be_written_stops_the_run_before_its_first_step(fresh):
    host = fresh("host")
    with open(_journals.FOLDER, "w", encoding="ascii"):
        pass
    ended = host.run()
    assert ended.failed
    assert host.seen() == BEFORE
    assert ended.result["refusal"] == "journal_folder"


def test_a_disk_that_is_full_stops_the_run_before_its_first_step(fresh, monkeypatch):
    def full(_beside, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_journal, "_write_new", full)
    host = fresh("host")
    ended = host.run()
    assert host.seen() == BEFORE
    assert ended.result["refusal"] == "journal_unwritable"
    assert "No space left on device" in str(ended)


def test_a_disk_that_gets_full_stops_the_run_before_its_next_step(fresh, monkeypatch):
    real = _journal.Journal.begin

    def begin(self, number):
        if number == 3:
            monkeypatch.setattr(os, "write", lambda *_arguments: 0)
        real(self, number)

    monkeypatch.setattr(_journal.Journal, "begin", begin)
    host = fresh("host")
    ended = host.run()
    assert ended.result["refusal"] == "journal_unwritable"
    assert host.seen() == AS_IT_WAS[1]
    assert ended.result["failed_step"] is None


def test_a_disk_that_is_full_on_the_way_back_is_gone_back_from_when_it_has_room(fresh, monkeypatch):
    """The file is whole, the new one, until the old one fits; then it is as it was."""
    host = fresh("host")
    os.chmod(host.path["config"], 0o640)
    os.remove(host.path["engine"])
    host.broken = ("engine",)

    def fsync(descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if os.path.isfile(path) and pathlib.Path(path).read_bytes() == b"old":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    ended = host.run()
    assert ended.failed
    assert "Config as it was" in str(ended)
    assert "No space left on device" in str(ended)
    assert "has to be done by hand" in str(ended)
    assert "The next run tries it once more" in str(ended)
    assert (ended.result["undone"], ended.result["changed"]) == (False, True)
    assert host.seen()[1] == "new"
    assert litter(host) == [os.path.basename(it.path) for it in _journal.open_changes()]
    again = host.run()  # still full: nothing is planned on a host that is half taken back
    assert again.result["refusal"] == "way_back_failed"
    assert host.seen()[1] == "new"
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    host.broken = ()
    assert not host.only_look().failed
    assert host.seen() == AS_IT_WAS[1]
    assert os.stat(host.path["config"]).st_mode & 0o777 == 0o640
    assert litter(host) == []


def test_the_steps_of_a_way_back_are_the_same_after_a_failure_and_after_a_kill(fresh):
    failed, killed = fresh("failed"), fresh("killed")
    plan = Plan(
        (*failed.plan(BEFORE).parts, Part((Command("Fail", ("put", "/nowhere/x")),))), AFTER
    )
    failed.broken = ("x",)
    failed.run(lambda seen: plan)
    assert failed.seen() == AFTER  # all of it is a part of its own, and kept
    open_change(killed, [*taken(killed, 5), ("begin", 5)], plan.parts)
    killed.only_look()
    assert killed.seen() == AFTER


def test_a_file_that_is_a_link_stops_the_run_before_its_first_step(fresh):
    host = fresh("host")
    os.rename(host.path["config"], host.folder / "real")
    os.symlink(host.folder / "real", host.path["config"])
    for host.check_mode in (True, False):
        ended = host.run()
        assert ended.result["refusal"] == "file_foreign"
    assert not os.path.exists(host.path["pool"])


def test_a_run_that_is_told_to_end_takes_back_what_it_has_begun(fresh):
    host = fresh("host")
    real = host.run_command

    def run_command(argv, **more):
        if argv[0] == "drop":
            os.kill(os.getpid(), signal.SIGTERM)
        return real(argv, **more)

    host.run_command = run_command
    ended = host.run()
    assert ended.failed
    assert ended.result["refusal"] == "run_ended"
    assert [step["reason"] for step in ended.result["taken_back"]] == ["Stop the engine"]
    assert ended.result["failed_step"] is None
    assert host.seen() == AS_IT_WAS[1]
    assert litter(host) == []


def way_back_of(host):
    """The steps of a way back that were taken, by their verb and file."""
    taken_back, real = [], host.run_command

    def run_command(argv, **more):
        if argv[0] != "systemctl":
            taken_back.append(f"{argv[0]} {os.path.basename(argv[1])}")
        return real(argv, **more)

    host.run_command = run_command
    return taken_back


def unwinding(host, events):
    """A host whose run has failed at its last step, and was killed on the way back."""
    parts = Host(host.folder).plan(BEFORE).parts
    open_change(host, [*taken(host, 4), ("begin", 4), ("returning", 4, True), *events], parts)
    (host.folder / "config").write_text("new")
    return way_back_of(host)


FLAG, CONFIG, ENGINE = (
    (Return(1, None, ()), 0),
    (Return(1, None, ()), 1),
    (Return(None, "e", ()), 0),
)
RETURNED = [
    ([], ["drop flag", "put engine"], "old"),
    ([FLAG], ["put engine"], "old"),
    ([FLAG, CONFIG], ["put engine"], "new"),
    # Something before it failed, and is gone now: what runs on that is started once more.
    ([FLAG, ENGINE], ["put engine"], "old"),
    ([FLAG, CONFIG, ENGINE], [], "new"),
]


@pytest.mark.parametrize(("returned", "commands", "config"), RETURNED)
def test_what_was_gone_of_a_way_back_is_not_gone_again(fresh, returned, commands, config):
    host = fresh("host")
    took = unwinding(host, [("returned", *it) for it in returned])
    assert not host.only_look().failed
    assert took == commands
    assert host.seen()[1] == config
    assert litter(host) == []


def test_each_step_of_a_way_back_that_was_taken_is_written_down(fresh):
    host = fresh("host")
    host.broken = ("engine",)
    parts = host.plan(BEFORE).parts
    stuck = Part(parts[1].steps, parts[1].undo, pauses=(parts[1].pauses[0]._replace(stop=()),))
    host.run(lambda _seen: Plan((stuck,), AFTER))
    (change,) = _journal.open_changes()
    assert change.progress == _journal.Progress(2, True, True, ((0, 0), (0, 1)))


def test_what_the_host_did_not_keep_is_taken_back_also_after_a_kill(fresh):
    host = fresh("host")
    open_change(
        host, [*taken(host, 5), ("returning", 5, False)], Host(host.folder).plan(BEFORE).parts
    )
    host.only_look()
    assert host.seen() == AS_IT_WAS[1]


def test_that_the_host_did_not_keep_it_is_written_down(fresh, monkeypatch):
    log = []
    monkeypatch.setattr(_journal.Journal, "returning", lambda _self, *more: log.append(more))
    host = fresh("host")
    host.seen = lambda: BEFORE
    assert host.run().failed
    assert log == [(5, False)]


def test_a_part_that_was_not_begun_is_not_taken_back(fresh):
    host = fresh("host")
    one = Part((Command("One", ("put", host.path["pool"])),))
    two = Part(
        (Command("Two", ("put", host.path["flag"])),),
        (Command("No two", ("drop", host.path["flag"])),),
    )
    open_change(host, taken(host, 1), (one, two))
    took = way_back_of(host)
    assert host.only_look().result["recovered"][0]["at_work"] is None
    assert took == []

    host = fresh("told to end")
    took, real = way_back_of(host), host.run_command
    host.run_command = lambda *argv, **_more: os.kill(os.getpid(), signal.SIGTERM) or real(*argv)
    assert host.run(lambda _seen: Plan((one, two), AFTER)).result["refusal"] == "run_ended"
    assert took == ["put pool"]


def test_a_file_that_has_its_name_is_written_whatever_the_journal_says(fresh):
    host = fresh("host")
    parts = host.plan(BEFORE).parts
    events = taken(host, 4)[:-1]
    open_change(host, events, parts)
    assert host.seen()[1] == "new"
    told = host.only_look().result["recovered"][0]
    assert told["at_work"] is None
    assert "Configure it" in [step["reason"] for step in told["taken_back"]]


def test_what_was_taken_back_counts_as_a_change_of_a_run_that_fails_later(fresh):
    host = fresh("host")
    open_change(host, taken(host, 3), Host(host.folder).plan(BEFORE).parts)
    host.broken = ("pool",)
    plan = Plan((Part((Command("Fail", ("put", host.path["pool"])),)),), AFTER)
    ended = host.run(lambda _seen: plan)
    assert ended.failed
    assert ended.result["kept"] == []
    assert ended.result["changed"]


def test_a_step_holds_the_lock_and_has_the_mark_of_its_run(fresh):
    host, given = fresh("host"), []
    real = host.run_command

    def run_command(argv, environ_update, pass_fds, **_more):
        (change,) = _journal.open_changes()
        given.append(environ_update[identity.MARK] == change.run)
        given.append(os.path.samestat(os.fstat(pass_fds[0]), os.stat(lock.PATH)))
        return real(argv)

    host.run_command = run_command
    assert not host.run().failed
    assert given == [True] * 8


def test_where_the_engine_has_come_up_at_the_end_all_is_kept(fresh):
    host = fresh("host")
    parts = host.plan(BEFORE).parts
    open_change(host, taken(host, 5)[:-1], parts)  # killed before it could note the start
    took = way_back_of(host)
    ended = host.only_look()
    assert took == []
    assert host.seen() == AFTER
    assert ended.result["recovered"][0]["taken_back"] == []
    assert "all steps were taken, and the proof" in host.warned[0]
    assert litter(host) == []


def test_a_way_back_that_was_begun_is_gone_to_its_end_though_the_engine_is_up(fresh):
    host = fresh("host")
    parts = host.plan(BEFORE).parts
    open_change(host, [*taken(host, 5)[:-1], ("returning", 4, True)], parts)
    host.only_look()
    assert host.seen() == AS_IT_WAS[1]


@pytest.mark.parametrize(("patience", "looks"), [(0, 1), (1, 6)])
def test_a_step_at_work_is_looked_for_several_times_a_second(fresh, monkeypatch, patience, looks):
    clock, looked = [0.0], []

    def marked(_run, _session):
        looked.append(clock[0])
        return [(41, "mkfs.xfs")]

    def sleep(seconds):
        assert seconds > 0
        clock[0] += seconds

    open_change(fresh("host"), [("begin", 0)])
    monkeypatch.setattr(identity, "marked", marked)
    monkeypatch.setattr(_recover, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    with pytest.raises(StorageError, match="process 41: mkfs"):
        _recover.recover(None, patience)
    assert len(looked) == looks
    assert looked[-1] == pytest.approx(patience)


@pytest.mark.parametrize("first", [0, 1])
def test_a_file_that_was_being_written_leaves_nothing_beside_it(fresh, first):
    """Whichever step it is: also the very first."""

    def plan(_seen):
        one, two = (fresh_host.path[name] for name in ("pool", "flag"))
        steps = [WriteFile("One", one, "1"), WriteFile("Two", two, "2")]
        return Plan((Part((*[Command("Zero", ("drop", two))] * first, *steps)),), AFTER)

    for instant in range(1000):
        fresh_host = fresh(f"{first} {instant}")
        if not run_killed(fresh_host, instant, plan):
            break
        assert not fresh_host.only_look().failed
        assert litter(fresh_host) == []


def test_a_file_that_an_earlier_way_back_has_restored_counts_as_taken_back(fresh):
    host = fresh("host")
    config = host.path["config"]
    undo = (WriteFile("As it was", config, "old", "new"), Command("Fail", ("put", "/nowhere/x")))
    part = Part((WriteFile("Configure", config, "new", "old"),), undo)
    events = [("begin", 0), ("done", 0), ("returning", 1, False)]
    open_change(host, [*events, ("returned", Return(0, None, ()), 0)], (part,))
    host.broken = ("x",)
    ended = host.only_look()
    assert ended.result["refusal"] == "way_back_failed"
    assert [step["reason"] for step in ended.result["taken_back"]] == ["Configure"]
