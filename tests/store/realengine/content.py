# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a data root is filled with: one of everything that a driver keeps in a way of its own."""

from __future__ import annotations

import json
import random
import time
from typing import NamedTuple

from .layers import DAY, NET_RAW, Layer, config_of, image, packed
from .registry import NAME, digest_of, registry

STOP = {"StopSignal": "SIGKILL"}  # so that no stop waits for a program that knows no signal
FOREVER = ["sleep", "1000000"]
# What the containers do: change, replace, remove, empty and refill, and write with a hole.
WRITES = """
echo changed >> /etc/settings; rm /etc/doomed; rm -r /srv/tree; mkdir /srv/tree
echo new > /srv/tree/again; ln /etc/settings /etc/settings.link; chmod 4711 /bin/tool
rm /etc/link; mkdir /etc/link; echo in > /etc/link/a-folder-now
mkfifo /tmp/fifo; touch -d '2001-02-03 04:05:06' /srv/old
dd if=/bin/busybox of=/srv/sparse bs=4096 count=1 seek=5000 2>/dev/null
mv /srv/moved /srv/moved-on; echo "$0" > /srv/who
"""


class Made(NamedTuple):
    """What was put into a data root, by the names that the engine answers with."""

    images: dict[str, str]  # tag -> ID
    untagged: list[str]  # IDs of those without a tag that `docker images` shows
    digests: dict[str, str]  # tag -> the digest that it was pulled by
    layers: dict[str, list[bytes]]  # tag -> the archives it was made of, the lowest first
    containers: dict[str, str]  # name -> ID
    running: list[str]  # names
    restarted: list[str]  # names of those that run again after a restart of the engine
    volumes: dict[str, dict]  # name -> labels
    anonymous: list[str]  # names of volumes that have no name of a person's
    networks: dict[str, str]  # name -> ID


def fill(engine, seed=1, files=100):
    """Put something of everything into a running engine; return what, as :class:`Made`.

    ``files`` is how many small files one layer has. What is in layers and volumes follows from
    ``seed``; IDs of containers and networks are the engine's.
    """
    chance = random.Random(seed)
    archives = layers_of(engine, chance, files)
    images = {}
    for tag, below in (("demo/base:1", archives[:1]), ("demo/app:2", archives)):
        archive, images[tag] = image(tag, below, ["sh"])
        engine.api.post("/images/load", archive)
    digests = pull(engine, images, archives[:3])
    images["demo/built:3"] = build(engine, "demo/built:3", chance)
    # What had a tag and lost it to another image stays.
    archive, untagged = image("demo/again:latest", archives[:2], ["true"])
    engine.api.post("/images/load", archive)
    repeat = {"repo": "demo/again", "tag": "latest"}
    engine.api.post("/images/demo/app:2/tag", **repeat)
    images["demo/again:latest"] = images["demo/app:2"]

    volumes = {"named": {"purpose": "demo", "of": str(seed)}, "with-options": {}}
    create_volume(engine, "named", volumes["named"])
    create_volume(
        engine, "with-options", {}, {"type": "tmpfs", "device": "tmpfs", "o": "size=1m,uid=7"}
    )
    networks = {
        name: engine.api.post("/networks/create", {"Name": name, **more})["Id"]
        for name, more in {
            "front": {"Driver": "bridge", "Labels": {"zone": "a"}},
            "back": {
                "Driver": "bridge",
                "Internal": True,
                "IPAM": {"Config": [{"Subnet": "10.99.7.0/24"}]},
            },
        }.items()
    }
    return containers(engine, seed, (images, untagged, digests), archives, volumes, networks)


def layers_of(engine, chance, files):
    """Return the archives of an image's layers: names, links, rights, and what takes them away."""
    busybox = (engine.tree / "usr/bin/busybox").read_bytes()
    base = Layer()
    for folder in ("bin", "dev", "etc", "proc", "srv", "srv/tree", "sys", "tmp", "var"):
        base.folder(folder)
    base.file("bin/busybox", busybox, mode=0o755)
    for name in ("sh", "sleep", "echo", "rm", "mkdir", "ln", "chmod", "mkfifo", "touch", "dd",
                 "mv", "cat", "ls", "true", "setfattr"):  # fmt: skip
        base.link(f"bin/{name}", "bin/busybox")
    base.file("bin/tool", chance.randbytes(5000), mode=0o4755)
    base.file("etc/settings", b"a=1\n").file("etc/doomed", b"x").symlink("etc/link", "settings")
    base.file("etc/empty").file("srv/old", b"old", mtime=DAY).file("srv/moved", b"m" * 70000)
    for number in range(8):
        base.file(f"srv/tree/{number}", chance.randbytes(chance.randrange(3000)))
    many = Layer().folder("many", mtime=2 * DAY)
    for number in range(files):
        if not number % 50:
            many.folder(f"many/{number // 50}", mode=0o750, uid=number, gid=100)
        many.file(
            f"many/{number // 50}/{number}",
            chance.randbytes(chance.randrange(1, 4000)),
            uid=chance.randrange(70000),
            mode=chance.choice([0o600, 0o644, 0o755, 0o2755]),
            mtime=1_500_000_000 + chance.randrange(10**8),
        )
    odd = Layer().folder("odd", mode=0o1777)
    odd.file("odd/one", b"linked").link("odd/two", "odd/one").link("odd/three", "odd/one")
    odd.fifo("odd/fifo").device("odd/null", 1, 3).symlink("odd/nowhere", "/no/such place")
    odd.file("odd/can", b"", xattrs={"security.capability": NET_RAW}, mode=0o755)
    odd.file("odd/told", b"t", xattrs={"user.note": b"\xff\x00\x01 any bytes"})
    odd.file("odd/holes", bytes(300_000) + b"end", mtime=1_234_567_890)
    for name in ("a b", "tab\there", "new\nline", "ünïcode", "back\\slash", "-rf", "n" * 255):
        odd.file(f"odd/{name}", name.encode())
    odd.file(b"odd/\xff\xfe-no-utf8".decode("utf-8", "surrogateescape"), b"raw")
    odd.file("odd/" + "/".join(["deep" * 20] * 8), b"far down")
    last = Layer().whiteout("etc/doomed-later").whiteout("odd/two").folder("srv")
    last.folder("srv/tree").opaque("srv/tree").file("srv/tree/refilled", b"only this")
    last.file("etc/settings", b"a=2\n").whiteout("many/0/0").file("odd/nowhere", b"a file now")
    return [each.bytes() for each in (base, many, odd, last)]


def build(engine, tag, chance):
    """Build an image as a person does, steps run in containers included; return its ID."""
    steps = (
        "FROM demo/base:1\n"
        'LABEL made="by the engine"\n'
        "COPY told /told\n"
        "RUN echo built > /etc/built && rm /etc/doomed && mv /srv/moved /srv/elsewhere\n"
        "RUN rm -r /srv/tree && mkdir /srv/tree && echo again > /srv/tree/0\n"
    )
    context = packed({"Dockerfile": steps.encode(), "told": chance.randbytes(1000)})
    engine.api.post("/build", context, t=tag, networkmode="none", rm="1", forcerm="1")
    return engine.api.get(f"/images/{tag}/json")["Id"]


def pull(engine, images, layers):
    """Pull an image from a registry, add it to the images, and return its tag -> its digest."""
    repository, tag, config = "demo/pulled", "4", config_of(layers, ["true"])
    name = f"{NAME}/{repository}"
    with registry(engine, repository, tag, config, layers) as digest:
        engine.api.post("/images/create", fromImage=name, tag=tag)
    images[f"{name}:{tag}"] = digest_of(config)
    return {f"{name}:{tag}": f"{name}@{digest}"}


def containers(engine, seed, images, archives, volumes, networks):
    """Make containers of every state; return all that was made."""
    write = ["sh", "-c", WRITES, str(seed)]
    wanted = {
        "serving": ({"Cmd": [*write[:2], f"{WRITES} exec {' '.join(FOREVER)}", *write[3:]]},
                    {"RestartPolicy": {"Name": "always"}, "Binds": ["named:/data"]}),
        "until-stopped": ({"Cmd": FOREVER}, {"RestartPolicy": {"Name": "unless-stopped"}}),
        "running": ({"Cmd": FOREVER, "Volumes": {"/anonymous": {}}}, {}),
        "ended": ({"Cmd": [*write[:2], f"{WRITES} exit 3", *write[3:]]}, {}),
        "created": ({"Cmd": ["true"]},
                    {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5},
                     "Binds": ["with-options:/data", "named:/more"]}),
    }  # fmt: skip
    images, untagged, digests = images
    made = {}
    for name, (more, host) in wanted.items():
        body = {
            "Image": "demo/app:2",
            "Labels": {"name": name, "odd label": "ü = \"'"},
            **STOP,
            **more,
            "HostConfig": {"NetworkMode": "none", **host},
        }
        made[name] = engine.api.post("/containers/create", body, name=name)["Id"]
    for name in list(wanted)[:-1]:
        engine.api.post(f"/containers/{name}/start")
    wait_for_end(engine, "ended")
    mounts = engine.api.get("/containers/running/json")["Mounts"]
    return Made(
        images=images,
        untagged=[untagged],
        digests=digests,
        layers={
            "demo/base:1": archives[:1],
            "demo/app:2": archives,
            **dict.fromkeys(digests, archives[:3]),
        },
        containers=made,
        running=["running", "serving", "until-stopped"],
        restarted=["serving", "until-stopped"],
        volumes=volumes,
        anonymous=[mount["Name"] for mount in mounts],
        networks=networks,
    )


def wait_for_end(engine, name):
    """Wait until a container has ended, for `docker ps` as well: that learns of it last."""
    engine.api.post(f"/containers/{name}/wait")
    only = json.dumps({"name": [f"^/?{name}$"], "status": ["exited"]})
    deadline = time.monotonic() + 30
    while not engine.api.get("/containers/json", all="1", filters=only):
        assert time.monotonic() < deadline, f"{name} does not end"
        time.sleep(0.02)


def create_volume(engine, name, labels, options=None):
    """Make a volume by a name."""
    body = {"Name": name, "Labels": labels, "DriverOpts": options or {}}
    engine.api.post("/volumes/create", body)
