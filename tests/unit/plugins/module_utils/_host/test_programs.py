# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where programs are looked for, and that nobody looks for them otherwise."""

from __future__ import annotations

import pathlib

from ansible_collections.containerhost.storage.plugins.module_utils._host import programs

ROOMS = pathlib.Path(__file__).parents[5] / "plugins" / "module_utils"


def make(folder, name):
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return str(program)


def test_the_path_comes_before_what_is_beside_it(monkeypatch, tmp_path):
    first, beside = make(tmp_path / "bin", "zfs"), make(tmp_path / "sbin", "zfs")
    lvm = make(tmp_path / "sbin", "lvm")
    monkeypatch.setattr(programs, "FOLDERS", (str(tmp_path / "sbin"),))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert programs.find_program("zfs") == first
    assert programs.find_program("lvm") == lvm
    assert programs.missing_programs(("zpool", "lvm", "zfs")) == ("zpool",)
    monkeypatch.delenv("PATH")
    assert programs.find_program("zfs") == beside


def test_programs_are_looked_for_in_one_place():
    found = [path for path in ROOMS.glob("_*/*.py") if "shutil.which(" in path.read_text()]
    assert found == [ROOMS / "_host/programs.py"]
