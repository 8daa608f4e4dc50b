# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker on a pool, from a blank disk on: made, kept, grown, rebooted, broken and mended."""

from __future__ import annotations

import pytest

ROOT = "/var/lib/docker"
GUARD = "/etc/systemd/system/docker.service.d/50-var-lib-docker.conf"
LIMIT = "/sys/module/zfs/parameters/zfs_arc_max"
LIMIT_AT_BOOT = "/etc/modprobe.d/containerhost-zfs.conf"


@pytest.fixture(scope="module")
def planned(host, pool, wish, docker):
    """What check mode says on the blank host. It starts nothing, and writes to no disk."""
    writes = "awk '{print $7}' /sys/block/vd[b-z]/stat"
    before = host.check_output(writes)
    result = pool("docker", check=True, **wish)
    assert not result["failed"], result
    assert host.check_output(writes) == before
    assert docker()
    assert not host.file(GUARD).exists
    assert not host.file(LIMIT_AT_BOOT).exists
    assert host.check_output("zpool list -H") == ""
    return result


@pytest.fixture(scope="module", autouse=True)
def made(pool, wish, planned):
    """What the module says when it has made all that this module's tests are about."""
    result = pool("docker", **wish)
    assert not result["failed"], result
    return result


def test_the_run_takes_the_steps_that_check_mode_told(made, planned):
    assert made["changed"]
    assert made["steps"] == planned["steps"]


def test_docker_runs_on_the_pool(host, docker):
    assert docker()
    mount = host.mount_point(ROOT)
    assert (mount.filesystem, mount.device) == ("zfs", "docker/data")
    assert host.file(f"{ROOT}/engine-id").exists or host.file(f"{ROOT}/image").exists
    assert host.check_output("zfs get -Ho value mountpoint docker") == "none"


def test_the_member_is_known_by_its_id(host, disks):
    assert f"{disks[0]}-part1" in host.check_output("zpool status -P docker")
    assert host.check_output("zpool get -Ho value ashift docker") == "12"


def test_the_cache_is_limited_now_and_at_boot(host):
    assert host.check_output("cat %s", LIMIT) == str(512 * 2**20)
    stats = host.check_output("cat /proc/spl/kstat/zfs/arcstats")
    assert f"c_max                           4    {512 * 2**20}" in stats
    config = host.check_output("modprobe --showconfig")
    assert f"options zfs zfs_arc_max={512 * 2**20}" in config


def test_nothing_is_done_twice(pool, wish):
    assert pool("docker", **wish)["changed"] is False
    assert pool("docker", check=True, **wish)["changed"] is False


def test_a_person_may_keep_the_limit(host, steps, wish):
    host.check_output("mv %s /etc/modprobe.d/zfs.conf", LIMIT_AT_BOOT)
    assert steps(**wish) == []
    host.check_output("mv /etc/modprobe.d/zfs.conf %s", LIMIT_AT_BOOT)


def test_a_disk_is_added_while_docker_runs(host, steps, wish, disks):
    since = host.check_output("systemctl show --property ActiveEnterTimestamp docker")
    two = {**wish, "devices": disks[:2]}
    assert steps(**two) == [f"zpool add docker {disks[1]}"]
    assert steps(**two) == []
    assert steps(**wish) == []  # what is left out stays
    assert int(host.check_output("zpool list -Hpo size docker")) > 1.8 * 2**30
    assert host.check_output("systemctl show --property ActiveEnterTimestamp docker") == since


def test_a_disk_that_has_grown_is_used(host, lab, steps, wish):
    before = int(host.check_output("zpool list -Hpo size docker"))
    lab("disk", "resize", "disk1", "2G")
    [step] = steps(**wish)
    assert step.startswith("zpool online -e docker ")
    assert int(host.check_output("zpool list -Hpo size docker")) >= before + 0.9 * 2**30
    assert steps(**wish) == []


def test_cg_10744_members_are_found_by_their_id_whatever_the_pool_calls_them(
    host, pool, refusal, wish, disks
):
    """The peer added the disk again under its other name, and removed it under the first."""
    two = {**wish, "devices": disks[:2]}
    host.check_output("systemctl stop docker.socket docker")
    host.check_output("zpool export docker")
    words = refusal(**two)
    assert "`zpool import docker` takes it in use again" in words
    host.check_output("zpool import -d /dev docker")
    assert "/dev/vd" in host.check_output("zpool status -P docker")
    host.check_output("systemctl start docker")
    result = pool("docker", ashift=9, **two)
    assert (result["failed"], result["changed"]) == (False, False)
    assert {it["topic"] for it in result["findings"]} == {"pool_member_name"}
    assert {it["disk"] for it in result["state"]["pool"]["members"]} == set(disks[:2])


def test_docker_comes_back_with_the_boot(host, lab, steps, wish, docker, wait_until):
    lab("power", "reset")
    wait_until(docker)
    assert host.mount_point(ROOT).filesystem == "zfs"
    assert host.check_output("cat %s", LIMIT) == str(512 * 2**20)
    assert steps(**wish) == []


def test_without_the_mount_docker_does_not_start(host, steps, wish, docker):
    host.check_output("systemctl stop docker.socket docker")
    host.check_output("zfs set canmount=off docker/data")
    below = host.check_output("find %s | md5sum", ROOT)
    assert host.run("systemctl start docker").rc != 0
    assert not docker()
    assert host.check_output("find %s | md5sum", ROOT) == below
    assert steps(**wish) == ["zfs set canmount=on docker/data", "zfs mount docker/data"]
    host.check_output("systemctl reset-failed docker; systemctl start docker")
    assert docker()


def test_what_is_masked_is_told_and_docker_waits(host, lab, pool, wish, docker):
    host.check_output("systemctl mask zfs-mount.service && sync")
    lab("power", "reset")
    assert not docker()
    assert not host.mount_point(ROOT).exists
    result = pool("docker", **wish)
    assert [step["action"] for step in result["steps"]] == ["zfs mount docker/data"]
    assert [it["topic"] for it in result["findings"] if it["topic"] == "not_at_boot"]
    host.check_output("systemctl unmask zfs-mount.service")
    host.check_output("systemctl reset-failed docker; systemctl start docker")
    assert docker()


def test_the_boot_is_mended(host, steps, wish):
    host.check_output("systemctl disable zfs-mount.service zfs-import-cache.service")
    [step] = steps(**wish)
    assert step == "systemctl enable --quiet -- zfs-import-cache.service zfs-mount.service"
    assert steps(**wish) == []
    for unit in ("zfs-mount", "zfs-import-cache"):
        assert host.check_output("systemctl is-enabled %s.service", unit) == "enabled"


@pytest.fixture
def refusing(host):
    """Have Docker not start where /srv/other is a mount point; return a function that ends that."""
    drop_in = "/etc/systemd/system/docker.service.d/60-refusing.conf"
    text = "[Unit]\\nAssertPathIsMountPoint=!/srv/other\\n"
    host.check_output(f"mkdir -p $(dirname {drop_in}) && printf '{text}' >{drop_in}")
    host.check_output("systemctl daemon-reload")

    def end():
        host.check_output(f"rm -f {drop_in} && systemctl daemon-reload")

    yield end
    end()


def test_a_step_that_fails_gives_docker_back_what_it_had(host, pool, steps, refusing, docker):
    """Docker cannot start on the filesystem, and gets the folder that it had."""
    other = {"path": "/srv/other", "required_by": ["docker.service"], "dataset": "other"}
    result = pool("docker", **other)
    assert result["failed"]
    assert result["undone"]
    kept = [step["action"] for step in result["kept"]]
    assert [step.split()[:2] for step in kept] == [["zfs", "create"]]
    assert "zfs mount docker/other" in [step["action"] for step in result["taken_back"]]
    assert docker()
    assert not host.mount_point("/srv/other").exists
    assert host.check_output("zfs get -Ho value canmount docker/other") == "off"
    refusing()
    assert "zfs mount docker/other" in steps(**other)
    assert host.mount_point("/srv/other").filesystem == "zfs"
    assert docker()
