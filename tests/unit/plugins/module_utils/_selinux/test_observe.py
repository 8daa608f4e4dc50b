# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the label of a folder, and asking the policy only where it matters."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._selinux import (
    observe as looking,
)
from ansible_collections.containerhost.storage.plugins.module_utils._selinux.state import (
    DATA_ROOT,
    State,
    Wanted,
)

CONTEXT = "system_u:object_r:{}:s0"
BOTH = f"{CONTEXT.format('var_t')}\n{CONTEXT.format('container_var_lib_t')}\n"


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Look at ``tmp_path/docker`` on a host with SELinux; what was run is in ``look.ran``."""
    labels = {}

    def getxattr(path, name):
        assert name == "security.selinux"
        if path not in labels:
            raise OSError(61, "No data available")
        return labels[path].encode() + b"\0"

    monkeypatch.setattr(os, "getxattr", getxattr)

    def find(name):
        return look.programs.get(name)

    monkeypatch.setattr(looking, "find_program", find)

    def look(answer=(0, BOTH, ""), path=str(tmp_path / "docker")):
        look.ran = []
        return looking.observe(lambda argv: look.ran.append(argv) or answer, Wanted(path, "docker"))

    look.labels, look.root = labels, tmp_path / "docker"
    look.programs = {"matchpathcon": "/usr/sbin/matchpathcon"}
    return look


def test_a_folder_that_is_not_there(look):
    assert look() == State(False, True, False, "", "var_t", "container_var_lib_t")
    assert look.ran == [("/usr/sbin/matchpathcon", "-n", str(look.root), DATA_ROOT)]


def test_an_empty_folder_and_its_label(look):
    (look.root / "lost+found").mkdir(parents=True)
    look.labels[str(look.root)] = CONTEXT.format("var_t") + ",c0.c1023"
    assert look() == State(True, True, False, "var_t", "var_t", "container_var_lib_t")


def test_what_the_engine_has_filled_costs_no_command(look, monkeypatch):
    (look.root / "overlay2").mkdir(parents=True)
    monkeypatch.setattr(looking, "DATA_ROOT", str(look.root))
    look.labels[str(look.root)] = CONTEXT.format("container_var_lib_t")
    assert look() == State(True, False, False, "container_var_lib_t")
    assert look.ran == []


def test_a_file_in_its_place_is_not_fresh(look):
    look.root.touch()
    assert not look().fresh


@pytest.mark.parametrize("answer", [(1, "", "no"), (0, "", ""), (0, CONTEXT, "")])
def test_a_policy_that_cannot_be_asked(look, answer):
    state = look(answer)
    assert (state.by_policy, state.as_dockers) == ("", "")


def test_a_path_that_has_no_label_by_the_policy(look):
    state = look((0, "<<none>>\n" + CONTEXT.format("var_lib_t"), ""))
    assert (state.by_policy, state.as_dockers) == ("", "var_lib_t")


def test_without_the_program_that_asks(look):
    look.programs.clear()
    assert look() == State(False, True, False)
    assert look.ran == []
