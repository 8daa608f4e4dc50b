# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine comes up on each driver, holds what was made in it, and does so after a restart."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from realengine.layers import Layer, image
from realengine.process import EngineError

DRIVERS = ("vfs", "btrfs", "overlay2")


def answered(engine):
    """What the engine says it holds, by name."""
    get = engine.api.get
    volumes = get("/volumes")["Volumes"]
    everyone = get("/containers/json", all="1")
    images = get("/images/json")
    return {
        "images": {tag: it["Id"] for it in images for tag in tags_of(it)},
        "digests": {
            tag: digest
            for it in images
            for tag in tags_of(it)
            for digest in it["RepoDigests"] or ()
            if digest != "<none>@<none>"
        },
        "untagged": [it["Id"] for it in images if not tags_of(it)],
        "containers": {it["Names"][0].lstrip("/"): it["Id"] for it in everyone},
        "running": sorted(
            it["Names"][0].lstrip("/") for it in everyone if it["State"] == "running"
        ),
        "volumes": {it["Name"]: it["Labels"] or {} for it in volumes if len(it["Name"]) < 64},
        "anonymous": [it["Name"] for it in volumes if len(it["Name"]) == 64],
        "networks": {
            it["Name"]: it["Id"] for it in get("/networks") if it["Name"] not in ("host", "none")
        },
    }


def tags_of(image):
    """An image's tags; older engines have one in the place of none."""
    return [tag for tag in image["RepoTags"] or () if tag != "<none>:<none>"]


def expected(made, running):
    return {
        "images": made.images,
        "digests": made.digests,
        "untagged": made.untagged,
        "containers": made.containers,
        "running": running,
        "volumes": made.volumes,
        "anonymous": made.anonymous,
        "networks": made.networks,
    }


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_was_made_is_there_and_still_is_after_a_restart(filled, driver):
    it, made = filled(driver)
    assert it.api.get("/info")["Driver"] == driver
    assert answered(it) == expected(made, made.running)
    it.stop()
    it.start()
    assert answered(it) == expected(made, made.restarted)


def left_of(engine):
    """What is left of an engine on this machine: processes, mounts and control groups."""
    needle = str(engine.folder)
    processes = []
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and needle in Path(entry.path, "cmdline").read_text():
                processes.append(entry.name)
    groups = [top for top, _, _ in os.walk("/sys/fs/cgroup") if engine.cgroup in top]
    mounts = Path("/proc/self/mounts").read_text()
    return processes, groups, str(engine.root) in mounts, engine.folder.exists()


def test_nothing_is_left_of_an_engine_with_running_containers(engine):
    it = engine("btrfs")
    with_busybox(it)
    body = {"Image": "demo:1", "Cmd": ["/bin/busybox", "sleep", "1000"]}
    it.api.post("/containers/create", {**body, "HostConfig": {"NetworkMode": "none"}}, name="runs")
    it.api.post("/containers/runs/start")
    processes, groups, _mounted, _folder = left_of(it)
    assert processes
    assert groups
    it.clean()
    assert left_of(it) == ([], [], False, False)


def test_it_has_its_data_after_a_power_cut(filled):
    it, made = filled("overlay2")
    it.kill()
    it.start()
    assert answered(it) == expected(made, made.restarted)


def test_an_engine_that_does_not_come_up_says_why_and_leaves_nothing(engine):
    it = engine("vfs")
    it.stop()
    with pytest.raises(EngineError, match="driver not supported"):
        it.start("nonsense")
    assert not it.running
    it.clean()
    assert left_of(it) == ([], [], False, False)


@pytest.mark.parametrize(("driver", "on"), [("btrfs", "btrfs"), ("overlay2", "xfs:pquota")])
def test_a_containers_size_limit_is_kept_also_after_a_restart(engine, driver, on):
    it = engine(driver, on=on)
    with_busybox(it)
    write = ["/bin/busybox", "dd", "if=/dev/zero", "of=/full", "bs=1048576", "count=40"]
    limit = {"NetworkMode": "none", "StorageOpt": {"size": "30m"}}
    body = {"Image": "demo:1", "Cmd": write, "HostConfig": limit}
    it.api.post("/containers/create", body, name="limited")
    assert ended(it, "limited")
    it.stop()
    it.start()
    assert it.api.get("/containers/limited/json")["HostConfig"]["StorageOpt"] == {"size": "30m"}
    assert ended(it, "limited")


def with_busybox(engine):
    """Load an image with one program."""
    busybox = (engine.tree / "usr/bin/busybox").read_bytes()
    layer = Layer().folder("bin").file("bin/busybox", busybox, mode=0o755)
    engine.api.post("/images/load", image("demo:1", [layer.bytes()])[0])


def ended(engine, name):
    """Run a container to its end; return its exit status."""
    engine.api.post(f"/containers/{name}/start")
    return engine.api.post(f"/containers/{name}/wait")["StatusCode"]


@pytest.mark.parametrize("on", ["ext4", "xfs"])
def test_its_data_root_can_lie_on_another_filesystem(engine, on):
    it = engine("overlay2", on=on)
    said = dict(it.api.get("/info")["DriverStatus"])
    assert said["Backing Filesystem"] == {"ext4": "extfs", "xfs": "xfs"}[on]


def test_its_network_is_not_the_machines(engine):
    it = engine("vfs")
    before = os.listdir("/sys/class/net")
    it.api.post("/networks/create", {"Name": "front", "Driver": "bridge"})
    assert os.listdir("/sys/class/net") == before
