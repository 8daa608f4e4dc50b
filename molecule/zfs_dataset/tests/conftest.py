# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a mirror, made by hand, and one way to run the module on it."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def _made():
    """Names of the hosts that have their pools: made once for all tests."""
    return set()


@pytest.fixture(scope="module", autouse=True)
def pools(host, name, disks, _made):
    """Make the mirror tank, and small, which is as small as a pool is useful."""
    if name not in _made:
        _made.add(name)
        host.check_output("zpool create -f tank mirror %s %s", *disks[:2])
        host.check_output("zpool create -f small %s", disks[2])


@pytest.fixture(scope="module")
def dataset(module):
    """Return a function that runs the module, and gives back what it returned."""
    return lambda name, **options: module("zfs_dataset", name=name, **options)


@pytest.fixture(scope="module")
def steps(dataset):
    """Return a function that runs the module, which has to succeed, and gives the commands."""

    def run(name, **options):
        result = dataset(name, **options)
        assert not result.get("failed"), result
        return [step["action"] for step in result["steps"]]

    return run


@pytest.fixture(scope="module")
def refusal(host, dataset):
    """Return a function that runs the module, which has to refuse and leave ZFS as it was."""

    def run(name, **options):
        before = host.check_output("zpool history -i tank small | md5sum")
        result = dataset(name, **options)
        assert result.get("failed"), result
        assert "Traceback" not in str(result)
        assert host.check_output("zpool history -i tank small | md5sum") == before
        return result["msg"]

    return run


@pytest.fixture(scope="module")
def zfs(host):
    """Return a function for what ZFS itself says of a property."""
    return lambda prop, name: host.check_output("zfs get -Hp -o value,source %s %s", prop, name)
