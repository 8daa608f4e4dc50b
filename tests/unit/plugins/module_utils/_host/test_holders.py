# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a mount, here and elsewhere."""

from __future__ import annotations

import os

import pytest
from ansible_collections.containerhost.storage.plugins.module_utils._host import holders, mounts

ME = str(os.getpid())


def test_what_a_process_holds_open(tmp_path):
    (tmp_path / "data").mkdir()
    path, place = str(tmp_path / "data/file"), str(tmp_path / "data")
    with open(path, "w", encoding="utf-8"):
        assert holders.held_below(ME, [place, str(tmp_path / "dat")]) == {path: place}
    assert holders.held_below(ME, [place]) == {}


def test_a_process_that_has_ended_holds_nothing():
    assert holders.held_below("0", ["/"]) == {}
    assert holders.who("0") == "process 0 (ended)"


def test_what_cannot_be_read_of_a_process_hides_nothing_else(monkeypatch):
    def readlink(link):
        if not link.endswith("/exe"):
            raise PermissionError(link)
        return "/usr/bin/sh"

    monkeypatch.setattr(os, "readlink", readlink)
    assert list(holders.open_paths(ME)) == ["/usr/bin/sh"]


def test_the_others():
    assert ME not in holders.others()
    assert str(os.getppid()) in holders.others()


@pytest.mark.parametrize(
    ("cgroup", "more"),
    [
        ("0::/system.slice/docker-0123456789abcdef.scope\n", " of container 0123456789ab"),
        ("0::/system.slice/cron.service\n", ""),
    ],
)
def test_a_process_for_people(monkeypatch, cgroup, more):
    texts = {"/proc/41/comm": "sh\n", "/proc/41/cgroup": cgroup}
    monkeypatch.setattr(holders, "text_of", lambda path: texts.get(path, ""))
    assert holders.who("41") == "process 41 (sh)" + more


def mount(path, below, source="tank/a"):
    return mounts.Mount("0:40", "/", path, "zfs", source, (), below)


def test_what_stays_mounted_elsewhere():
    mine = mount("/srv", mounts.Below("/srv", "7", None))
    along = mount("/srv", mounts.Below("/srv", None, "7"))
    stays = mount("/mnt", mounts.Below("/mnt", None, None))
    another = mount("/other", mounts.Below("/other", None, None), "tank/b")
    tables = {"self": [mine], "41": [along, stays, another]}
    found = holders.left_elsewhere(tables, [mine], lambda it: it.source == "tank/a")
    assert list(found) == [("41", stays)]
