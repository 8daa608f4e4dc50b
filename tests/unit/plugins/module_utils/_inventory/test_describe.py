# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is returned of an inventory: plain JSON, without secrets; and its digest."""

from __future__ import annotations

import json

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.door import leaving
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.describe import (
    describe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.findings import (
    findings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.identity import (
    identity,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.observe import (
    Host,
    observe,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import Below
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.weigh import weigh
from support.data_roots import filled, number

HOST = Host(driver="overlay2")


@pytest.fixture
def root(tmp_path):
    return filled(tmp_path / "root")


def see(root):
    return observe(str(root.path), HOST)


def test_no_secret_leaves_the_host(root):
    described = describe(see(root))
    assert json.loads(json.dumps(leaving(described))) == leaving(described)
    assert "hunter2" not in json.dumps(described)
    volumes = {it["name"]: it for it in described["volumes"]}
    assert volumes["data"]["labels"] == ["team"]
    assert volumes["share"]["options"]["o"] == "username=u,password=***"
    assert volumes["far"]["options"] == {"token": "***"}
    web = next(it for it in described["containers"] if it["name"] == "web")
    assert web["labels"] == ["app"]
    assert "hunter2" not in str([*findings(see(root))])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("username=u,password=a,,b,uid=1", "username=u,password=***,uid=1"),
        ("pass=x", "pass=***"),
        ("uid=1,PASSWORD2=x y", "uid=1,PASSWORD2=***"),
        ("user=u%x,ro", "user=u%***,ro"),
        ("addr=10.0.0.1,passive,rw", "addr=10.0.0.1,passive,rw"),
    ],
)
def test_passwords_in_the_options_of_a_mount_are_hidden(root, given, shown):
    root.volume("smb", options={"o": given})
    volumes = {it["name"]: it for it in describe(see(root))["volumes"]}
    assert volumes["smb"]["options"] == {"o": shown}


CHANGES = [
    # what changes                                                       whether the digest does
    (lambda it: it.image("base", "more", tags=["more:1"]), True),
    (lambda it: it.volume("another"), True),
    (lambda it: it.network("another"), True),
    (lambda it: it.write("stray", b""), True),
    (lambda it: it.write(f"containers/{number('container web')}/x-json.log", b"a line"), False),
    (lambda it: it.write("volumes/data/_data/file", b"content"), False),  # not weighed
    (lambda it: it.container("once", "x", "", own=False), True),
]


@pytest.mark.parametrize(("change", "differs"), CHANGES)
def test_the_digest_changes_with_what_matters(root, change, differs):
    before = identity(see(root))
    assert identity(see(root)) == before
    change(root)
    assert (identity(see(root)) != before) is differs


def test_the_digest_does_not_depend_on_what_passes(root):
    found = see(root)
    running = found._replace(
        containers=tuple(it._replace(state="running") for it in found.containers[::-1]),
        below=(Below("mount", "/x", "overlay"),),
        images=found.images[::-1],
        plugins=tuple(it._replace(enabled=False) for it in found.plugins),
    )
    assert identity(running) == identity(found)
    foreign = found._replace(below=(Below("mount", "/x", "/dev/vdb", own=False),))
    assert identity(foreign) != identity(found)


def test_bytes_are_part_of_the_digest_where_they_were_counted(root):
    root.write("volumes/data/_data/file", b"x" * 50_000)
    found = see(root)
    weighed = weigh(found, [])
    data = next(it for it in weighed.volumes if it.name == "data")
    assert data.bytes >= 50_000
    assert {it.bytes for it in found.volumes} == {None}
    assert {it.bytes is None for it in weighed.containers} == {False}
    assert identity(weighed) != identity(found)


def test_what_is_mounted_or_shared_is_not_weighed(tmp_path):
    root = filled(tmp_path / "root", "btrfs")
    root.write("volumes/data/_data/file", b"x" * 50_000)
    found = weigh(see(root), [f"{root.path}/volumes/data/_data"])
    assert {it.bytes for it in found.containers} == {None}
    assert next(it.bytes for it in found.volumes if it.name == "data") < 50_000
