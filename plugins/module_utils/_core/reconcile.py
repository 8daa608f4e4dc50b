# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""Observe, plan, apply, observe again: the loop that every module of this collection is.

The parts, in the order in which a module meets them:

* ``observe(run) -> State`` reads the host and changes nothing. It gets a :class:`Reader`.
* ``plan(state) -> Plan`` is pure: no module, no clock, no files.
* :func:`reconcile` is the only code that acts, and the only place where a command that changes
  the host can run. In check mode it returns before it gets there. What it takes to act (``act.py``,
  ``recover.py``) is loaded only where there is something to do.

The vocabulary (:class:`Command`, :class:`WriteFile`, :class:`Plan`, ...) lives in ``plan.py``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.containerhost.storage.plugins.module_utils._core.journals import journals
from ansible_collections.containerhost.storage.plugins.module_utils._core.lock import host_lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Plan,
    Step,
    StorageError,
    WriteFile,
    describe_step,
    describe_steps,
    destroyed,
    seal,
    unexpected,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core.programs import (
    Reader,
    Taker,
)

if TYPE_CHECKING:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import Hold

S = TypeVar("S")  # the State of a module


def reconcile(
    module: Any,
    observe: Callable[[Reader], S],
    plan: Callable[[S], Plan],
    describe: Callable[[S], dict[str, Any]],
    hold: Hold | None = None,
    journaled: bool = True,
) -> None:
    """Bring the host to what ``plan`` wants, prove that it is there, and exit the module.

    What an earlier run has begun and not ended is put right first.

    :param module: of this only ``params`` (``consent``), ``check_mode``, ``run_command``,
        ``get_bin_path``, ``warn``, ``exit_json`` and ``fail_json`` are used.
    :param observe: ``observe(run) -> State``.
    :param plan: ``plan(State) -> Plan``; raises :class:`StorageError` to refuse.
    :param describe: ``describe(State) -> dict``, the state as the user gets it, as plain JSON.
    :param hold: ``hold(claims) -> context manager`` that locks the disks which a step claims and
        checks once more that they are the ones that were planned for.
    :param journaled: False for what is about the journal itself: it writes none, and goes back from
        none.
    """
    run = Reader(module)
    result: dict[str, Any] = {"steps": [], "findings": []}
    recovered: dict[str, Any] = {}
    try:
        held: contextlib.AbstractContextManager[int | None] = (
            contextlib.nullcontext() if module.check_mode else host_lock(module._name)
        )
        with held as lock:
            if journaled:
                recovered = _open_changes(module, run, lock)
                result.update(recovered)
            before = observe(run)
            planned = plan(before)
            _require_programs(module, planned.steps)
            _require_files(planned.steps)
            result.update(_report(planned, recovered))
            result["diff"] = _diff(planned, describe(before), describe(planned.after))
            after = planned.after
            if planned.steps and not module.check_mode:
                _require_consent(planned, module.params.get("consent"))
                prove = partial(_prove, run, observe, plan)
                after = _act(module, planned, prove, hold, lock, journaled)
    except StorageError as error:
        _fail(module, result, recovered, error)
    except Exception as error:  # no user sees a traceback, and none is taken for a success
        _fail(module, result, recovered, unexpected(error, "nothing has been changed"))
    _warn(module, result["findings"])
    module.exit_json(state=describe(after), **result)


def _open_changes(module: Any, run: Reader, lock: int | None) -> dict[str, Any]:
    """Put right what an earlier run has begun; in check mode, what that would be."""
    if not journals():
        return {}
    from ansible_collections.containerhost.storage.plugins.module_utils._core.recover import (
        foresee,
        recover,
    )

    if module.check_mode:
        return foresee(run)
    return recover(lambda name: Taker(module, name, lock))


def _act(
    module: Any,
    planned: Plan,
    prove: Callable[[], S],
    hold: Hold | None,
    lock: int | None,
    journaled: bool,
) -> S:
    from ansible_collections.containerhost.storage.plugins.module_utils._core.act import act

    return act(module, planned, prove, hold, lock, journaled)


def _fail(
    module: Any, result: dict[str, Any], recovered: Mapping[str, Any], error: StorageError
) -> None:
    result.pop("diff", None)
    _warn(module, recovered.get("findings", ()))
    changed = bool(recovered.get("changed") and not module.check_mode)
    told = {**result, "changed": changed, **error.details}
    told["changed"] = told["changed"] or changed
    module.fail_json(msg=str(error), **told)


def _warn(module: Any, findings: Iterable[Mapping[str, str]]) -> None:
    for finding in findings:
        if finding["level"] != "info":
            module.warn(finding["message"])


def _prove(run: Reader, observe: Callable[[Reader], S], plan: Callable[[S], Plan]) -> S:
    """Observe again, and return the state; nothing may be left to do.

    :raises StorageError: the host did not keep what it was given.
    """
    after = observe(run)
    left = plan(after).steps
    if left:
        raise StorageError(
            "This host",
            "it did not keep the state it was given; after all steps these are still to be done: "
            + "; ".join(step.reason for step in left),
            "Look for what changes it back (another tool, a unit, a hook), then run again",
            refusal="state_not_kept",
        )
    return after


def _require_programs(module: Any, steps: Iterable[Step]) -> None:
    """Refuse before the first step what would break off at a later one."""
    for step in steps:
        for name in (*step.argv[:1], *step.needs) if isinstance(step, Command) else ():
            if not module.get_bin_path(name):
                raise StorageError(
                    f"`{name}`",
                    f"it is not on this host, and this needs it: {step.reason}",
                    "Install the package that brings it, then run again; nothing has been changed",
                    refusal="program_missing",
                )


def _require_files(steps: Iterable[Step]) -> None:
    """Refuse before the first step what is no file that a later one could replace."""
    files = [step for step in steps if isinstance(step, WriteFile)]
    if files:
        from ansible_collections.containerhost.storage.plugins.module_utils._core.apply import (
            require_replaceable,
        )

        for step in files:
            require_replaceable(step)


def _require_consent(planned: Plan, consent: str | None) -> None:
    """Refuse a plan that destroys something, unless its own seal was given back."""
    lost = destroyed(planned.steps)
    if not lost or consent == seal(planned.steps):
        return
    wrong = "this would destroy " + "; ".join(lost)
    if consent:
        wrong = f"the consent given ({consent}) is not for this plan; {wrong}"
    raise StorageError(
        "No consent",
        wrong,
        f"If that is what you want, run again with consent: {seal(planned.steps)}",
        refusal="consent_missing",
    )


def _report(planned: Plan, recovered: Mapping[str, Any]) -> dict[str, Any]:
    findings = [finding._asdict() for finding in planned.findings]
    report = {
        "changed": bool(planned.steps or recovered.get("changed")),
        "steps": describe_steps(planned.steps),
        "findings": [*recovered.get("findings", ()), *findings],
    }
    report.update(planned.facts)
    lost = destroyed(planned.steps)
    if lost:
        report["seal"] = seal(planned.steps)
        report["destroys"] = list(lost)
    return report


def _diff(planned: Plan, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What ``--diff`` shows: the steps with their reasons, the state, and every file."""
    if not planned.steps:
        return []
    steps = "".join(
        "{}. {}\n   {}\n".format(number, step["reason"], step["action"])
        for number, step in enumerate(map(describe_step, planned.steps), 1)
    )
    files = [_file_diff(step) for step in planned.steps if isinstance(step, WriteFile)]
    state = {"before_header": "state", "before": before, "after_header": "state", "after": after}
    return [{"prepared": "Steps:\n" + steps}, state, *files]


def _file_diff(step: WriteFile) -> dict[str, str]:
    before, after = step.old or "", step.content or ""
    if step.private:
        before, after = "(its content is private)\n", "(its new content is private too)\n"
    return {
        "before_header": step.path,
        "after_header": step.path,
        "before": before,
        "after": after,
    }
