# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to run the module on a host, and what the host itself says."""

from __future__ import annotations

import pytest

ROOT = "/var/lib/docker"


@pytest.fixture(scope="module")
def pool(module):
    """Return a function that runs the module, and gives back what it returned."""
    return lambda name, **options: module("zfs_pool", name=name, **options)


@pytest.fixture(scope="module")
def steps(pool):
    """Return a function that runs the module, which has to succeed, and gives the commands."""

    def run(name="docker", **options):
        result = pool(name, **options)
        assert not result["failed"], result
        return [step["action"] for step in result["steps"]]

    return run


@pytest.fixture(scope="module")
def refusal(host, pool):
    """Return a function that runs the module, which has to refuse and leave pools and disks be."""

    def now():
        return host.run("zpool history -i; cat /proc/partitions").stdout

    def run(name="docker", **options):
        before = now()
        result = pool(name, **options)
        assert result["failed"], result
        assert result["steps"] == []
        assert "Traceback" not in str(result)
        assert now() == before
        return result["msg"]

    return run


@pytest.fixture(scope="module")
def wish(disks):
    """What is asked for on every run: the data root of Docker on the first disk."""
    return {
        "devices": [disks[0]], "dataset": "data", "path": ROOT,
        "required_by": ["docker.service"], "arc_max": "512m",
    }  # fmt: skip


@pytest.fixture(scope="module")
def docker(host):
    """Return a function for whether Docker runs."""
    return lambda: host.run("systemctl is-active --quiet docker").rc == 0
