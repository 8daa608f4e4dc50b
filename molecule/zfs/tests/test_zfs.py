# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ZFS pool, the data root's dataset, and the engine on it, as ZFS and the engine tell."""

from __future__ import annotations

import json

ROOT = "/var/lib/docker"
DATASET = "docker/data"


def test_the_members_are_named_by_id(host):
    members = host.check_output("zpool status -P docker")
    for path in host.backend.get_variables()["docker_storage_devices"]:
        assert path in members
    assert host.check_output("zpool list -H -o health docker") == "ONLINE"


def test_the_pool_is_laid_out_as_wanted(host):
    mirrored = host.backend.get_variables().get("docker_storage_zfs_layout") == "mirror"
    assert ("mirror-0" in host.check_output("zpool status docker")) == mirrored
    assert host.check_output("zpool get -H -o value ashift docker") == "12"


def test_the_data_root_is_the_dataset(host):
    mount = json.loads(host.check_output("findmnt --json %s", ROOT))["filesystems"][0]
    assert (mount["source"], mount["fstype"]) == (DATASET, "zfs")


def test_the_cache_takes_no_more_memory_than_it_may(host):
    limit = host.file("/sys/module/zfs/parameters/zfs_arc_max").content_string
    assert limit.strip() == str(256 * 1024**2)


def test_the_engine_runs_on_it(host):
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert (info["Driver"], info["DockerRootDir"]) == ("zfs", ROOT)
    assert dict(info["DriverStatus"])["Parent Dataset"] == DATASET


def test_a_layer_is_a_dataset(host, container):
    before = datasets(host)
    host.check_output(f"docker create --name layered {container} sh")
    assert len(datasets(host)) > len(before)
    host.check_output("docker rm layered")


def datasets(host):
    listed = host.check_output("zfs list -H -r -o name %s", DATASET)
    return listed.splitlines()


def test_the_engine_does_not_start_without_the_mount(host):
    host.check_output("systemctl stop docker.socket docker.service")
    host.check_output("zfs unmount %s", DATASET)
    try:
        assert host.run("systemctl start docker.service").rc != 0
        assert not host.service("docker").is_running
    finally:
        host.check_output("zfs mount %s", DATASET)
        host.run("systemctl reset-failed docker.service")
    host.check_output("systemctl start docker.service")


def test_a_module_that_is_not_loaded_is_told(host, module):
    """Its device is there all the same."""
    host.check_output("systemctl stop docker.socket docker.service")
    host.check_output("zpool export docker && modprobe -r zfs")
    try:
        assert host.file("/dev/zfs").exists
        result = module("storage_driver", check=True, driver="zfs")
        assert result["failed"]
        assert "zfs: the kernel has it but has not loaded it" in result["msg"]
        assert not host.file("/sys/module/zfs").exists
    finally:
        host.check_output("modprobe zfs && zpool import -d /dev/disk/by-id docker")
        host.run("systemctl reset-failed docker.service")
    host.check_output("systemctl start docker.service")


def test_another_driver_is_refused_while_this_one_holds_images(provision):
    other = {"docker_storage_driver": "vfs", "docker_storage_options": {}}
    result = provision(f"--extra-vars={json.dumps(other)}")
    assert result.returncode != 0, result.stdout
    assert "1 image" in result.stdout + result.stderr
    assert "changed=0" in result.stdout
