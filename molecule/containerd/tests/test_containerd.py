# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in containerd, as the engine and containerd tell; what is ignored; the way back."""

from __future__ import annotations

import json

import pytest

CONFIG = "/etc/docker/daemon.json"


def info(host):
    """Return what the engine says of itself."""
    return json.loads(host.check_output("docker info --format '{{json .}}'"))


def started(host):
    """Return the process and the moment that the engine was started with."""
    return host.check_output(
        "systemctl show docker.service --property MainPID,ActiveEnterTimestampMonotonic"
    )


def test_the_engine_keeps_images_in_containerd(host, container):
    assert info(host)["Driver"] == "overlayfs"
    assert ["driver-type", "io.containerd.snapshotter.v1"] in info(host)["DriverStatus"]
    assert "busybox" in host.check_output("ctr --namespace moby images list --quiet")
    assert json.loads(host.file(CONFIG).content_string) == {
        "features": {"containerd-snapshotter": True}
    }


@pytest.mark.parametrize(
    "variables",
    [
        {"docker_storage_options": {"overlay2.size": "1G"}},
        {"docker_storage_driver": "overlay2"},
    ],
    ids=["options", "driver"],
)
def test_what_would_be_ignored_or_hidden_is_refused(host, provision, variables):
    before = (host.file(CONFIG).content_string, started(host))
    result = provision(f"--extra-vars={json.dumps(variables)}")
    assert result.returncode != 0, result.stdout
    assert "changed=0" in result.stdout
    assert "containerd" in result.stdout + result.stderr
    assert (host.file(CONFIG).content_string, started(host)) == before


def test_options_that_somebody_wrote_are_a_finding(host, module):
    """The engine starts on them, says nothing, and does not heed them."""
    text = host.file(CONFIG).content_string
    theirs = json.loads(text) | {"storage-opts": ["overlay2.size=1G"]}
    host.check_output("printf %%s %s > %s", json.dumps(theirs), CONFIG)
    found = module("storage_driver", check=True, containerd_image_store=True)["findings"]
    host.check_output("printf %%s %s > %s", text, CONFIG)
    assert "ignored_options" in [finding["topic"] for finding in found], found


def test_pinned_off_it_gives_way_to_a_driver_and_comes_back(host, provision, container):
    """With `existing_data: keep`: what the other one holds is hidden, and not lost."""
    keep = {"docker_storage_existing_data": "keep"}
    driver = {
        "docker_storage_driver": "overlay2",
        "docker_storage_volume_kind": "none",
        "docker_storage_containerd_image_store": False,
    }
    for number in (1, 0):
        result = provision(f"--extra-vars={json.dumps(keep | driver)}")
        assert result.returncode == 0, result.stdout
        assert ("changed=0" in result.stdout) is not bool(number), result.stdout
        assert info(host)["Driver"] == "overlay2"
        assert info(host)["Images"] == 0
    result = provision(f"--extra-vars={json.dumps(keep)}")
    assert result.returncode == 0, result.stdout
    assert info(host)["Driver"] == "overlayfs"
    assert info(host)["Images"] == 1
