# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at on a host, and where: both data roots, the driver's own folder, no more."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._docker import engine as docker
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    host as engine_host,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker import (
    present,
    validation,
)
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    Holdings,
)
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver.observe import (
    observe,
)
from support.engine_hosts import CONTAINERD, engine_29, host, want

STORED = 5  # images of containerd's


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Look at a host whose data root is ``tmp_path/docker`` and whose engine is that of a state."""
    root = tmp_path / "docker"
    root.mkdir()
    monkeypatch.setattr(present, "DATA_ROOT", str(root))
    monkeypatch.setattr(docker, "next_version", lambda _run, engine: engine.version)
    monkeypatch.setattr(engine_host, "missing_modules", lambda names, release: ())
    monkeypatch.setattr(engine_host, "containerd_images", lambda _run: STORED)
    monkeypatch.setattr(validation, "rejection", lambda *_given: "")
    monkeypatch.setattr(
        engine_host,
        "backing_of",
        lambda folder: engine_host.Backing(os.path.normpath(folder), "ext4", ("rw",)),
    )

    def look(state, **wanted):
        monkeypatch.setattr(docker, "observe_engine", lambda _run, _service: state.engine)
        return observe(None, want(config_file=str(tmp_path / "daemon.json"), **wanted))

    look.root = root
    return look


def stopped(**more):
    return host(active="inactive", **more)


def fill(root, driver):
    images = root / "image" / driver / "imagedb/content/sha256"
    images.mkdir(parents=True)
    (images / "ab").write_text("{}")
    (root / driver).mkdir()
    (root / driver / "layer").write_text("x" * 2**16)


def test_without_an_engine_there_is_nothing_to_see(look):
    state = look(host()._replace(engine=None))
    assert (state.engine, state.roots, state.prerequisites) == (None, (), None)


def test_the_data_root_stays(look):
    fill(look.root, "vfs")
    state = look(stopped(), restart=False)
    assert [(it.root, it.images) for it in state.roots] == [(str(look.root), {"vfs": 1})]
    assert (state.same_root, state.backing.mount_point) == (True, str(look.root))


def test_the_data_root_moves(look, tmp_path):
    other = str(tmp_path / "other")
    state = look(stopped(), data_root=other)
    assert [it.root for it in state.roots] == [str(look.root), other]
    assert (state.same_root, state.backing.mount_point) == (False, other)


def test_the_data_root_gets_another_name(look, tmp_path):
    other = str(tmp_path / "link")
    os.symlink(look.root, other)
    state = look(stopped(), data_root=other)
    assert [it.root for it in state.roots] == [other]
    assert state.same_root is True


@pytest.mark.parametrize(("driver", "folder"), [("vfs", "vfs"), ("overlay2", ".")])
def test_a_drivers_own_folder_may_be_a_mount(look, driver, folder):
    (look.root / "vfs").mkdir()
    state = look(stopped(), driver=driver)
    assert state.backing.mount_point == os.path.normpath(look.root / folder)


def test_what_a_change_depends_on_is_looked_at_only_where_there_is_one(look):
    assert look(stopped(), restart=False).prerequisites is None
    assert look(stopped(), driver="vfs").prerequisites.version == (20, 10, 24)


@pytest.mark.parametrize(("keep", "seen"), [(False, True), (True, False)])
def test_what_would_be_hidden_is_weighed_unless_it_may_be(look, keep, seen):
    fill(look.root, "overlay2")
    state = look(stopped(), driver="vfs", keep_existing=keep)
    assert (state.prerequisites.hidden_bytes >= 2**16) is seen


COUNTED = [
    (engine_29(active="inactive"), {"driver": "overlay2"}, STORED),
    (engine_29(active="inactive"), {"containerd_store": True}, 0),
    (engine_29(status=CONTAINERD), {"driver": "overlay2"}, 0),  # it counts them itself
    (stopped(), {"driver": "overlay2"}, 0),
]


@pytest.mark.parametrize(("state", "wanted", "count"), COUNTED)
def test_containerd_counts_for_an_engine_that_is_stopped_and_leaves_it(look, state, wanted, count):
    assert look(state, **wanted).prerequisites.containerd_images == count


@pytest.mark.parametrize("left", [True, False])
def test_what_else_is_of_value_is_looked_at_where_it_would_be_left(look, tmp_path, left):
    (look.root / "swarm").mkdir()
    (look.root / "swarm" / "docker-state.json").write_text("{}")
    state = look(stopped(), **({"data_root": str(tmp_path / "other")} if left else {}))
    assert state.roots[0].others == ({"swarm membership": 1} if left else {})


def test_an_engine_with_user_namespaces_is_looked_into_where_its_data_is(look, tmp_path):
    (tmp_path / "daemon.json").write_text('{"userns-remap": "no-such-user"}')
    fill(look.root / "7.7", "vfs")
    state = look(stopped(), driver="overlay2")
    assert state.roots == (Holdings(str(look.root), {"vfs": 1}),)
    assert state.prerequisites.hidden_bytes >= 2**16
