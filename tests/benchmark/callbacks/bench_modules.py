# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count what Ansible really runs on the host: one line for each module execution.

A task is not one module: ``copy`` runs ``stat`` and more, ``debug`` and ``include_tasks`` run
none. So the one place is wrapped that every module goes through. Workers are forked after this
plugin is loaded, and inherit it.
"""

from __future__ import annotations

import functools
import json
import os
import time

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_modules
type: aggregate
short_description: count module executions
description:
  - Appends a JSON line (module, task, seconds) to the file named by BENCH_MODULES.
"""


def recorded(execute):
    """Return ``ActionBase._execute_module`` so that it also writes down what it ran."""

    @functools.wraps(execute)
    def execute_and_record(self, module_name=None, *arguments, **options):
        started = time.monotonic()
        try:
            return execute(self, module_name, *arguments, **options)
        finally:
            line = {
                "module": module_name or self._task.action,
                "task": self._task.get_name(),
                "seconds": round(time.monotonic() - started, 3),
            }
            with open(os.environ["BENCH_MODULES"], "a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")

    return execute_and_record


class CallbackModule(CallbackBase):
    """Is enabled by being loaded; it needs no event."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_modules"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments, **options):
        """Wrap the one door to the host."""
        super().__init__(*arguments, **options)
        ActionBase._execute_module = recorded(ActionBase._execute_module)
