# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a data root is what the engine that made it answers."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import present
from ansible_collections.containerhost.storage.plugins.module_utils._docker.daemon_json import File
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    observe_holdings,
    observe_others,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.driver_folders import (
    driver_folders,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.engine import (
    Engine,
    ask,
    checked,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.flags import (
    Word,
    parse_flags,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.networks import (
    count_networks,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.option_values import (
    version,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.unit import Unit

DRIVERS = ("vfs", "btrfs", "overlay2")


@pytest.fixture(params=DRIVERS)
def both(request, filled):
    """The engine's own answers, and the engine: it runs first, and is stopped for the second."""
    engine, _made = filled(request.param)
    return engine


def told(engine):
    """What the engine says it holds, as the collection counts it."""
    get = engine.api.get
    return {
        "images": len(get("/images/json", all="1")),
        "containers": len(get("/containers/json", all="1")),
        "volumes": len(get("/volumes")["Volumes"]),
        "networks": sum(it["Name"] not in ("bridge", "host", "none") for it in get("/networks")),
        "plugins": len(get("/plugins")),
    }


def read(root):
    """The same, from disk."""
    holds, others = observe_holdings(str(root)), observe_others(str(root))
    assert len(holds.drivers()) == 1
    return {
        "images": sum(holds.images.values()),
        "containers": sum(holds.containers.values()),
        "volumes": holds.volumes,
        "networks": others.get("network", 0),
        "plugins": others.get("plugin", 0),
    }


def test_it_counts_what_the_engine_counts(both):
    answers = told(both)
    assert all(answers[what] for what in answers if what != "plugins")
    assert read(both.root) == answers
    both.stop()
    assert read(both.root) == answers
    assert observe_holdings(str(both.root)).drivers() == [both.driver]


def test_networks_are_read_as_the_engine_leaves_them(engine):
    it = engine("vfs")
    assert count_networks(str(it.root)) == 0
    names = [f"net{number}" for number in range(12)]
    for name in names:
        it.api.post("/networks/create", {"Name": name, "Driver": "bridge", "Labels": {name: "x"}})
    assert count_networks(str(it.root)) == 12
    for name in names[::2]:
        it.api.delete(f"/networks/{name}")
    assert count_networks(str(it.root)) == 6
    it.kill()
    assert count_networks(str(it.root)) == 6


def test_an_empty_data_root_holds_nothing(engine):
    it = engine("overlay2")
    assert not observe_holdings(str(it.root)).any
    assert observe_others(str(it.root)) == {}
    it.stop()
    assert not observe_holdings(str(it.root)).any
    assert observe_others(str(it.root)) == {}


def observed(engine, running):
    """The engine as the collection observes it: its own answer, or its unit's flags alone."""
    words = engine.command()
    words = words[words.index("/usr/sbin/dockerd") + 1 :]
    flags, left = parse_flags([Word(word, "") for word in words])
    assert left == ()
    info = None
    if running:
        info = checked(engine.api.path, ask(engine.api.path, "/info"))
    unit = Unit("docker.service", "loaded", "active" if running else "inactive", "", "", flags)
    return Engine(unit, version(info["ServerVersion"]) if info else (20, 10), info)


def test_it_is_on_what_it_says_and_on_what_its_flags_say(both):
    holds, file = observe_holdings(str(both.root)), File("{}", {})
    now = present.present(observed(both, running=True), file, holds)
    both.stop()
    then = present.present(observed(both, running=False), file, holds)
    assert now == then == present.Present(False, both.driver, str(both.root), {}, "")


def test_layers_of_its_driver_are_counted(both):
    layers = len(list((both.root / "image" / both.driver / "layerdb/sha256").iterdir()))
    writable = 2 * len(both.api.get("/containers/json", all="1"))  # one of its own, and its init
    counted = {it.driver: it.layers for it in driver_folders(str(both.root))}
    assert counted == {both.driver: layers + writable}
