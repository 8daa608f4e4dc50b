# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part of storage_layout: options that are given as variables of the host.

Ansible compiles each template of a task anew for every host. The role has some thirty options,
which made a third of what a host that needs nothing cost the controller; taken from its variables,
only those are templated that are templates.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import OPTIONS

PREFIX = "variables"


class ActionModule(ActionBase):
    """Runs the module with the options of the task, and those that variables give."""

    _requires_connection = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the module's result."""
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        options = dict(self._task.args)
        prefix = options.pop(PREFIX, None)
        if prefix:
            options = {**self._given(prefix, task_vars, options), **options}
        result = self._execute_module(
            module_name="containerhost.storage.storage_layout",
            module_args=options,
            task_vars=task_vars,
        )
        if result.get("choice"):
            self._display.display(said(task_vars.get("inventory_hostname"), result["choice"]))
        return result

    def _given(
        self, prefix: str, task_vars: Mapping[str, Any], options: Container[str]
    ) -> dict[str, Any]:
        """The options that the variables of a prefix give; those that are omitted are left out.

        :param options: those of the task itself, whose variables are not even looked at.
        """
        raw = {
            name: task_vars[f"{prefix}_{name}"]
            for name in OPTIONS
            if name not in options and f"{prefix}_{name}" in task_vars
        }
        return without(self._templar.template(raw), task_vars.get("omit"))


def without(given: Any, omitted: Any) -> Any:
    """What is given, less all that is omitted, as Ansible takes it out of a task's own options.

    From ansible-core 2.19 on templates leave it out themselves; before, a text stands in its place.

    :param omitted: that text; what is no text stands for nothing.
    """
    if not isinstance(omitted, str):
        return given
    if isinstance(given, Mapping):
        return {name: without(it, omitted) for name, it in given.items() if it != omitted}
    if isinstance(given, list):
        return [without(it, omitted) for it in given if it != omitted]
    return given


def said(host: str | None, choice: Mapping[str, Any]) -> str:
    """Which driver was chosen for a host, and why, for people who watch."""
    return f"[{host}] {choice['driver']}: {choice['why']}"
