# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time: shown with a second process."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock as _lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.lock import host_lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError

HOLD = """
import sys, time
from ansible_collections.containerhost.storage.plugins.module_utils._core.lock import host_lock
with host_lock("thinpool", sys.argv[1], 0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "lock")


@pytest.fixture
def holder(path):
    """Another process that holds the lock."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_and_told_who_holds_it(path, holder):
    refused = pytest.raises(StorageError, match=f"thinpool, process {holder.pid}")
    with refused, host_lock("storage_driver", path, patience=0):
        pytest.fail("the block ran")


def test_without_a_patience_of_ones_own_it_is_everybodys(path, holder, monkeypatch):
    monkeypatch.setattr(_lock, "PATIENCE", 0)
    monkeypatch.setattr(_lock, "PATH", path)
    with pytest.raises(StorageError, match="another run"), host_lock("storage_driver"):
        pytest.fail("the block ran")


def test_a_process_that_was_killed_holds_no_lock(path, holder):
    holder.kill()
    holder.wait()
    with host_lock("storage_driver", path, patience=0):
        pass


def test_it_waits_for_the_other_one_to_end(path, holder, tmp_path):
    sign = tmp_path / "about to end"
    subprocess.Popen(["sh", "-c", f"sleep 0.3; touch '{sign}'; kill {holder.pid}"])
    with host_lock("storage_driver", path, patience=30):
        assert sign.exists()


def test_it_is_let_go_of_after_an_error(path):
    with pytest.raises(ValueError, match="mine"), host_lock("one", path, patience=0):
        raise ValueError("mine")
    with host_lock("two", path, patience=0):
        pass


def test_a_shorter_name_leaves_nothing_of_a_longer_one(path):
    for name in ("a_very_long_name_of_a_module", "b"):
        with host_lock(name, path, patience=0), open(path, encoding="utf-8") as stream:
            assert stream.read() == f"{name}, process {os.getpid()}"


def test_only_root_may_read_it(path):
    with host_lock("one", path, patience=0):
        assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_link_in_its_place_is_not_followed(path, tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    os.symlink(target, path)
    refuse(path, "it is a symbolic link")
    assert target.read_text() == "precious"


def refuse(path, words):
    refused = pytest.raises(StorageError, match=words)
    with refused as error, host_lock("one", path, patience=0):
        pytest.fail("the block ran")
    assert error.value.details["refusal"] == "lock_foreign"
    assert "remove it, then run again; nothing has been changed" in str(error.value)


def test_a_pipe_in_its_place_holds_nobody_up(path):
    os.mkfifo(path)
    refuse(path, "it is no file")


def test_a_folder_in_its_place(path):
    os.mkdir(path)
    refuse(path, "it is a symbolic link, or no file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_in_its_place(path):
    with open(path, "wb"):
        os.chown(path, 65534, 65534)
    refuse(path, "it belongs to the user with the number 65534")


def test_its_folder_is_made(tmp_path):
    path = tmp_path / "run" / "lock"
    before = os.umask(0)
    try:
        with host_lock("one", str(path), patience=0):
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755
    finally:
        os.umask(before)


def test_its_folder_may_be_made_by_another_run_meanwhile(tmp_path, monkeypatch):
    path, mkdir = tmp_path / "run" / "lock", os.mkdir

    def twice(*arguments):
        mkdir(*arguments)
        mkdir(*arguments)

    monkeypatch.setattr(os, "mkdir", twice)
    with host_lock("one", str(path), patience=0):
        assert path.exists()


def test_a_pipe_or_a_file_in_the_place_of_its_folder(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name in ("pipe", "file"):
        refuse(str(tmp_path / name / "lock"), "it is no folder")


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
def test_a_folder_that_others_can_write_to(path, tmp_path, mode):
    tmp_path.chmod(mode)
    refuse(path, "others than root can write to it")
    assert not os.path.exists(path)


def test_a_folder_behind_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "link")
    refuse(str(tmp_path / "link" / "lock"), "it is a symbolic link")


def test_who_holds_it_is_told_without_what_a_terminal_would_act_on(path):
    with open(path, "wb") as stream:
        stream.write(b"\x1b[2Jevil\xff\n")
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.flush()
        with pytest.raises(StorageError) as error, host_lock("one", path, patience=0):
            pytest.fail("the block ran")
    assert "(\\x1b[2Jevil\\xff )" in str(error.value)


def test_it_lives_as_long_as_a_process_that_was_given_it(path, tmp_path):
    """As a step that goes on when the run was killed."""
    given = HOLD.replace(
        "    print",
        "    import subprocess\n    subprocess.Popen(['sleep', '60'], pass_fds=[it])\n    print",
    ).replace("0):", "0) as it:")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", given, path],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        process.kill()
        process.wait()
        refused = pytest.raises(StorageError, match="another run is changing its storage")
        with refused, host_lock("two", path, patience=0):
            pytest.fail("the block ran")
        os.killpg(process.pid, signal.SIGKILL)
    with host_lock("two", path, patience=30):
        pass


def test_a_run_that_ended_well_leaves_it_to_no_daemon(path):
    with host_lock("one", path, patience=0) as descriptor:
        daemon = subprocess.Popen(["sleep", "60"], pass_fds=[descriptor])
    try:
        with host_lock("two", path, patience=0):
            pass
    finally:
        daemon.kill()
        daemon.wait()


@pytest.mark.parametrize(("patience", "looks"), [(0, 1), (1, 6)])
def test_it_looks_again_several_times_a_second_while_it_has_patience(
    path, monkeypatch, patience, looks
):
    clock, tried = [0.0], []

    def sleep(seconds):
        assert seconds > 0
        clock[0] += seconds

    def flock(*_arguments):
        tried.append(clock[0])
        raise BlockingIOError

    monkeypatch.setattr(_lock, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep))
    monkeypatch.setattr(_lock, "fcntl", SimpleNamespace(flock=flock, LOCK_EX=0, LOCK_NB=0))
    with pytest.raises(StorageError, match="another run"), host_lock("one", path, patience):
        pytest.fail("the block ran")
    assert len(tried) == looks
    assert tried[-1] == pytest.approx(patience)


def test_neither_a_run_nor_a_refusal_leaves_anything_open(path, tmp_path):
    before = os.listdir("/proc/self/fd")
    with host_lock("one", path, patience=0):
        pass
    os.mkfifo(tmp_path / "pipe")
    refuse(str(tmp_path / "pipe"), "it is no file")
    assert len(os.listdir("/proc/self/fd")) == len(before)
