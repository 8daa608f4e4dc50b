# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is damaged, too large, or not what it has to be is named, and the rest is read."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._inventory import (
    images,
    json_object,
    reading,
)
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
from support.bolt_files import bolt_file
from support.data_roots import filled, number

HOST = Host(driver="overlay2")
WEB = f"containers/{number('container web')}"
PLUGIN = f"plugins/{number('plugin cloud:latest')}/config.json"
BASE = f"image/overlay2/layerdb/sha256/{number('base')}"
MOUNT = f"image/overlay2/layerdb/mounts/{number('container web')}"


def link_to(path, target="/etc"):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    path.symlink_to(target)


def other(text):
    return lambda path: path.write_bytes(text if isinstance(text, bytes) else text.encode())


def without(*names):
    def change(path):
        content = json.loads(path.read_text())
        for name in names:
            del content[name]
        path.write_text(json.dumps(content))

    return change


def with_parts(**parts):
    return lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), **parts}))


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def folder(path):
    path.unlink()
    path.mkdir()


def large(path):
    with open(path, "r+b") as stream:
        stream.truncate(1 << 40)


DAMAGE = [
    # what is damaged            how                     what is said of it
    (f"{WEB}/config.v2.json", other("{"), "no JSON"),
    (f"{WEB}/config.v2.json", other(""), "empty"),
    (f"{WEB}/config.v2.json", other("[]"), "no object"),
    (f"{WEB}/config.v2.json", other("[" * 100_000), "no JSON"),
    (f"{WEB}/config.v2.json", other(b'{"ID": "\xff"}'), "no JSON"),
    (f"{WEB}/config.v2.json", with_parts(Name=5), "Name is not a string"),
    (f"{WEB}/config.v2.json", with_parts(State="up"), "State is not an object"),
    (f"{WEB}/config.v2.json", with_parts(State={"Running": 1}), "State.Running is not true or"),
    (f"{WEB}/config.v2.json", with_parts(MountPoints=[1]), "MountPoints is not an object"),
    (f"{WEB}/config.v2.json", with_parts(Config={"Labels": {"a": 1}}), "Labels.a is not a string"),
    (f"{WEB}/config.v2.json", with_parts(ID="x"), "ID is not the name of its folder"),
    (f"{WEB}/config.v2.json", with_parts(Driver="btrfs"), None),  # another driver's
    (f"{WEB}/config.v2.json", large, "larger than"),
    (f"{WEB}/config.v2.json", pipe, "neither a file nor a folder"),
    (f"{WEB}/config.v2.json", folder, "a folder, and has to be a file"),
    (f"{WEB}/config.v2.json", lambda path: link_to(path, "/etc/passwd"), "a link"),
    (f"{WEB}/hostconfig.json", other("null"), "no object"),
    (f"{WEB}/hostconfig.json", lambda path: path.unlink(), "not there"),
    (f"{WEB}/hostconfig.json", with_parts(RestartPolicy={"MaximumRetryCount": 2**70}), "too large"),
    (WEB, link_to, "a link"),
    ("containers", link_to, "a link"),
    (f"{BASE}/size", other("many"), "not what has to be in it"),
    (f"{BASE}/size", other("9" * 30), "not what has to be in it"),
    (f"{BASE}/size", other("1" * 5000), "larger than"),
    (f"{BASE}/size", lambda path: path.unlink(), "not there"),
    (f"{BASE}/diff", other("sha256:xyz"), "not what has to be in it"),
    (f"{BASE}/cache-id", other("../../etc"), "not what has to be in it"),
    (f"{BASE}/cache-id", other("\n"), "not what has to be in it"),
    (f"{BASE}/cache-id", link_to, "a link"),
    (f"{MOUNT}/mount-id", other("no"), "not what has to be in it"),
    (MOUNT, shutil.rmtree, "nothing on its own layer"),
    ("image/overlay2", link_to, "a link"),
    ("image", link_to, "a link"),
    ("image/overlay2/repositories.json", other("{}}"), "no JSON"),
    ("image/overlay2/repositories.json", other('{"Repositories": {"a": {"a:1": 1}}}'), "a string"),
    ("overlay2", link_to, "a link"),
    ("volumes/data", link_to, "a link"),
    ("volumes/data/_data", link_to, "a link"),
    ("volumes/share/opts.json", other("nothing"), "no JSON"),
    ("volumes/metadata.db", other("no store at all"), "first page"),
    ("volumes/metadata.db", link_to, "a link"),
    ("network/files/local-kv.db", other(b"\0" * 9000), "first page"),
    ("network/files/local-kv.db", large, "larger than"),
    ("network/files", link_to, "a link"),
    (PLUGIN, other("nothing"), "no JSON"),
    (PLUGIN, with_parts(plugin={"Enabled": "yes"}), "Enabled is not true or false"),
    ("swarm/docker-state.json", other(""), "empty"),
    ("swarm/state.json", other('[{"addr": 1}]'), "addr is not a string"),
    ("swarm/state.json", other('["x"]'), "not a list of objects"),
    ("buildkit/metadata_v2.db", other("no store at all"), "first page"),
    ("buildkit/snapshots.db", lambda path: path.write_bytes(path.read_bytes()[:9000]), "cut off"),
    ("containerd/daemon/io.containerd.metadata.v1.bolt/meta.db", other("none"), "first page"),
    ("containerd/daemon", link_to, "a link"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "why"), DAMAGE)
def test_what_is_damaged_is_named_with_its_path(tmp_path, name, damage, why):
    root = filled(tmp_path / "root")
    before = observe(str(root.path), HOST)
    damage(root.path / name)
    found = observe(str(root.path), HOST)
    assert identity(found) != identity(before)
    json.dumps(describe(found))
    if why is None:
        assert found.containers[0].driver + found.containers[1].driver in (
            "btrfsoverlay2", "overlay2btrfs",
        )  # fmt: skip
        return
    told = {it.path: it.why for it in found.unreadable}
    assert why in told[str(root.path / (WEB if name == MOUNT else name))]
    assert "hunter2" not in str(told)
    topics = [it.topic for it in findings(found)]
    assert "inventory_unreadable" in topics


def test_what_is_damaged_is_still_counted(tmp_path):
    root = filled(tmp_path / "root")
    other("{")(root.path / WEB / "config.v2.json")
    found = observe(str(root.path), HOST)
    web = next(it for it in found.containers if it.id == number("container web"))
    assert (web.readable, web.name) == (False, "")
    assert len(found.containers) == 2


def test_the_rest_of_a_damaged_table_is_read(tmp_path):
    root = filled(tmp_path / "root")
    rows = {**root.volumes, b"broken": b"{", b"\xff": b'{"Name": "x", "Driver": "cloud"}'}
    root.write("volumes/metadata.db", bolt_file({b"volumes": rows}))
    found = observe(str(root.path), HOST)
    names = {it.name: it.readable for it in found.volumes}
    assert names == {"data": True, "share": True, "far": True, "broken": False, "\udcff": True}
    assert [it.path for it in found.unreadable] == [f"{root.path}/volumes/metadata.db: broken"]


def test_a_layer_that_is_gone_is_missed_by_each_image_above_it(tmp_path):
    root = filled(tmp_path / "root")
    shutil.rmtree(root.path / "overlay2" / number("cache of sha256:" + number("base")))
    found = observe(str(root.path), HOST)
    assert {len(it.missing) for it in found.images} == {1}
    assert [it.topic for it in findings(found)] == ["image_layers_missing"]


def test_a_layer_without_a_record_is_missed(tmp_path):
    root = filled(tmp_path / "root")
    shutil.rmtree(root.path / BASE)
    found = observe(str(root.path), HOST)
    assert {it.missing for it in found.images} == {("sha256:" + number("base"),)}
    assert {it.bytes for it in found.images} == {None}


def test_parents_that_lead_in_a_circle_are_no_chain(tmp_path):
    root = filled(tmp_path / "root")
    top = root.layer("shop", root.layer("base"))
    (root.path / BASE / "parent").write_text(top)
    found = observe(str(root.path), HOST)
    assert [(it.path, it.why) for it in found.unreadable] == [
        (str(root.path / BASE), "its chain ID is not that of its DiffID and its parent")
    ]
    assert all(it.missing for it in found.images)


def test_an_image_of_another_digest_is_not_that_image(tmp_path):
    root = filled(tmp_path / "root")
    path = next(root.records("imagedb/content/sha256").iterdir())
    path.write_bytes(path.read_bytes() + b" ")
    found = observe(str(root.path), HOST)
    image = next(it for it in found.images if it.id.endswith(path.name))
    assert (image.readable, image.layers, image.bytes) == (False, (), None)


def test_a_container_without_its_layer_cannot_start(tmp_path):
    root = filled(tmp_path / "root")
    shutil.rmtree(root.path / "overlay2" / number("mount web"))
    found = observe(str(root.path), HOST)
    assert {it.name: it.present for it in found.containers} == {"web": False, "once": True}
    assert [it.topic for it in findings(found)] == ["container_layer_missing"]


def test_names_that_are_no_text(tmp_path):
    root = filled(tmp_path / "root")
    odd = b"\xff\xfe"
    os.mkdir(os.path.join(os.fsencode(root.path), b"volumes", odd))
    os.mkdir(os.path.join(os.fsencode(root.path), b"image", odd))
    os.mkdir(os.path.join(os.fsencode(root.path), b"containers", odd))
    found = observe(str(root.path), HOST)
    assert "\udcff\udcfe" in [it.name for it in found.volumes]
    assert [it.kind for it in found.leftovers] == ["container_without_config"]
    assert len(identity(found)) == 64


def test_a_folder_of_too_many_names_is_told(tmp_path, monkeypatch):
    root = filled(tmp_path / "root")
    monkeypatch.setattr(reading, "MOST", 1)
    found = observe(str(root.path), HOST)
    told = {it.path: it.why for it in found.unreadable}
    assert told[f"{root.path}/volumes"] == "it has more than 1 names, which is what is read"


def test_what_is_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "TEXT", 10)
    root = filled(tmp_path / "root")
    found = observe(str(root.path), HOST)
    assert {it.why for it in found.unreadable} == {
        "it is larger than 10 bytes, which is what is read at most"
    }
    assert len(found.images) == 2


def test_a_file_that_is_swapped_for_a_pipe_holds_nobody_up(tmp_path, monkeypatch):
    root = filled(tmp_path / "root")
    path = root.path / WEB / "config.v2.json"
    real, looks = os.stat, []

    def then_swapped(name, **named):
        found = real(name, **named)
        looks.extend([name] if found.st_ino == inode else [])
        if len(looks) == 2:  # the first one was to see whether it is there
            looks.append(pipe(path))
        return found

    inode = real(path).st_ino
    monkeypatch.setattr(reading.os, "stat", then_swapped)
    found = observe(str(root.path), HOST)
    assert "another one" in {it.path: it.why for it in found.unreadable}[str(path)]


def test_a_folder_that_is_swapped_for_a_link_is_not_followed(tmp_path, monkeypatch):
    root = filled(tmp_path / "root")
    elsewhere = filled(tmp_path / "elsewhere")
    elsewhere.volume("not-ours")
    path, real, swapped = root.path / "volumes", os.stat, []
    inode = real(path).st_ino

    def then_swapped(name, **named):
        found = real(name, **named)
        if found.st_ino == inode and not swapped:
            swapped.append(path)
            shutil.rmtree(path)
            path.symlink_to(elsewhere.path / "volumes")
        return found

    monkeypatch.setattr(reading.os, "stat", then_swapped)
    found = observe(str(root.path), HOST)
    assert str(path) in [it.path for it in found.unreadable]
    assert "not-ours" not in [it.name for it in found.volumes]


def test_a_note_shows_no_value(tmp_path):
    notes = json_object.Notes()
    it = json_object.Object({"a": {"password": ["hunter2"]}}, "x", notes)
    assert it.pairs("a") == (("password", ""),)
    assert "hunter2" not in str(notes.all())
