# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module from its parameters to its result, on a host whose ZFS is faked."""

from __future__ import annotations

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import lock
from ansible_collections.containerhost.storage.plugins.module_utils._host import programs
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import datasets
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Value
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset import observe
from ansible_collections.containerhost.storage.plugins.modules import zfs_dataset
from support import zfs_answers
from support.zfs_hosts import dataset, pool

READING = ("get", "list")


UNLIMITED = str(2**64 - 1)
NAMESPACE = ("atime", "devices", "exec", "readonly", "relatime", "setuid")


class Host:
    """A host with pool tank, whose ZFS is as OpenZFS 2.2 is: it takes, refuses and shows so."""

    def __init__(self):
        self.datasets, self.argvs, self.pool = {"tank": dataset("tank")}, [], {}
        self.options = {}  # dataset -> property -> value of its mount
        self.how = []  # what each command was run with besides

    def run_command(self, argv, **more):
        self.argvs.append(argv)
        self.how.append(more)
        assert argv[0] in ("zfs", "zpool")
        return getattr(self, f"{argv[0]}_{argv[1]}")(argv[2:])

    def zpool_get(self, words):
        assert words[-1] == "tank"
        return zfs_answers.zpool_get(pool(**self.pool).values, words)

    def zfs_get(self, words):
        return zfs_answers.zfs_get(
            {name: self.shown(it) for name, it in self.datasets.items()}, words
        )

    def shown(self, it):
        """As `zfs get -p` shows it: with the alternate root, and the options of its mount."""
        limits = ("filesystem_limit", "snapshot_limit")
        values = {name: it.values[name] for name in limits if name in it.values}
        values = {name: Value("none", source) for name, (value, source) in values.items()
                  if value == UNLIMITED}  # fmt: skip
        for name, value in self.options.get(it.name, {}).items():
            if it.shown(name) != value:
                values[name] = Value(value, "temporary")
        place, root = it.values.get("mountpoint"), self.pool.get("altroot", "-")
        if root != "-" and place and place.value.startswith("/"):
            values["mountpoint"] = Value(root + place.value, place.source)
        return it.changed(values)

    def zfs_list(self, words):
        return zfs_answers.zfs_list(self.datasets, words)

    def given(self, words):
        """Property -> value as it is kept; raises what ZFS says where it takes none."""
        found = {}
        for name, _equals, value in (word.partition("=") for word in words):
            if name in ("quota", "refquota") and value == "0":
                raise ValueError("use 'none' to disable quota/refquota")
            limit = name.endswith("_limit")
            found[name] = {"none": UNLIMITED if limit else "0"}.get(value, value) if (
                limit or name.endswith(("quota", "reservation"))) else value  # fmt: skip
        return found

    def zfs_create(self, words):
        try:
            given = self.given([word for word in words if "=" in word])
        except ValueError as error:
            return 1, "", f"cannot create '{words[-1]}': {error}"
        self.datasets[words[-1]] = dataset(words[-1], **given)
        return 0, "", ""

    def zfs_set(self, words):
        try:
            given = self.given(words[:-1])
        except ValueError as error:
            return 1, "", f"cannot set property for '{words[-1]}': {error}"
        found = self.datasets[words[-1]]
        self.datasets[words[-1]] = found.changed({name: Value(it) for name, it in given.items()})
        if found.shown("mountpoint") != "legacy":  # it mounts again what is in force by its mount
            self.options[words[-1]] = {
                name: value
                for name, value in self.options.get(words[-1], {}).items()
                if not (name in given and name in NAMESPACE)
            }
        return 0, "", ""

    def zfs_destroy(self, words):
        del self.datasets[words[0]]
        return 0, "", ""

    def changing(self):
        return [" ".join(argv) for argv in self.argvs if argv[1] not in READING]


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host()
    (tmp_path / "zfs").touch()
    monkeypatch.setattr(datasets, "DEVICE", str(tmp_path / "zfs"))
    monkeypatch.setattr(datasets, "MODULE", str(tmp_path / "zfs"))
    monkeypatch.setattr(datasets, "KSTAT", str(tmp_path))
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_more: "/usr/sbin/zfs")
    monkeypatch.setattr(observe, "find_uses", lambda datasets: ())
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "lock"))
    monkeypatch.setattr(
        basic.AnsibleModule, "run_command", lambda self, argv, **it: host.run_command(argv, **it)
    )

    def end(self, **result):
        raise Ended(result)

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(
        basic.AnsibleModule, "fail_json", lambda self, **it: end(self, failed=1, **it)
    )
    return host


def run(host, check=False, **params):
    """Run the module once; return its result. The host's list of commands begins anew."""
    host.argvs, host.how = [], []
    arguments = {"name": "tank/a", "_ansible_check_mode": check, **params}
    with patch_module_args(arguments), pytest.raises(Ended) as ended:
        zfs_dataset.main()
    return ended.value.args[0]


EIGHT = {
    "quota": "10G",
    "recordsize": "64K",
    "compression": "zstd",
    "atime": False,
    "xattr": "sa",
    "mountpoint": "/srv/a",
    "org.example:owner": "docker",
    "sync": "disabled",
}


def test_check_mode_tells_what_the_real_run_does(host):
    planned = run(host, check=True, properties=EIGHT)
    assert host.changing() == []
    done = run(host, properties=EIGHT)
    assert len(host.changing()) == 1
    for key in ("steps", "changed", "diff", "findings"):
        assert done[key] == planned[key]
    assert done["state"]["dataset"]["properties"]["quota"] == {
        "value": "10737418240",
        "source": "local",
    }


def test_eight_properties_and_nothing_to_do_are_two_commands(host):
    run(host, properties=EIGHT)
    again = run(host, properties=EIGHT)
    assert (again["changed"], again["steps"]) == (False, [])
    assert [argv[:2] for argv in host.argvs] == [["zpool", "get"], ["zfs", "get"]]


def test_all_that_differs_is_set_in_one_command(host):
    run(host)
    run(host, properties={**EIGHT, "compression": "lz4"})
    assert len(host.changing()) == 1
    assert host.changing()[0].startswith(
        "zfs set quota=10737418240 recordsize=65536 compression=lz4"
    )


KEPT = [
    ({"refquota": "none"}, "zfs create -o refquota=none tank/a"),
    ({"quota": 0}, "zfs create -o quota=none tank/a"),
    ({"filesystem_limit": "none"}, "zfs create -o filesystem_limit=none tank/a"),
    ({"snapshot_limit": "none", "quota": "1.5G"},
     "zfs create -o snapshot_limit=none -o quota=1610612736 tank/a"),
    ({"org.x:tpl": "$HOME/x"}, "zfs create -o org.x:tpl=$HOME/x tank/a"),
    ({"org.x:tpl": "~root/`id` -o a=b"}, "zfs create -o org.x:tpl=~root/`id` -o a=b tank/a"),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "command"), KEPT)
def test_what_is_wanted_is_set_once_and_kept(host, properties, command):
    done = run(host, properties=properties)
    assert not done.get("failed"), done
    assert host.changing() == [command]
    assert {more["expand_user_and_vars"] for more in host.how} == {False}
    assert run(host, properties=properties)["changed"] is False
    run(host, name="tank/b")
    changed = run(host, name="tank/b", properties={"quota": "1G", "filesystem_limit": 7})
    assert len(host.changing()) == 1, changed
    taken_off = {"quota": "none", "filesystem_limit": "none"}
    assert not run(host, name="tank/b", properties=taken_off).get("failed")
    assert host.changing() == ["zfs set quota=none filesystem_limit=none tank/b"]
    assert run(host, name="tank/b", properties=taken_off)["changed"] is False


def test_what_another_tool_has_set_is_told_in_one_line(host):
    run(host)
    odd = Value("v\tlocal\ntank/a\tquota\t1 \x1b[31m caf\udce9 " + "x" * 5000)
    host.datasets["tank/a"] = host.datasets["tank/a"].changed({"org.x:y": odd})
    result = run(host, check=True, properties={"org.x:y": "plain", "quota": "1G"})
    (step,) = result["steps"]
    assert step["action"] == "zfs set org.x:y=plain quota=1073741824 tank/a"
    assert step["reason"].isprintable()
    assert len(step["reason"]) < 200
    assert not run(host, properties={"org.x:y": "plain", "quota": "1G"}).get("failed")
    assert run(host, properties={"org.x:y": "plain", "quota": "1G"})["changed"] is False


def test_a_pool_with_an_alternate_root_keeps_its_mountpoints(host):
    host.pool = {"altroot": "/mnt"}
    for name, wish in (("tank/a", {"mountpoint": "/srv/a"}), ("tank/b", {"mountpoint": "/"})):
        assert not run(host, name=name, properties=wish).get("failed")
        assert run(host, name=name, properties=wish)["changed"] is False
        assert host.datasets[name].shown("mountpoint") == wish["mountpoint"]


@pytest.mark.parametrize("wish", [True, False])
def test_what_only_the_present_mount_has_is_not_kept(host, wish):
    run(host)
    host.options = {"tank/a": {"readonly": "on"}}  # mount -o remount,ro
    result = run(host, properties={"readonly": wish})
    assert host.changing() == [f"zfs set readonly={'on' if wish else 'off'} tank/a"]
    assert "readonly (was on for this mount only)" in result["steps"][0]["reason"]
    assert host.datasets["tank/a"].values["readonly"] == Value("on" if wish else "off")
    assert run(host, properties={"readonly": wish})["changed"] is False


def test_an_option_in_fstab_goes_before_what_is_set(host):
    run(host, properties={"mountpoint": "legacy"})
    host.options = {"tank/a": {"atime": "on"}}
    refused = run(host, properties={"atime": False})
    assert refused["refusal"] == "property_overridden"
    assert host.changing() == []
    assert run(host, properties={"atime": True})["changed"]
    assert run(host, properties={"atime": True})["changed"] is False


def test_what_a_run_has_left_half_made_is_finished(host):
    """It makes a dataset, and sets its properties next: a power cut may come between the two."""
    host.datasets["tank/a"] = dataset("tank/a")
    assert not run(host, properties=EIGHT).get("failed")
    assert [argv[:8] for argv in host.changing()] == ["zfs set "]
    assert run(host, properties=EIGHT)["changed"] is False


def test_nothing_is_destroyed_but_with_the_seal_of_what_is_there(host):
    run(host)
    planned = run(host, check=True, state="absent")
    (lost,) = planned["destroys"]
    assert lost.startswith(f"filesystem tank/a (guid {sum(b'tank/a')}, 100 MiB, content ")
    for consent in (None, "0" * 12):
        refused = run(host, state="absent", consent=consent)
        assert refused["failed"]
        assert planned["seal"] in refused["msg"]
        assert host.changing() == []
    done = run(host, state="absent", consent=planned["seal"])
    assert host.changing() == ["zfs destroy tank/a"]
    assert done["state"]["dataset"] is None
    again = run(host, state="absent")
    assert (again["changed"], len(host.argvs)) == (False, 2)


def shows(**figures):
    return {name: Value(str(value), "-") for name, value in figures.items()}


WRITTEN = [
    shows(referenced=2**20, written=2**20),
    shows(referenced=2**20, written=2**21),
    shows(createtxg=8),
]


@pytest.mark.parametrize("more", WRITTEN)
def test_what_was_written_meanwhile_is_not_consented_to(host, more):
    run(host)
    run(host, name="tank/b")
    seal = run(host, check=True, state="absent")["seal"]
    # What happens elsewhere takes nothing back.
    host.datasets["tank/b"] = host.datasets["tank/b"].changed(shows(referenced=9, written=9))
    host.datasets["tank"] = host.datasets["tank"].changed(shows(used=9, available=9))
    assert run(host, check=True, state="absent")["seal"] == seal
    host.datasets["tank/a"] = host.datasets["tank/a"].changed(more)
    refused = run(host, state="absent", consent=seal)
    assert (refused["refusal"], host.changing()) == ("consent_missing", [])


def test_what_was_overwritten_in_its_place_is_not_consented_to(host, tmp_path):
    """Nothing that ZFS shows of it is another then; the kernel counts what is written."""
    run(host)
    host.datasets["tank/a"] = host.datasets["tank/a"].changed(shows(objsetid=54))
    counters = tmp_path / "tank" / "objset-0x36"
    counters.parent.mkdir()
    row = "31 1 0x01 7 2160 5 6\nname type data\ndataset_name 7 tank/a\nnwritten 4 {}\nreads 4 {}\n"
    counters.write_text(row.format(4096, 1))
    seal = run(host, check=True, state="absent")["seal"]
    counters.write_text(row.format(4096, 99))
    assert run(host, check=True, state="absent")["seal"] == seal
    counters.write_text(row.format(8192, 99))
    assert run(host, state="absent", consent=seal)["refusal"] == "consent_missing"


def test_what_came_in_between_is_not_consented_to(host):
    run(host)
    seal = run(host, check=True, state="absent", recursive=True)["seal"]
    run(host, name="tank/a/b")
    refused = run(host, state="absent", recursive=True, consent=seal)
    assert "is not for this plan" in refused["msg"]
    assert host.changing() == []


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"name": "tank//a"}, "a part of the name is empty"),
        ({"properties": {"quota": "many"}}, "a size such as 512K"),
        ({"properties": {"quotta": "1G"}}, "Did you mean quota?"),
        ({"name": "tank/a/b"}, "its parent tank/a is not there"),
        ({"properties": {"org.x:y": "two\nlines"}}, "no character that can be written"),
        ({"properties": {"org.x:y": "\x00"}}, "no character that can be written"),
        ({"properties": {"quota": "9" * 5000}}, "a size such as 512K"),
        ({"properties": {"keylocation": "prompt:"}}, "file:///PATH"),
    ],
)
def test_a_refusal_comes_before_any_change(host, params, wrong):
    result = run(host, **params)
    assert result["failed"]
    assert wrong in result["msg"]
    assert host.changing() == []
