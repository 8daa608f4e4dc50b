# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What storage_info says of real filesystems and trees, on this machine's own kernel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._info import driver_data
from ansible_collections.containerhost.storage.plugins.modules import storage_info
from support.loops import exhaust, sh


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def info(monkeypatch):
    """``info(*topics) -> result``: the module, as Ansible runs it."""

    def end(self, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", end)

    def run(*topics):
        with patch_module_args({"gather": list(topics)}), pytest.raises(Ended) as ended:
            storage_info.main()
        return ended.value.args[0]

    return run


@pytest.fixture
def data_root(tmp_path, monkeypatch):
    """A data root that no engine is on."""
    root = tmp_path / "docker"
    root.mkdir()
    monkeypatch.setattr(driver_data, "DATA_ROOT", str(root))
    return root


def of(rows, path):
    """The row of a report that has this path."""
    (found,) = (row for row in rows if row.get("path", row.get("mount")) == str(path))
    return found


def on_disk(path):
    """What du(1) says, in bytes."""
    return int(sh("du", "--block-size=1", "--summarize", str(path)).split()[0])


def test_a_btrfs_whose_chunks_are_all_allocated_is_reported_with_the_balance(loops, info):
    """As in the seeds: df shows space, btrfs shows none, and a balance gives it back."""
    where = loops.make("fs", "--metadata", "single", size=400 * 1024**2)
    before = info("btrfs")
    assert not [it for it in before["findings"] if str(where) in it["message"]]
    exhaust(where)
    result = info("btrfs")
    assert not result["changed"]
    seen = of(result["storage"]["btrfs"], where)
    shown = sh("btrfs", "filesystem", "show", "--raw", str(where))
    size, used = map(int, re.search(r"size (\d+) used (\d+)", shown).groups())
    assert (seen["size"], seen["allocated"]) == (size, used)
    assert seen["unallocated"] < 2 * 1024**2
    assert seen["available"] > 200 * 1024**2
    (finding,) = (it for it in result["findings"] if str(where) in it["message"])
    assert (finding["level"], finding["topic"]) == ("warning", "btrfs_chunks_allocated")
    command = re.search(r"`(btrfs balance start .*)`", finding["message"])[1]
    sh(*command.split())
    after = info("btrfs")
    assert of(after["storage"]["btrfs"], where)["unallocated"] > seen["unallocated"]
    assert not [it for it in after["findings"] if str(where) in it["message"]]


@pytest.fixture
def overlay(tmp_path):
    """An overlay at ``m`` over two lower layers; names of its layers have a space in them."""
    if os.geteuid():
        pytest.skip("mounting needs root")
    if shutil.which("modprobe", path="/usr/sbin:/sbin"):
        subprocess.run(["/usr/sbin/modprobe", "--quiet", "overlay"], check=False)
    with open("/proc/filesystems", encoding="ascii") as stream:
        if "\toverlay\n" not in stream.read():
            pytest.skip("this machine's kernel has no overlay")
    base = tmp_path / "fs"
    base.mkdir()
    sh("mount", "-t", "tmpfs", "tmpfs", str(base))
    try:
        for name in ("top", "bottom", "upper layer", "work", "m"):
            (base / name).mkdir()
        options = (
            f"lowerdir={base}/top:{base}/bottom,upperdir={base}/upper layer,workdir={base}/work"
        )
        sh("mount", "-t", "overlay", "overlay", "-o", options, str(base / "m"))
        yield base
    finally:
        subprocess.run(["umount", str(base / "m")], check=False)
        sh("umount", str(base))


def test_an_overlay_mount(overlay, info):
    result = info("overlay")
    seen = of(result["storage"]["overlay"], overlay / "m")
    assert seen["lower"] == [f"{overlay}/top", f"{overlay}/bottom"]
    assert (seen["upper"], seen["work"]) == (f"{overlay}/upper layer", f"{overlay}/work")
    assert seen["missing"] == []
    assert not [it for it in result["findings"] if str(overlay) in it["message"]]
    (overlay / "bottom").rmdir()
    result = info("overlay")
    assert of(result["storage"]["overlay"], overlay / "m")["missing"] == [f"{overlay}/bottom"]
    (finding,) = (it for it in result["findings"] if str(overlay) in it["message"])
    assert finding["topic"] == "overlay_layer_missing"


def test_a_tree_of_aufs_that_no_kernel_mounts(data_root, info):
    """The seeds' own: `docker run ubuntu rm /etc/shadow` leaves .wh.shadow in the layer."""
    for layer, parents in (("base", ""), ("top", "base\n")):
        for folder in ("layers", "diff", "mnt"):
            (data_root / "aufs" / folder).mkdir(parents=True, exist_ok=True)
        (data_root / "aufs" / "layers" / layer).write_text(parents)
        (data_root / "aufs" / "diff" / layer / "etc").mkdir(parents=True)
    (data_root / "aufs/diff/base/etc/shadow").write_text("x" * 10000)
    (data_root / "aufs/diff/top/etc/.wh.shadow").touch()
    (data_root / "aufs/diff/top/opt").mkdir()
    (data_root / "aufs/diff/top/opt/.wh..wh..opq").touch()
    result = info("driver_data", "driver_usage")
    kept = of(result["storage"]["driver_data"], data_root / "aufs")
    assert (kept["driver"], kept["layers"], kept["in_use"]) == ("aufs", 2, False)
    usage = of(result["storage"]["driver_usage"], data_root / "aufs")
    assert usage["bytes"] == on_disk(data_root / "aufs/diff/base/etc/shadow")
    base, top = usage["tree"]["details"]
    assert (base["parents"], top["parents"]) == ([], ["base"])
    assert (base["whiteouts"], top["whiteouts"], top["opaque"]) == (0, 1, 1)
    topics = [it["topic"] for it in result["findings"] if str(data_root) in it["message"]]
    assert topics == ["driver_data_left", "aufs_tree"]


def test_loop_lvm_that_is_attached_and_that_is_not(data_root, info):
    """The files are found in both cases, with the loop device where there is one."""
    if os.geteuid():
        pytest.skip("a loop device needs root")
    folder = data_root / "devicemapper" / "devicemapper"
    folder.mkdir(parents=True)
    for name, size in (("data", 100 * 1024**3), ("metadata", 2 * 1024**3)):
        with open(folder / name, "wb") as stream:
            stream.write(b"x" * 1024**2)
            stream.truncate(size)
            os.fsync(stream.fileno())
    files = of(info("driver_data")["storage"]["driver_data"], folder.parent)["loop_files"]
    assert [it["path"] for it in files] == [str(folder / "data"), str(folder / "metadata")]
    assert [it["size"] for it in files] == [100 * 1024**3, 2 * 1024**3]
    assert [it["allocated"] for it in files] == [on_disk(it["path"]) for it in files]
    assert all(1024**2 <= it["allocated"] < 2 * 1024**2 for it in files)
    assert [it["device"] for it in files] == [None, None]
    device = sh("losetup", "--find", "--show", str(folder / "data"))
    try:
        result = info("driver_data", "driver_usage")
    finally:
        sh("losetup", "--detach", device)
    files = of(result["storage"]["driver_data"], folder.parent)["loop_files"]
    assert [it["device"] for it in files] == [device, None]
    usage = of(result["storage"]["driver_usage"], folder.parent)
    assert usage["bytes"] == on_disk(folder / "data") + on_disk(folder / "metadata")
    topics = [it["topic"] for it in result["findings"] if str(data_root) in it["message"]]
    assert topics == ["loop_lvm_left"]


def test_the_bytes_of_overlay2_are_those_of_du(data_root, info):
    for layer in ("a", "b"):
        folder = data_root / "overlay2" / layer / "diff" / "usr"
        folder.mkdir(parents=True)
        for number in range(20):
            (folder / str(number)).write_bytes(b"x" * number * 1000)
    (data_root / "overlay2" / "l").mkdir()
    os.link(data_root / "overlay2/a/diff/usr/9", data_root / "overlay2/a/diff/usr/again")
    result = info("driver_usage")
    folders = sum(
        os.stat(path).st_blocks * 512 for path, _names, _files in os.walk(data_root / "overlay2")
    )
    usage = of(result["storage"]["driver_usage"], data_root / "overlay2")
    assert usage["bytes"] == on_disk(data_root / "overlay2") - folders
