# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a dataset: what it takes, and the ways in which ZFS is not there."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._host import programs
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import datasets
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Value
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset import observe
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset.state import (
    Kernel,
    Wanted,
)
from support import zfs_answers
from support.zfs_hosts import dataset


@pytest.fixture(autouse=True)
def kernel(tmp_path, monkeypatch):
    """A host with ZFS loaded: tools, /dev/zfs, and the kernel's counters in a folder."""
    monkeypatch.setattr(datasets, "DEVICE", str(tmp_path / "zfs"))
    monkeypatch.setattr(datasets, "MODULE", str(tmp_path / "module"))
    monkeypatch.setattr(datasets, "KSTAT", str(tmp_path / "kstat"))
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
        answer = self.printed["_".join(argv[:2])]
        return answer(argv) if callable(answer) else answer

    def read(self, argv):
        return self(argv)[1]


POOL = zfs_answers.healthy(**{"feature@lz4_compress": "active"})


def get(*datasets):
    """The answers to `zfs get` on a host with these datasets."""
    return lambda argv: zfs_answers.zfs_get({it.name: it for it in datasets}, argv)


def test_two_commands_however_many_properties():
    run = Zfs(zpool_get=POOL, zfs_get=get(dataset("tank"), dataset("tank/a", quota=10)))
    wanted = MappingProxyType({"quota": "10", "x:y": "1"})
    state = observe.observe(run, Wanted("tank/a", properties=wanted))
    assert [argv[:2] for argv in run.argvs] == [("zpool", "get"), ("zfs", "get")]
    assert run.argvs[1][6].endswith(",x:y")
    assert run.argvs[1][7:] == ("tank/a", "tank")
    assert state.pool.values["feature@lz4_compress"] == "active"
    assert state.dataset("tank/a").values["quota"] == Value("10", "local")


def test_a_pool_that_is_not_there_is_no_error():
    run = Zfs(zpool_get=(1, "", "cannot open 'tank': no such pool\n"))
    assert observe.observe(run, Wanted("tank/a", present=False)).pool is None
    assert len(run.argvs) == 1


@pytest.mark.parametrize("said", ["", "cannot open 'tank': permission denied\n"])
def test_any_other_failure_is_one(said):
    with pytest.raises(StorageError, match=r"`zpool get .*to see more\.$") as refused:
        observe.observe(Zfs(zpool_get=(1, "", said)), Wanted("tank/a"))
    assert refused.value.details == {"refusal": "command_failed"}
    assert "nothing has been changed" not in str(refused.value)  # it is read after the steps too


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
    monkeypatch.setattr(datasets, "_is_built", lambda release: built)
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
    found = [
        dataset("tank/a"),
        dataset("tank/a@s", "snapshot", clones="tank/c,tank/a/d", userrefs=1),
        dataset("tank/a/d", origin="tank/a@s"),
        dataset("tank/c", origin="tank/a@s"),
    ]
    listed = {it.name: it for it in found}
    run = Zfs(zpool_get=POOL, zfs_get=get(dataset("tank"), *found))
    run.read = lambda argv: zfs_answers.zfs_list(listed, argv)[1]
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
    run = Zfs(zpool_get=POOL, zfs_get=get(dataset("tank"), dataset("tank/a", mountpoint="/a")))
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


def sysfs(kernel, **properties):
    """What the module shows of the properties that it knows: name -> (values, types)."""
    for name, (values, types) in properties.items():
        folder = kernel / "module" / "properties.dataset" / name
        folder.mkdir(parents=True)
        (folder / "values").write_text(values + "\n")
        (folder / "datasets").write_text(types + "\n")
    (kernel / "module" / "parameters").mkdir()
    (kernel / "module" / "parameters" / "zfs_max_recordsize").write_text("1048576\n")


def test_what_the_kernel_takes_is_read_where_something_differs(kernel):
    sysfs(
        kernel,
        quota=("<size> | none", "filesystem "),
        snapdir=("hidden | visible", "filesystem "),
        type=("filesystem | volume | snapshot | bookmark", "filesystem snapshot volume bookmark "),
    )
    run = Zfs(zpool_get=POOL, zfs_get=get(dataset("tank"), dataset("tank/a", quota=10)))
    same = observe.observe(run, Wanted("tank/a", properties=MappingProxyType({"quota": "10"})))
    assert same.kernel == Kernel()
    assert run.argvs[1][6] == "type,quota,snapdir"
    wish = MappingProxyType({"quota": "10", "snapdir": "disabled"})
    found = observe.observe(run, Wanted("tank/a", properties=wish)).kernel
    assert found == Kernel(
        frozenset({"quota", "snapdir", "type"}),
        {"snapdir": ("hidden", "visible")},
        {"snapdir": ("filesystem",)},
        1048576,
    )


@pytest.mark.parametrize(("content", "size"), [(b"k" * 32, 32), (b"", 0), (None, 0)])
def test_the_key_of_a_new_dataset_is_looked_for_and_not_read(tmp_path, content, size):
    key = tmp_path / "key"
    if content is not None:
        key.write_bytes(content)
    wish = MappingProxyType({"keyformat": "raw", "keylocation": f"file://{key}"})
    run = Zfs(zpool_get=POOL, zfs_get=get(dataset("tank")))
    assert observe.observe(run, Wanted("tank/a", properties=wish)).key_size == size
    web = MappingProxyType({"keyformat": "raw", "keylocation": "https://keys.example/a"})
    assert observe.observe(run, Wanted("tank/a", properties=web)).key_size is None


def test_a_clone_is_read_with_what_its_snapshot_was_taken_of():
    found = [dataset(name) for name in ("tank", "tank/a")]
    run = Zfs(zpool_get=POOL, zfs_get=get(*found, dataset("tank/a@s", "snapshot")))
    state = observe.observe(run, Wanted("tank/c", origin="tank/a@s"))
    assert set(state.datasets) == {"tank", "tank/a", "tank/a@s"}
