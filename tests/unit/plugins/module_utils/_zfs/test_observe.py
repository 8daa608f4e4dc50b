# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading datasets: what `zfs` prints, what is in use, and the ways in which ZFS is not there."""

from __future__ import annotations

import os
from types import MappingProxyType

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import programs
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import busy, observe
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import (
    Value,
    Wanted,
)


@pytest.fixture(autouse=True)
def kernel(tmp_path, monkeypatch):
    """A host with ZFS loaded: tools, /dev/zfs, and the kernel's counters in a folder."""
    monkeypatch.setattr(observe, "DEVICE", str(tmp_path / "zfs"))
    monkeypatch.setattr(observe, "MODULE", str(tmp_path / "module"))
    monkeypatch.setattr(observe, "KSTAT", str(tmp_path / "kstat"))
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_more: "/usr/sbin/zfs")
    (tmp_path / "zfs").touch()
    (tmp_path / "module").mkdir()
    return tmp_path


class Zfs:
    """Prints what it was given for a command, by its first two words; counts."""

    def __init__(self, **printed):
        self.printed, self.argvs = printed, []

    def __call__(self, argv):
        self.argvs.append(argv)
        return self.printed["_".join(argv[:2])]

    def read(self, argv):
        return self(argv)[1]


MISSING = "cannot open 'tank/a': dataset does not exist\n"
POOL = (0, "health\tONLINE\ncapacity\t12\nfeature@lz4_compress\tactive\n", "")
GET = (
    "tank\ttype\tfilesystem\t-\n"
    "tank\tx:y\tone\ttwo\tlocal\n"
    "tank\tx:z\tfirst\nsecond\tinherited from tank\n"
    "tank/a\tquota\t10\tlocal\n"
)


def test_two_commands_however_many_properties():
    run = Zfs(zpool_get=POOL, zfs_get=(1, GET, MISSING))
    state = observe.observe(run, Wanted("tank/a", properties=MappingProxyType({"quota": "10"})))
    assert run.argvs == [
        ("zpool", "get", "-H", "-p", "-o", "property,value", "all", "tank"),
        ("zfs", "get", "-H", "-p", "-o", "name,property,value,source", "all", "tank/a", "tank"),
    ]
    assert state.pool.values["feature@lz4_compress"] == "active"
    assert state.dataset("tank/a").values["quota"] == Value("10", "local")


def test_values_may_hold_tabs_and_line_ends():
    found = observe.parse_get(GET, ["tank", "tank/a"])["tank"].values
    assert found["x:y"] == Value("one\ttwo", "local")
    assert found["x:z"] == Value("first\nsecond", "inherited from tank")


def test_a_pool_that_is_not_there_is_no_error():
    run = Zfs(zpool_get=(1, "", "cannot open 'tank': no such pool\n"))
    assert observe.observe(run, Wanted("tank/a", present=False)).pool is None
    assert len(run.argvs) == 1


@pytest.mark.parametrize("said", ["", "cannot open 'tank': permission denied\n"])
def test_any_other_failure_is_one(said):
    with pytest.raises(StorageError, match=r"`zpool get .*nothing has been changed") as refused:
        observe.observe(Zfs(zpool_get=(1, "", said)), Wanted("tank/a"))
    assert refused.value.details == {"refusal": "command_failed"}


def test_a_suspended_pool_is_not_spoken_to(kernel):
    (kernel / "kstat" / "tank").mkdir(parents=True)
    (kernel / "kstat" / "tank" / "state").write_text("SUSPENDED\n")
    run = Zfs()
    with pytest.raises(
        StorageError, match=r"Pool tank: it is suspended.*`zpool clear tank`"
    ) as refused:
        observe.observe(run, Wanted("tank/a"))
    assert refused.value.details == {"refusal": "pool_suspended"}
    assert run.argvs == []


@pytest.mark.parametrize("there", [[], ["zfs"], ["module"]], ids=["", "device", "module"])
@pytest.mark.parametrize(
    ("built", "refusal", "remedy"),
    [
        (True, "kernel_module_not_loaded", "Load it with `modprobe zfs`"),
        (False, "kernel_module_missing", "run `dkms autoinstall`"),
    ],
)
def test_a_kernel_without_the_module_is_not_spoken_to(
    kernel, monkeypatch, built, refusal, remedy, there
):
    """The device is there at any boot."""
    for name in {"zfs", "module"} - set(there):
        (kernel / name).rename(kernel / f"no {name}")
    monkeypatch.setattr(observe, "_is_built", lambda release: built)
    run = Zfs()
    with pytest.raises(StorageError) as refused:
        observe.observe(run, Wanted("tank/a"))
    assert remedy in str(refused.value)
    assert refused.value.details == {"refusal": refusal}
    assert run.argvs == []


def test_a_host_without_the_tools_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_more: None)
    with pytest.raises(
        StorageError, match=r"`zfs` is not on this host. Install zfsutils-linux"
    ) as refused:
        observe.observe(Zfs(), Wanted("tank/a"))
    assert refused.value.details == {"refusal": "program_missing"}


def test_members_are_read_with_their_clones(monkeypatch):
    monkeypatch.setattr(observe, "find_uses", lambda datasets: tuple(sorted(datasets)))
    listed = {
        "tank/a": "tank/a\tfilesystem\t1\t-\t-\t-\ntank/a@s\tsnapshot\t2\t-\ttank/c,tank/a/d\t1\n"
        "tank/a/d\tfilesystem\t3\ttank/a@s\t-\t-\n",
        "tank/c": "tank/c\tfilesystem\t4\ttank/a@s\t\t-\n",
    }
    run = Zfs(zpool_get=POOL, zfs_get=(0, GET, ""))
    run.read = lambda argv: listed[argv[-1]]
    state = observe.observe(run, Wanted("tank/a", present=False))
    assert [(it.name, it.origin, it.clones, it.holds) for it in state.members] == [
        ("tank/a", "", (), 0),
        ("tank/a@s", "", ("tank/c", "tank/a/d"), 1),
        ("tank/a/d", "tank/a@s", (), 0),
        ("tank/c", "tank/a@s", (), 0),
    ]
    assert state.uses == ("tank/a", "tank/a/d", "tank/a@s", "tank/c")


def test_open_files_are_looked_for_only_where_something_is_unmounted(monkeypatch):
    looked = []
    monkeypatch.setattr(observe, "find_uses", lambda datasets: looked.append(dict(datasets)) or ())
    shown = "tank/a\ttype\tfilesystem\t-\ntank/a\tmounted\tyes\t-\ntank/a\tmountpoint\t/a\tlocal\n"
    run = Zfs(zpool_get=POOL, zfs_get=(0, shown, ""))
    for properties in ({}, {"mountpoint": "/a"}, {"canmount": "on"}, {"quota": "1"}):
        observe.observe(run, Wanted("tank/a", properties=MappingProxyType(properties)))
    assert looked == []
    for more in (
        {"properties": MappingProxyType({"mountpoint": "/b"})},
        {"properties": MappingProxyType({"canmount": "off"})},
        {"inherit": ("mountpoint",)},
    ):
        observe.observe(run, Wanted("tank/a", **more))
    observe.observe(run, Wanted("tank/b", rename_from="tank/a"))
    assert looked == [{"tank/a": "filesystem"}] * 4


# /proc, of this process (10), a container's (41) and one that works in the filesystem (7).
OURS = (
    "27 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n"
    "40 27 0:44 / /tank/a rw shared:9 - zfs tank/a rw\n"
)
UDEV = (  # goes when ours goes
    "85 1 254:0 / / rw master:1 - ext4 /dev/vda rw\n"
    "95 85 0:44 / /tank/a rw master:9 - zfs tank/a rw\n"
)
THEIRS = "90 80 0:44 / /data\\040x rw - zfs tank/a rw\n91 80 0:9 / /o rw - zfs tank/ab rw\n"


@pytest.fixture
def proc(tmp_path, monkeypatch):
    places = {"self": OURS, "7": OURS, "41": THEIRS, "5": UDEV}
    folder = tmp_path / "proc"
    for name, table in places.items():
        (folder / name / "ns").mkdir(parents=True)
        (folder / name / "fd").mkdir()
        (folder / name / "mountinfo").write_text(table)
        (folder / name / "comm").write_text({"7": "dd\n", "41": "sleep\n"}.get(name, "x\n"))
        (folder / name / "cgroup").write_text(
            f"0::/system.slice/docker-{'ab12' * 16}.scope\n" if name == "41" else "0::/\n"
        )
        number = {"41": 2, "5": 3}.get(name, 1)
        os.symlink(f"mnt:[{number}]", folder / name / "ns" / "mnt")
        os.symlink("/", folder / name / "cwd")
    real_open, real_list, real_link = open, os.listdir, os.readlink

    def moved(path):
        return path.replace("/proc/", f"{folder}/", 1) if str(path).startswith("/proc/") else path

    monkeypatch.setattr(
        "builtins.open", lambda path, *more, **kw: real_open(moved(path), *more, **kw)
    )
    monkeypatch.setattr(os, "readlink", lambda path: real_link(moved(path)))
    monkeypatch.setattr(
        os, "listdir", lambda path: real_list(folder if path == "/proc" else moved(path))
    )
    return folder


def test_a_mount_in_another_namespace_is_found_with_its_process(proc):
    (use,) = busy.find_uses({"tank/a": "filesystem"})
    assert use.dataset == "tank/a"
    assert use.foreign
    assert use.how == (
        "mounted at /data x in the mount namespace of process 41 (sleep) of container ab12ab12ab12"
    )


def test_what_is_mounted_elsewhere_only_stays_when_nothing_is_unmounted_here(proc):
    (proc / "self" / "mountinfo").write_text("")
    found = busy.find_uses({"tank/a": "filesystem"})
    assert ["41" in use.how or "5 (x)" in use.how for use in found] == [True, True]


def test_an_open_file_is_found_with_its_process(proc):
    os.symlink("/tank/a/log", proc / "7" / "fd" / "3")
    os.symlink("/tank/ab", proc / "7" / "fd" / "4")
    found = [use.how for use in busy.find_uses({"tank/a": "filesystem"}) if not use.foreign]
    assert found == ["/tank/a/log is held open by process 7 (dd)"]


def test_what_is_mounted_on_a_folder_of_it_is_found(proc):
    (proc / "self" / "mountinfo").write_text(OURS + "50 40 0:50 / /tank/a/m rw - tmpfs t rw\n")
    assert "what /tank/a/m is mounted on" in [
        use.how for use in busy.find_uses({"tank/a": "filesystem"})
    ]


def test_nothing_is_found_of_another_dataset(proc):
    assert busy.find_uses({"tank/b": "filesystem"}) == ()


def test_the_use_of_a_volume_is_that_of_its_device(proc, monkeypatch):
    glance = busy.disks.glance("/nowhere")._replace(exists=True, holders=("vg-lv",), swap=True)
    monkeypatch.setattr(busy.disks, "glance", lambda path: glance)
    assert [use.how for use in busy.find_uses({"tank/v": "volume"})] == ["part of vg-lv", "swap"]
