# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a step's program: whose it is, how long it may take, and what its end is."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    identity,
    programs,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import (
    Reader,
    Taker,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.told_to_end import (
    ToldToEnd,
)


@pytest.fixture
def module():
    with patch_module_args({}):
        return basic.AnsibleModule(argument_spec={})


def python(code):
    return (sys.executable, "-c", code)


def test_a_step_has_the_mark_of_its_run_and_reads_english(module):
    code = "import os; print(os.environ['CONTAINERHOST_STORAGE_RUN'], os.environ['LC_ALL'])"
    assert Taker(module, "0123")(python(code)) == (0, "0123 C\n", "")


@pytest.mark.parametrize("kind", [Reader, lambda module: Taker(module, "0123")])
def test_a_program_gets_what_it_is_to_have_in_its_environment_besides(module, kind):
    code = "import os; print(os.environ['PATH'], os.environ['LC_ALL'])"
    given = {"PATH": "/usr/sbin", "LC_ALL": "de_DE"}
    assert kind(module)(python(code), given) == (0, "/usr/sbin C\n", "")


def test_a_step_that_goes_on_is_found_by_its_mark(module):
    found = []

    real = module.run_command

    def run_command(argv, before_communicate_callback, **more):
        def callback(process):
            process.stdout.read(1)  # it runs the program by now, and not a copy of this process
            found.extend([*identity.marked("0123", os.getsid(0)), process.pid])
            process.kill()
            before_communicate_callback(process)

        return real(argv, before_communicate_callback=callback, **more)

    module.run_command = run_command
    Taker(module, "0123")(python("print(1, flush=True); import time; time.sleep(60)"))
    assert found[0][0] == found[1]
    assert found[0][1].startswith(sys.executable)
    assert identity.marked("0123", os.getsid(0)) == []


def test_it_gets_the_lock_of_the_host(module, tmp_path):
    with open(tmp_path / "lock", "w", encoding="ascii") as stream:
        code = f"import os; os.write({stream.fileno()}, b'mine')"
        assert Taker(module, "0123", stream.fileno())(python(code))[0] == 0
    assert (tmp_path / "lock").read_text() == "mine"


def test_its_exit_status_is_told(module):
    code = "import sys; print('so'); sys.exit('why')"
    assert Taker(module, "0123")(python(code)) == (1, "so\n", "why\n")


def test_a_program_that_cannot_be_run_is_a_failure_that_unwinds(module):
    with pytest.raises(StorageError, match="`/nowhere/program 'a b'`: it could not be run") as it:
        Taker(module, "0123")(("/nowhere/program", "a b"))
    assert "(FileNotFoundError: " in str(it.value)
    assert it.value.details["refusal"] == "program_failed"


WAITS = "import signal, time; {}; print('on it', flush=True); time.sleep(60)"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
WELL = "signal.signal(signal.SIGTERM, lambda *_: exit(0))"


@pytest.mark.parametrize("way", ["pass", STUBBORN, WELL])
def test_a_step_is_ended_at_its_deadline_whatever_it_thinks_of_it(module, monkeypatch, way):
    monkeypatch.setattr(programs, "_GRACE", 0.2)
    with pytest.raises(StorageError, match=r"it had not ended after 0\.5 seconds") as error:
        Taker(module, "0123")(python(WAITS.format(way)), deadline=0.5)
    assert error.value.details["refusal"] == "step_deadline"


def test_no_step_is_ended_before_its_deadline(module):
    assert Taker(module, "0123")(python("import time; time.sleep(0.1)"), deadline=60)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_run_that_is_told_to_end_does_so_between_two_steps(number):
    def ours(_number, _frame):
        raise AssertionError("the signal was not taken")

    before = signal.signal(number, ours)  # the tests may have been started with it ignored
    try:
        with ToldToEnd() as may_go_on:
            may_go_on()
            os.kill(os.getpid(), number)
            with pytest.raises(StorageError, match=rf"told to end \({number.name}\)") as error:
                may_go_on()
        assert signal.getsignal(number) is ours
    finally:
        signal.signal(number, before)
    assert error.value.details["refusal"] == "run_ended"


def test_what_is_not_to_end_a_run_does_not(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ToldToEnd() as may_go_on:
            os.kill(os.getpid(), signal.SIGHUP)
            may_go_on()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


class Process:
    """Notes what becomes of it; ends well when it is told to, or does not."""

    def __init__(self, clock, ends):
        self.clock, self.ends, self.log = clock, ends, []

    def terminate(self):
        self.log.append("terminate")
        if self.ends:
            self.clock.stop()

    def kill(self):
        self.log.append("kill")


@pytest.mark.parametrize(("ends", "log"), [(True, ["terminate"]), (False, ["terminate", "kill"])])
def test_a_step_is_told_to_end_before_it_is_killed(monkeypatch, ends, log):
    monkeypatch.setattr(programs, "_GRACE", 0)
    clock = programs._Clock(0)
    clock._wait(process := Process(clock, ends))
    assert (process.log, clock.struck) == (log, True)


def test_a_step_that_has_ended_is_told_nothing():
    clock = programs._Clock(0)
    clock.stop()
    clock._wait(process := Process(clock, True))
    assert (process.log, clock.struck) == ([], False)


def test_nobody_waits_for_a_step_that_has_ended(module, monkeypatch):
    waiting, real = [], threading.Thread

    def thread(target, **more):
        waiting.append(real(target=target, **more))
        return waiting[-1]

    monkeypatch.setattr(programs.threading, "Thread", thread)
    assert Taker(module, "0123")(python("pass"), deadline=600)[0] == 0
    [clock] = waiting
    clock.join(60)
    assert not clock.is_alive()
    assert clock.daemon  # and the run does not wait for it either


SAID = [
    ("out\n", "err\n", "and was ended; it had said: err. Look"),
    ("out\n", "", "and was ended; it had said: out. Look"),
    ("", "\n", "and was ended. Look"),
]


@pytest.mark.parametrize(("out", "err", "words"), SAID)
def test_what_a_step_had_said_by_its_deadline_is_told(out, err, words):
    class Module:
        @staticmethod
        def run_command(_argv, before_communicate_callback, **_more):
            before_communicate_callback.__self__.struck = True
            return -15, out, err

    with pytest.raises(StorageError) as error:
        Taker(Module, "0123")(("wait",), deadline=600)
    assert words in str(error.value)


@pytest.mark.parametrize("words", [("$HOME/x", "${HOME}", "~", "~root/y", "*")])
def test_a_program_gets_its_words_as_they_are(module, words):
    argv = (*python("import sys; print(sys.argv[1:])"), *words)
    for run in (programs.Reader(module), Taker(module, "0123")):
        assert run(argv) == (0, f"{list(words)}\n", "")


@pytest.mark.parametrize("run", [programs.Reader, lambda module: Taker(module, "0123")])
def test_what_a_program_prints_is_read_whatever_bytes_it_is(module, run):
    code = "import os; os.write(1, bytes(range(256)))"
    status, out, _err = run(module)(python(code))
    assert (status, os.fsencode(out)) == (0, bytes(range(256)))
    code = "import os, sys; os.write(1, os.fsencode(sys.argv[1]))"
    assert run(module)((*python(code), out[1:]))[1] == out[1:]  # all but NUL
