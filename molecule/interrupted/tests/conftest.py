# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The moments of a run at which it ends, and what is there then, read by other tools."""

from __future__ import annotations

import pytest

FOLDER = "/var/lib/containerhost-storage"


@pytest.fixture
def step(layout):
    """Return a function that finds the action of the one step to come that begins like this."""
    coming = [it["action"] for it in layout(check=True)["steps"]]

    def find(beginning):
        (action,) = [it for it in coming if it.startswith(beginning)]
        return action

    return find


@pytest.fixture
def journals(host):
    """Return a function that lists the journals on the host."""
    return lambda: host.check_output("ls %s 2>&- | grep journal$ || true", FOLDER).split()


@pytest.fixture
def engine(host):
    """Return a function that says what the engine runs on; nothing where it does not run.

    Its socket is not asked where it does not: that would start it.
    """
    ask = "docker info --format '{{.Driver}} {{.DockerRootDir}}'"
    return lambda: host.run(f"systemctl is-active --quiet docker && {ask}").stdout.strip()
