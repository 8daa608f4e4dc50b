# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode on a host before its first real run."""

from __future__ import annotations


def test_it_plans_and_writes_nothing(host, check_mode):
    before = traces(host)
    result = check_mode()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "changed=0" not in result.stdout
    assert traces(host) == before


def traces(host):
    """Return what a write would show in: the disks' own counters, configuration, mounts."""
    disks = unmounted_disks(host)
    return [
        *(host.check_output("awk '{print $5, $7, $12, $14}' %s", counters(disk)) for disk in disks),
        host.check_output("find /etc -xdev -type f -exec sha256sum {} + | sort"),
        host.check_output("findmnt --raw"),
    ]


def unmounted_disks(host):
    """Return the devices of the data disks; one that is mounted is written to by others."""
    paths = host.backend.get_variables()["lab_disks"]
    devices = [host.check_output("realpath %s", path) for path in paths]
    return [device for device in devices if host.run("findmnt --source %s", device).failed]


def counters(disk):
    """Return the file that counts what was written to and discarded on ``disk``."""
    return f"/sys/block/{disk.removeprefix('/dev/')}/stat"
