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
from ansible_collections.containerhost.storage.plugins.module_utils._zfs_dataset import observe
from ansible_collections.containerhost.storage.plugins.modules import zfs_dataset
from support.zfs_hosts import dataset, pool

READING = ("get", "list")


class Host:
    """A host with pool tank, whose ZFS does what it is told."""

    def __init__(self):
        self.datasets, self.argvs = {"tank": dataset("tank")}, []

    def run_command(self, argv, **_kwargs):
        self.argvs.append(argv)
        assert argv[0] in ("zfs", "zpool")
        return getattr(self, f"{argv[0]}_{argv[1]}")(argv[2:])

    def zpool_get(self, words):
        assert words[-1] == "tank"
        return 0, "".join(f"{name}\t{value}\n" for name, value in pool().values.items()), ""

    def zfs_get(self, words):
        out = err = ""
        for name in words[words.index("all") + 1 :]:
            if name not in self.datasets:
                err += f"cannot open '{name}': dataset does not exist\n"
                continue
            for prop, (value, source) in self.datasets[name].values.items():
                out += f"{name}\t{prop}\t{value}\t{source}\n"
        return int(bool(err)), out, err

    def zfs_list(self, words):
        top = words[-1]
        rows = [it for name, it in self.datasets.items() if name.startswith(top)]
        row = "{}\t{}\t{}\t-\t-\t-\n"
        return 0, "".join(row.format(it.name, it.type, it.shown("guid")) for it in rows), ""

    def zfs_create(self, words):
        given = [word.split("=", 1) for word in words if "=" in word]
        self.datasets[words[-1]] = dataset(words[-1], **dict(given))
        return 0, "", ""

    def zfs_set(self, words):
        given = dict(word.split("=", 1) for word in words[:-1])
        self.datasets[words[-1]] = dataset(words[-1], **given)
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
        basic.AnsibleModule, "run_command", lambda self, argv, **more: host.run_command(argv)
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
    host.argvs = []
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


def test_nothing_is_destroyed_but_with_the_seal_of_what_is_there(host):
    run(host)
    planned = run(host, check=True, state="absent")
    assert planned["destroys"] == [f"filesystem tank/a (guid {sum(b'tank/a')})"]
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
    ],
)
def test_a_refusal_comes_before_any_change(host, params, wrong):
    result = run(host, **params)
    assert result["failed"]
    assert wrong in result["msg"]
    assert host.changing() == []
