# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a data root holds, read from trees in the form in which Docker writes them."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._docker.data_root import (
    observe_holdings,
    observe_others,
)
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from ansible_collections.containerhost.storage.plugins.module_utils._inventory import reading
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.below import Dataset
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.observe import (
    Host,
    observe,
    observe_all,
)
from ansible_collections.containerhost.storage.plugins.module_utils._inventory.state import (
    Attached,
    Below,
    Inventory,
    Leftover,
    StoredImage,
)
from support.data_roots import FOLDERS, DataRoot, filled, number

ROOT = Host(driver="overlay2")


def see(root, host=ROOT):
    return observe(str(root.path), host)


@pytest.mark.parametrize("driver", FOLDERS)
def test_images_and_layers_of_every_driver(tmp_path, driver):
    root = filled(tmp_path / "root", driver)
    layers = [number("cache of " + it.id) for it in see(root).layers]
    mounts = [number(f"mount {name}") for name in ("web", "once")]
    datasets = [
        Dataset(f"tank/docker/{it}", "legacy", 7)
        for it in (*layers, *mounts, *(f"{it}-init" for it in mounts), "snap", number("kept"))
    ]
    host = Host([], datasets, "tank/docker", driver)
    found = see(root, host)
    assert found.unreadable == ()
    assert found.leftovers == ()
    base, shop = sorted(found.images, key=lambda it: len(it.layers))
    assert (base.tags, base.digests, base.parent, base.bytes) == (("base:1",), (), "", 100)
    assert shop.tags == ("reg.example/shop:2", "shop:1")
    assert shop.digests == ("shop@sha256:" + number("pulled"),)
    assert shop.parent == base.id
    assert shop.bytes == 200
    assert shop.layers[0] == base.layers[0]
    assert shop.missing == ()
    by_id = {it.id: it for it in found.layers}
    assert set(by_id) == set(shop.layers)
    assert [by_id[it].parent for it in shop.layers] == ["", shop.layers[0]]
    assert all(it.present and it.tar_split and it.readable for it in found.layers)
    assert {it.driver for it in (*found.images, *found.layers)} == {driver}
    assert all(it.present for it in found.containers)


def test_containers(tmp_path):
    found = see(filled(tmp_path / "root"))
    web, once = sorted(found.containers, key=lambda it: it.name, reverse=True)
    shop = next(it for it in found.images if it.parent)
    assert web.id == number("container web")
    assert (web.name, web.driver, web.image, web.image_name) == (
        "web",
        "overlay2",
        shop.id,
        "shop:1",
    )
    assert (web.state, web.restart, web.retries, web.size_limit) == (
        "running",
        "on-failure",
        3,
        "20G",
    )
    assert web.networks == ("bridge",)
    assert web.labels == (("app", "hunter2"),)
    assert web.attached == (
        Attached("volume", "data", "", "/data", "local", True),
        Attached("bind", "", "/etc/x", "/etc/x", "", False),
    )
    assert (web.mount_id, web.init_id) == (number("mount web"), number("mount web") + "-init")
    assert web.parent == shop.layers[-1]
    assert (once.state, once.restart, once.size_limit, once.attached) == ("exited", "no", "", ())


def test_a_container_whose_image_containerd_keeps_has_no_layer_of_a_driver(tmp_path):
    root = DataRoot(tmp_path / "root", "btrfs")
    (root.path / "btrfs/subvolumes").mkdir(parents=True)
    manifest = {"digest": "sha256:" + number("m"), "size": 5}
    root.container("new", "sha256:" + number("m"), "", own=False, ImageManifest=manifest)
    root.container("old", "sha256:" + number("m"), "", own=False)
    found = see(root, Host(driver=""))
    assert {it.name: (it.stored, it.present) for it in found.containers} == {
        "new": (True, None), "old": (False, False),
    }  # fmt: skip
    assert [it.path for it in found.unreadable] == [
        f"{root.path}/containers/{number('container old')}"
    ]


NEVER = "0001-01-01T00:00:00Z"
STATES = [
    ({"Running": True}, "running"),
    ({"Running": True, "Paused": True}, "paused"),
    ({"Running": True, "Restarting": True}, "restarting"),
    ({"Running": False, "StartedAt": NEVER}, "created"),
    ({"Running": False}, "created"),
    ({"Running": False, "Dead": True, "StartedAt": NEVER}, "dead"),
    ({"RemovalInProgress": True}, "removing"),
    ({"StartedAt": "2026-01-01T00:00:00Z"}, "exited"),
]


@pytest.mark.parametrize(("state", "name"), STATES)
def test_states_as_docker_calls_them(tmp_path, state, name):
    root = DataRoot(tmp_path / "root")
    root.container("x", root.image("a"), root.layer("a"), State=state)
    assert [it.state for it in see(root).containers] == [name]


def test_volumes(tmp_path):
    found = see(filled(tmp_path / "root"))
    data, far, share = sorted(found.volumes, key=lambda it: it.name)
    assert (data.driver, data.options, data.labels) == ("local", (), (("team", "hunter2"),))
    assert data.path == str(tmp_path / "root/volumes/data")
    assert data.used_by == (number("container web"),)
    assert dict(share.options) == {
        "type": "cifs", "o": "username=u,password=hunter2", "device": "//h/s",
    }  # fmt: skip
    assert (far.driver, far.path, far.recorded) == ("cloud", "", True)


def test_volumes_that_the_table_does_not_have(tmp_path):
    root = DataRoot(tmp_path / "root")
    opts = {"MountType": "tmpfs", "MountDevice": "tmpfs", "Quota": {"Size": 1024}}
    root.write("volumes/old/opts.json", opts)
    root.write("volumes/backingFsBlockDev", b"")  # a device, in truth
    used = {"/x": {"Type": "volume", "Name": "gone", "Driver": "local"}}
    id_ = root.container("x", root.image("a"), root.layer("a"), MountPoints=used)
    gone, old = see(root).volumes
    assert (old.name, old.recorded) == ("old", False)
    assert dict(old.options) == {"type": "tmpfs", "device": "tmpfs", "size": "1024"}
    assert (gone.name, gone.path, gone.used_by) == ("gone", "", (id_,))


def test_the_rest(tmp_path):
    found = see(filled(tmp_path / "root"))
    assert {it.name: it.own for it in found.networks} == {
        "bridge": True, "host": True, "none": True, "front": False,
    }  # fmt: skip
    front = next(it for it in found.networks if not it.own)
    assert (front.internal, front.labels, front.scope) == (True, (("zone", "hunter2"),), "local")
    (plugin,) = found.plugins
    assert (plugin.name, plugin.enabled, plugin.types) == (
        "cloud:latest", True, ("docker.volumedriver/1.0",),
    )  # fmt: skip
    assert found.build_cache.records == ("r1", "r2")
    assert found.build_cache.bytes == 1000
    assert set(found.build_cache.snapshots) == {"snap", number("kept")}
    assert found.swarm.manager
    assert (found.swarm.address, found.swarm.peers) == ("10.0.0.2", ("10.0.0.3:2377",))
    (store,) = found.stores
    (moby,) = store.namespaces
    digest = "sha256:" + number("blob")
    assert moby.images == (StoredImage("docker.io/library/shop:1", digest),)
    assert moby.snapshots == (("overlayfs", ("one", "two")),)
    assert (store.blobs, store.bytes) == (1, 16)


def test_no_root_holds_nothing(tmp_path):
    assert observe(str(tmp_path / "none"), ROOT) == Inventory(str(tmp_path / "none"))


def test_the_skeleton_of_a_new_engine_is_no_content(tmp_path):
    root = DataRoot(tmp_path / "root")
    for name in (
        *("overlay2/l", "image/overlay2/layerdb", "image/overlay2/imagedb/content/sha256"),
        *("containers", "volumes", "tmp", "swarm", "runtimes", "plugins/storage"),
    ):
        (root.path / name).mkdir(parents=True)
    root.write("engine-id", b"x")
    assert see(root) == Inventory(str(root.path))


def test_the_counts_are_the_same(tmp_path):
    root = filled(tmp_path / "root")
    found, counts = see(root), observe_holdings(str(root.path))
    assert counts.images == {"overlay2": len(found.images)}
    assert counts.containers == {"overlay2": len(found.containers)}
    assert counts.volumes == sum(bool(it.path) for it in found.volumes)
    assert observe_others(str(root.path)) == {
        "network": sum(not it.own for it in found.networks),
        "plugin": len(found.plugins),
        "swarm membership": 1,
        "blob of its own containerd": found.stores[0].blobs,
    }


def test_user_namespaces_have_roots_of_their_own(tmp_path):
    root = DataRoot(tmp_path / "root")
    filled(tmp_path / "root/165536.165536")
    plain, mapped = observe_all(str(root.path), ROOT)
    assert plain == Inventory(str(root.path))
    assert (len(mapped.images), len(mapped.containers)) == (2, 2)


def test_a_root_that_a_link_leads_to(tmp_path):
    root = filled(tmp_path / "root")
    (tmp_path / "link").symlink_to(root.path)
    assert observe(str(tmp_path / "link"), ROOT)._replace(root=str(root.path)) == see(root)


def test_what_others_than_root_cannot_read_is_refused(tmp_path, monkeypatch):
    def denied(*arguments, **named):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(reading.os, "open", denied)
    with pytest.raises(StorageError) as error:
        observe(str(tmp_path), ROOT)
    assert error.value.details["refusal"] == "root_required"


def test_342_layers(tmp_path):
    root = DataRoot(tmp_path / "root")
    root.image(*range(342))
    (image,) = see(root).images
    assert (len(image.layers), image.bytes, image.missing) == (342, 34_200, ())


def test_an_image_without_layers(tmp_path):
    root = DataRoot(tmp_path / "root")
    root.image()
    (image,) = see(root).images
    assert (image.layers, image.bytes, image.readable) == ((), 0, True)


LEFT = [
    # what is done to a root of overlay2                    kind and end of the path of what is left
    (lambda it: it._own(number("stray")), "layer_without_record", number("stray")),
    (lambda it: it.write("image/overlay2/layerdb/tmp/write-set-1/size", b"1"),
     "layer_half_written", "write-set-1"),
    (lambda it: it.records(f"layerdb/sha256/{number('x')}-12-removing").mkdir(),
     "layer_half_removed", "-removing"),
    (lambda it: it.write(f"containers/{number('bare')}/x.log", b""), "container_without_config",
     number("bare")),
    (lambda it: it.write(f"image/overlay2/layerdb/mounts/{number('no')}/mount-id",
                         number("mount web").encode()), "layer_of_no_container", number("no")),
    (lambda it: it.image(tags=["gone:1"]) and it.write(
        "image/overlay2/repositories.json",
        {"Repositories": {"a": {"a:1": "sha256:" + number("?")}}}), "tag_without_image",
     "repositories.json"),
    (lambda it: (it.path / "vfs/dir/old").mkdir(parents=True), "other_driver", "/vfs"),
    (lambda it: it.write("image/aufs/imagedb/content/sha256/" + number("a"), b"{}"),
     "other_driver", "/aufs"),
    (lambda it: it.write("mine.txt", b""), "foreign", "mine.txt"),
    (lambda it: (it.path / "a\nb").mkdir(), "foreign", "a\nb"),
    (lambda it: it.write("trust/key.json", b"{}"), "trust_key", "key.json"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "kind", "end"), LEFT)
def test_what_belongs_to_nothing_is_named(tmp_path, left, kind, end):
    root = filled(tmp_path / "root")
    left(root)
    assert kind in [it.kind for it in see(root).leftovers if it.path.endswith(end)]


def test_no_driver_is_another_one_where_that_cannot_be_told(tmp_path):
    root = filled(tmp_path / "root")
    assert see(root, Host()).leftovers == ()
    (left,) = see(root, Host(driver="")).leftovers
    assert left == Leftover("other_driver", f"{root.path}/overlay2", "overlay2")


def test_a_folder_of_layers_is_perhaps_of_what_cannot_be_read(tmp_path):
    root = filled(tmp_path / "root")
    root.write("buildkit/snapshots.db", b"damaged")
    kinds = {it.kind for it in see(root).leftovers}
    assert kinds == {"layer_perhaps_without_record"}


def test_what_lies_below(tmp_path):
    root = filled(tmp_path / "root", "devicemapper")
    top = str(root.path)
    mount = Mount("0:1", "/", f"{top}/volumes/data/_data", "nfs", "far:/x", ("rw",))
    foreign = Mount("0:2", "/", f"{top}/backup", "ext4", "/dev/vdz", ("rw",))
    other = Mount("0:3", "/", f"{top}2", "ext4", "/dev/vdy", ("rw",))
    datasets = [
        Dataset("tank", "/tank", 1),
        Dataset("tank/v", f"{top}/volumes", 5),
        Dataset("tank/docker/x", "legacy", 6),
        Dataset("tank/other/x", "legacy", 6),
    ]
    host = Host([mount, foreign, other], datasets, "tank/docker", "devicemapper")
    found = see(root, host).below
    assert [it for it in found if it.kind == "mount"] == [
        Below("mount", mount.path, "far:/x"),
        Below("mount", foreign.path, "/dev/vdz", own=False),
    ]
    assert [it for it in found if it.kind == "dataset"] == [
        Below("dataset", f"{top}/volumes", "tank/v", 5, own=False),
        Below("dataset", "", "tank/docker/x", 6),
    ]
    devices = [it for it in found if it.kind == "thin_device"]
    assert {it.name for it in devices} == set(map(str, range(1, root.devices + 1)))
    assert {it.bytes for it in devices} == {10 << 30}


def test_zfs_without_its_tools_is_not_known(tmp_path):
    found = see(filled(tmp_path / "root", "zfs"), Host([], None, "", "zfs"))
    assert {it.present for it in (*found.layers, *found.containers)} == {None}
    assert all(it.missing == () for it in found.images)


def test_layers_of_zfs_lie_in_the_dataset_that_is_mounted_there(tmp_path):
    root = filled(tmp_path / "root", "zfs")
    mount = Mount("0:9", "/", str(root.path), "zfs", "tank/docker", ("rw",))
    found = see(root, Host([mount], [Dataset("tank/docker", str(root.path), 1)], "", "zfs"))
    assert {it.present for it in found.layers} == {False}
