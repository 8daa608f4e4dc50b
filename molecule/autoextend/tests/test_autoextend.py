# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool that is filled past its threshold."""

from __future__ import annotations


def test_it_grows_by_itself_and_that_is_no_drift(host, container, provision, wait_until):
    def pool(column):
        argv = "lvs --noheadings --nosuffix --units m --options %s docker/thinpool"
        return float(host.check_output(argv, column))

    size = pool("lv_size")
    script = "dd if=/dev/zero of=/file bs=1M count=690; sync"  # of 816 MiB
    host.check_output(f"docker run {container} sh -c %s", script)

    wait_until(lambda: pool("lv_size") > size)
    assert 1.19 < pool("lv_size") / size < 1.22
    assert pool("data_percent") < 80

    result = provision()
    assert result.returncode == 0, result.stdout
    assert "changed=0" in result.stdout, result.stdout
