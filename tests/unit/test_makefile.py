# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make help` shows: every target, in a terminal of 80 columns."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import yaml

TOP = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "lab"))

from containerhost_demo.cli import DRIVERS  # noqa: E402

DEFAULT = re.search(r"^DRIVER \?= (\S+)$", (TOP / "Makefile").read_text(), re.MULTILINE)[1]


@pytest.fixture(scope="module")
def shown():
    make = shutil.which("make")
    if make is None:
        pytest.skip("there is no make")
    argv = [make, "--no-print-directory", "help"]
    return subprocess.run(argv, cwd=TOP, capture_output=True, text=True, check=True).stdout


def test_it_fits_80_columns(shown):
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_it_has_every_target(shown):
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (TOP / "Makefile").read_text(), re.MULTILINE)
    listed = {line.split()[1] for line in shown.splitlines()}
    assert listed == set(phony.split()) - {"help"}


def test_the_demo_names_its_driver_and_takes_the_roles_default(shown):
    (demo,) = (line for line in shown.splitlines() if line.split()[1] == "demo")
    defaults = yaml.safe_load((TOP / "roles/docker_storage/defaults/main.yml").read_text())
    assert f"DRIVER={DEFAULT}" in demo
    assert DRIVERS[0] == DEFAULT == defaults["docker_storage_driver"]
