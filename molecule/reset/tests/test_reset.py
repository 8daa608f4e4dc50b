# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A data root that is in use is emptied by the plan that a person has read, and by no other.

Each test leaves the engine with an image, a container that runs, and a volume, for the next one.
"""

from __future__ import annotations

import json
from functools import partial

import pytest

ROOT = "/var/lib/docker"
ASIDE = f"{ROOT}/.containerhost-storage-aside"
HOLD = "/etc/systemd/system/docker.service.d/00-containerhost-storage-hold.conf"
FOREIGN = f"{ROOT}/backup"


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Return the folder for the plans."""
    return tmp_path_factory.mktemp("plans")


@pytest.fixture(scope="module")
def reset(play_reset, plans):
    """Return a function that runs the playbook on this host; its result, with all that it said."""
    return partial(play_reset, f"--extra-vars=docker_storage_reset_plans={plans}")


@pytest.fixture
def filled(host, make_image):
    """Have an image, a container that runs, a volume, links that lead out, and foreign files."""
    host.check_output("docker rm --force web other >/dev/null 2>&1 || true")
    if not images(host):
        make_image()
    mounts = "-v data:/data --network none busybox"
    host.check_output(
        f"docker run --detach --interactive --name web {mounts} "
        "sh -c 'echo from a container >/data/file; echo own >/own; cat'"
    )
    host.check_output(
        "mkdir --parents /srv/outside %s && echo precious >/srv/outside/file"
        " && echo dump >%s/dump && ln --symbolic --force --no-dereference /srv/outside %s/link",
        *(FOREIGN, FOREIGN, FOREIGN),
    )
    host.check_output("ln -sfn /srv/outside %s/tmp/link", ROOT)


def outside(host):
    """Return what must be the same afterwards, by its hashes."""
    return host.check_output(
        "find /srv/outside %s %s/volumes/data -type f -exec sha256sum {} + | sort", FOREIGN, ROOT
    )


def images(host):
    return host.check_output("docker images --quiet").split()


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
    assert "container other is new" in refused.stdout
    assert host.check_output("docker ps --format '{{.Names}}'") == "web"
    host.check_output("docker rm other")
    assert outside(host) == before


def test_what_the_plan_says_goes_and_the_rest_stays(host, reset, filled):
    driver = host.check_output("docker info --format '{{.Driver}}'")
    before = outside(host)
    assert reset("--check").returncode == 0
    done = reset()
    assert done.returncode == 0, done.stdout
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
