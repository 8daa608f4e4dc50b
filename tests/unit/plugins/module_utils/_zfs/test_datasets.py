# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datasets, pools and their properties, as `zfs` and `zpool` print them, whatever is in them."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._zfs import datasets
from ansible_collections.containerhost.storage.plugins.module_utils._zfs.dataset import Value
from support import zfs_answers
from support.zfs_hosts import dataset, pool


class Zfs:
    """Answers as the tools do, of these datasets; counts."""

    def __init__(self, *found, **values):
        self.datasets, self.values, self.argvs = {it.name: it for it in found}, values, []

    def __call__(self, argv):
        self.argvs.append(argv)
        if argv[:2] == ("zpool", "get"):
            return zfs_answers.zpool_get({**pool().values, **self.values}, argv)
        return zfs_answers.zfs_get(self.datasets, argv)

    def read(self, argv):
        rc, out, err = self(argv)
        assert not rc, err
        return out


def with_value(name, prop, value, **own):
    """A dataset, with a value that `zfs set` would not be given in one line."""
    return dataset(name, **own).changed({prop: Value(value)})


FAKES = [
    "one\ttwo",
    "first\nsecond",
    "v\tlocal\ntank\tquota\t1",
    "v\tlocal\ntank/a\tquota\t1",
    "v\tlocal\ntank/a\ttype\tvolume\t-\ntank/a\tquota\t1",
    "v\tlocal\ntank/b\ttype\tfilesystem\t-",  # which is not there
    "v\tlocal\ntank\torg.x:z\tfaked",
    "v\n\n",
    "\n",
    "-",
    "caf\udce9 \x1b[31m",
]


@pytest.mark.parametrize("prop", ["org.x:y", "mountpoint", "sharenfs"])
@pytest.mark.parametrize("value", FAKES)
def test_no_value_is_taken_for_another_property(value, prop):
    run = Zfs(with_value("tank", prop, value), dataset("tank/a", quota=7))
    found = datasets.read_datasets(run, ["tank", "tank/a", "tank/b"], ["org.x:y", "org.x:z"])
    assert set(found) == {"tank", "tank/a"}
    assert found["tank"].values[prop] == Value(value, "local")
    assert found["tank"].shown("quota") == "0"
    assert (found["tank/a"].shown("quota"), found["tank/a"].type) == ("7", "filesystem")
    assert "org.x:z" not in {**found["tank"].values, **found["tank/a"].values}


def test_the_properties_of_others_are_not_read():
    run = Zfs(with_value("tank", "org.x:y", "v\tlocal\ntank\tquota\t1"))
    found = datasets.read_datasets(run, ["tank"])
    assert found["tank"].shown("quota") == "0"
    assert len(run.argvs) == 1


def test_tools_that_are_older_than_the_module_are_asked_for_less(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "MODULE", str(tmp_path))
    for name in ("type", "quota", "longname", "direct"):
        (tmp_path / "properties.dataset" / name).mkdir(parents=True)
    answers = Zfs(dataset("tank", quota=7))
    asked = []

    def run(argv):
        asked.append(argv[6])
        for name in ("longname", "direct"):
            if name in argv[6].split(","):
                return 2, "", f"bad property list: invalid property '{name}'\nusage:\n\tget ...\n"
        return answers(argv)

    found = datasets.read_datasets(run, ["tank"], ["unheard_of"])
    assert found["tank"].shown("quota") == "7"
    assert asked[-1] == "type,quota"


@pytest.mark.parametrize(
    ("altroot", "shown", "set_to"),
    [
        ("/mnt", "/mnt/srv", "/srv"),
        ("/mnt", "/mnt", "/"),
        ("/mnt/", "/mnt//srv", "/srv"),
        ("/", "/srv", "/srv"),
        ("-", "/mnt/srv", "/mnt/srv"),
        ("/mnt", "legacy", "legacy"),
        ("/mnt", "none", "none"),
    ],
)
def test_a_mountpoint_is_read_as_it_is_set(altroot, shown, set_to):
    run = Zfs(dataset("tank", mountpoint=shown), altroot=altroot)
    found = datasets.read_datasets(run, ["tank"], (), datasets.read_pool(run, "tank").altroot)
    assert found["tank"].values["mountpoint"] == Value(set_to, "local")


def test_a_limit_of_none_is_one_number_however_it_is_shown():
    shown = {name: Value("none", "default") for name in ("filesystem_limit", "snapshot_limit")}
    found = datasets.read_datasets(Zfs(dataset("tank").changed(shown)), ["tank"])
    for name in shown:
        assert found["tank"].values[name] == Value(str(2**64 - 1), "default")


def test_a_pool_with_an_odd_altroot():
    run = Zfs(altroot="/a\nhealth\tFAULTED\nb\tc")
    found = datasets.read_pool(run, "tank")
    assert (found.health, found.altroot) == ("ONLINE", "/a\nhealth\tFAULTED\nb\tc")


WELL = Zfs(dataset("tank"), dataset("tank/a"))
GET = WELL(("zfs", "get", "-H", "-p", "-o", "name,property,value,source", "type,quota", "tank"))[1]
STRANGE = [
    ("", 1),
    ("tank\ttype\tfilesystem\t-\n", 2),  # cut off at a line
    ("tank\ttype\tfilesystem\t-\ntank\tquo", 2),
    ("tank\ttype\tfilesystem\t-\ntank\tquota\t0\n", 2),
    ("tank\ttype\tfilesystem\t-\ntank\tquota\t0\tsomewhere\n", 2),
    ("tank\ttype\tfilesystem\t-\nother\tquota\t0\tdefault\n", 2),
    ("tank\tquota\t0\tdefault\ntank\ttype\tfilesystem\t-\n", 1),
    ("\x00\n\x00\n", 1),
]


def only(monkeypatch, *names):
    monkeypatch.setattr(datasets, "_asked_for", lambda wanted: list(names))


@pytest.mark.parametrize(("answer", "line"), STRANGE)
def test_what_cannot_be_read_is_refused_by_its_command_and_its_line(monkeypatch, answer, line):
    only(monkeypatch, "type", "quota")
    with pytest.raises(StorageError) as refused:
        datasets.read_datasets(lambda argv: (0, answer, ""), ["tank"])
    assert refused.value.details == {"refusal": "answer_unreadable"}
    assert str(refused.value).startswith("`zfs get -H -p -o name,property,value,source type,quota ")
    assert f"line {line} of its answer" in str(refused.value)
    assert str(refused.value).isprintable()


def test_an_answer_as_it_should_be(monkeypatch):
    only(monkeypatch, "type", "quota")
    found = datasets.read_datasets(lambda argv: (0, GET, ""), ["tank"])
    assert found["tank"].plain == {"type": "filesystem", "quota": "0"}


@pytest.mark.parametrize(
    "answer",
    [
        "health\tONLINE\n",
        "health\tONLINE\ncapacity\t1\nreadonly\toff\n",
        "health\n",
        "health\tONLINE\nhealth\tFAULTED\n",
        "\udcff\tx\n",
    ],
)
def test_a_pool_that_cannot_be_read_is_refused(answer):
    with pytest.raises(StorageError, match=r"`zpool get .* of its answer") as refused:
        datasets.read_pool(lambda argv: (0, answer, ""), "tank")
    assert refused.value.details == {"refusal": "answer_unreadable"}


class Lists:
    """Answers to `zfs list`, whatever it is asked."""

    def __init__(self, answer):
        self.answer = answer

    def read(self, _argv):
        return self.answer


@pytest.mark.parametrize(
    "answer",
    ["tank\n", "tank\tfilesystem\t1\t-\t-\n", "tank\tfilesystem\t" + "9" * 5000 + "\t-" * 7 + "\n"],
)
def test_members_that_cannot_be_read_are_refused(answer):
    with pytest.raises(StorageError, match=r"`zfs list .*line 1 of its answer") as refused:
        datasets.list_members(Lists(answer), "tank")
    assert refused.value.details == {"refusal": "answer_unreadable"}


def test_clones_that_are_too_many_for_zfs_to_list():
    """ZFS cuts what is longer than 8191 bytes, in the midst of a name."""
    clones = ",".join(f"tank/{number:060}" for number in range(200))[:8191]
    row = f"tank/a@s\tsnapshot\t1\t-\t{clones}\t0\t1\t2\t3\t4\n"
    (member,) = datasets.list_members(Lists(row), "tank/a@s")
    assert len(member.clones) == 124
    assert {len(name) for name in member.clones} == {65}
