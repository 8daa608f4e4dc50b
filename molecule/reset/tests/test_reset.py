# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A data root that is in use is emptied by the plan that a person has read, and by no other.

Runs of it that are broken off are in the scenario reset_broken.
"""

from __future__ import annotations

import json
from functools import partial

import pytest
from filled_root import HOLD, ROOT, images, outside


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Return the folder for the plans."""
    return tmp_path_factory.mktemp("plans")


@pytest.fixture(scope="module")
def reset(play_reset, plans):
    """Return a function that runs the playbook on this host; its result, with all that it said."""
    return partial(play_reset, f"--extra-vars=docker_storage_reset_plans={plans}")


def changed(result):
    """Return how many tasks changed something, as Ansible counts them."""
    return int(result.stdout.rpartition("changed=")[2].split()[0])


def test_what_has_changed_since_the_plan_is_refused_and_named(host, name, reset, plans, filled):
    before = outside(host)
    written = reset("--check")
    assert written.returncode == 0, written.stdout
    plan = json.loads((plans / f"{name}.json").read_text())
    (root,) = plan["removable"]
    assert [it["name"] for it in root["holds"]["containers"]] == ["web"]
    assert images(host)
    assert host.check_output("docker ps --format '{{.Names}}'") == "web"

    host.check_output("docker create --name other busybox sh")
    refused = reset()
    assert refused.returncode != 0
    assert "container other is new" in refused.stdout + refused.stderr
    assert host.check_output("docker ps --format '{{.Names}}'") == "web"
    host.check_output("docker rm other")
    assert outside(host) == before


def test_what_the_plan_says_goes_and_the_rest_stays(host, reset, filled):
    driver = host.check_output("docker info --format '{{.Driver}}'")
    before = outside(host)
    assert reset("--check").returncode == 0
    done = reset()
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done) == 1
    assert images(host) == []
    assert host.check_output("docker ps --all --quiet") == ""
    assert host.check_output("docker volume ls --quiet") == "data"
    assert host.check_output("docker info --format '{{.Driver}}'") == driver
    assert outside(host) == before
    assert host.check_output("ls -A %s | grep -c containerhost || true", ROOT) == "0"
    assert not host.file(HOLD).exists
    for arguments in ((), ("--check",)):
        again = reset(*arguments)
        assert (again.returncode, changed(again)) == (0, 0), again.stdout


def test_a_volume_is_there_for_the_next_container(host, filled):
    read = "docker run --rm --network none -v data:/data busybox cat /data/file"
    assert host.check_output(read) == "from a container"


def test_a_foreign_mount_is_refused(host, module, filled):
    place = f"{ROOT}/mounted"
    host.check_output("mkdir --parents %s && mount --bind /srv/outside %s", place, place)
    try:
        result = module("data_root_reset", check=True, path=ROOT)
    finally:
        host.check_output("umount %s && rmdir %s", place, place)
    assert result["refusal"] == "data_root_mounts"
    assert place in result["msg"]


def test_what_an_engine_holds_is_no_leftover(host, module, filled):
    driver = host.check_output("docker info --format '{{.Driver}}'")
    result = module("data_root_reset", check=True, path=ROOT, only_of=[driver])
    assert result["refusal"] == "driver_in_use"
