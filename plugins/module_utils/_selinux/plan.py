# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What gives a new data root its label, before the engine starts on it. Pure.

Only the folder itself is labelled: what the engine makes in it takes its label from there, and from
what the policy says of names such as overlay2. A root that holds something is left alone, since a
container's files have labels that no policy knows of.
"""

from __future__ import annotations

from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import (
    Command,
    Finding,
    Part,
    Pause,
    Plan,
    kept,
)
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.state import (
    DATA_ROOT,
    NO_LABEL,
    State,
    Wanted,
)


def plan(state: State, wanted: Wanted) -> Plan:
    """The steps to the label; none where it has one, or holds something."""
    if not state.fresh:
        return Plan((), state, _findings(state, wanted))
    rule = state.by_policy != state.as_dockers
    wrong = state.present in NO_LABEL or (state.as_dockers not in ("", state.present))
    if not rule and not wrong:
        return Plan((), state)
    steps = []
    if not state.exists:
        argv: tuple[str, ...] = ("mkdir", "--parents", "--mode", "0711", "--", wanted.path)
        steps.append(Command(f"Make the folder {wanted.path}", argv))
    if rule:
        # Kept whatever comes after: it says of a path what is true of it as soon as it is used.
        argv = ("semanage", "fcontext", "--add", "--equal", DATA_ROOT, wanted.path)
        reason = (
            f"Let SELinux label {wanted.path} as it labels {DATA_ROOT} (semanage comes with "
            "policycoreutils-python-utils)"
        )
        steps.append(Command(reason, argv))
    label = Command(
        f"Give {wanted.path} its SELinux label", ("restorecon", wanted.path), needs=("restorecon",)
    )
    # It names the unit, so that the unit is not started before: it need not be stopped for it.
    part = Part((label,), pauses=(Pause(wanted.service),))
    after = state._replace(
        exists=True,
        fresh=False,
        present=state.as_dockers or None,
        by_policy=state.as_dockers,
    )
    return Plan((*kept(steps), part), after)


def _findings(state: State, wanted: Wanted) -> tuple[Finding, ...]:
    if not state.exists or state.present not in NO_LABEL:
        return ()
    return (
        Finding(
            "warning",
            "selinux_label",
            f"{wanted.path} holds something and has no label of its own for SELinux "
            f"({state.present or 'none'}), so containers may be kept from their own files. Stop "
            f"{wanted.service}, run `restorecon -R {wanted.path}`, and start it again.",
        ),
    )
