# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data root's btrfs and the engine on it, as the kernel, systemd and the engine tell."""

from __future__ import annotations

import json

import pytest

ROOT = "/var/lib/docker"


@pytest.fixture(scope="module")
def allocation(host):
    """Return what `btrfs filesystem df` says, block group by block group."""
    rows = host.check_output("btrfs filesystem df %s", ROOT).splitlines()
    return dict(row.split(":")[0].split(", ") for row in rows)


def test_the_data_root_is_a_btrfs_of_all_its_disks(host):
    mount = json.loads(host.check_output("findmnt --json %s", ROOT))["filesystems"][0]
    assert mount["fstype"] == "btrfs"
    shown = host.check_output("btrfs filesystem show --raw docker")
    for path in host.backend.get_variables()["docker_storage_devices"]:
        assert host.check_output("realpath %s", path) in shown


def test_the_profiles_are_as_wanted(host, allocation):
    wanted = host.backend.get_variables().get("docker_storage_btrfs_metadata_profile", "dup")
    assert allocation["Metadata"].lower() == wanted


def test_the_engine_runs_on_it(host):
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert (info["Driver"], info["DockerRootDir"]) == ("btrfs", ROOT)


def test_an_image_is_a_subvolume(host, container):
    before = subvolumes(host)
    host.check_output(f"docker create --name layered {container} sh")
    assert len(subvolumes(host)) > len(before)
    host.check_output("docker rm layered")


def subvolumes(host):
    return host.check_output("btrfs subvolume list %s", ROOT).splitlines()


def test_the_engine_does_not_start_without_the_mount(host, unmounted):
    assert host.run("systemctl start docker.service").rc != 0
    assert not host.service("docker").is_running
    assert not host.mount_point(ROOT).exists


def test_the_engine_starts_with_it(host):
    assert host.service("docker").is_running
    assert host.mount_point(ROOT).exists


def test_another_driver_is_refused_while_this_one_holds_images(provision):
    other = {"docker_storage_driver": "vfs", "docker_storage_options": {}}
    result = provision(f"--extra-vars={json.dumps(other)}")
    assert result.returncode != 0, result.stdout
    assert "1 image" in result.stdout + result.stderr
    assert "changed=0" in result.stdout
