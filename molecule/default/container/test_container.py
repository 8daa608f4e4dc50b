# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container's own data, on whatever storage driver the engine runs."""

from __future__ import annotations

# Writes the file when it is started for the first time, and reads it from then on.
SCRIPT = "cat /kept 2>&- || { echo 'from the first start' >/kept; sync; }"


def test_it_outlives_the_engine_and_the_host(host, container, lab):
    def start():
        return host.check_output("docker start --attach keeper")

    host.check_output(f"docker create --name keeper {container} sh -c %s", SCRIPT)
    assert start() == ""
    assert start() == "from the first start"

    host.check_output("systemctl restart docker")
    assert start() == "from the first start"

    lab("power", "reset")
    assert start() == "from the first start"
