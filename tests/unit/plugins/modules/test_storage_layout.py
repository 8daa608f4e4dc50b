# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module from its parameters to its result, on a host whose layers do what they are told."""

from __future__ import annotations

import contextlib

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._btrfs_filesystem import (
    keeper as btrfs_keeper,
)
from ansible_collections.containerhost.storage.plugins.module_utils._core import apply, lock
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import Claim
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    disks,
    drivers,
)
from ansible_collections.containerhost.storage.plugins.module_utils._info import (
    engine as engine_topic,
)
from ansible_collections.containerhost.storage.plugins.module_utils._layout import observe
from ansible_collections.containerhost.storage.plugins.module_utils._storage_driver import (
    keeper as engine_keeper,
)
from ansible_collections.containerhost.storage.plugins.modules import storage_layout
from support import driver_hosts
from support.btrfs_disks import btrfs, mounted
from support.btrfs_disks import host as unmounted
from support.engine_hosts import CONFIG
from support.layout_hosts import DISK, ON_BTRFS, ROOT, engine
from support.lvm_hosts import disk

MOUNT_UNIT = "/etc/systemd/system/var-lib-docker.mount"
GUARD = "/etc/systemd/system/docker.service.d/50-var-lib-docker.conf"
MKFS = f"mkfs.btrfs --quiet --label docker {DISK}"
ON_DISK = [
    MKFS,
    "systemctl daemon-reload",
    "systemctl stop -- docker.service",
    "systemctl enable --quiet --no-reload -- var-lib-docker.mount",
    "systemctl restart -- var-lib-docker.mount",
    "systemctl reset-failed -- docker.service",
    "systemctl restart -- docker.service",
]


class Host:
    """A host with a blank disk and a Docker that runs, whose tools do what they are told."""

    def __init__(self):
        self.files, self.argvs, self.held, self.fails = {}, [], [], ""
        self.made = self.mounted = False
        self.running, self.driver, self.installed = True, "overlay2", True
        self.lacking, self.facts = (), driver_hosts.BOOKWORM

    def run_command(self, argv, **_kwargs):
        self.argvs.append(" ".join(argv))
        if self.argvs[-1] == self.fails:
            self.fails = ""
            return 1, "", "it does not"
        if argv[0] == "mkfs.btrfs":
            self.made = True
        elif argv[-1] == "docker.service" and argv[1] in ("stop", "start", "restart"):
            self.running = argv[1] != "stop"
            if self.running:
                self.driver = "btrfs" if "btrfs" in self.files.get(CONFIG, "") else "overlay2"
        elif argv[-1] == "var-lib-docker.mount" and argv[1] in ("restart", "disable"):
            assert not self.running
            self.mounted = argv[1] == "restart"
        return 0, "", ""

    def write(self, step):
        if step.content is None:
            self.files.pop(step.path, None)
        else:
            self.files[step.path] = step.content

    def observe_btrfs(self, _run, wanted):
        if self.mounted:
            found = mounted(disks=[disk()], what=DISK)
            return found._replace(mount=found.mount._replace(unit_text=self.files[MOUNT_UNIT]))
        values = {"guarded": ("docker.service",) if GUARD in self.files else ()}
        values["active"] = ("docker.service",) if self.running else ()
        return unmounted(btrfs() if self.made else None, [disk()], **values)

    def observe_engine(self, _run, wanted):
        if not self.installed:
            return engine()._replace(engine=None)
        backing = {"backing": ON_BTRFS} if self.mounted else {}
        active = "active" if self.running else "inactive"
        return engine(self.driver, self.files.get(CONFIG), active=active, **backing)

    def observe_drivers(self, _run, _engine, _disks, wish):
        facts = self.facts._replace(disks=wish.disks, data_root=wish.data_root)
        return drivers.Seen(facts, facts, wish)

    @contextlib.contextmanager
    def hold(self, claims):
        self.held += [(claim.path, claim.locked) for claim in claims]
        yield


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host()
    monkeypatch.setattr(btrfs_keeper.observe, "observe", host.observe_btrfs)
    monkeypatch.setattr(engine_keeper.observe, "observe", host.observe_engine)
    seen = engine_topic.Seen(engine_topic.State(None, engine_topic._NO_FILE), True)
    monkeypatch.setattr(engine_topic, "observe", lambda _run, _service: seen)
    monkeypatch.setattr(disks, "observe", lambda _run: None)
    monkeypatch.setattr(drivers, "observe", host.observe_drivers)
    monkeypatch.setattr(observe, "missing_programs", lambda tools: host.lacking)
    monkeypatch.setattr(observe, "read_release", lambda: {"ID": "debian"})
    monkeypatch.setattr(storage_layout.disk, "hold", host.hold)
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


WISH = {"driver": "btrfs", "devices": [DISK]}


def run(host, check=False, **params):
    """Run the module once; return its result. The host's list of commands begins anew."""
    host.argvs = []
    arguments = {**WISH, "_ansible_check_mode": check, **params}
    with patch_module_args(arguments), pytest.raises(Ended) as ended:
        storage_layout.main()
    return ended.value.args[0]


def test_check_mode_tells_what_the_real_run_does(host):
    planned = run(host, check=True)
    assert (host.argvs, host.files, host.held) == ([], {}, [])
    done = run(host)
    assert host.argvs == ON_DISK
    assert host.held == [(DISK, True)]
    assert {MOUNT_UNIT, GUARD, CONFIG} <= set(host.files)
    for key in ("steps", "changed", "diff", "findings", "packages"):
        assert done[key] == planned[key], key
    assert done["packages"] == []
    assert "choice" not in done
    state = done["state"]
    assert (state["driver"], state["storage"], state["missing_tools"]) == ("btrfs", "btrfs", [])
    assert state["btrfs"]["mount"]["path"] == ROOT


def test_nothing_to_do_is_no_step(host):
    run(host)
    again = run(host)
    assert (again["changed"], again["steps"]) == (False, [])
    assert host.argvs == []


@pytest.mark.parametrize("step", ON_DISK[3:5] + ON_DISK[-1:])
def test_what_fails_leaves_the_engine_on_what_it_had(host, step):
    host.fails = step
    result = run(host)
    assert result["failed"]
    assert "it does not" in result["msg"]
    assert [it["action"] for it in result["kept"]] == [MKFS]
    assert (host.mounted, host.running, host.driver) == (False, True, "overlay2")
    assert not {MOUNT_UNIT, GUARD, CONFIG} & set(host.files)


def test_auto_takes_the_driver_that_suits_and_says_why(host):
    auto = {"driver": "auto", "workload": "large_files"}
    planned = run(host, check=True, **auto)
    done = run(host, **auto)
    assert host.argvs == ON_DISK
    assert done["choice"] == planned["choice"]
    assert (done["choice"]["driver"], done["choice"]["takes_disks"]) == ("btrfs", True)
    assert "large file" in done["choice"]["why"]
    assert done["choice"]["against"]["vfs"] == "it copies every layer whole"


def test_auto_makes_the_same_choice_again(host):
    auto = {"driver": "auto", "workload": "large_files"}
    run(host, **auto)
    host.facts = driver_hosts.on("btrfs", backing=driver_hosts.OWN_BTRFS)
    again = run(host, **auto)
    assert (again["changed"], host.argvs) == (False, [])
    assert again["choice"]["driver"] == "btrfs"


def test_auto_takes_no_disk_that_its_driver_does_not_need(host):
    host.facts = driver_hosts.on("overlay2")
    result = run(host, driver="auto", check=True)
    assert (result["choice"]["driver"], result["choice"]["takes_disks"]) == ("overlay2", False)
    assert result["state"]["storage"] == "none"
    assert [it["action"] for it in result["steps"]] == [f"write {CONFIG}"]


def test_auto_on_a_host_without_an_engine_is_a_refusal(host):
    host.installed, host.facts = False, driver_hosts.BOOKWORM._replace(version=())
    result = run(host, driver="auto")
    assert result["failed"]
    assert result["refusal"] == "no_driver_possible"
    assert "There is no engine to choose for" in result["msg"]
    assert (host.argvs, host.files) == ([], {})


def test_missing_tools_are_refused_or_reported(host):
    host.lacking = ("mkfs.btrfs",)
    refused = run(host)
    assert (refused["failed"], refused["refusal"]) == (1, "program_missing")
    reported = run(host, missing_tools="report")
    assert (reported["changed"], reported["steps"]) == (False, [])
    assert reported["packages"] == ["btrfs-progs"]
    assert reported["state"]["missing_tools"] == ["mkfs.btrfs"]
    assert (host.argvs, host.files) == ([], {})


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"data_root": "/"}, "data_root='/': it is not a plain absolute path"),
        ({"data_root": "/srv/../x"}, "data_root='/srv/../x': it is not a plain absolute path"),
        ({"btrfs_label": "-x"}, "label=-x"),
        ({"service": "docker"}, "service=docker"),
        ({"btrfs_data_profile": "raid1"}, "it needs 2 devices"),
    ],
)
def test_a_refusal_comes_before_any_change(host, params, wrong):
    result = run(host, **params)
    assert result["failed"]
    assert wrong in result["msg"]
    assert (host.argvs, host.files) == ([], {})


@pytest.mark.parametrize(
    ("locked", "how"), [((True, True), "hold"), ((False, False), "check"), ((True, False), "check")]
)
def test_disks_are_locked_unless_their_program_partitions_them(monkeypatch, locked, how):
    taken = []
    for name in ("hold", "check"):
        monkeypatch.setattr(
            storage_layout.disk, name, lambda claims, name=name: taken.append((name, claims))
        )
    claims = tuple(Claim(DISK, "254:16", 10, "", "", it) for it in locked)
    storage_layout.hold(claims)
    assert taken == [(how, claims)]
