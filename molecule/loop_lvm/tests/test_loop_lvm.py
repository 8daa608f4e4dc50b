# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on devicemapper in two sparse files, and what is said about it."""

from __future__ import annotations

import json

FILES = "/var/lib/docker/devicemapper/devicemapper"


def test_the_engine_runs_on_sparse_files(host):
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert info["Driver"] == "devicemapper"
    status = dict(info["DriverStatus"])
    assert status["Data loop file"] == f"{FILES}/data"
    assert status["Metadata loop file"] == f"{FILES}/metadata"
    taken, size = host.check_output("stat --format '%%b %%s' %s", f"{FILES}/data").split()
    assert int(taken) * 512 < int(size)


def test_a_finding_warns_of_it(module):
    result = module("storage_driver", driver="devicemapper")
    assert not result["failed"], result
    assert "loop" in " ".join(finding["topic"] for finding in result["findings"])


def test_it_is_detected_where_nobody_asked_for_it(module):
    found = module("storage_info")["findings"]
    assert "loop" in " ".join(finding["topic"] for finding in found)
