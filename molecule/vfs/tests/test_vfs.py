# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on vfs, and what is said about it."""

from __future__ import annotations

import json

ROOT = "/var/lib/docker"


def test_the_engine_runs_on_it(host):
    info = json.loads(host.check_output("docker info --format '{{json .}}'"))
    assert (info["Driver"], info["DockerRootDir"]) == ("vfs", ROOT)


def test_a_layer_is_a_full_copy_and_a_finding_says_so(host, container, module):
    before = layers(host)
    host.check_output(f"docker create --name copied {container} sh")
    copies = [f"{ROOT}/vfs/dir/{layer}/bin/sh" for layer in layers(host) - before]
    assert copies
    assert {host.file(path).sha256sum for path in copies} == {host.file("/bin/busybox").sha256sum}
    host.check_output("docker rm copied")

    found = module("storage_driver", driver="vfs")["findings"]
    assert "vfs" in " ".join(finding["topic"] for finding in found)


def layers(host):
    return set(host.file(f"{ROOT}/vfs/dir").listdir())
