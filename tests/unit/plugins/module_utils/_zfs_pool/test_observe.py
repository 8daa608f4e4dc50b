# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading pools: what `zpool` prints, what sysfs and systemd's folders show."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import programs
from ansible_collections.containerhost.storage.plugins.module_utils._host.disk import Disk
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import (
    parse_mountinfo,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import datasets as zfs
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import pool as zfs_pool
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool import observe
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool.state import (
    Boot,
    Importable,
)
from support import zfs_answers
from support.zfs_hosts import dataset
from support.zfs_pool_hosts import member, want, want_mounted

SDA = Disk("/dev/sda", True, "/dev/sda", "8:0", size=10 * 1024**3)

# `zpool status -p -P` of OpenZFS 2.1; | is a tab.
STATUS = """  pool: docker
 state: {state}
config:

|NAME                                  STATE     READ WRITE CKSUM
|docker                                {state}       0     0     0
|  /dev/sda1                           ONLINE       0     0     0

errors: No known data errors

  pool: tank
 state: DEGRADED
status: One or more devices could not be used because the label is missing or
|invalid.  Sufficient replicas exist for the pool to continue
config:

|NAME                                  STATE     READ WRITE CKSUM
|tank                                  DEGRADED     0     0     0
|  mirror-0                            DEGRADED     0     0     0
|    /dev/disk/by-id/virtio-d1-part1   ONLINE       0     2     3
|    8123456789012345678               UNAVAIL      0     0     0  was /dev/vdc1

errors: No known data errors
""".replace("|", "\t")

# `zpool import` of OpenZFS 2.1 on a host to which the disks of others were brought.
IMPORT = """   pool: docker
     id: 5464031390152930478
  state: ONLINE
 action: The pool can be imported using its name or numeric identifier.
 config:

|docker            ONLINE
|  virtio-disk1    ONLINE

   pool: docker
     id: 12
  state: ONLINE
status: The pool was last accessed by another system.
 action: The pool can be imported using its name or numeric identifier and
|the '-f' flag.
   see: https://openzfs.github.io/openzfs-docs/msg/ZFS-8000-EY
 config:

|docker            ONLINE
|  virtio-disk2    ONLINE

   pool: old
     id: 13
  state: UNAVAIL
status: One or more devices contains corrupted data.
 action: The pool cannot be imported due to damaged devices or data.
 config:

|old               UNAVAIL  insufficient replicas
|  virtio-disk3    UNAVAIL
""".replace("|", "\t")

DATASETS = {name: dataset(name) for name in ("docker", "docker/data")}
INFO = "210 27 0:40 / /srv rw shared:85 - zfs docker/data rw,xattr,noacl\n"


class Zfs:
    """Prints what it was given for a command, by its first two words; counts."""

    def __init__(self, **printed):
        self.printed, self.argvs = printed, []

    def __call__(self, argv):
        self.argvs.append(argv)
        answer = self.printed["_".join(argv[:2])]
        return answer(argv) if callable(answer) else answer

    def read(self, argv):
        return self(argv)[1]


@pytest.fixture(autouse=True)
def host(tmp_path, monkeypatch):
    """A host with ZFS loaded, one disk, and an empty folder of systemd's."""
    (tmp_path / "zfs").touch()
    monkeypatch.setattr(zfs, "DEVICE", str(tmp_path / "zfs"))
    monkeypatch.setattr(zfs, "MODULE", str(tmp_path / "zfs"))
    monkeypatch.setattr(zfs, "KSTAT", str(tmp_path / "kstat"))
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_more: "/usr/sbin/zfs")
    monkeypatch.setattr(zfs_pool, "whole_disk", {"/dev/sda1": SDA}.get)
    monkeypatch.setattr(observe, "identify", lambda path: SDA._replace(path=path))
    monkeypatch.setattr(observe, "examine", lambda run, path: Disk(path))
    monkeypatch.setattr(observe, "mounts", lambda: parse_mountinfo(INFO))
    monkeypatch.setattr(observe, "observe_mount", lambda run, place, is_ours: None)
    monkeypatch.setattr(observe, "_UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(observe, "_WANTS", (str(tmp_path / "units") + "/*.wants/",))
    return tmp_path


def healthy(state="ONLINE"):
    return Zfs(
        zpool_status=(0, STATUS.replace("{state}", state), ""),
        zfs_get=lambda argv: zfs_answers.zfs_get(DATASETS, argv),
        zpool_import=(0, IMPORT, ""),
        zpool_get=zfs_answers.healthy(),
    )


def test_two_commands_where_nothing_is_to_be_done():
    run = healthy()
    state = observe.observe(run, want_mounted(devices=("/dev/disk/by-id/ata-X",)))
    assert run.argvs == [
        ("zpool", "status", "-p", "-P"),
        (*run.argvs[1][:7], "docker/data",
         "docker"),
    ]  # fmt: skip
    assert state.pool("docker").health == "ONLINE"
    assert state.pool("tank").health == "DEGRADED"
    assert [it.disk for it in state.pool("docker").members] == [SDA]
    assert set(state.datasets) == {"docker", "docker/data"}
    assert state.elsewhere == ("/srv",)


def test_the_pool_is_looked_at_closer_where_a_disk_is_to_be_added(monkeypatch):
    run = healthy()
    monkeypatch.setattr(observe, "identify", Disk)
    state = observe.observe(run, want(devices=("/dev/sdb",)))
    assert [argv[:2] for argv in run.argvs][2:] == [("zpool", "get")]
    assert state.values["readonly"] == "off"


def test_a_pool_that_is_not_imported_is_looked_for():
    run = healthy()
    state = observe.observe(run, want()._replace(name="new"))
    assert [argv[:2] for argv in run.argvs] == [("zpool", "status"), ("zpool", "import")]
    assert state.importable == (
        Importable("docker", "5464031390152930478", "ONLINE"),
        Importable("docker", "12", "ONLINE", foreign=True),
        Importable("old", "13", "UNAVAIL"),
    )


@pytest.mark.parametrize("rc", [0, 1])
def test_no_pool_at_all(rc):
    run = Zfs(
        zpool_status=(0, "no pools available\n", ""),
        zpool_import=(rc, "", "no pools available to import\n"),
    )
    assert observe.observe(run, want()).importable == ()


def test_what_import_cannot_do_is_an_error():
    run = Zfs(zpool_status=(0, "", ""), zpool_import=(1, "", "cannot discover pools: no memory"))
    with pytest.raises(StorageError, match="cannot discover pools"):
        observe.observe(run, want())


@pytest.mark.parametrize("health", ["SUSPENDED", "UNAVAIL", "FAULTED"])
def test_a_pool_that_does_not_work_is_refused_before_it_is_asked_more(health):
    run = healthy(health)
    with pytest.raises(StorageError, match=f"Pool docker: it is {health}.*zpool clear docker"):
        observe.observe(run, want_mounted())
    assert len(run.argvs) == 1


def test_a_suspended_pool_is_not_asked_at_all(host):
    (host / "kstat" / "docker").mkdir(parents=True)
    (host / "kstat" / "docker" / "state").write_text("SUSPENDED\n")
    run = healthy()
    with pytest.raises(StorageError, match="it is suspended"):
        observe.observe(run, want())
    assert run.argvs == []


def test_a_module_that_is_not_built_for_this_kernel(host, monkeypatch):
    (host / "zfs").unlink()
    monkeypatch.setattr(zfs.os, "uname", lambda: type("uname", (), {"release": "6.1.0-no"}))
    with pytest.raises(StorageError, match="not built for the kernel that runs, "):
        observe.observe(healthy(), want())


def test_a_host_without_tools(monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_more: None)
    run = Zfs()
    with pytest.raises(StorageError, match="`zfs` is not on this host"):
        observe.observe(run, want(devices=("/dev/sda",)))


def partition(disk, number, start, size):
    folder = disk / f"sda{number}"
    folder.mkdir(parents=True)
    for name, value in (("partition", number), ("start", start), ("size", size)):
        (folder / name).write_text(f"{value}\n")


MIB = 2048  # sectors

ROOMS = [
    # partitions: number, start and size in sectors    what is behind them, in sectors
    ([(1, MIB, 10230 * MIB), (9, 10231 * MIB, 8 * MIB)], MIB),
    ([(1, MIB, 9206 * MIB), (9, 9207 * MIB, 8 * MIB)], 1025 * MIB),
    # a person has made these
    ([(1, MIB, 5000 * MIB)], None),
    ([(1, MIB, 5000 * MIB), (2, 5001 * MIB, MIB)], None),
    ([], None),
]


@pytest.mark.parametrize(("partitions", "room"), ROOMS)
def test_what_a_disk_has_grown_by(tmp_path, monkeypatch, partitions, room):
    for row in partitions:
        partition(tmp_path / "sda", *row)
    monkeypatch.setattr(observe.os.path, "realpath", lambda path: str(tmp_path / "sda"))
    expected = None if room is None else ("8:0", room * 512)
    assert observe._room(member(disk=SDA)) == expected
    assert observe._room(member(disk=SDA, role="cache")) is None
    assert observe._room(member(disk=None)) is None


def enable(host, *units):
    for unit in units:
        path = host / "units" / "zfs.target.wants" / unit
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(f"/lib/systemd/system/{unit}")


ALL = ("zfs-import-cache.service", "zfs-import.target", "zfs-mount.service", "zfs.target")


def test_what_imports_and_mounts_at_boot(host):
    assert observe._boot() == Boot(missing=ALL)
    enable(host, *ALL[1:])
    assert observe._boot() == Boot(missing=ALL[:1])
    enable(host, "zfs-import-scan.service")
    assert observe._boot() == Boot()
    enable(host, ALL[0])
    (host / "units" / "zfs-mount.service").symlink_to("/dev/null")
    assert observe._boot() == Boot(masked=("zfs-mount.service",))


TABLE = ("gpt", "PMBR")
NAMED = "DEVTYPE=partition\nPARTN=1\nPARTNAME=zfs-0123456789abcdef\n"
LEFT = Disk(
    "/dev/sda", True, "/dev/sda", "8:0", partitions=("sda1", "sda9"), signatures=TABLE, content=512
)
BLANK = {name: Disk(f"/dev/{name}", True, f"/dev/{name}", "8:1") for name in ("sda1", "sda9")}

HALF_MADE = [
    # what differs from what a killed `zpool create` leaves, and whether the disk is free then
    ({}, True),
    ({"sda1": {"content": 131072}}, False),  # a pool's labels, or anything
    ({"sda1": {"signatures": ("zfs_member",)}}, False),
    ({"sda9": {"content": 0}}, False),
    ({"sda9": {"exists": False}}, False),
    ({"disk": {"signatures": (*TABLE, "ext4")}}, False),
    ({"disk": {"pools": ("tank",)}}, False),
    ({"uevent": "PARTN=1\nPARTNAME=data\n"}, False),  # a person's
    ({"number": 2}, False),
]


@pytest.mark.parametrize(("more", "free"), HALF_MADE)
def test_a_disk_that_a_killed_zpool_create_has_left(tmp_path, monkeypatch, more, free):
    """It writes the partition table first, and the labels of the pool next."""
    for name, number in (("sda1", more.get("number", 1)), ("sda9", 9)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "partition").write_text(f"{number}\n")
        (tmp_path / name / "uevent").write_text(more.get("uevent", NAMED))
    disk = LEFT._replace(**more.get("disk", {}))
    parts = {f"/dev/{it}": BLANK[it]._replace(**more.get(it, {})) for it in BLANK}
    monkeypatch.setattr(observe.os.path, "realpath", lambda path: str(tmp_path))
    monkeypatch.setattr(observe, "examine", lambda run, path: parts[path])
    found = observe._without_empty_table(None, disk)
    free_of_all = disk._replace(partitions=(), signatures=(), content=None)
    assert found == (free_of_all if free else disk)


def test_a_blank_disk_is_looked_at_once(monkeypatch):
    blank = Disk("/dev/sda", True, "/dev/sda", "8:0")
    monkeypatch.setattr(observe, "examine", lambda run, path: pytest.fail("it looked"))
    assert observe._without_empty_table(None, blank) == blank


@pytest.mark.parametrize("text", ["no pools available to import\n", "", "\n"])
def test_nothing_to_import(text):
    assert observe.parse_importable(text) == ()
