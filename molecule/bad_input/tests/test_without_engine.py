# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that the engine was taken off. The last tests: it is not put back."""

from __future__ import annotations

import json

import pytest

WORDS = (
    "Docker (docker.service): it is not installed on this host. "
    "Install it (on Debian and Ubuntu the package docker.io)"
)


@pytest.fixture(scope="module")
def removed(host):
    host.check_output("apt-get remove --yes docker.io")


def test_the_module_refuses(module, disk, removed, unchanged):
    result = module("storage_driver", driver="overlay2")
    assert result["failed"]
    assert WORDS in result["msg"]


@pytest.mark.parametrize("driver", ["devicemapper", "overlay2"])
def test_the_role_refuses(provision, disk, removed, unchanged, driver):
    done = provision(
        *("-e", f"docker_storage_driver={driver}", "-e", "docker_storage_vg=never"),
        *("-e", json.dumps({"docker_storage_devices": [disk["free"]]})),
    )
    assert done.returncode
    said = done.stdout + done.stderr
    assert WORDS in " ".join(said.split())
    assert "Traceback" not in said
    assert "changed=0" in said
