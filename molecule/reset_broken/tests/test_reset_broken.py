# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reset is broken off at the instants that matter; the next run takes it back, or ends it."""

from __future__ import annotations

import pytest
from filled_root import ASIDE, HOLD, ROOT, images, outside

STOP = "systemctl stop -- docker.socket docker.service"
START = "systemctl start -- docker.socket docker.service"


@pytest.mark.parametrize(
    ("action", "how", "held"),
    [
        (STOP, "fails", False),
        (STOP, "killed-after", True),
        (START, "killed-before", False),  # all is ready for the start
    ],
)
def test_a_run_that_is_broken_off_is_taken_back(host, module, broken, filled, action, how, held):
    before, had = outside(host), images(host)
    seal = module("data_root_reset", check=True, path=ROOT)["seal"]
    broken(action, how)
    result = module("data_root_reset", path=ROOT, consent=seal)
    broken.mend()
    assert result["failed"]
    assert host.file(HOLD).exists is held
    if held:
        assert host.run("systemctl start docker").rc != 0  # nothing starts it meanwhile
        host.run("systemctl reset-failed docker.socket docker.service")
    assert not module("open_change")["failed"]  # the next run of any module takes it back
    assert not host.file(HOLD).exists
    assert images(host) == had
    assert host.check_output("docker ps --all --format '{{.Names}}'") == "web"
    assert outside(host) == before


def test_what_an_engine_has_started_on_is_kept_and_ended(host, module, broken, filled):
    """The consent that was given is enough for the rest."""
    before = outside(host)
    seal = module("data_root_reset", check=True, path=ROOT)["seal"]
    broken(START, "killed-after")
    assert module("data_root_reset", path=ROOT, consent=seal)["failed"]
    broken.mend()
    assert host.file(ASIDE).exists
    result = module("data_root_reset", path=ROOT)
    assert not result["failed"], result["msg"]
    assert [step["action"] for step in result["steps"]] == [f"remove all of {ASIDE}"]
    assert not host.file(ASIDE).exists
    assert images(host) == []
    assert outside(host) == before


def test_after_a_power_cut_in_the_midst_the_engine_waits(
    host, module, broken, filled, lab, wait_until
):
    before, had = outside(host), images(host)
    seal = module("data_root_reset", check=True, path=ROOT)["seal"]
    broken(STOP, "killed-after")
    module("data_root_reset", path=ROOT, consent=seal)
    broken.mend()
    host.check_output("sync")
    lab("power", "reset")
    wait_until(lambda: host.run("systemctl is-system-running").stdout.strip() != "starting")
    assert host.run("systemctl is-active docker").stdout.strip() != "active"
    assert not module("open_change")["failed"]
    assert images(host) == had
    assert host.check_output("docker ps --all --format '{{.Names}}'") == "web"
    assert outside(host) == before
