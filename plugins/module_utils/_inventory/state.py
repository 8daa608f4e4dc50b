# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module is private to the collection: nothing outside of it may rely on it.

"""What a data root holds, with names and identities. All sizes are in bytes, None where unknown."""

from __future__ import annotations

from typing import NamedTuple

Pairs = tuple[tuple[str, str], ...]  # name and value, sorted by name


class Unreadable(NamedTuple):
    """What is there, or has to be, and cannot be read with certainty. It may hold anything."""

    path: str
    why: str  # a clause


class Layer(NamedTuple):
    """A layer of images: a folder of ``image/<driver>/layerdb/sha256``."""

    driver: str
    id: str  # the chain ID, with its algorithm
    diff: str = ""  # the DiffID
    parent: str = ""  # the chain ID of the layer below it; '' for the lowest
    cache_id: str = ""  # by which the driver knows it
    bytes: int | None = None  # of the files in its tar
    tar_split: bool = False  # whether its tar can be put together again
    present: bool | None = None  # whether the driver has it; None where that cannot be told
    readable: bool = True  # whether all of this could be read


class Image(NamedTuple):
    """An image that the engine has with one driver."""

    driver: str
    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()  # repository@digest
    parent: str = ""  # the image that it was built on, where the old builder made it
    layers: tuple[str, ...] = ()  # the chain IDs, the lowest first
    bytes: int | None = None  # of all its layers
    missing: tuple[str, ...] = ()  # those of its layers that are not in order
    readable: bool = True


class Attached(NamedTuple):
    """What a container mounts: a volume, a folder of the host's, a tmpfs."""

    type: str
    name: str  # of a volume
    source: str  # the path on the host
    destination: str
    driver: str  # of a volume
    writable: bool


class Container(NamedTuple):
    """A container, by its own files."""

    id: str
    name: str = ""
    driver: str = ""
    image: str = ""  # the image's ID
    image_name: str = ""  # as it was asked for
    state: str = ""  # as Docker calls it
    restart: str | None = None  # the policy; None where its file is not there
    retries: int = 0  # after how many failures it gives up; 0 for never
    attached: tuple[Attached, ...] = ()
    networks: tuple[str, ...] = ()
    size_limit: str = ""  # of its own layer, as it was asked for
    labels: Pairs = ()
    mount_id: str = ""  # by which the driver knows its own layer
    init_id: str = ""  # and the one below it, with what the engine puts there
    parent: str = ""  # the chain ID of the image's uppermost layer
    present: bool | None = None  # whether the driver has its layer
    stored: bool = False  # whether containerd keeps its image and its layer, and no driver
    bytes: int | None = None  # that its own layer takes on disk, if that was asked for
    readable: bool = True


class Volume(NamedTuple):
    """A volume, by its folder, the engine's table of volumes, and the containers that use it."""

    name: str
    driver: str = "local"
    options: Pairs = ()
    labels: Pairs = ()
    path: str = ""  # its folder; '' where it has none here
    recorded: bool = False  # whether it is in the engine's table
    used_by: tuple[str, ...] = ()  # IDs of containers
    bytes: int | None = None  # on disk, if that was asked for
    readable: bool = True


class Network(NamedTuple):
    """A network that the engine remembers."""

    id: str
    name: str
    driver: str
    scope: str
    internal: bool
    labels: Pairs
    own: bool  # whether every engine makes it by itself


class Plugin(NamedTuple):
    """A plugin of the engine."""

    id: str
    name: str = ""
    reference: str = ""  # what it was pulled as
    enabled: bool = False
    types: tuple[str, ...] = ()  # what it is for, such as docker.volumedriver/1.0
    readable: bool = True


class BuildCache(NamedTuple):
    """What BuildKit keeps in the data root."""

    records: tuple[str, ...]  # IDs
    bytes: int | None  # of the records whose size it knows
    snapshots: tuple[str, ...]  # the folders that are its own, by their names in the driver's


class Swarm(NamedTuple):
    """The membership of a swarm."""

    manager: bool  # whether the node has the swarm's own state
    address: str  # that the others know it by
    listen: str
    peers: tuple[str, ...]  # addresses of managers


class StoredImage(NamedTuple):
    """An image in a namespace of containerd's."""

    name: str
    digest: str


class Namespace(NamedTuple):
    """A namespace of containerd's; Docker's is ``moby``."""

    name: str
    images: tuple[StoredImage, ...]
    containers: tuple[str, ...]
    snapshots: tuple[tuple[str, tuple[str, ...]], ...]  # snapshotter and its keys


class Store(NamedTuple):
    """A root of containerd."""

    root: str
    namespaces: tuple[Namespace, ...]
    blobs: int  # how many files of pulled content
    bytes: int  # their sizes together


class Leftover(NamedTuple):
    """What is there and belongs to nothing that the engine knows of."""

    kind: str  # a stable name, such as "layer_without_record"
    path: str
    driver: str = ""
    name: str = ""  # in that file, where it is no file of its own


class Below(NamedTuple):
    """What a plain removal of the data root's files would meet."""

    kind: str  # "mount", "subvolume", "dataset" or "thin_device"
    path: str  # '' for what has none
    name: str  # what is mounted there, a dataset's name, a device's ID
    bytes: int | None = None
    own: bool = True  # whether an engine makes such by itself


class Inventory(NamedTuple):
    """All that a data root holds."""

    root: str
    images: tuple[Image, ...] = ()
    layers: tuple[Layer, ...] = ()
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    networks: tuple[Network, ...] = ()
    build_cache: BuildCache | None = None
    plugins: tuple[Plugin, ...] = ()
    swarm: Swarm | None = None
    stores: tuple[Store, ...] = ()  # of the containerd that the engine starts itself
    leftovers: tuple[Leftover, ...] = ()
    below: tuple[Below, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
