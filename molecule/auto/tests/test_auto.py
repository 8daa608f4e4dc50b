# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was taken, why, and that it stays."""

from __future__ import annotations

import json

import pytest

ROOT = "/var/lib/docker"


@pytest.fixture(scope="module")
def variables(host):
    """Return what the inventory says of the host."""
    return host.backend.get_variables()


def test_the_driver_and_its_place(host, variables):
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert info["Driver"] == variables["taken"]["driver"]
    assert host.mount_point(ROOT).filesystem == variables["taken"]["fstype"]
    named = json.loads(host.file("/etc/docker/daemon.json").content_string)["storage-driver"]
    assert named == variables["taken"]["driver"]


def test_it_says_why(variables, check_mode):
    said = check_mode().stdout
    assert f"{variables['taken']['driver']}: {ROOT} is on {variables['taken']['fstype']}; " in said


def test_a_driver_that_holds_something_is_kept_for_any_workload(
    host, variables, container, provision
):
    held = host.check_output("docker images --quiet --all")
    assert held
    for workload in ("general", "high_density", "large_files"):
        result = provision(f"--extra-vars=docker_storage_workload={workload}")
        assert result.returncode == 0, result.stdout
        assert "changed=0" in result.stdout, result.stdout
        assert f"{variables['taken']['driver']}: It holds 1 image, which another" in result.stdout
    assert host.check_output("docker images --quiet --all") == held


def test_without_the_disks_it_is_kept_as_well(provision):
    result = provision('--extra-vars={"docker_storage_devices": []}')
    assert result.returncode == 0, result.stdout
    assert "changed=0" in result.stdout, result.stdout
