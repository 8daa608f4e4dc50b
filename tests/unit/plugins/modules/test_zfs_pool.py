# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module from its parameters to its result, on a host whose ZFS and systemd are faked."""

from __future__ import annotations

import contextlib

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import apply, lock
from ansible_collections.containerhost.storage.plugins.module_utils._host import programs
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import datasets as zfs
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import (
    pool as zfs_pool_members,
)
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_pool import arc, observe
from ansible_collections.containerhost.storage.plugins.modules import zfs_pool
from support import zfs_answers
from support.lvm_hosts import disk
from support.zfs_hosts import dataset, pool
from support.zfs_pool_hosts import ARC, GUARD, LIVE, ROOT, UNIT, mounted, unmounted

ONE, TWO = "/dev/disk/by-id/virtio-disk1", "/dev/disk/by-id/virtio-disk2"
DISKS = {ONE: disk(), TWO: disk(2), ONE + "-part1": disk(), TWO + "-part1": disk(2)}
READING = {("zpool", "status"), ("zpool", "import"), ("zpool", "get"), ("zfs", "get")}


class Host:
    """A host with two blank disks and a Docker that runs, whose tools do what they are told."""

    def __init__(self):
        self.members, self.datasets, self.argvs, self.fails = [], {}, [], ""
        self.files, self.mounted, self.running, self.limit = {}, False, True, 0
        self.name = "docker"

    def run_command(self, argv, **_kwargs):
        self.argvs.append(argv)
        if " ".join(argv) == self.fails:
            self.fails = ""
            return 1, "", "it does not"
        return getattr(self, f"{argv[0]}_{argv[1]}".replace("-", "_"))(argv[2:])

    def write(self, step):
        if step.path == arc.ARC_LIMIT:
            self.limit = int(step.content)
        elif step.content is None:
            del self.files[step.path]
        else:
            self.files[step.path] = step.content

    def zpool_status(self, _words):
        if not self.members:
            return 0, "no pools available\n", ""
        rows = "".join(f"\t  {it}-part1  ONLINE  0  0  0\n" for it in self.members)
        head = f"  pool: {self.name}\n state: ONLINE\nconfig:\n\n\tNAME  STATE  READ WRITE CKSUM\n"
        return 0, f"{head}\t{self.name}  ONLINE  0  0  0\n{rows}\n", ""

    def zpool_import(self, _words):
        return 0, "", "no pools available to import\n"

    def zpool_get(self, words):
        return zfs_answers.zpool_get(pool().values, words)

    def zpool_create(self, words):
        place = words.index("mountpoint=none") + 1
        self.name, self.members = words[place], words[place + 1 :]
        self.datasets[self.name] = dataset(self.name, mountpoint="none", mounted="no")
        return 0, "", ""

    def zpool_add(self, words):
        self.members += words[1:]
        return 0, "", ""

    def zfs_get(self, words):
        return zfs_answers.zfs_get(self.datasets, words)

    def zfs_create(self, words):
        given = dict(word.split("=", 1) for word in words if "=" in word)
        self.datasets[words[-1]] = dataset(words[-1], mounted="no", **given)
        return 0, "", ""

    def zfs_set(self, words):
        found = self.datasets[words[-1]]
        given = {**found.plain, **dict(word.split("=", 1) for word in words[:-1])}
        self.datasets[words[-1]] = dataset(words[-1], **given)
        self.mounted = self.mounted and given["canmount"] != "off"
        return 0, "", ""

    def zfs_mount(self, words):
        assert not self.running
        found = self.datasets[words[0]]
        self.datasets[words[0]] = dataset(words[0], **{**found.plain, "mounted": "yes"})
        self.mounted = True
        return 0, "", ""

    def systemctl_daemon_reload(self, _words):
        return 0, "", ""

    def systemctl_reset_failed(self, _words):
        return 0, "", ""

    def systemctl_stop(self, _words):
        self.running = False
        return 0, "", ""

    def systemctl_start(self, _words):
        self.running = True
        return 0, "", ""

    def observe_mount(self, _run, place, is_ours):
        values = {
            "guarded": place.required_by if GUARD in self.files else (),
            "guard_texts": {"docker.service": UNIT.guard_text} if GUARD in self.files else {},
        }
        if self.mounted:
            assert is_ours(LIVE)
            return mounted(**values)
        return unmounted(active=("docker.service",) if self.running else (), **values)

    def observe_arc(self, _limit):
        live = ARC._replace(limit=self.limit, largest=self.limit or ARC.memory // 2)
        text = self.files.get(arc.FILE)
        settings = (arc.Setting(arc.FILE, int(text.split("=")[1])),) if text else ()
        return arc.ArcState(live, text, settings)

    def changing(self):
        return [" ".join(argv) for argv in self.argvs if tuple(argv[:2]) not in READING]


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host()
    (tmp_path / "zfs").touch()
    monkeypatch.setattr(zfs, "DEVICE", str(tmp_path / "zfs"))
    monkeypatch.setattr(zfs, "MODULE", str(tmp_path / "zfs"))
    monkeypatch.setattr(zfs, "KSTAT", str(tmp_path))
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_more: "/usr/sbin/zfs")
    monkeypatch.setattr(zfs_pool_members, "whole_disk", DISKS.get)
    for name in ("identify", "examine"):
        monkeypatch.setattr(observe, name, lambda *words: DISKS[words[-1]])
    monkeypatch.setattr(observe, "observe_mount", host.observe_mount)
    monkeypatch.setattr(observe, "_boot", observe.Boot)
    monkeypatch.setattr(arc, "observe", host.observe_arc)
    monkeypatch.setattr(zfs_pool, "check", lambda claims: contextlib.nullcontext())
    monkeypatch.setattr(apply, "_replace", host.write)
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "lock"))
    monkeypatch.setattr(
        basic.AnsibleModule, "run_command", lambda self, argv, **more: host.run_command(argv)
    )

    def end(self, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(
        basic.AnsibleModule, "fail_json", lambda self, **it: end(self, failed=1, **it)
    )
    return host


WISH = {
    "name": "docker", "devices": [ONE], "dataset": "data", "path": ROOT,
    "required_by": ["docker.service"], "arc_max": "1g",
}  # fmt: skip


def run(host, check=False, **params):
    """Run the module once; return its result. The host's list of commands begins anew."""
    host.argvs = []
    arguments = {**WISH, "_ansible_check_mode": check, **params}
    with patch_module_args(arguments), pytest.raises(Ended) as ended:
        zfs_pool.main()
    return ended.value.args[0]


def test_check_mode_tells_what_the_real_run_does(host):
    planned = run(host, check=True)
    assert (host.changing(), host.files) == ([], {})
    done = run(host)
    assert host.changing() == [
        f"zpool create -o ashift=12 -O mountpoint=none docker {ONE}",
        f"zfs create -o mountpoint={ROOT} -o canmount=off docker/data",
        "systemctl daemon-reload",
        "systemctl stop -- docker.service",
        "zfs set canmount=on docker/data",
        "zfs mount docker/data",
        "systemctl reset-failed -- docker.service",
        "systemctl start -- docker.service",
    ]
    assert (set(host.files), host.limit) == ({arc.FILE, GUARD}, 2**30)
    for key in ("steps", "changed", "diff", "findings"):
        assert done[key] == planned[key]
    assert done["state"]["guarded"] == ["docker.service"]
    assert done["state"]["pool"]["members"][0]["disk"] == ONE
    assert done["state"]["dataset"] == {
        "name": "docker/data", "mountpoint": ROOT, "canmount": "on", "mounted": "yes",
    }  # fmt: skip


def test_nothing_to_do_is_two_commands(host):
    run(host)
    again = run(host)
    assert (again["changed"], again["steps"], again["findings"]) == (False, [], [])
    assert [argv[:2] for argv in host.argvs] == [["zpool", "status"], ["zfs", "get"]]


def test_a_disk_is_added_and_the_engine_goes_on(host):
    run(host)
    result = run(host, devices=[ONE, TWO])
    assert host.changing() == [f"zpool add docker {TWO}"]
    assert [it["disk"] for it in result["state"]["pool"]["members"]] == [ONE, TWO]
    assert run(host, devices=[TWO, ONE])["changed"] is False


def test_a_pool_alone(host):
    result = run(host, dataset=None, path=None, required_by=[], arc_max=None)
    assert host.changing() == [f"zpool create -o ashift=12 -O mountpoint=none docker {ONE}"]
    assert [it["topic"] for it in result["findings"]] == ["arc_unlimited"]
    assert (result["state"]["mount"], result["state"]["dataset"]) == (None, None)


@pytest.mark.parametrize("name", ["cache", "logs", "special", "dedup", "c0"])
def test_a_pool_may_be_called_as_a_part_of_the_answer_is(host, name):
    alone = {"name": name, "dataset": None, "path": None, "required_by": [], "arc_max": None}
    result = run(host, **alone)
    assert not result.get("failed"), result
    assert host.changing() == [f"zpool create -o ashift=12 -O mountpoint=none {name} {ONE}"]
    again = run(host, **alone)
    assert (again["changed"], again["state"]["pool"]["members"][0]["role"]) == (False, "data")
    assert not run(host, **{**alone, "devices": [ONE, TWO]}).get("failed")
    assert host.changing() == [f"zpool add {name} {TWO}"]


@pytest.mark.parametrize("name", ["log", "mirror1", "raidz-a", "spares"])
def test_a_name_that_only_old_pools_have(host, name):
    alone = {"name": name, "dataset": None, "path": None, "required_by": [], "arc_max": None}
    refused = run(host, **alone)
    assert (refused["refusal"], host.changing()) == ("name_invalid", [])
    host.name, host.members = name, [ONE]
    host.datasets = {name: dataset(name, mountpoint="none", mounted="no")}
    assert run(host, **alone)["changed"] is False


@pytest.mark.parametrize("step", ["zfs mount docker/data", "systemctl start -- docker.service"])
def test_what_fails_leaves_the_engine_on_what_it_had(host, step):
    host.fails = step
    result = run(host)
    assert result["failed"]
    assert "it does not" in result["msg"]
    assert "Done before that, and kept" in result["msg"]
    assert (host.mounted, GUARD in host.files, host.running) == (False, False, True)
    assert host.datasets["docker/data"].shown("canmount") == "off"
    assert run(host)["changed"]
    assert (host.mounted, host.running) == (True, True)
    assert not run(host)["changed"]


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"name": "a/b"}, "it is the name of a dataset"),
        ({"path": None}, "of use only with `path`"),
        ({"layout": "mirror"}, "a mirror takes 2 disks at least"),
        ({"devices": []}, "no disk was named"),
        ({"arc_max": "1m"}, "ZFS takes no notice of a limit below"),
    ],
)
def test_a_refusal_comes_before_any_change(host, params, wrong):
    result = run(host, **params)
    assert result["failed"]
    assert wrong in result["msg"]
    assert (host.changing(), host.files) == ([], {})


def test_missing_tools_are_missed_in_check_mode_too(host, monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_more: None)
    assert "`zfs` is not on this host" in run(host)["msg"]
    assert "`zfs` is not on this host" in run(host, check=True)["msg"]
