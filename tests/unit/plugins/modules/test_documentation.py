# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal and a failure return is in the documentation of every module that can."""

from __future__ import annotations

import ast
import pathlib

import pytest
import yaml

MODULES = pathlib.Path(__file__).parents[4] / "plugins" / "modules"
TO_COME = ("open_change",)
OF_A_FAILURE = {"kept", "taken_back", "done", "failed_step"}


def returned(path):
    """The names in the block RETURN of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "RETURN":
            return set(yaml.safe_load(node.value.value))
    return set()


NAMES = sorted(path.stem for path in MODULES.glob("*.py") if path.stem not in TO_COME)


@pytest.mark.parametrize("name", NAMES)
def test_refusals_and_failures_are_documented(name):
    path, acts = MODULES / f"{name}.py", name != "storage_info"
    assert ("import reconcile" in path.read_text(encoding="utf-8")) is acts
    assert {"refusal", *(OF_A_FAILURE if acts else ())} <= returned(path)


@pytest.mark.parametrize("name", TO_COME)
def test_what_is_to_come_lacks_it(name):
    assert "refusal" not in returned(MODULES / f"{name}.py")
