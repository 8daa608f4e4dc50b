# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines and configurations that a storage driver cannot be set in."""

from __future__ import annotations

import json

import pytest

CONFIG = "/etc/docker/daemon.json"
INODE = "%i %Y %s"  # stat's number, time of the last change, and size of a file

# what is done to the configuration, and the words of the refusal
FILES = {
    "empty": (f": >{CONFIG}", f"{CONFIG}: it is empty"),
    "invalid": (
        f"printf '{{\n  \"debug\": maybe\n}}\n' >{CONFIG}",
        f"{CONFIG}: it is not valid JSON: line 2, column 12",
    ),
    "a folder": (f"mkdir {CONFIG}", f"{CONFIG}: it is a folder"),
    "a link": (
        f"ln -s /etc/hostname {CONFIG}",
        f"{CONFIG}: it is a symbolic link to /etc/hostname",
    ),
}

# options of storage_driver, and the words of the refusal
OPTIONS = [
    ({"options": {"dm.basesize": "10g"}}, "it belongs to devicemapper, not to overlay2"),
    ({"options": {"overlay2.sizes": "10g"}}, "the overlay2 driver has no such option"),
    ({"options": {"overlay2.size": "10g"}}, "overlay2.size works only on xfs"),
    ({"driver": "btrfs"}, "the btrfs driver does not work on it"),
    ({"data_root": "var/lib"}, "it is not a plain absolute path"),
    ({"service": "podman.service"}, "it is not installed on this host"),
]


@pytest.fixture
def config(host):
    """Have no configuration, before a test and after it."""
    host.check_output("rm -rf %s", CONFIG)
    yield
    host.check_output("rm -rf %s && systemctl reset-failed docker", CONFIG)


@pytest.mark.parametrize("kind", FILES)
def test_a_configuration_that_cannot_be_edited(host, module, config, kind):
    command, words = FILES[kind]
    host.check_output(command)
    before = host.check_output("stat --format %s %s", INODE, CONFIG)
    result = module("storage_driver", driver="overlay2")
    assert words in result["msg"]
    assert host.check_output("stat --format %s %s", INODE, CONFIG) == before


@pytest.mark.parametrize(("options", "words"), OPTIONS, ids=[str(it) for it, _words in OPTIONS])
def test_options_that_the_engine_would_die_of(module, disk, unchanged, options, words):
    result = module("storage_driver", **{"driver": "overlay2", **options})
    assert result["failed"]
    assert words in result["msg"]


def test_an_engine_that_does_not_come_up_gets_its_old_file_back(host, module, config):
    old = '{"log-level": "warn"}\n'
    host.check_output("printf %s >%s && systemctl restart docker", old, CONFIG)
    result = module("storage_driver", data_root="/sys/docker")
    assert result["failed"]
    assert "/sys/docker" in result["msg"]
    assert result["undone"]
    assert host.file(CONFIG).content_string == old
    assert host.check_output("docker info --format {{.DockerRootDir}}") == "/var/lib/docker"


def test_a_data_root_that_holds_an_image_is_not_mounted_over(
    host, provision, disk, container, unchanged
):
    done = provision(
        *("-e", "docker_storage_driver=overlay2", "-e", "docker_storage_vg=never"),
        *("-e", json.dumps({"docker_storage_devices": [disk["free"]]})),
    )
    assert done.returncode
    assert "would hide 1 images" in done.stdout + done.stderr
    assert "busybox" in host.check_output("docker images")
