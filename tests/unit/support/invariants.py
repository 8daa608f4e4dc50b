# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every technology of the collection, whatever is there and whatever is wanted.

A test module of a technology runs all of these over its own table of cases::

    @pytest.mark.parametrize("holds", INVARIANTS, ids=lambda holds: holds.__name__)
    @pytest.mark.parametrize(("state", "wanted", "steps"), CASES)
    def test_invariant(holds, state, wanted, steps):
        holds(Technology(plan, describe), state, wanted)

Cases that refuse are left out: a refusal has no plan.
"""

from __future__ import annotations

import contextlib
from typing import NamedTuple
from unittest import mock

from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    carry_out as _carry_out,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import (
    reconcile as _reconcile,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    StorageError,
    WriteFile,
    describe_step,
    destroyed,
    seal,
)
from support.deletions import every_verb_that_deletes_declares_what_it_destroys
from support.ends import wherever_it_ends_the_next_run_goes_back
from support.failures import done_is_what_is_kept_and_what_is_taken_back
from support.words import no_value_can_be_an_option


class Technology(NamedTuple):
    """The pure functions of a technology: ``plan(state, wanted)``, ``describe(state, wanted)``."""

    plan: object
    describe: object


class Ended(Exception):  # noqa: N818 - it may have ended well
    """A module has ended, with ``result``."""

    def __init__(self, result, failed):
        super().__init__(result.get("msg", "ended"))
        self.result, self.failed = result, failed


class FakeModule:
    """All of AnsibleModule that reconcile() uses."""

    _name = "fake"
    _diff = True

    def __init__(self, check_mode=False, consent=None):
        self.check_mode, self.params = check_mode, {"consent": consent}

    def get_bin_path(self, name):
        return f"/usr/bin/{name}"

    def run_command(self, argv, **_more):
        return 0, "", ""

    def warn(self, message):
        pass

    def exit_json(self, **result):
        raise Ended(result, failed=False)

    def fail_json(self, **result):
        raise Ended(result, failed=True)


def run(technology, state, wanted, check_mode, consent=None, keeps=True):
    """Run the loop over a host that does what it is told; return ``(result, steps taken)``.

    :param keeps: False for a host that loses every change at once.
    """
    planned, taken = technology.plan(state, wanted), []

    def observe(_run):
        return planned.after if taken and keeps else state

    with (
        mock.patch.object(_carry_out, "execute", lambda _run, step, _hold: taken.append(step)),
        mock.patch.object(_reconcile, "host_lock", return_value=contextlib.nullcontext()),
    ):
        try:
            _reconcile.reconcile(
                FakeModule(check_mode, consent),
                observe,
                lambda now: technology.plan(now, wanted),
                lambda now: technology.describe(now, wanted),
            )
        except Ended as ended:
            return ended, taken
    raise AssertionError("the module did not end")


def planning_twice_adds_nothing(technology, state, wanted):
    """The state that a plan promises needs no further steps."""
    planned = technology.plan(state, wanted)
    assert technology.plan(planned.after, wanted).steps == []


def check_mode_tells_the_same_and_does_nothing(technology, state, wanted):
    """Check mode and the real run report the same steps, the same ``changed``, the same diff."""
    consent = seal(technology.plan(state, wanted).steps)
    real, taken = run(technology, state, wanted, check_mode=False, consent=consent)
    checked, nothing = run(technology, state, wanted, check_mode=True)
    assert nothing == []
    assert taken == list(technology.plan(state, wanted).steps)
    for key in ("steps", "changed", "diff", "findings"):
        assert checked.result[key] == real.result[key], key


def what_the_host_does_not_keep_is_an_error(technology, state, wanted):
    """After a real run the host is observed and planned for again; steps left are a failure."""
    steps = technology.plan(state, wanted).steps
    ended, _taken = run(technology, state, wanted, False, consent=seal(steps), keeps=False)
    assert ended.failed == bool(steps)
    if steps:
        assert "did not keep" in ended.result["msg"]


def every_command_is_a_list_of_plain_words(technology, state, wanted):
    """No shell, nothing joined, no word of the user's that a command could take as an option."""
    for step in technology.plan(state, wanted).steps:
        if not isinstance(step, Command):
            assert step.path.startswith("/")
            assert getattr(step, "to", "/").startswith("/")
            continue
        assert isinstance(step.argv, tuple)
        assert all(isinstance(word, str) and word for word in step.argv)
        assert step.argv[0] not in ("sh", "bash")


def nothing_is_destroyed_without_consent(technology, state, wanted):
    """A plan that destroys runs with its own seal only."""
    steps = technology.plan(state, wanted).steps
    for consent in (None, "0" * 12):
        ended, taken = run(technology, state, wanted, check_mode=False, consent=consent)
        assert ended.failed == bool(destroyed(steps))
        if ended.failed:
            assert taken == []
            assert seal(steps) in ended.result["msg"]


def what_is_taken_back_gives_each_file_its_old_content(technology, state, wanted):
    """A part that has a way back restores every file that it writes."""
    for part in technology.plan(state, wanted).parts:
        written = [it for it in (*part.ready, *part.steps) if isinstance(it, WriteFile)]
        restored = [(it.path, it.content) for it in part.undo if isinstance(it, WriteFile)]
        if part.undo:
            assert sorted((it.path, it.old) for it in written) == sorted(restored)


INVARIANTS = [
    what_is_taken_back_gives_each_file_its_old_content,
    planning_twice_adds_nothing,
    check_mode_tells_the_same_and_does_nothing,
    what_the_host_does_not_keep_is_an_error,
    every_command_is_a_list_of_plain_words,
    no_value_can_be_an_option,
    nothing_is_destroyed_without_consent,
    done_is_what_is_kept_and_what_is_taken_back,
    wherever_it_ends_the_next_run_goes_back,
    every_verb_that_deletes_declares_what_it_destroys,
]


def outcome(plan, state, wanted):
    """What a planner says to a case, for a table: the commands and files, or the refusal."""
    try:
        steps = plan(state, wanted).steps
    except StorageError as error:
        return str(error)
    return [_briefly(step) for step in steps]


def _briefly(step):
    if isinstance(step, Command):
        return " ".join(step.argv)
    return step.path if isinstance(step, WriteFile) else describe_step(step)["action"]
