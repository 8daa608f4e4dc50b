# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's part of data_root_reset: a host's plan as a file, written and held to.

In check mode the module says what would go; that is written down. A run without check mode gives
the module the seal that stands there, and where the host has changed since, says what has.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._core.words import listed
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import (
    plan_file,
)

MODULE = "containerhost.storage.data_root_reset"
_FEW = 10  # changes that are named


class ActionModule(ActionBase):
    """Runs the module, with its plan in a file where one is asked for."""

    _requires_connection = True

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the module's result."""
        super().run(tmp, task_vars)
        options = dict(self._task.args)
        folder = options.pop("plans", None)
        if not folder:
            return self._module(options, task_vars)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        path = os.path.join(os.environ.get("PWD") or os.getcwd(), folder, plan_file.file_name(host))
        try:
            if self._task.check_mode:
                return self._write(path, host, options, task_vars)
            return self._held_to(path, host, options, task_vars)
        except StorageError as error:
            return {"failed": True, "changed": False, "msg": str(error), **error.details}

    def _module(self, options: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        # Ansible adds words of its own to what it is given.
        return self._execute_module(
            module_name=MODULE, module_args=dict(options), task_vars=task_vars
        )

    def _write(
        self, path: str, host: str, options: dict[str, Any], task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Have the module say what would go, and write that down; nothing where nothing would."""
        result = self._module(options, task_vars)
        if result.get("failed"):
            return result
        if result.get("seal"):
            _replace(path, plan_file.to_plan(host, self._own(options), result))
            return {**result, "plan": path}
        _remove(path)
        return result

    def _held_to(
        self, path: str, host: str, options: dict[str, Any], task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Have the module do what was written down, and nothing else."""
        plan: Any = None
        if not options.get("consent"):
            plan = _read(path)
            if plan is not None:
                options["consent"] = plan_file.consent(plan, host, self._own(options), path)
        result = self._module(options, task_vars)
        if result.get("refusal") != "consent_missing":
            return result
        if plan is None:
            said = f"There is no plan for this host at {path}: run with --check, and read it."
            return {**result, "msg": f"{result['msg']} {said}"}
        changed = plan_file.changes(plan, result.get("removable") or [])
        said = (
            f"Since the plan at {path} was written, this has changed: "
            + (
                listed(changed, _FEW, "; ", "; and ")
                or "the mark of its content, and no name in it"
            )
            + ". Run with --check, which writes it anew, and read it."
        )
        return {**result, "msg": f"{result['msg']} {said}", "changed_since": changed}

    @staticmethod
    def _own(options: dict[str, Any]) -> dict[str, Any]:
        return {name: it for name, it in options.items() if name != "consent"}


def _read(path: str) -> Any:
    """The content of a plan; None where there is no such file.

    :raises StorageError: it cannot be read, or is no JSON.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise plan_file.unusable(path, f"it cannot be read: {error.strerror}") from None
    except ValueError:
        raise plan_file.unusable(path, "it is no JSON") from None


def _remove(path: str) -> None:
    """Take away the plan of a host that has nothing to be removed any more."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise plan_file.unusable(path, f"it cannot be removed: {error.strerror}") from None


def _replace(path: str, content: dict[str, Any]) -> None:
    """Write a plan, for its owner's eyes: names can tell a lot.

    :raises StorageError: it could not be written.
    """
    folder, beside = os.path.dirname(path), ""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=folder, prefix=".plan-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(content, indent=2, sort_keys=True) + "\n")
        os.replace(beside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise plan_file.unusable(path, f"it cannot be written: {error.strerror}") from None
