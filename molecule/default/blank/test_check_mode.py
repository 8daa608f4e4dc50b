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
    """Return what a write would show in: sectors written per disk, configuration, mounts."""
    return host.check_output(
        "awk '{print FILENAME, $7}' /sys/block/vd*/stat | grep -v \"$(lsblk --noheadings"
        ' --output PKNAME --raw $(findmnt --noheadings --output SOURCE /))";'
        " find /etc -xdev -type f -exec sha256sum {} + | sort; findmnt --raw; systemctl list-units"
    )
