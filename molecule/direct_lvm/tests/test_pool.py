# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool and the engine on it, as LVM, device-mapper, systemd and the engine tell of them."""

from __future__ import annotations

import json

import pytest

LVS = "lvs --noheadings --nosuffix --units b --options %s docker/thinpool"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("segtype", "thin-pool"),
        ("seg_monitor", "monitored"),
        ("lv_profile", "docker-thinpool"),
        ("chunksize", str(512 * 1024)),
        ("zero", ""),
        ("discards", "passdown"),
        ("lv_health_status", ""),
    ],
)
def test_the_pool_has_its_settings(host, column, value):
    assert host.check_output(LVS, column).strip() == value


def test_the_pool_leaves_room_for_its_next_step(host):
    pool, metadata = map(int, host.check_output(LVS, "lv_size,lv_metadata_size").split())
    size, free = map(
        int,
        host.check_output(
            "vgs --noheadings --nosuffix --units b --options vg_size,vg_free docker"
        ).split(),
    )
    assert 0.79 < pool / size <= 0.80
    assert free > 0.20 * (pool + 2 * metadata)


def test_the_profile_says_when_it_grows(host):
    profile = host.file("/etc/lvm/profile/docker-thinpool.profile").content_string
    assert "thin_pool_autoextend_threshold=80" in profile
    assert "thin_pool_autoextend_percent=20" in profile
    assert host.service("dm-event.socket").is_running


def test_the_kernel_runs_the_pool(host):
    status = host.check_output("dmsetup status docker-thinpool").split()
    assert status[2] == "thin-pool"
    assert "rw" in status
    assert "needs_check" not in status


def test_the_engine_runs_on_the_pool(host):
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert info["Driver"] == "devicemapper"
    status = dict(info["DriverStatus"])
    assert status["Pool Name"] == "docker-thinpool"
    assert "Data loop file" not in status
    assert status["Deferred Removal Enabled"] == "true"
    assert status["Deferred Deletion Enabled"] == "true"


def test_the_documented_sizes_earn_a_warning(check_mode):
    result = check_mode("--extra-vars=docker_storage_sizing=documented")
    assert result.returncode == 0, result.stdout
    assert "Autoextension of docker/thinpool cannot fire" in result.stdout + result.stderr
