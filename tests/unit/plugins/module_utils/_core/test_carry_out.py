# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking the steps of a plan: what is done, and what is said where one of them fails."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.carry_out import carry_out
from ansible_collections.containerhost.storage.plugins.module_utils._core.journal import (
    Unjournaled,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Claim,
    Part,
    Pause,
    Plan,
    StorageError,
    WriteFile,
    kept,
)
from support.failures import done_is_what_is_kept_and_what_is_taken_back
from support.invariants import Technology
from support.layouts import CONFIG, GROWTH, LABEL, LAYOUT, MOUNT, POOL, RESTART, command

# All commands, and so all of it can be done on a host that is a list.
CONFIGURED = CONFIG._replace(steps=(command("configure"),))
WHOLE = (POOL, MOUNT._replace(ready=(command("describe"),)), GROWTH, CONFIGURED)
FAILED = (
    "{0}: `{0}` failed with exit status 3: it does not fit. Mend what it names, then run again."
)
AGAIN = "The next run goes on from there."


class Host:
    """What was run, in order; the commands that fail, and those that nobody foresaw."""

    def __init__(self, broken=(), unforeseen=(), words="it says why\n"):
        self.broken, self.unforeseen, self.words, self.ran = broken, unforeseen, words, []

    def __call__(self, argv, deadline=None):
        self.ran.append(" ".join(argv))
        if self.ran[-1] in self.unforeseen:
            raise OSError("no more processes")
        if argv[0] == "why":
            return 0, self.words, ""
        return (3, "", "it does not fit\n") if self.ran[-1] in self.broken else (0, "", "")


def carried(host, parts, prove=lambda: "the state after", hold=None):
    return carry_out(host, Plan(parts, None), prove, hold)


def failure(host, parts, **more):
    with pytest.raises(StorageError) as caught:
        carried(host, parts, **more)
    return caught.value


def reasons(error, key):
    return [step["reason"] for step in error.details[key]]


def test_all_steps_are_taken_and_the_state_is_what_is_seen_after_them():
    assert carried(host := Host(), WHOLE) == "the state after"
    assert host.ran == [
        "make pool", "describe", "stop docker", "mount", "grow", "configure", "restart docker",
    ]  # fmt: skip


TEXTS = [
    # what fails, the lines of the text after the first
    ("make pool", (POOL,), ["Nothing was changed before that."]),
    ("grow", (POOL, GROWTH), ["Done before that, and kept: make pool. " + AGAIN]),
    # an engine that is only started, so that there is nothing to go back to
    (
        "restart docker",
        (POOL, Part(pauses=(Pause("docker", start=(RESTART,)),))),
        [
            "Done before that, and kept: make pool. " + AGAIN,
            "Nothing has started docker since: see `systemctl status docker` before you run this "
            "again.",
        ],
    ),
    ("label", (LABEL,), ["It is as it was before."]),
    ("relabel", (LABEL,), ["Taken back: label.", "It is as it was before."]),
    (
        "restart docker",
        WHOLE,
        [
            "The host's own words:",
            "it says why",
            "Taken back: describe; stop docker; mount; configure.",
            "Done before that, and kept: make pool; grow. " + AGAIN,
        ],
    ),
]


@pytest.mark.parametrize(("broken", "parts", "lines"), TEXTS)
def test_the_text_of_a_failure(broken, parts, lines):
    # The engine does not come up at first, and does on what it had.
    error = failure(Host((broken,)) if broken != "restart docker" else _once(broken), parts)
    assert str(error).splitlines() == [FAILED.format(broken), *lines]


def _once(broken):
    """A host on which a command fails the first time only."""
    host = Host((broken,))
    plain = host.__call__

    class Recovers:
        ran = host.ran

        def __call__(self, argv, deadline=None):
            answer = plain(argv)
            if " ".join(argv) == broken:
                host.broken = ()
            return answer

    return Recovers()


RESULTS = [
    # what fails, the parts: what was done, kept, taken back; changed, undone
    ("make pool", (POOL,), [], [], [], False, None),
    ("grow", (POOL, GROWTH), ["make pool"], ["make pool"], [], True, None),
    ("relabel", (LABEL,), ["label"], [], ["label"], False, True),
    ("relabel", (POOL, LABEL), ["make pool", "label"], ["make pool"], ["label"], True, True),
]


@pytest.mark.parametrize(("broken", "parts", "done", "stays", "gone", "changed", "undone"), RESULTS)
def test_the_result_of_a_failure(broken, parts, done, stays, gone, changed, undone):
    error = failure(Host((broken,)), parts)
    assert [reasons(error, key) for key in ("done", "kept", "taken_back")] == [done, stays, gone]
    assert error.details["failed_step"] == {"reason": broken, "action": broken}
    assert error.details["failed_after"] == len(done)
    assert error.details["changed"] is changed
    assert error.details.get("undone") is undone


def test_a_failure_keeps_what_the_error_carries():
    def prove():
        raise StorageError("This host", "it kept nothing", "Look", refusal="state_not_kept", at=1)

    error = failure(Host(), WHOLE, prove=prove)
    assert (error.details["refusal"], error.details["at"]) == ("state_not_kept", 1)
    assert error.details["failed_step"] is None
    assert reasons(error, "kept") == ["make pool", "grow"]
    assert len(reasons(error, "taken_back")) == 5


@pytest.mark.parametrize("at", ["relabel", "the look at the end"])
def test_what_nobody_foresaw_is_taken_back_as_any_failure(at):
    def prove():
        raise KeyError("a column")

    host = Host(unforeseen=(at,))
    error = failure(host, (LABEL,), prove=prove)
    assert host.ran[-1] == "old label"
    assert "it met what it did not foresee (" in str(error)
    assert "what it had begun was broken off" in str(error)
    assert error.details["refusal"] == "unforeseen"
    assert "Traceback" in error.details["traceback"][0]
    assert (error.details["undone"], error.details["changed"]) == (True, False)


@pytest.mark.parametrize("how", ["broken", "unforeseen"])
def test_a_way_back_is_gone_to_its_end_and_what_failed_on_it_is_named(how):
    host = Host(("restart docker",), **({} if how == "broken" else {"unforeseen": ("unmount",)}))
    if how == "broken":
        host.broken = ("restart docker", "unmount")
    error = failure(host, WHOLE)
    assert host.ran[-4:] == ["old config", "unmount", "drop unit", "restart docker"]
    by_hand = next(it for it in str(error).splitlines() if it.startswith("On the way back"))
    assert "has to be done by hand: unmount (" in by_hand
    assert "; restart docker (" in by_hand
    assert "drop unit" not in by_hand
    # What a broken way back was to take back is there still, or may be.
    assert reasons(error, "taken_back") == ["configure"]
    assert sorted(reasons(error, "kept")) == [
        "describe", "grow", "make pool", "mount", "stop docker",
    ]  # fmt: skip
    assert (error.details["undone"], error.details["changed"]) == (False, True)
    assert "It is as it was before." not in str(error)


def test_a_way_back_that_fails_where_nothing_was_done_has_changed_the_host():
    error = failure(Host(("label", "old label")), (LABEL,))
    assert reasons(error, "kept") == []
    assert error.details["changed"] is True
    assert "Nothing was changed" not in str(error)


WORDS = [
    # what fails, who is asked why
    ("make pool", None),
    ("describe", "why mount"),
    ("stop docker", None),
    ("mount", "why mount"),
    ("grow", None),
    ("restart docker", "why docker"),
]


@pytest.mark.parametrize(("broken", "asked"), WORDS)
def test_the_host_is_asked_before_anything_is_taken_back(broken, asked):
    error = failure(host := Host((broken,)), WHOLE)
    after = host.ran[host.ran.index(broken) + 1 :]
    assert [it for it in after if it.startswith("why")] == ([asked] if asked else [])
    assert asked is None or after[0] == asked
    assert ("The host's own words:\nit says why\n" in str(error)) is bool(asked)


def test_a_host_that_says_nothing_is_not_quoted():
    assert "words" not in str(failure(Host(("mount",), words=" \n"), WHOLE))


def test_a_host_that_cannot_be_asked_is_taken_back_all_the_same():
    host = Host(("mount",), unforeseen=("why mount",))
    assert "words" not in str(failure(host, WHOLE))
    assert host.ran[-3:] == ["unmount", "drop unit", "restart docker"]


def test_disks_are_held_while_the_step_that_claims_them_is_taken():
    claim = Claim("/dev/vdb", "254:16", 1, "", "")
    host = Host()

    @contextlib.contextmanager
    def hold(claims):
        host.ran.append(f"hold {claims[0].path}")
        yield
        host.ran.append("let go")

    claiming = command("make pool")._replace(claims=(claim,))
    carried(host, kept([command("look"), claiming, command("grow")]), hold=hold)
    assert host.ran == ["look", "hold /dev/vdb", "make pool", "let go", "grow"]


STACKS = [
    LAYOUT, WHOLE, (*LAYOUT, LABEL), (LABEL, *LAYOUT), (MOUNT, GROWTH), (LABEL, POOL, LABEL),
    (MOUNT, CONFIG, LABEL, CONFIG), (Part(), CONFIG, Part()), (),
]  # fmt: skip


@pytest.mark.parametrize("parts", STACKS)
def test_whichever_step_fails_all_that_was_done_is_kept_or_taken_back(parts):
    planner = Technology(lambda _state, _wanted: Plan(parts, None), None)
    done_is_what_is_kept_and_what_is_taken_back(planner, None, None)


@pytest.mark.parametrize("filled", [True, False])
def test_what_the_way_back_has_to_add_is_told_where_it_was_added(tmp_path, filled):
    config, folder = tmp_path / "config", tmp_path / "folder"
    folder.mkdir()
    if filled:
        (folder / "layer").touch()
    write = WriteFile("Configure", str(config), "new")
    added = WriteFile("Name it", str(config), "named", if_filled=str(folder))
    pause = Pause("e", start=(command("start"),), back=(added, command("restart")))
    undo = (WriteFile("As it was", str(config), None, "new"),)
    error = failure(Host(["start"]), (Part((write,), undo, pauses=(pause,)),))
    assert reasons(error, "taken_back") == ["Configure"]
    assert (error.details["changed"], error.details["undone"]) == (filled, True)
    lines = str(error).splitlines()[1:]
    assert "Taken back: Configure." in lines
    assert ("Done on the way back, and kept: Name it." in lines) is filled
    assert ("It is as it was before." in lines) is not filled
    assert config.exists() is filled


def test_a_host_that_kept_nothing_is_asked_of_the_last_step():
    def prove():
        raise StorageError("This host", "it kept nothing", "Look")

    failure(host := Host(), WHOLE, prove=prove)
    assert [it for it in host.ran if it.startswith("why")] == ["why docker"]


def test_a_run_that_is_told_to_end_before_its_first_step_asks_nobody():
    def told_to_end():
        raise StorageError("This run", "it was told to end", "Run it again")

    with pytest.raises(StorageError, match="Nothing was changed") as error:
        carry_out(host := Host(), Plan(WHOLE, None), None, None, None, told_to_end)
    assert host.ran == []
    assert error.value.details["failed_step"] is None


def test_a_file_that_was_restored_counts_as_taken_back_whatever_fails_after_it(tmp_path):
    config = tmp_path / "config"
    write = WriteFile("Configure", str(config), "new")
    undo = (WriteFile("As it was", str(config), None, "new"), command("reload"))
    part = Part((write, command("start")), undo)
    error = failure(Host(["start", "reload"]), (part,))
    assert reasons(error, "taken_back") == ["Configure"]
    assert not config.exists()


def test_a_journal_is_told_of_each_step_before_and_after_it_and_of_the_end():
    told = []

    class Spy(Unjournaled):
        def begin(self, number):
            told.append(("begin", number))

        def done(self, number):
            told.append(("done", number))

        def all_done(self):
            told.append("all done")

        def drop(self):
            told.append("drop")

    carry_out(Host(), Plan((POOL,), None), lambda: told.append("proven"), None, Spy())
    assert told == [("begin", 0), ("done", 0), "all done", "proven", "drop"]
