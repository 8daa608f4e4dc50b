# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data root's filesystem and the engine on it, as the kernel, systemd and the engine tell."""

from __future__ import annotations

import json

import pytest

ROOT = "/var/lib/docker"


def test_the_volume_is_of_the_wanted_kind(host):
    wanted = host.backend.get_variables().get("docker_storage_volume_kind", "thin")
    kind = host.check_output("lvs --noheadings --options segtype docker/data").strip()
    assert kind == {"thin": "thin", "plain": "linear"}[wanted]


def test_the_data_root_is_xfs_with_project_quotas(host):
    mount = json.loads(host.check_output("findmnt --json %s", ROOT))["filesystems"][0]
    assert (mount["source"], mount["fstype"]) == ("/dev/mapper/docker-data", "xfs")
    assert {"noatime", "prjquota"} <= set(mount["options"].split(","))
    assert "ftype=1" in host.check_output("xfs_info %s", ROOT)
    assert "Accounting: ON" in host.check_output("xfs_quota -x -c 'state -p' %s", ROOT)


def test_the_engine_runs_on_it(host):
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert (info["Driver"], info["DockerRootDir"]) == ("overlay2", ROOT)
    assert dict(info["DriverStatus"])["Backing Filesystem"] == "xfs"


def test_a_container_gets_no_more_than_its_size(host, container):
    def write(megabytes):
        script = f"dd if=/dev/zero of=/file bs=1M count={megabytes}"
        return host.run(f"docker run --rm --storage-opt size=20M {container} sh -c %s", script)

    assert write(10).rc == 0
    too_much = write(40)
    assert too_much.rc != 0
    assert "No space left on device" in too_much.stderr


def test_the_engine_does_not_start_without_the_mount(host, unmounted):
    assert host.run("systemctl start docker.service").rc != 0
    assert not host.service("docker").is_running
    assert not host.mount_point(ROOT).exists


def test_the_engine_starts_with_it(host):
    assert host.service("docker").is_running
    assert host.mount_point(ROOT).exists


def test_a_dropped_driver_is_refused_before_the_first_write(host, provision):
    if not host.check_output("docker info --format {{.ServerVersion}}").startswith("26."):
        pytest.skip("this engine still has devicemapper")
    result = provision("--extra-vars=docker_storage_driver=devicemapper")
    assert result.returncode != 0, result.stdout
    refusal = "it has no devicemapper driver: that was removed in 25.0"
    assert refusal in result.stdout + result.stderr
    assert "changed=0" in result.stdout
