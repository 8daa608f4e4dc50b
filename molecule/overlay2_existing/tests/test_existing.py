# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on the filesystem that is there, and what such a filesystem cannot do."""

from __future__ import annotations

import json

import pytest

ROOT = "/var/lib/docker"
CONFIG = "/etc/docker/daemon.json"


@pytest.fixture(scope="module")
def wanted(host):
    """Return the variables that the host was provisioned with."""
    return host.backend.get_variables()


@pytest.fixture(scope="module")
def info(host):
    """Return what the engine says of itself."""
    return json.loads(host.check_output("docker info --format '{{json .}}'"))


def test_the_engine_runs_on_what_is_there(host, wanted, info):
    assert (info["Driver"], info["DockerRootDir"]) == (wanted["docker_storage_driver"], ROOT)
    assert not host.run("lvs docker").succeeded, "no storage was asked for"


def test_a_size_limits_a_container_where_the_filesystem_has_quotas(host, wanted, container):
    if "docker_storage_options" not in wanted:
        pytest.skip("this host's filesystem has no project quotas")

    def write(megabytes):
        script = f"dd if=/dev/zero of=/file bs=1M count={megabytes}"
        return host.run(f"docker run --rm --storage-opt size=20M {container} sh -c %s", script)

    assert write(10).rc == 0
    assert "No space left on device" in write(40).stderr


def test_a_size_is_refused_where_it_has_none(host, wanted, provision):
    if "docker_storage_options" in wanted or wanted["docker_storage_driver"] != "overlay2":
        pytest.skip("for overlay2 on ext4")
    before = (host.file(CONFIG).content_string, started(host))
    result = provision('--extra-vars={"docker_storage_options": {"overlay2.size": "1G"}}')
    assert result.returncode != 0, result.stdout
    assert "overlay2.size" in result.stdout + result.stderr
    assert (host.file(CONFIG).content_string, started(host)) == before


@pytest.mark.parametrize("driver", ["overlay", "aufs"])
def test_a_driver_that_the_engine_or_the_kernel_lacks_is_refused(host, provision, info, driver):
    if driver == "overlay" and info["ServerVersion"].startswith("20."):
        pytest.skip("this engine still has overlay")
    before = (host.file(CONFIG).content_string, started(host))
    result = provision(f"--extra-vars=docker_storage_driver={driver}")
    assert result.returncode != 0, result.stdout
    assert driver in result.stdout + result.stderr
    assert (host.file(CONFIG).content_string, started(host)) == before


def started(host):
    """Return the process and the moment that the engine was started with."""
    return host.check_output(
        "systemctl show docker.service --property MainPID,ActiveEnterTimestampMonotonic"
    )
