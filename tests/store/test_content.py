# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a data root is filled with lies there as it was meant: so the engine reads it back."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from realengine.registry import digest_of

DRIVERS = ("vfs", "btrfs", "overlay2")
MODIFIED, ADDED, DELETED = range(3)


@pytest.fixture(params=DRIVERS)
def both(request, filled):
    """An engine that runs, and what was made in it."""
    return filled(request.param)


def saved_layers(engine, tag):
    """The archives of an image's layers, put together again by the engine from its own files."""
    with tarfile.open(fileobj=io.BytesIO(engine.api.get(f"/images/{tag}/get"))) as archive:
        (image,) = json.load(archive.extractfile("manifest.json"))
        return [archive.extractfile(name).read() for name in image["Layers"]]


def test_layers_are_to_the_byte_what_was_made(both):
    engine, made = both
    assert sorted(made.layers) == ["127.0.0.1:5000/demo/pulled:4", "demo/app:2", "demo/base:1"]
    for tag, layers in made.layers.items():
        digests = engine.api.get(f"/images/{tag}/json")["RootFS"]["Layers"]
        assert digests == [digest_of(layer) for layer in layers]
        assert saved_layers(engine, tag) == layers


def test_containers_have_changed_what_they_were_told_to(both):
    engine, _made = both
    expected = {
        "/bin": MODIFIED,
        "/bin/tool": MODIFIED,
        "/etc": MODIFIED,
        "/etc/doomed": DELETED,
        "/etc/link": MODIFIED,
        "/etc/link/a-folder-now": ADDED,
        "/etc/settings": MODIFIED,
        "/etc/settings.link": ADDED,
        "/srv": MODIFIED,
        "/srv/moved": DELETED,
        "/srv/moved-on": ADDED,
        "/srv/old": MODIFIED,
        "/srv/sparse": ADDED,
        "/srv/tree": MODIFIED,
        "/srv/tree/again": ADDED,
        "/srv/tree/refilled": DELETED,
        "/srv/who": ADDED,
        "/tmp": MODIFIED,
        "/tmp/fifo": ADDED,
    }
    assert changes_of(engine, "ended") == expected
    assert changes_of(engine, "serving") == {**expected, "/data": ADDED}
    assert changes_of(engine, "created") == {}


def changes_of(engine, name):
    """What `docker diff` answers: path -> kind."""
    changes = engine.api.get(f"/containers/{name}/changes") or ()
    return {it["Path"]: it["Kind"] for it in changes}
