# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules return where they refuse, fail or find an open change is documented in each."""

from __future__ import annotations

import ast
import pathlib

import pytest
import yaml

MODULES = pathlib.Path(__file__).parents[4] / "plugins" / "modules"
WITHOUT = ("storage_info",)  # it changes nothing, so that nothing of it can be interrupted
SHARED = ("refusal", "kept", "taken_back", "done", "failed_step", "recovered", "would_recover")


def returned(path):
    """The block RETURN of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "RETURN":
            return yaml.safe_load(node.value.value)
    return {}


PATHS = {path.stem: path for path in sorted(MODULES.glob("*.py"))}


@pytest.mark.parametrize("name", PATHS)
def test_refusals_failures_and_interruptions_are_documented(name):
    acts = name not in WITHOUT
    assert ("import reconcile" in PATHS[name].read_text(encoding="utf-8")) is acts
    assert set(SHARED if acts else SHARED[:1]) <= set(returned(PATHS[name]))


@pytest.mark.parametrize("key", SHARED)
def test_every_module_says_the_same_of_what_all_return(key):
    told = {
        name: (it[key]["description"], it[key]["returned"], it[key]["type"])
        for name, it in ((name, returned(path)) for name, path in PATHS.items())
        if key in it
    }
    if key in ("recovered", "would_recover"):  # the others refer to it for what is in them
        assert "contains" in returned(PATHS["open_change"])[key]
        del told["open_change"]
    assert len(set(told.values())) == 1, told
