# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine that does not come up on its new pool, which the next run then goes on from."""

from __future__ import annotations

import pytest

DROP_IN = "/etc/systemd/system/docker.service.d/broken.conf"
# It says so as the engine would, and only of the new configuration.
BROKEN = """[Service]
ExecStartPre=/bin/sh -c 'if grep -q thinpooldev /etc/docker/daemon.json; then exit 1; fi'
"""


@pytest.fixture
def broken(host):
    """Have an engine that starts on its old configuration only; it is mended at the end."""
    host.check_output("install -D /dev/null %s", DROP_IN)
    host.check_output("printf '%%s' %s >%s", BROKEN, DROP_IN)
    host.check_output("systemctl daemon-reload")
    yield
    host.check_output(f"rm {DROP_IN} && systemctl daemon-reload")


def test_it_gets_its_old_file_back_and_the_pool_is_kept(host, provision, broken):
    before = host.check_output("cat /etc/docker/daemon.json || true")
    result = provision()
    said = result.stdout + result.stderr
    assert result.returncode != 0
    taken_back = said.partition("Taken back: ")[2].partition("Done before that, and kept: ")[0]
    assert "Configure the engine: set storage-driver" in taken_back
    assert "Done before that, and kept: Make volume group docker" in said
    assert "The next run goes on from there." in said
    assert host.check_output("cat /etc/docker/daemon.json || true") == before
    assert host.check_output("docker info --format {{.Driver}}") == "overlay2"
    assert host.check_output("dmsetup status docker-thinpool").split()[2] == "thin-pool"
