# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables, its defaults and the module's options are one interface in three files."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible_collections.containerhost.storage.plugins.module_utils._layout.wanted import OPTIONS
from ansible_collections.containerhost.storage.plugins.modules import storage_layout

PREFIX = "docker_storage_"
# What is the role's alone: it says where the tools come from.
OF_THE_ROLE = {"manage_packages"}
# What is the module's alone: the role sets it by the first.
OF_THE_MODULE = {"missing_tools"}
SAID = ("type", "choices", "default", "elements")

ROLE = pathlib.Path(__file__).parents[5] / "roles" / "docker_storage"


def read(path):
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


VARIABLES = read("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
DEFAULTS = read("defaults/main.yml")
DOCUMENTED = yaml.safe_load(storage_layout.DOCUMENTATION)["options"]


def said(option, nested="options"):
    """What an option is, without its words."""
    found = {key: option[key] for key in SAID if key in option}
    if nested in option:
        found["options"] = {name: said(it) for name, it in option[nested].items()}
    return found


def test_the_role_has_a_variable_for_each_option():
    assert all(name.startswith(PREFIX) for name in VARIABLES)
    names = {name[len(PREFIX) :] for name in VARIABLES}
    assert names - OF_THE_ROLE == set(OPTIONS) - OF_THE_MODULE
    assert names >= OF_THE_ROLE
    assert set(OPTIONS) >= OF_THE_MODULE


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - OF_THE_MODULE))
def test_a_variable_is_what_its_option_is(name):
    assert said(VARIABLES[PREFIX + name]) == said(OPTIONS[name])


def test_the_documentation_has_each_option():
    assert set(DOCUMENTED) == {*OPTIONS, "variables"}


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_an_option_is_documented_as_it_is(name):
    assert said(DOCUMENTED[name], "suboptions") == said(OPTIONS[name])


def test_the_defaults_of_the_role_are_those_that_it_documents():
    documented = {name: it["default"] for name, it in VARIABLES.items() if "default" in it}
    assert documented == DEFAULTS
