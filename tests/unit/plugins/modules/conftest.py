# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules' tests have: hosts that lack no program."""

from __future__ import annotations

import pytest
from ansible.module_utils import basic


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """Names of programs that the host lacks."""
    lacking = set()
    monkeypatch.setattr(
        basic.AnsibleModule,
        "get_bin_path",
        lambda _module, name: None if name in lacking else f"/usr/bin/{name}",
    )
    return lacking
