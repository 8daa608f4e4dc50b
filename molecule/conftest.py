# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of all scenarios use. They read the host by other roads than the modules do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def check_mode(host):
    """Return a function that runs the scenario's converge.yml in check mode on this host."""
    scenario = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])

    def run():
        return subprocess.run(
            [
                *("ansible-playbook", "--check", "--diff"),
                f"--inventory={scenario / 'inventory'}",
                f"--limit={host.backend.get_pytest_id().partition('://')[2]}",
                scenario / "converge.yml",
            ],
            cwd=scenario,
            capture_output=True,
            text=True,
        )

    return run
