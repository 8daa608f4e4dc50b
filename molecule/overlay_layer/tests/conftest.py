# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlays that are run by systemd and by hand, and how the module is called for them."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def overlay(module):
    """Return a function that runs the module for a path, and gives back what it returned."""
    return lambda path, **options: module("overlay_layer", path=path, **options)


@pytest.fixture(scope="module")
def steps(overlay):
    """Return a function that runs the module, which has to succeed, and gives what was done."""

    def run(path, **options):
        result = overlay(path, **options)
        assert not result["failed"], result["msg"]
        assert overlay(path, **options)["steps"] == []
        return [step["action"] for step in result["steps"]]

    return run


@pytest.fixture(scope="module")
def refusal(host, overlay):
    """Return a function that has the module refuse, before anything is changed."""

    def run(path, **options):
        before = traces(host)
        result = overlay(path, **options)
        assert result["failed"], result
        assert "Traceback" not in str(result)
        assert traces(host) == before
        return result["msg"]

    return run


def traces(host):
    """Return the mounts, systemd's units, and the names of all that lies in the layers."""
    return host.check_output(
        "cat /proc/self/mountinfo; ls -lR --time-style=full-iso /etc/systemd; find /srv | sort"
    )


@pytest.fixture(scope="module")
def mounted(host):
    """Return a function for what the kernel says is mounted at a path: its type and options."""

    def ask(path):
        done = host.run("findmnt --json --output FSTYPE,OPTIONS --mountpoint %s", path)
        return json.loads(done.stdout)["filesystems"][0] if done.succeeded else None

    return ask
