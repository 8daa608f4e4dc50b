# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data roots in the form in which Docker writes them: image/fs.go, layer/filestore.go and others.

What a root has is put in one by one, so that a test can leave out or damage what it likes.
"""

from __future__ import annotations

import hashlib
import json
import struct

from support.bolt_files import bolt_file

FOLDERS = {  # of a layer with a driver
    "overlay2": ("overlay2/{}/diff",),
    "overlay": ("overlay/{}/root",),
    "fuse-overlayfs": ("fuse-overlayfs/{}/diff",),
    "vfs": ("vfs/dir/{}",),
    "btrfs": ("btrfs/subvolumes/{}",),
    "aufs": ("aufs/diff/{}",),
    "devicemapper": (),
    "zfs": (),
}
BEGUN = "2026-11-30T10:00:00.5Z"


def number(text):
    """An ID of 64 hex digits that follows from a text."""
    return hashlib.sha256(str(text).encode()).hexdigest()


def digest(content):
    """The digest of some bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


class DataRoot:
    """A data root in a folder."""

    def __init__(self, path, driver="overlay2"):
        self.path, self.driver = path, driver
        self.volumes, self.networks, self.references, self.devices = {}, {}, {}, 0
        path.mkdir(parents=True, exist_ok=True)

    def write(self, name, content):
        """A file below the root; what is no bytes becomes JSON."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def records(self, name=""):
        """The folder of the driver's records."""
        return self.path / "image" / self.driver / name

    def _own(self, cache):
        """A layer in the driver's own folder."""
        for place in FOLDERS[self.driver]:
            (self.path / place.format(cache)).mkdir(parents=True)
        if self.driver == "aufs":
            self.write(f"aufs/layers/{cache}", b"")
        if self.driver == "devicemapper":
            self.devices += 1
            device = {"device_id": self.devices, "size": 10 << 30, "transaction_id": self.devices}
            self.write(f"devicemapper/metadata/{cache}", device)

    def layer(self, diff, parent="", size=100):
        """A layer of an image; returns its chain ID."""
        diff_id = "sha256:" + number(diff)
        chain = digest(f"{parent} {diff_id}".encode()) if parent else diff_id
        path = self.records(f"layerdb/sha256/{chain[7:]}")
        if path.exists():
            return chain
        cache = number(f"cache of {chain}")
        path.mkdir(parents=True)
        (path / "diff").write_text(diff_id)
        (path / "size").write_text(str(size))
        (path / "cache-id").write_text(cache)
        (path / "tar-split.json.gz").write_bytes(b"\x1f\x8b")
        if parent:
            (path / "parent").write_text(parent)
        self._own(cache)
        return chain

    def image(self, *diffs, tags=(), digests=(), parent=""):
        """An image of these layers; returns its ID."""
        chain = ""
        for diff in diffs:
            chain = self.layer(diff, chain)
        ids = ["sha256:" + number(diff) for diff in diffs]
        config = {
            "architecture": "amd64", "os": "linux", "config": {"Env": ["TOKEN=hunter2"]},
            "rootfs": {"type": "layers", "diff_ids": ids},
        }  # fmt: skip
        if not ids:
            del config["rootfs"]["diff_ids"]
        content = json.dumps(config).encode()
        image = digest(content)
        self.write(f"image/{self.driver}/imagedb/content/sha256/{image[7:]}", content)
        if parent:
            path = f"image/{self.driver}/imagedb/metadata/sha256/{image[7:]}/parent"
            self.write(path, parent.encode())
        for reference in (*tags, *digests):
            name = reference.partition("@")[0].rpartition(":")[0] or reference.partition("@")[0]
            self.references.setdefault(name, {})[reference] = image
        self.write(f"image/{self.driver}/repositories.json", {"Repositories": self.references})
        return image

    def container(self, name, image, parent, *, host=None, own=True, **more):
        """A container; ``more`` replaces parts of its configuration. Returns its ID."""
        id_ = number(f"container {name}")
        config = {
            "ID": id_, "Name": f"/{name}", "Driver": self.driver, "Image": image,
            "State": {"Running": False, "StartedAt": BEGUN, "Health": None},
            "Config": {"Image": "shop:1", "Env": ["PASSWORD=hunter2"], "Labels": {}},
            "NetworkSettings": {"Networks": {"bridge": {"NetworkID": "x"}}},
            "MountPoints": {},
            **more,
        }  # fmt: skip
        self.write(f"containers/{id_}/config.v2.json", config)
        host = {"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}} if host is None else host
        self.write(f"containers/{id_}/hostconfig.json", host)
        if own:
            mount, init = number(f"mount {name}"), number(f"mount {name}") + "-init"
            for key, value in (("mount-id", mount), ("init-id", init), ("parent", parent)):
                if value:
                    path = f"image/{self.driver}/layerdb/mounts/{id_}/{key}"
                    self.write(path, value.encode())
            self._own(mount)
            self._own(init)
        return id_

    def volume(self, name, driver="local", options=None, labels=None, opts=None, folder=True):
        """A volume; ``opts`` is what its own file says."""
        if driver == "local" and folder:
            (self.path / "volumes" / name / "_data").mkdir(parents=True)
        if opts is not None:
            self.write(f"volumes/{name}/opts.json", opts)
        row = {"Name": name, "Driver": driver, "Labels": labels, "Options": options}
        self.volumes[name.encode()] = json.dumps(row).encode()
        self.write("volumes/metadata.db", bolt_file({b"volumes": self.volumes}))

    def network(self, name, **more):
        """A network; returns its ID."""
        id_ = number(f"network {name}")
        row = {
            "id": id_, "name": name, "networkType": "bridge", "scope": "local", "labels": {},
            "internal": False, **more,
        }  # fmt: skip
        key = f"docker/network/v1.0/network/{id_}/".encode()
        self.networks[key] = struct.pack("<Q", len(self.networks)) + json.dumps(row).encode()
        self.write("network/files/local-kv.db", bolt_file({b"libnetwork": self.networks}))
        return id_

    def plugin(self, name, **more):
        """A plugin; returns its ID."""
        id_ = number(f"plugin {name}")
        content = {
            "Id": id_, "Name": name, "PluginReference": f"docker.io/{name}", "Enabled": True,
            "Config": {"Interface": {"Types": ["docker.volumedriver/1.0"]}},
            "Settings": {"Env": ["KEY=hunter2"]}, **more,
        }  # fmt: skip
        self.write(f"plugins/{id_}/config.json", {"plugin": content})
        return id_

    def build_cache(self, sizes, snapshots=()):
        """Records of BuildKit: ID -> bytes; and its own layers: key -> by which name, or None."""
        main = {
            key.encode(): {b"snapshot.size": json.dumps({"value": size}).encode(), b"x": b"{}"}
            for key, size in sizes.items()
        }
        self.write("buildkit/metadata_v2.db", bolt_file({b"_main": main, b"_index": {}}))
        rows = {}
        for key, name in dict(snapshots).items():
            rows[key.encode()] = {b"parent": b"", **({b"committed": name.encode()} if name else {})}
            self._own(name or key)
        self.write("buildkit/snapshots.db", bolt_file(rows))

    def swarm(self, manager=True):
        """The membership of a swarm."""
        node = {"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": "10.0.0.2", "RemoteAddr": ""}
        self.write("swarm/docker-state.json", node)
        self.write("swarm/state.json", [{"node_id": "n", "addr": "10.0.0.3:2377"}])
        self.write("swarm/certificates/swarm-node.key", b"hunter2")
        if manager:
            self.write("swarm/raft/wal-v3-encrypted/0.wal", b"hunter2")

    def containerd(self, under="containerd/daemon"):
        """What a containerd keeps: an image of a layer, in the engine's namespace."""
        blob = number("blob")
        image = {b"target": {b"digest": f"sha256:{blob}".encode(), b"size": b"\x10"}}
        moby = {
            b"images": {b"docker.io/library/shop:1": image},
            b"containers": {number("c").encode(): {b"image": b"x"}},
            b"snapshots": {b"overlayfs": {b"one": {b"name": b"1"}, b"two": {b"name": b"2"}}},
        }
        tables = {b"v1": {b"moby": moby, b"version": b"\x08"}}
        self.write(f"{under}/io.containerd.metadata.v1.bolt/meta.db", bolt_file(tables))
        blobs = f"{under}/io.containerd.content.v1.content/blobs/sha256"
        self.write(f"{blobs}/{blob}", b"x" * 16)


def filled(path, driver="overlay2"):
    """A root with something of everything; returns it."""
    root = DataRoot(path, driver)
    base = root.image("base", tags=["base:1"])
    shop = root.image(
        "base", "shop", tags=["shop:1", "reg.example/shop:2"],
        digests=["shop@sha256:" + number("pulled")], parent=base,
    )  # fmt: skip
    top = root.layer("shop", root.layer("base"))
    root.volume("data", labels={"team": "hunter2"})
    root.volume(
        "share",
        options={"type": "cifs", "o": "username=u,password=hunter2", "device": "//h/s"},
        opts={"MountType": "cifs", "MountOpts": "username=u,password=hunter2"},
    )
    root.volume("far", driver="cloud", options={"token": "hunter2"})
    mounts = {
        "/data": {"Type": "volume", "Name": "data", "Driver": "local", "Destination": "/data",
                  "RW": True, "Source": ""},
        "/etc/x": {"Type": "bind", "Source": "/etc/x", "Destination": "/etc/x", "RW": False},
    }  # fmt: skip
    root.container(
        "web", shop, top, MountPoints=mounts, State={"Running": True, "StartedAt": BEGUN},
        host={"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
              "StorageOpt": {"Size": "20G"}},
        Config={"Image": "shop:1", "Labels": {"app": "hunter2"}, "Env": ["A=hunter2"]},
    )  # fmt: skip
    root.container("once", shop, top)
    for name in ("bridge", "host", "none"):
        root.network(name)
    root.network("front", internal=True, labels={"zone": "hunter2"})
    root.plugin("cloud:latest")
    root.build_cache({"r1": 1000, "r2": -1}, {"snap": None, "kept": number("kept")})
    root.swarm()
    root.containerd()
    return root
