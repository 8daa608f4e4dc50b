# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What storage_info said of each host of a fleet, as one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DOCUMENTATION = r"""
name: preflight_rows
short_description: Put what storage_info said of each host into one list
version_added: "1.0.0"
author:
  - containerhost.storage contributors (@containerhost)
description:
  - Makes an entry for each host, also for one that could not be reached, on which the module
    failed, or that has no engine.
  - This is what C(containerhost.storage.preflight) writes as JSON, and what
    P(containerhost.storage.preflight_table#filter) takes.
options:
  _input:
    description:
      - Host name to what its task with M(containerhost.storage.storage_info) has registered. The
        topics V(engine) and V(drivers) have to be gathered.
    type: dict
    required: true
seealso:
  - module: containerhost.storage.storage_info
  - plugin: containerhost.storage.preflight_table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what all hosts of the play have registered
  ansible.builtin.debug:
    msg: "{{ dict(ansible_play_hosts_all | zip(found)) | containerhost.storage.preflight_rows }}"
  vars:
    found: "{{ ansible_play_hosts_all | map('extract', hostvars, 'host_storage') }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - An entry for each host, in the order of the input.
  type: list
  elements: dict
  contains:
    host:
      description: The name.
      type: str
    status:
      description: What became of asking it.
      type: str
      choices: [ok, no_engine, unreachable, failed]
    message:
      description: Why it was not asked; empty where it was.
      type: str
    engine:
      description: As in RV(containerhost.storage.storage_info#module:storage.engine).
      type: dict
    candidates:
      description: As in RV(containerhost.storage.storage_info#module:storage.drivers).
      type: list
      elements: dict
    choice:
      description: As in RV(containerhost.storage.storage_info#module:storage.drivers).
      type: dict
    outlook:
      description: As in RV(containerhost.storage.storage_info#module:storage.drivers).
      type: list
      elements: dict
    findings:
      description: As in RV(containerhost.storage.storage_info#module:findings).
      type: list
      elements: dict
"""


def preflight_rows(results: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The entry of each host; see RETURN."""
    return [_row(host, result) for host, result in results.items()]


def _row(host: str, result: dict[str, Any]) -> dict[str, Any]:
    storage = result.get("storage", {})
    drivers = storage.get("drivers", {})
    status, message = _status(result, storage)
    return {
        "host": host,
        "status": status,
        "message": message,
        "engine": storage.get("engine", {}),
        "candidates": drivers.get("candidates", []),
        "choice": drivers.get("choice", {}),
        "outlook": drivers.get("outlook", []),
        "findings": result.get("findings", []),
    }


def _status(result: dict[str, Any], storage: dict[str, Any]) -> tuple[str, str]:
    if result.get("unreachable"):
        return "unreachable", _line(result)
    if not storage:
        return "failed", _line(result)
    if not storage.get("engine", {}).get("version"):
        # Where it is installed and cannot be read, a finding says why.
        installed = storage.get("engine", {}).get("installed")
        return "no_engine", "its engine cannot be read" if installed else "it has no engine"
    return "ok", ""


def _line(result: dict[str, Any]) -> str:
    """The first line of an error that says something; a module that broke has it elsewhere."""
    for text in (result.get("msg"), result.get("module_stderr"), result.get("module_stdout")):
        lines = [line.strip() for line in str(text or "").splitlines() if line.strip()]
        if lines:
            return lines[0].removeprefix("Task failed: ")
    return "it gave no answer"


class FilterModule:
    """The filter, as Ansible finds it."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"preflight_rows": preflight_rows}
