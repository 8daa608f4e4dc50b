# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What works in a data root once its engine stands still."""

from __future__ import annotations

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._core.plan import StorageError
from ansible_collections.containerhost.storage.plugins.module_utils._data_root_reset import rules
from ansible_collections.containerhost.storage.plugins.module_utils._host.mounts import Mount
from support.reset_hosts import ROOT, root

MERGED = Mount("0:50", "/", f"{ROOT}/overlay2/a/merged", "overlay", "overlay", ("rw",))
OF_LAYERS = Mount("0:50", "/", "/", "overlay", "overlay", ("rw", f"lowerdir={ROOT}/overlay2/l/A"))
ELSEWHERE = Mount("0:51", "/", "/srv", "overlay", "overlay", ("rw", "lowerdir=/srv/l"))
DISK = Mount("254:1", "/", "/", "ext4", "/dev/vda1", ("rw",))
OWN_NAMES = Mount("0:60", "/", f"{ROOT}/x", "tmpfs", "tmpfs", ("rw",))  # in a container's own tree
FOLDER_OF_DISK = DISK._replace(root=f"{ROOT}/volumes/v", path=f"{ROOT}/x")

USES = [
    ({"self": [DISK]}, []),
    ({"self": [DISK, ELSEWHERE], "7": [DISK, OWN_NAMES]}, []),
    ({"self": [DISK, MERGED]}, [f"{ROOT}/overlay2/a/merged is mounted"]),
    ({"self": [DISK], "7": [OF_LAYERS]}, ["/ is mounted for process 7 (it)"]),
    ({"self": [DISK], "7": [FOLDER_OF_DISK]}, [f"{ROOT}/x is mounted for process 7 (it)"]),
]


@pytest.mark.parametrize(("tables", "told"), USES)
def test_mounts_that_lie_in_it_or_are_made_of_it(monkeypatch, tables, told):
    monkeypatch.setattr(rules, "tables", lambda: tables)
    monkeypatch.setattr(rules, "mounts", lambda: tables["self"])
    monkeypatch.setattr(rules.holders, "who", lambda process: f"process {process} (it)")
    assert list(rules._mounted((ROOT,))) == told


def test_loop_devices_on_its_files(monkeypatch):
    files = {
        "/sys/block/loop0/loop/backing_file": f"{ROOT}/devicemapper/devicemapper/data\n",
        "/sys/block/loop1/loop/backing_file": "/srv/image\n",
    }
    monkeypatch.setattr(rules.glob, "glob", lambda _pattern: list(files))
    monkeypatch.setattr(rules, "text_of", files.get)
    told = f"/dev/loop0 is attached to {ROOT}/devicemapper/devicemapper/data"
    assert list(rules._loops((ROOT,))) == [told]


def seen(monkeypatch, looks):
    """Each look finds what is next in a list; time goes by with every sleep."""
    looks, clock = iter(looks), [0.0]
    monkeypatch.setattr(rules, "_at_work", lambda _paths: next(looks))
    monkeypatch.setattr(rules.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(rules.time, "sleep", lambda it: clock.__setitem__(0, clock[0] + it))


def test_what_an_engine_leaves_behind_it_is_waited_for(monkeypatch):
    seen(monkeypatch, [["it is mounted"], ["it is mounted"], []])
    rules.require_nothing_lives([root()])


def test_what_stays_is_named(monkeypatch):
    seen(monkeypatch, [["one", "two", "three", "four"]] * 100)
    with pytest.raises(StorageError, match="in use still: one, two, three, and 1 more") as error:
        rules.require_nothing_lives([root()])
    assert error.value.details["refusal"] == "data_root_busy"
