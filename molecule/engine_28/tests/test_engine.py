# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker 28.5 on each of its drivers, and the drivers that it does not have any more."""

from __future__ import annotations

import json

import pytest

BACKING = {"overlay2": "xfs", "btrfs": "btrfs", "vfs": "ext4"}


@pytest.fixture(scope="module")
def info(host):
    """Return what the engine says of itself."""
    return json.loads(host.check_output("docker info --format '{{json .}}'"))


def test_the_engine_runs_on_the_wanted_driver(host, info):
    assert info["ServerVersion"].startswith("28.")
    assert info["Driver"] == host.backend.get_variables()["docker_storage_driver"]
    fstype = host.check_output("stat --file-system --format %T /var/lib/docker")
    assert fstype.removesuffix("/ext3").replace("ext2", "ext4") == BACKING[info["Driver"]]


@pytest.mark.parametrize("driver", ["devicemapper", "overlay", "aufs"])
def test_a_driver_that_it_dropped_is_refused(provision, driver):
    result = provision(f"--extra-vars=docker_storage_driver={driver}")
    assert result.returncode != 0, result.stdout
    assert f"it has no {driver} driver" in result.stdout + result.stderr
    assert "changed=0" in result.stdout


def test_a_driver_that_its_build_is_without_is_refused(provision):
    """Debian took ZFS out of its package, not Docker out of the engine."""
    result = provision("--extra-vars=docker_storage_driver=zfs")
    assert result.returncode != 0, result.stdout
    assert "it was built without the zfs driver" in result.stdout + result.stderr
    assert "changed=0" in result.stdout
