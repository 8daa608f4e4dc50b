# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed, or whose host loses its power: the next one puts right what it has left.

The tests go on from each other, towards the layout.
"""

from __future__ import annotations

import threading

import pytest

CONFIG, ROOT = "/etc/docker/daemon.json", "/var/lib/docker"


def test_no_run_gets_in_while_a_step_of_a_killed_one_is_at_work(
    host, layout, module, broken, step, wait_until, journals
):
    mkfs = step("mkfs.xfs ")
    host.check_output("rm -f /run/broken.go-on")
    broken(mkfs, "killed-meanwhile")
    layout()
    refused = layout()
    assert (refused["failed"], refused["refusal"]) == (True, "another_run")
    assert len(journals()) == 1
    host.check_output("touch /run/broken.go-on")
    wait_until(lambda: host.run("pgrep --exact mkfs.xfs").rc != 0)
    broken.mend()
    told = module("open_change")
    assert not told["failed"], told
    assert told["recovered"][0]["at_work"]["action"] == mkfs
    assert host.check_output("blkid -s TYPE -o value -p /dev/mapper/docker-data") == "xfs"
    assert journals() == []


def test_an_engine_that_was_stopped_for_a_mount_is_started_again(
    host, layout, module, broken, step, journals, engine
):
    before = engine()
    assert before
    broken(step("systemctl stop -- docker.service"), "killed-after")
    layout()
    broken.mend()
    assert not engine()
    found = module("storage_info", gather=["open_changes"])["storage"]["open_changes"]
    assert "systemctl stop -- docker.service" in [it["action"] for it in found[0]["done"]] or (
        found[0]["at_work"]["action"] == "systemctl stop -- docker.service"
    )
    checked = module("open_change", check=True)
    assert checked["would_recover"]
    assert not engine()
    assert module("open_change")["recovered"]
    assert engine() == before
    assert host.run("mountpoint --quiet %s", ROOT).rc != 0
    assert journals() == []


def test_the_old_configuration_is_back_where_the_new_one_was_not_proven(
    host, layout, module, broken, step, journals, engine
):
    before = engine(), host.file(CONFIG).exists
    broken(step("systemctl start -- docker.service"), "killed-before")
    layout()
    broken.mend()
    assert not engine()
    assert host.file(CONFIG).exists
    assert host.run("mountpoint --quiet %s", ROOT).rc == 0
    assert module("open_change")["recovered"]
    assert (engine(), host.file(CONFIG).exists) == before
    assert host.run("mountpoint --quiet %s", ROOT).rc != 0
    assert journals() == []


@pytest.fixture
def power_cut(host, layout, broken, lab, wait_until, monkeypatch):
    """Return a function that cuts the power while an action is at work."""
    # The end of the connection is not heard of otherwise.
    monkeypatch.setenv("ANSIBLE_SSH_ARGS", "-o ControlMaster=no -o ServerAliveInterval=5")

    def cut(action):
        broken(action, "hangs")
        run = threading.Thread(target=layout)
        run.start()
        wait_until(lambda: host.file("/run/broken.hangs").exists)
        lab("power", "reset")
        run.join()
        broken.mend()

    return cut


def test_the_power_is_cut_before_the_mount(
    host, module, power_cut, step, journals, engine, wait_until
):
    before = engine()
    power_cut(step("systemctl restart -- var-lib-docker.mount"))
    assert len(journals()) == 1
    assert module("open_change")["recovered"]
    assert engine() == before
    assert not host.file(CONFIG).exists
    assert host.run("mountpoint --quiet %s", ROOT).rc != 0
    assert journals() == []


def test_the_power_is_cut_before_the_engine_starts_and_it_starts_by_itself(
    host, module, power_cut, step, journals, engine, wait_until
):
    """What somebody may have stored since is not put out of sight by going back."""
    power_cut(step("systemctl start -- docker.service"))
    wait_until(engine)
    assert host.run("mountpoint --quiet %s", ROOT).rc == 0
    (told,) = module("open_change")["recovered"]
    assert told["taken_back"] == []
    assert host.run("mountpoint --quiet %s", ROOT).rc == 0
    assert engine() == f"overlay2 {ROOT}"
    assert journals() == []


def test_the_next_run_goes_on_to_the_layout(layout, engine):
    done = layout()
    assert not done["failed"], done
    assert engine() == f"overlay2 {ROOT}"
    for check in (True, False):
        again = layout(check=check)
        assert (again["failed"], again["changed"], again["steps"]) == (False, False, [])
