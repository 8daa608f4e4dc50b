# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module on real files, on a host without an engine; killed at any instant as well."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.containerhost.storage.plugins.module_utils._core import journals
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import (
    observe,
    rules,
)
from ansible_collections.containerhost.storage.plugins.modules import data_root_reset
from support.data_roots import filled
from support.instants import killed_at, sampled

ASIDE = ".containerhost-storage-aside"


class Ended(Exception):  # noqa: N818
    """The module has exited; its result is the argument."""


@pytest.fixture
def module(monkeypatch, tmp_path):
    """``module(check=False, **options) -> result``."""

    def end(_module, **result):
        raise Ended({"failed": False, **result})

    def fail(_module, **result):
        raise Ended({**result, "failed": True})

    monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
    monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, _text: None)
    monkeypatch.setattr(basic.AnsibleModule, "run_command", lambda _module, argv, **_more: (
        subprocess.run(argv, check=False).returncode, "", ""
    ))  # fmt: skip
    monkeypatch.setattr(observe, "observe_engine", lambda _run, _service: None)
    monkeypatch.setattr(rules, "PATIENCE", 0)

    def run(check=False, **options):
        given = {
            "path": str(tmp_path / "docker"),
            "config_file": str(tmp_path / "daemon.json"),
            "_ansible_check_mode": check,
            **options,
        }
        with patch_module_args(given), pytest.raises(Ended) as ended:
            data_root_reset.main()
        return ended.value.args[0]

    def agreed(**options):
        return run(consent=run(check=True, **options)["seal"], **options)

    run.agreed = agreed
    return run


@pytest.fixture
def root(tmp_path):
    """A data root with something of everything that a reset takes, and something foreign."""
    made = filled(tmp_path / "docker")
    for manager in ("swarm/raft/wal-v3-encrypted/0.wal",):
        (made.path / manager).unlink()
        (made.path / manager).parent.rmdir()
        (made.path / manager).parent.parent.rmdir()
    (made.path / "backup").mkdir()
    (made.path / "backup" / "dump.sql").write_text("precious")
    (made.path / "volumes" / "data" / "_data" / "db").write_text("kept")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("not ours")
    os.symlink(outside, made.path / "overlay2" / "link")
    return made.path


def tree(path):
    """Every path below a folder -> the hash of what it holds."""
    found = {}
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            place = os.path.join(folder, name)
            if os.path.islink(place) or os.path.isdir(place):
                found[os.path.relpath(place, path)] = ""
            else:
                with open(place, "rb") as stream:
                    digest = hashlib.sha256(stream.read()).hexdigest()
                found[os.path.relpath(place, path)] = digest
    return found


def kept(before):
    """What has to be there afterwards: the volumes, and what no engine makes."""
    return {name: it for name, it in before.items() if name.split("/")[0] in ("volumes", "backup")}


def test_it_tells_and_changes_nothing(module, root):
    before = tree(root)
    result = module(check=True)
    assert result["changed"]
    assert result["seal"]
    assert "1 container" not in result["destroys"]
    assert any(it.startswith("2 containers (") for it in result["destroys"])
    assert any(it.startswith("1 network (front)") for it in result["destroys"])
    (told,) = result["removable"]
    assert "volumes" not in told["names"]
    assert "backup" not in told["names"]
    assert told["holds"]["volumes"] == []
    assert tree(root) == before


def test_without_consent_nothing_goes(module, root):
    before = tree(root)
    for consent in (None, "0123456789ab"):
        result = module(consent=consent)
        assert (result["failed"], result["refusal"]) == (True, "consent_missing")
    assert tree(root) == before


def test_all_goes_but_the_volumes_and_what_is_foreign(module, root):
    before = tree(root)
    result = module.agreed()
    assert result["changed"]
    assert tree(root) == kept(before)
    assert tree(root.parent / "outside") == {"file": hashlib.sha256(b"not ours").hexdigest()}
    again = module()
    assert (again["failed"], again["changed"], again["steps"]) == (False, False, [])
    assert not os.listdir(journals.FOLDER)


def test_the_volumes_go_where_that_is_said(module, root):
    result = module.agreed(volumes="destroy")
    assert any(it.startswith("3 volumes (") for it in result["destroys"])
    assert os.listdir(root) == ["backup"]


def test_leftovers_of_a_driver_go_alone(module, root):
    before = tree(root)
    filled(root.parent / "old", "vfs")
    for name in ("vfs", "image/vfs"):
        os.rename(root.parent / "old" / name, root / name)
    with_leftovers = tree(root)
    result = module.agreed(only_of=["vfs"])
    assert [it["names"] for it in result["removable"]] == [["vfs", "image/vfs"]]
    assert tree(root) == before != with_leftovers
    assert not module(only_of=["vfs"])["changed"]


def test_a_container_of_a_dropped_driver_goes_with_it(module, root, tmp_path):
    old = filled(tmp_path / "old", "devicemapper").path
    for container in os.listdir(old / "containers"):
        os.rename(old / "containers" / container, root / "containers" / f"a{container[1:]}")
    for name in ("devicemapper", "image/devicemapper"):
        os.rename(old / name, root / name)
    result = module(check=True, only_of=["devicemapper"])
    containers = [it for it in result["removable"][0]["names"] if it.startswith("containers/")]
    assert len(containers) == 2
    before = set(os.listdir(root / "containers"))
    module.agreed(only_of=["devicemapper"])
    assert len(before - set(os.listdir(root / "containers"))) == 2


def test_a_data_root_that_is_not_there_or_empty_needs_nothing(module, tmp_path):
    assert not module()["changed"]
    (tmp_path / "docker").mkdir()
    assert not module()["changed"]


def test_a_link_is_refused(module, root):
    os.rename(root, root.parent / "elsewhere")
    os.symlink("elsewhere", root)
    assert module(check=True)["refusal"] == "data_root_link"


def test_with_user_namespaces_both_roots_are_emptied(module, root):
    inner = filled(root / "165536.165536").path
    (inner / "swarm" / "raft").joinpath("wal-v3-encrypted", "0.wal").unlink()
    (inner / "swarm" / "raft" / "wal-v3-encrypted").rmdir()
    (inner / "swarm" / "raft").rmdir()
    result = module.agreed()
    assert [it["path"] for it in result["removable"]] == [str(root), str(inner)]
    assert sorted(os.listdir(root)) == ["165536.165536", "backup", "volumes"]
    assert os.listdir(inner) == ["volumes"]


def test_a_process_that_works_in_it_keeps_it(module, root):
    before = tree(root)
    with open(root / "overlay2" / "open", "w", encoding="ascii"):
        sleeper = subprocess.Popen(["sleep", "60"], cwd=root / "overlay2")
        try:
            result = module.agreed()
        finally:
            sleeper.kill()
            sleeper.wait()
    assert result["refusal"] == "data_root_busy"
    assert f"process {sleeper.pid} (sleep) has {root}/overlay2 open" in result["msg"]
    os.unlink(root / "overlay2" / "open")
    assert {**before, ASIDE: ""} == tree(root)
    assert module.agreed()["changed"]


@pytest.mark.parametrize("first", [0, 2])
def test_killed_at_any_instant_nothing_of_value_is_lost(module, root, first):
    """The next run ends it or has taken it back; what stays is there all the time."""
    everything, stays = tree(root), kept(tree(root))
    for instant in sampled(first):
        seal = module(check=True).get("seal")

        def run(seal=seal):
            with contextlib.suppress(BaseException):
                module(consent=seal)

        came = killed_at(instant, run, basic.AnsibleModule)
        left = tree(root)
        assert {name: it for name, it in left.items() if name in stays} == stays
        if not came:
            break
        told = module(check=True)
        result = module(consent=told.get("seal"))
        if result["failed"]:  # an earlier run was taken back first, and this plan is another one
            result = module.agreed()
        assert not result["failed"], result["msg"]
        assert tree(root) == stays
        again = module()
        assert (again["failed"], again["changed"]) == (False, False)
        _restore(root, everything)
    else:
        pytest.fail("it never came to its end")


def _restore(root, everything):
    for name in os.listdir(root):
        if name in ("volumes", "backup"):
            continue
    source = filled(root.parent / "again").path
    for name in os.listdir(source):
        if name != "volumes" and not (root / name).exists():
            os.rename(source / name, root / name)
    subprocess.run(["rm", "-rf", str(source), str(root / "swarm" / "raft")], check=True)
    os.symlink(root.parent / "outside", root / "overlay2" / "link")
    assert tree(root).keys() == everything.keys()
