# Copyright: (c) 2026, containerhost.storage contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os

import pytest
from containerhost_lab import paths, room, store
from containerhost_lab.errors import LabError


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Two images with a state each, the bookworm one used longer ago."""
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    for age, release in enumerate(["trixie", "bookworm"]):
        for shelf in ("images", "states"):
            place = tmp_path / shelf / release
            place.mkdir(parents=True)
            (place / store.RECIPE).write_text(json.dumps({"image": release}))
            os.utime(place / store.RECIPE, (1000 - age, 1000 - age))
    return tmp_path


def names(places):
    return [f"{place.parent.name}/{place.name}" for place in places]


def test_the_least_recently_used_goes_first(cache):
    assert names(room.removable(cache, keep=""))[-2:] == ["states/trixie", "images/trixie"]


def test_what_a_host_stands_on_is_never_removed(cache, tmp_path):
    host = tmp_path / "host"
    host.mkdir()
    room.mark_used(cache / "states" / "bookworm", host)
    assert names(room.removable(cache, keep="")) == ["states/trixie", "images/trixie"]
    host.rmdir()
    assert len(room.removable(cache, keep="")) == 4


def test_what_the_build_needs_is_kept(cache):
    assert "images/trixie" not in names(room.removable(cache, keep="trixie"))


def test_what_is_half_built_is_left_to_its_builder(cache):
    (cache / "images" / "sid.building").mkdir()
    assert "images/sid.building" not in names(room.removable(cache, keep=""))


def test_no_more_is_removed_than_is_needed(cache, monkeypatch, capsys):
    space = iter([0, room.NEEDED, room.NEEDED])
    monkeypatch.setattr(room, "free", lambda _: next(space))
    room.make()
    assert len(list(cache.glob("*/*"))) == 3
    assert "short of space: removing the cached" in capsys.readouterr().err


def test_too_little_room_says_how_much_and_where(cache, monkeypatch):
    monkeypatch.setattr(room, "free", lambda _: 2**20)
    with pytest.raises(LabError, match=r"needs 6G of free space .* has 1M\. Make room"):
        room.make()
